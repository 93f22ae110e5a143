// Health of secrets managers: what tests of saved settings found is kept, delegate by delegate, and judged by the settings as they are.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeId } from '@sallyport/core';
import { PROGRESS_TYPE } from '@sallyport/protocol';
import type { PreflightReport } from '@sallyport/protocol';
import { sayDelegateHealth, sayHealth, sayHealthLatency } from '@sallyport/protocol/client';
import { ManualClock } from './manual-clock.ts';
import { passingReport } from './scripted-delegate.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import { expectError, kmsSettings, OTHER_KEY_ARN, startTestServer, until } from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

/** Less than what makes a silent delegate a lost one. */
const LATER_MS = 5000;

let on: TestServer;
let clock: ManualClock;
let one: ScriptedDelegate;
beforeEach(async () => {
  clock = new ManualClock();
  on = await startTestServer({ dependencies: { clock } });
  one = await on.delegate({ name: 'prod-1', selectors: ['prod-vpc'] });
});
afterEach(async () => {
  await on.end();
});

async function create(settings: object = kmsSettings()): Promise<string> {
  const answer = await on.call('POST', '/v1/secrets-managers', { name: 'kms', settings });
  expect(answer.status).toBe(201);
  return answer.body.secretsManager.id;
}

const testIt = async (): Promise<unknown> => on.call('POST', '/v1/secrets-managers/kms/test');
const edit = async (change: object): Promise<Loose> =>
  (await on.call('PATCH', '/v1/secrets-managers/kms', change)).body.secretsManager;
const tests = async (): Promise<Loose> => (await on.call('GET', '/v1/secrets-managers/kms/tests')).body;

/** Resolves once the server knows. */
async function leaves(delegate: ScriptedDelegate): Promise<void> {
  await delegate.disconnect();
  await until(async () => {
    const { delegates } = (await on.call('GET', '/v1/delegates')).body;
    return delegates.some((at: Loose) => at.name === delegate.name && at.state === 'disconnected');
  });
}

/** As the list, the page and the tests have it, which is the same. */
async function health(): Promise<Loose> {
  const { secretsManagers } = (await on.call('GET', '/v1/secrets-managers')).body;
  const [listed] = secretsManagers;
  const shown = (await on.call('GET', '/v1/secrets-managers/kms')).body;
  expect(shown.health).toEqual(listed.health);
  expect((await tests()).health).toEqual(listed.health);
  return listed.health;
}

/** Makes preflights fail at stages with these errors. */
function fail(
  delegate: ScriptedDelegate,
  ...failures: { action: string; code: string; data?: object }[]
): void {
  const stages = failures.map(({ action, code, data = {} }) => ({
    stage: 'permission',
    action,
    outcome: 'failed',
    elapsedMs: 20,
    error: { code, message: `${action} did not work.`, retryable: false, data },
  })) as PreflightReport['stages'];
  const report = { ok: false, identityArn: null, pinnedKeyArn: null, stages, warnings: [] };
  delegate.scripts.preflight = () => ({ kind: 'preflight', report });
}

function pass(delegate: ScriptedDelegate): void {
  delete delegate.scripts.preflight;
}

test('a secrets manager that is added has the health that its preflight found', async () => {
  const two = await on.delegate({ name: 'prod-2', selectors: ['prod-vpc'] });
  fail(two, { action: 'kms:Decrypt', code: 'access-denied', data: { missingStatement: '{"a":1}' } });
  await create();
  const atMs = clock.nowMs();
  clock.advance(LATER_MS);
  expect(await health()).toEqual({
    state: 'degraded',
    atMs,
    passed: 1,
    tested: 2,
    elapsedMs: 3,
    delegates: [
      {
        delegateId: two.delegateId,
        delegateName: 'prod-2',
        ok: false,
        atMs,
        elapsedMs: 20,
        isOutdated: false,
        failure: 'missing kms:Decrypt',
        warningCount: 0,
      },
      expect.objectContaining({ delegateName: 'prod-1', ok: true, elapsedMs: 3, failure: null }),
    ],
  });
  const [first, second] = (await tests()).tests;
  expect(first).toMatchObject({
    delegateName: 'prod-2',
    atMs,
    report: {
      stages: [
        { action: 'kms:Decrypt', outcome: 'failed', error: { data: { missingStatement: '{"a":1}' } } },
      ],
    },
  });
  expect(second).toMatchObject({ delegateName: 'prod-1', report: { ok: true } });
});

test('a test at one delegate leaves the result of another that was not there, with its own time', async () => {
  const two = await on.delegate({ name: 'prod-2', selectors: ['prod-vpc'] });
  await create();
  const createdAtMs = clock.nowMs();
  await leaves(two);
  clock.advance(LATER_MS);
  await testIt();
  const times = (await health()).delegates.map((at: Loose) => [at.delegateName, at.atMs]);
  expect(Object.fromEntries(times)).toEqual({ 'prod-1': clock.nowMs(), 'prod-2': createdAtMs });
  expect(await health()).toMatchObject({ state: 'healthy', passed: 2, tested: 2, atMs: clock.nowMs() });
});

test('only changes of what is tried make a result one of former settings', async () => {
  await create();
  expect((await edit({ name: 'kms' })).health.state).toBe('healthy');
  expect((await edit({ usageScope: [] })).health.state).toBe('healthy');
  const dataKeyCache = { maxAgeSeconds: 5, maxUses: 10 };
  expect((await edit({ settings: kmsSettings({ dataKeyCache }) })).revision).toBe(3);
  expect(await health()).toMatchObject({ state: 'healthy', delegates: [{ isOutdated: false }] });

  // The delegate that could still use the former settings is away while others are tried, and saved.
  const two = await on.delegate({ name: 'prod-2', selectors: ['prod-vpc'] });
  await leaves(one);
  clock.advance(LATER_MS);
  expect((await edit({ settings: kmsSettings({ keyArn: OTHER_KEY_ARN }) })).health).toMatchObject({
    state: 'healthy',
    passed: 1,
    tested: 1,
    delegates: [
      { delegateName: 'prod-2', isOutdated: false },
      { delegateName: 'prod-1', isOutdated: true, ok: true },
    ],
  });
  expect(await on.call('DELETE', `/v1/delegates/${two.delegateId}`)).toMatchObject({ status: 204 });
  expect(await health()).toMatchObject({ state: 'outdated', tested: 1, delegates: [{ isOutdated: true }] });
});

test('a test that began before the settings changed does not take the place of one of the new settings', async () => {
  await create();
  const held = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  one.scripts.preflight = async (task) => {
    begun.resolve();
    await held.promise;
    return { kind: 'preflight', report: { ...passingReport(task.access), ok: false } };
  };
  const late = testIt();
  await begun.promise;
  pass(one);
  await edit({ settings: kmsSettings({ keyArn: OTHER_KEY_ARN }) });
  held.resolve();
  await late;
  expect(await health()).toMatchObject({ state: 'healthy', delegates: [{ isOutdated: false }] });
});

test('settings that were not saved leave the health of those that are', async () => {
  await create();
  fail(one, { action: 'kms:Decrypt', code: 'key-unusable' });
  const refused = await on.call('PATCH', '/v1/secrets-managers/kms', {
    settings: kmsSettings({ keyArn: OTHER_KEY_ARN }),
  });
  expectError(refused, 'preflight-failed');
  await on.call('POST', '/v1/secrets-managers/preflight', { settings: kmsSettings() });
  expect((await health()).state).toBe('healthy');
});

test('what finished before a test was called off counts', async () => {
  const two = await on.delegate({ name: 'prod-2', selectors: ['prod-vpc'] });
  await create();
  clock.advance(LATER_MS);
  fail(one, { action: 'kms:Decrypt', code: 'access-denied' });
  two.scripts.preflight = () => 'silence';
  const leaving = new AbortController();
  const response = await fetch(`${on.server.address}/v1/secrets-managers/kms/test`, {
    method: 'POST',
    headers: { authorization: `Bearer ${on.key}`, accept: PROGRESS_TYPE },
    signal: leaving.signal,
  });
  let told = '';
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    told += Buffer.from(chunk).toString();
    if (told.includes('"finished"')) break;
  }
  leaving.abort();
  await until(async () => (await tests()).health.state === 'degraded');
  const [failed, former] = (await health()).delegates;
  expect([failed.delegateName, failed.atMs]).toEqual(['prod-1', clock.nowMs()]);
  expect([former.delegateName, former.atMs]).toEqual(['prod-2', clock.nowMs() - LATER_MS]);
});

test('a delegate that lost a selector does not count, and one that is removed is forgotten', async () => {
  const two = await on.delegate({ name: 'prod-2', selectors: ['prod-vpc'] });
  fail(two, { action: 'kms:Decrypt', code: 'access-denied' });
  await create(kmsSettings({ selectors: ['prod-vpc'] }));
  expect((await health()).state).toBe('degraded');
  await on.call('DELETE', `/v1/delegates/${two.delegateId}`);
  expect(await health()).toMatchObject({ state: 'healthy', tested: 1 });

  const three = await on.delegate({ name: 'prod-3' });
  await on.call('PATCH', `/v1/delegates/${three.delegateId}`, { addedSelectors: ['prod-vpc'] });
  fail(three, { action: 'kms:Decrypt', code: 'access-denied' });
  await testIt();
  expect((await health()).state).toBe('degraded');
  await on.call('PATCH', `/v1/delegates/${three.delegateId}`, { addedSelectors: [] });
  expect(await health()).toMatchObject({ state: 'healthy', tested: 1 });
});

test('it is said in few words, the same everywhere', async () => {
  const two = await on.delegate({ name: 'prod-2', selectors: ['prod-vpc'] });
  await create();
  const said = async (): Promise<unknown[]> => {
    const now = await health();
    return [sayHealth(now), sayHealthLatency(now), ...now.delegates.map(sayDelegateHealth)];
  };
  expect(await said()).toEqual(['Healthy on 2 of 2 delegates', 'up to 3 ms', 'works, 3 ms', 'works, 3 ms']);
  fail(
    two,
    { action: 'kms:GenerateDataKey', code: 'access-denied' },
    { action: 'round trip', code: 'access-denied', data: { action: 'kms:Decrypt' } },
  );
  await testIt();
  expect(await said()).toEqual([
    'Failing on prod-2: missing kms:GenerateDataKey and kms:Decrypt',
    '3 ms',
    'fails: missing kms:GenerateDataKey and kms:Decrypt',
    'works, 3 ms',
  ]);
  fail(one, { action: 'sts:AssumeRole', code: 'assume-role-failed' });
  two.scripts.preflight = () => ({
    failure: { code: 'invalid-request', message: 'x'.repeat(500), retryable: false },
  });
  await testIt();
  const [headline, latency] = await said();
  expect(headline).toMatch(/^Failing on prod-[12] and 1 more: (the role cannot be assumed|x{119}…)$/);
  expect(latency).toBeNull();
  await on.call('DELETE', `/v1/delegates/${one.delegateId}`);
  await on.call('DELETE', `/v1/delegates/${two.delegateId}`);
  expect(await said()).toEqual(['Not tested yet', null]);
});

test('access keys, and facts that nobody asked for, are not kept, not even when a delegate repeats them', async () => {
  const credentials = {
    type: 'access-keys',
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+=',
  };
  one.scripts.preflight = (task) => {
    const told = JSON.stringify(task.access);
    const repeated = `${credentials.accessKeyId} ${credentials.secretAccessKey}`;
    return {
      kind: 'preflight',
      report: {
        ...passingReport(task.access),
        warnings: [`${repeated} ${told}`],
        stages: [
          {
            stage: 'permission',
            action: repeated,
            outcome: 'failed',
            elapsedMs: 1,
            message: repeated,
            error: {
              code: 'aws-failed',
              message: repeated,
              retryable: false,
              data: { hint: repeated, plaintext: 'canary-of-a-value' },
            },
          },
        ],
      },
    };
  };
  await create(kmsSettings({ credentials }));
  await testIt();
  const answer = JSON.stringify(await tests());
  expect(answer).toContain('[redacted]');
  expect(answer).not.toContain(credentials.accessKeyId);
  expect(answer).not.toContain('canary-of-a-value');
  expect(answer).not.toContain('wJalrXUtnFEMI');
  // The id is among the settings, as it must be; neither the key nor the value is anywhere.
  const data = join(on.folder, 'data');
  const files = (await readdir(data)).filter((name) => name.includes('.db'));
  expect(files.length).toBeGreaterThan(0);
  for (const name of files) {
    const bytes = await readFile(join(data, name));
    expect(bytes.includes('canary-of-a-value')).toBe(false);
    expect(bytes.includes('wJalrXUtnFEMI')).toBe(false);
  }
});

test('what nobody knows has no tests', async () => {
  expectError(await on.call('GET', '/v1/secrets-managers/other/tests'), 'not-found');
  const id = makeId('secretsManager', { nowMs: 0, random: new Uint8Array(10) });
  expectError(await on.call('GET', `/v1/secrets-managers/${id}/tests`), 'not-found');
});
