// A minute without a server under 200 reads a second: no read of a stale-ok secret fails, and every one is on record afterwards. The short
// version is in local-blackouts.test.ts.
import { expect, test } from 'vitest';
import { Deployment, until } from './harness/deployment.ts';
import { readLocally, readSteadily } from './harness/local-program.ts';

const OUTAGE_MS = 60_000;

test('no read of a stale-ok secret fails during a minute without a server at 200 reads a second', async () => {
  const deployment = await Deployment.start();
  try {
    const delegate = await deployment.startDelegate({ name: 'edge', localListen: ['127.0.0.1:0'] });
    const { client, token } = deployment;
    await client.call('createSecretsManager', { body: { name: 'ring', settings: { kind: 'built-in' } } });
    await client.set('steady', 'value', { availability: { mode: 'stale-ok', maxAgeSeconds: 300 } });
    const purpose = 'a minute';
    const reads = readSteadily(async () => readLocally(delegate, 'steady', { token, purpose }), 200);
    await until(() => reads.tally.ok > 400, 'reads are under way');
    await deployment.server.kill();
    await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS));
    await deployment.startServer();
    await deployment.untilConnected('edge');
    await reads.stop();
    expect(reads.tally.failed).toEqual([]);
    expect(reads.tally.ok).toBeGreaterThan(12_000);
    const recorded = async (): Promise<number> => {
      const { records } = await client.call('listAudit', {
        query: { action: 'secret.released', limit: 500 },
      });
      return records
        .filter((record) => record.purpose === purpose)
        .reduce((sum, { details }) => sum + (typeof details['count'] === 'number' ? details['count'] : 1), 0);
    };
    await until(async () => (await recorded()) >= reads.tally.ok, 'the uses are recorded');
    expect(await recorded()).toBe(reads.tally.ok);
  } finally {
    await deployment.close();
  }
}, 240_000);
