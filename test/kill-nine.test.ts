// `kill -9` of server and delegate at random moments: every answered write reads back, the store passes its integrity check,
// nothing hangs. What was not answered may or may not be there, but never half.
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSqliteStore } from '@sallyport/server';
import { Deployment } from './harness/deployment.ts';

const ROUNDS = 10;
const WRITES_PER_ROUND = 50;
const WRITERS = 5;

let deployment: Deployment;

beforeAll(async () => {
  deployment = await Deployment.start();
  await deployment.startDelegate({ name: 'local' });
  await deployment.client.call('createSecretsManager', {
    body: { name: 'ring', settings: { kind: 'built-in' } },
  });
}, 30_000);

afterAll(async () => deployment?.close());

test('every answered write survives, ten rounds of fifty writes', async () => {
  const answered = new Map<string, string>();
  let unanswered = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const client = deployment.newClient({ deadlineMs: 5000 });
    let next = 0;
    const writer = async (): Promise<void> => {
      while (next < WRITES_PER_ROUND) {
        const name = `round-${round}-${next++}`;
        const value = `value of ${name}`;
        try {
          await client.set(name, value);
          answered.set(name, value);
        } catch {
          unanswered += 1;
        }
      }
    };
    const killing = (async () => {
      await new Promise((resolve) => setTimeout(resolve, randomInt(5, 60)));
      if (round % 2 === 0) {
        await deployment.server.kill();
        await deployment.startServer();
      } else {
        await deployment.delegates.get('local')?.kill();
        await deployment.launchDelegate({ name: 'local' });
      }
    })();
    await Promise.all([killing, ...Array.from({ length: WRITERS }, writer)]);
    client.close();
    await deployment.untilConnected('local');
  }
  expect(answered.size, 'some writes were answered').toBeGreaterThan(WRITES_PER_ROUND);
  const names = [...answered.keys()];
  const values = await deployment.client.resolve(names.slice(0, 500));
  expect(values.map((value) => value.value.text())).toEqual(names.map((name) => answered.get(name)));
  // What was not answered reads back whole, or is not there.
  for await (const secret of deployment.client.list()) {
    expect(await deployment.client.get(secret.name)).toBe(`value of ${secret.name}`);
  }
  await deployment.server.stop();
  const store = await openSqliteStore({ path: deployment.databaseFile });
  expect(await store.checkIntegrity()).toEqual([]);
  await store.close();
  await deployment.startServer();
  expect(unanswered + answered.size).toBe(ROUNDS * WRITES_PER_ROUND);
}, 180_000);
