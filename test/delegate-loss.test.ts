// Delegates that go away: another one takes over without the client noticing, and one whose token is revoked opens nothing any more.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labTarget, settingsFor } from './harness/aws-targets.ts';
import { Deployment, until } from './harness/deployment.ts';

let target: Awaited<ReturnType<typeof labTarget>>;
let deployment: Deployment;

beforeAll(async () => {
  target = await labTarget();
  deployment = await Deployment.start();
  const { environment } = target;
  await deployment.startDelegate({ name: 'a', selectors: ['vpc'], environment });
  await deployment.startDelegate({ name: 'b', selectors: ['vpc'], environment });
  const settings = settingsFor(target, 'sts-role', ['vpc']);
  await deployment.client.call('createSecretsManager', { body: { name: 'kms', settings } });
  await deployment.client.set('secret', 'value');
}, 60_000);

afterAll(async () => {
  await deployment?.close();
  await target?.close();
});

test('a delegate dies in the middle of a task, and the client sees success', async () => {
  const fault = target.lab.faults.add({ service: 'kms', operation: 'Decrypt', kind: 'hang', times: 1 });
  const reading = deployment.client.get('secret');
  // One of the two hangs in Decrypt now; which one, the server's list of tasks tells.
  let busy: string | undefined;
  await until(async () => {
    const { delegates } = await deployment.client.call('listDelegates', {});
    busy = delegates.find((delegate) => delegate.tasksInFlight > 0)?.name;
    return busy !== undefined && fault.hits() === 1;
  }, 'a delegate is at work');
  await deployment.delegates.get(busy ?? '')?.kill();
  expect(await reading).toBe('value');
  expect(fault.hits()).toBe(1);
  await deployment.launchDelegate({ name: busy ?? '', selectors: ['vpc'], environment: target.environment });
  await deployment.untilConnected(busy ?? '');
}, 30_000);

test('a revoked token disconnects the delegates it admitted within a second, and they open nothing any more', async () => {
  const { client } = deployment;
  const { tokens } = await client.call('listDelegateTokens', {});
  const startedAtMs = Date.now();
  for (const token of tokens) await client.call('revokeDelegateToken', { params: { token: token.id } });
  await until(
    async () =>
      (await deployment.delegateState('a')) !== 'connected' &&
      (await deployment.delegateState('b')) !== 'connected',
    'both are out',
  );
  expect(Date.now() - startedAtMs).toBeLessThan(1000);
  const refused = deployment.newClient({ maxAttempts: 1 }).get('secret');
  await expect(refused).rejects.toMatchObject({
    code: 'no-delegate',
    message: expect.stringMatching(/a .*b /s) as string,
  });
  const fresh = await deployment.server.call<string>('createDelegateToken', 'second chance');
  await deployment.delegates.get('a')?.stop();
  await deployment.launchDelegate({
    name: 'a',
    selectors: ['vpc'],
    environment: target.environment,
    token: fresh,
  });
  await deployment.untilConnected('a');
  expect(await client.get('secret')).toBe('value');
}, 30_000);
