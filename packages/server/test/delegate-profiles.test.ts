// What the server promises about start-up profiles: who may save them and with which secrets, that each revision is handed to a delegate
// once, recorded before it starts, and what is kept of it.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DelegateId, SecretId } from '@sallyport/core';
import { encodeContent } from '@sallyport/protocol';
import type { ProfileRunRow } from '../src/delegate-profiles/profile-store.ts';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import { addApplication, grant, keyWith, scope, writeAs } from './account.ts';
import { flaky } from './flaky-store.ts';
import type { FlakyStore } from './flaky-store.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import { newId } from './storage-rows.ts';
import { addManager, expectError, startTestServer, until, write } from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

let folder: string;
let store: FlakyStore;
let on: TestServer;
let delegate: ScriptedDelegate;

const PATH = '/v1/delegate-profiles';
const WITH_SECRET = 'echo "${secrets.getValue("x")}"';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-profiles-'));
  store = flaky(await openSqliteStore({ path: join(folder, 'test.db') }));
  on = await startTestServer({ dependencies: { store } });
  delegate = await on.delegate({ name: 'edge-1', selectors: ['edge'] });
  await addManager(on);
  await write(on, delegate, { secret: 'x', value: 'value of x' });
});
afterEach(async () => {
  store.failsAudit = false;
  await on.end();
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

async function trail(action: string): Promise<Loose[]> {
  return (await on.call('GET', `/v1/audit?action=${action}`)).body.records;
}

async function create(body: object): Promise<Loose> {
  const answer = await on.call('POST', PATH, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
}

async function runs(profile: string): Promise<Loose[]> {
  return (await on.call('GET', `${PATH}/${profile}/runs`)).body.runs;
}

function tell(begun: object[] = []): void {
  delegate.send({ type: 'begun-profiles', begun });
}

function handedOver(): Loose[] {
  return delegate.tasks.filter(({ kind }) => kind === 'run-profile') as Loose[];
}

/** One that comes after all others by its name: when it has run, they have been looked at. */
async function untilAllAreLookedAt(name = 'zz'): Promise<void> {
  await create({ name, script: 'true' });
  await until(async () => (await runs(name)).some(({ state }) => state === 'ended'));
}

describe('a start-up profile', () => {
  test('is handed over once, with envelopes and no value; recorded with its secrets before it starts', async () => {
    tell();
    const profile = await create({ name: 'a', script: WITH_SECRET, selectors: ['edge'], maxSeconds: 30 });
    await until(async () => (await trail('delegate-profile.ended')).length === 1);
    expect(handedOver()).toMatchObject([
      {
        profile: { profileId: profile.id, revision: 1, name: 'a' },
        script: WITH_SECRET,
        maxSeconds: 30,
        items: [{ reference: 'x', place: null }],
      },
    ]);
    expect(JSON.stringify(handedOver())).not.toContain('value of x');
    const facts = { delegate: delegate.delegateId, revision: 1, sha256: profile.sha256 };
    expect(await trail('delegate-profile.started')).toMatchObject([
      { resource: profile.id, details: { ...facts, secrets: 1 } },
    ]);
    expect(await trail('secret.released')).toMatchObject([
      { resourceName: 'x', details: { profile: profile.id, revision: 1 } },
    ]);
    expect(await runs('a')).toMatchObject([{ state: 'ended', delegateName: 'edge-1', end: { exitCode: 0 } }]);
    const [{ id }] = (await runs('a')) as [Loose];
    const { output } = (await on.call('GET', `${PATH}/a/runs/${id}`)).body;
    expect(Buffer.from(output, 'base64').toString()).toBe(`${WITH_SECRET}\n`);
    await untilAllAreLookedAt();
    expect(handedOver()).toHaveLength(2);
  });

  test('is handed to no delegate that has not said what it has begun, nor to one that has begun it', async () => {
    const one = await create({ name: 'a', script: 'true' });
    const other = await create({ name: 'b', script: 'true' });
    expect(handedOver()).toEqual([]);
    tell([{ profileId: one.id, revision: 1 }]);
    await untilAllAreLookedAt();
    expect(handedOver().map(({ profile }) => profile.profileId)).toContain(other.id);
    expect(handedOver().map(({ profile }) => profile.profileId)).not.toContain(one.id);
  });

  test('is not handed over again to a delegate that has forgotten it', async () => {
    tell();
    await create({ name: 'a', script: 'true' });
    await until(async () => (await runs('a'))[0]?.state === 'ended');
    const { privateKey } = delegate;
    delegate.socket.close();
    await until(
      async () => (await on.call('GET', '/v1/delegates')).body.delegates[0].state === 'disconnected',
    );
    delegate = await on.delegate({ name: 'edge-1', selectors: ['edge'], privateKey });
    tell();
    await untilAllAreLookedAt();
    expect(handedOver().map(({ profile }) => profile.name)).toEqual(['zz']);
  });

  test('runs again when its script or time limit is changed or it is asked for, not when its name or selectors are', async () => {
    tell();
    await create({ name: 'a', script: 'true' });
    await until(async () => (await runs('a'))[0]?.state === 'ended');
    const edit = async (body: object): Promise<number> =>
      (await on.call('PATCH', `${PATH}/a`, body)).body.revision;
    expect(await edit({ selectors: ['edge'] })).toBe(1);
    expect(await edit({ script: 'true' })).toBe(1);
    expect(await edit({ script: 'false' })).toBe(2);
    expect(await edit({ maxSeconds: 5 })).toBe(3);
    expect(await edit({ runAgain: true })).toBe(4);
    await until(async () =>
      (await runs('a')).some(({ revision, state }) => revision === 4 && state === 'ended'),
    );
    expectError(await on.call('PATCH', `${PATH}/a`, { script: 'x', expectedRevision: 3 }), 'edit-conflict');
    const [first] = await trail('delegate-profile.edited');
    expect(first).toMatchObject({
      details: { changes: expect.arrayContaining([expect.objectContaining({ field: 'revision' })]) },
    });
  });

  test('that cannot be recorded is not started', async () => {
    let goes = 0;
    delegate.scripts['run-profile'] = async (task) => {
      store.failsAudit = true;
      const ready = encodeContent({ is: 'ready', secrets: [], unmasked: [] }, []);
      await delegate.sendChunk(task.taskId, ready, false);
      for await (const _go of delegate.receiveChunks(task.taskId)) goes += 1;
      return 'silence' as const;
    };
    await create({ name: 'a', script: WITH_SECRET });
    const cancelled = delegate.next('cancel');
    tell();
    await cancelled;
    expect(goes).toBe(0);
    store.failsAudit = false;
    expect(await trail('secret.released')).toEqual([]);
  });

  test('that breaks off after its start is interrupted, with what it wrote until then, its last 64 KiB', async () => {
    tell();
    delegate.scripts['run-profile'] = async (task) => {
      const say = async (event: object, values: Uint8Array[]): Promise<void> =>
        delegate.sendChunk(task.taskId, encodeContent(event, values), false);
      await say({ is: 'ready', secrets: [], unmasked: [] }, []);
      for await (const _go of delegate.receiveChunks(task.taskId)) continue;
      await say({ is: 'output', stream: 'stdout' }, [Buffer.alloc(70_000, 'a')]);
      await say({ is: 'output', stream: 'stderr' }, [Buffer.from('the end')]);
      // At once: what the server has not read yet counts all the same.
      return { failure: { code: 'shutting-down', message: 'The delegate is stopping.', retryable: true } };
    };
    await create({ name: 'a', script: 'true' });
    await until(async () => (await runs('a'))[0]?.state === 'interrupted');
    const [{ id, error }] = (await runs('a')) as [Loose];
    expect(error.code).toBe('delegate-lost');
    const { output } = (await on.call('GET', `${PATH}/a/runs/${id}`)).body;
    const text = Buffer.from(output, 'base64').toString();
    expect([text.length, text.endsWith('aathe end')]).toEqual([65_536, true]);
    expect(await trail('delegate-profile.ended')).toMatchObject([{ details: { code: 'delegate-lost' } }]);
  });

  test('that is deleted ends where it runs, and the record says why', async () => {
    tell();
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    delegate.scripts['run-profile'] = async (task) => {
      const ready = encodeContent({ is: 'ready', secrets: [], unmasked: [] }, []);
      await delegate.sendChunk(task.taskId, ready, false);
      for await (const _go of delegate.receiveChunks(task.taskId)) resolve();
      return 'silence' as const;
    };
    await create({ name: 'a', script: 'true' });
    await begun;
    const cancelled = delegate.next('cancel');
    expect((await on.call('DELETE', `${PATH}/a`)).status).toBe(204);
    await cancelled;
    await until(async () => (await trail('delegate-profile.ended')).length === 1);
    expect(await trail('delegate-profile.ended')).toMatchObject([
      { details: { code: 'not-found', reason: 'The start-up profile was deleted.' } },
    ]);
  });

  test('that is deleted before it has begun is not started', async () => {
    let goes = 0;
    delegate.scripts['run-profile'] = async (task) => {
      // Past the API: so nobody has told the run of it.
      await store.write(async ({ delegateProfiles }) => {
        const row = await delegateProfiles.find('a');
        if (row !== null) await delegateProfiles.remove(row.id);
      });
      const ready = encodeContent({ is: 'ready', secrets: [], unmasked: [] }, []);
      await delegate.sendChunk(task.taskId, ready, false);
      for await (const _go of delegate.receiveChunks(task.taskId)) goes += 1;
      return 'silence' as const;
    };
    await create({ name: 'a', script: WITH_SECRET });
    const cancelled = delegate.next('cancel');
    tell();
    await cancelled;
    await until(async () => (await trail('delegate-profile.refused')).length === 1);
    expect([goes, await trail('secret.released')]).toEqual([0, []]);
  });

  test('that ran when the server was killed is interrupted, and not handed over again', async () => {
    const { id: profileId, sha256 } = await create({ name: 'a', script: 'true' });
    const run: ProfileRunRow = {
      id: newId('profileRun'),
      profileId,
      delegateId: delegate.delegateId as DelegateId,
      delegateName: delegate.name,
      revision: 1,
      sha256,
      state: 'running',
      startedAtMs: 1,
      endedAtMs: null,
      end: null,
      error: null,
      unmasked: [],
    };
    await store.write(({ delegateProfiles }) => delegateProfiles.runs.save(run, new Uint8Array()));
    const shown = { state: 'interrupted', error: { code: 'delegate-lost' } };
    expect(await runs('a')).toMatchObject([{ ...shown, endedAtMs: null }]);
    tell();
    await untilAllAreLookedAt();
    expect(await runs('a')).toMatchObject([{ ...shown, endedAtMs: expect.any(Number) }]);
    expect(handedOver().map(({ profile }) => profile.name)).toEqual(['zz']);
  });

  test('whose secret is no longer usable everywhere is refused and the secret not handed over', async () => {
    await create({ name: 'a', script: WITH_SECRET });
    const { id } = (await on.call('GET', '/v1/secrets/x')).body.secret as { id: SecretId };
    // Past the API, which refuses it while the profile is there.
    await store.write(({ secretEdits }) => secretEdits.setScope(id, { type: 'rows', rows: [] }));
    tell();
    await until(async () => (await runs('a'))[0]?.state === 'refused');
    expect(await runs('a')).toMatchObject([{ error: { code: 'scope-too-wide' } }]);
    expect(handedOver()).toEqual([]);
    expect(await trail('delegate-profile.refused')).toHaveLength(1);
  });

  test('is listed with its newest revision on each delegate', async () => {
    tell();
    await create({ name: 'a', script: 'true' });
    await create({ name: 'b', script: 'true', selectors: ['nowhere'] });
    await on.call('PATCH', `${PATH}/a`, { runAgain: true });
    await until(async () =>
      (await runs('a')).some(({ revision, state }) => revision === 2 && state === 'ended'),
    );
    expect((await on.call('GET', PATH)).body.profiles).toMatchObject([
      { name: 'a', delegatesRun: 1, lastRuns: [{ delegateName: 'edge-1', revision: 2, state: 'ended' }] },
      { name: 'b', delegatesRun: 0, lastRuns: [] },
    ]);
  });

  test('is refused for a delegate that runs no scripts', async () => {
    const careful = await on.delegate({ name: 'careful', runsScripts: false });
    careful.send({ type: 'begun-profiles', begun: [] });
    await create({ name: 'a', script: 'true' });
    await until(async () => (await runs('a'))[0]?.state === 'refused');
    expect((await runs('a'))[0]?.error.message).toContain('runs no scripts');
  });
});

describe('whoever saves a start-up profile', () => {
  const BOTH = ['manage-delegates', 'run-scripts'] as const;

  test('has to be allowed to manage delegates and to run scripts', async () => {
    const body = { name: 'a', script: 'true' };
    for (const account of [['manage-delegates'], ['run-scripts']] as const) {
      const key = await keyWith(on, { account: [...account] });
      expectError(await on.call('POST', PATH, body, key), 'forbidden');
    }
    const key = await keyWith(on, { account: [...BOTH] });
    expect((await on.call('POST', PATH, body, key)).status).toBe(201);
    const runner = await keyWith(on, { account: ['run-scripts'] });
    for (const path of [PATH, `${PATH}/a`, `${PATH}/a/runs`])
      expectError(await on.call('GET', path, undefined, runner), 'forbidden');
  });

  test('has to be able to use each secret in it, whatever they change', async () => {
    await create({ name: 'a', script: WITH_SECRET });
    await addApplication(on, 'shop', ['prod']);
    const blind = await keyWith(on, { account: [...BOTH] });
    const seeing = await keyWith(on, { account: [...BOTH], grants: [grant(['read'], '*/*')] });
    const using = await keyWith(on, { account: [...BOTH], grants: [grant(['read', 'use'], '*/*')] });
    const body = { name: 'b', script: WITH_SECRET };
    expectError(await on.call('POST', PATH, body, blind), 'not-found');
    expectError(await on.call('POST', PATH, body, seeing), 'forbidden');
    expectError(await on.call('PATCH', `${PATH}/a`, { selectors: ['edge'] }, seeing), 'forbidden');
    expect((await on.call('POST', PATH, body, using)).status).toBe(201);
  });

  test('is told of each secret beforehand whether they could save a profile with it, as saving would', async () => {
    await addApplication(on, 'shop', ['prod']);
    await writeAs(on, delegate, { secret: 'sally://shop/prod/narrow', scope: scope('shop/prod') });
    const references = ['x', 'narrow', 'gone', 'sally://shop/prod/narrow'];
    const check = async (key?: string): Promise<Loose[]> =>
      (await on.call('POST', `${PATH}/check-secrets`, { references }, key)).body.secrets;
    expect(await check()).toMatchObject([
      { reference: 'x', secret: { name: 'x' }, problem: null },
      { secret: null, problem: { code: 'scope-too-wide' } },
      { secret: null, problem: { code: 'not-found' } },
      { secret: null, problem: { code: 'invalid-request' } },
    ]);
    const blind = await keyWith(on, { account: [...BOTH] });
    expect((await check(blind)).slice(0, 3).map(({ problem }) => problem?.code)).toEqual(
      Array.from({ length: 3 }, () => 'not-found'),
    );
  });

  test('can name no secret of one place, and no place', async () => {
    await addApplication(on, 'shop', ['prod']);
    await on.call('PATCH', '/v1/secrets/x', { scope: scope('shop/prod') });
    expectError(await on.call('POST', PATH, { name: 'a', script: WITH_SECRET }), 'scope-too-wide');
    const withPlace = 'echo "${sally://shop/prod/x}"';
    expectError(await on.call('POST', PATH, { name: 'a', script: withPlace }), 'invalid-request');
    await on.call('PATCH', '/v1/secrets/x', { scope: { type: 'account' } });
    await create({ name: 'a', script: WITH_SECRET });
  });
});
