// What is promised about writing secrets: committed with its record before it is answered, versions, races, and what a delegate at
// fault cannot do.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import { encryptFor } from './fake-vault.ts';
import { flaky } from './flaky-store.ts';
import type { FlakyStore } from './flaky-store.ts';
import { box } from './scripted-delegate.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import {
  addManager,
  expectError,
  kmsSettings,
  resolve,
  startTestServer,
  upload,
  valuesIn,
  write,
} from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

let folder: string;
let store: FlakyStore;
let on: TestServer;
let delegate: ScriptedDelegate;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-secrets-'));
  store = flaky(await openSqliteStore({ path: join(folder, 'test.db') }));
  on = await startTestServer({ dependencies: { store } });
  delegate = await on.delegate({ name: 'prod-1', selectors: ['prod-vpc'] });
  await addManager(on);
});
afterEach(async () => {
  store.failsWrites = false;
  store.failsAudit = false;
  await on.end();
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

async function trail(action: string): Promise<Loose[]> {
  return (await on.call('GET', `/v1/audit?action=${action}`)).body.records;
}

describe('a write', () => {
  test('is answered only after version and record are committed together', async () => {
    store.failsAudit = true;
    expectError(await write(on, delegate, { secret: 'x', value: '1' }), 'storage-unavailable');
    store.failsAudit = false;
    expectError(await on.call('GET', '/v1/secrets/x'), 'not-found');
    const held = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    store.beforeWrite = async () => {
      reached.resolve();
      await held.promise;
    };
    let isAnswered = false;
    const answer = write(on, delegate, { secret: 'x', value: '1' }).finally(() => (isAnswered = true));
    await reached.promise;
    expectError(await on.call('GET', '/v1/secrets/x'), 'not-found');
    expect(isAnswered).toBe(false);
    held.resolve();
    expect((await answer).body.secret).toMatchObject({ name: 'x', version: 1 });
    expect(await trail('secret.created')).toMatchObject([
      {
        resourceName: 'x',
        details: { version: 1, kind: 'text', delegate: delegate.delegateId, valueBytes: 1 },
      },
    ]);
  });

  test('expects the version that it names', async () => {
    expectError(await write(on, delegate, { secret: 'x', value: '1', expectedVersion: 1 }), 'edit-conflict');
    expect((await write(on, delegate, { secret: 'x', value: '1', expectedVersion: 0 })).status).toBe(200);
    const refused = expectError(
      await write(on, delegate, { secret: 'x', value: '2', expectedVersion: 0 }),
      'edit-conflict',
    );
    expect(refused).toMatchObject({ retryable: false, data: { newestVersion: 1 } });
    expect(
      (await write(on, delegate, { secret: 'x', value: '2', expectedVersion: 1 })).body.secret.version,
    ).toBe(2);
  });

  test('of many at once gives each its own version, and of many new names one secret', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        write(on, delegate, { secret: i % 2 === 0 ? 'Race' : 'race', value: String(i) }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(answers.map(({ body }) => body.secret.version).sort((a, b) => a - b)).toEqual(
      answers.map((_, i) => i + 1),
    );
    expect(new Set(answers.map(({ body }) => body.secret.id)).size).toBe(1);
    const once = await Promise.all(
      Array.from({ length: 5 }, () =>
        write(on, delegate, { secret: 'race', value: 'z', expectedVersion: 12 }),
      ),
    );
    expect(once.filter(({ status }) => status === 200).length).toBe(1);
    expect(once.filter(({ status }) => status === 409).length).toBe(4);
  });

  test('that another process overtakes is refused as retryable', async () => {
    await write(on, delegate, { secret: 'x', value: '1' });
    const stored = await on.call('GET', '/v1/secrets/x');
    delegate.scripts.write = async (task) => {
      delete delegate.scripts.write;
      // What another replica of the server would do in between.
      await store.write(async ({ secrets }) => {
        const { secretId, version, secretsManagerId } = task.target;
        const envelope = {
          inline: encryptFor(
            task.target,
            delegate.configured.get(secretsManagerId)!.access,
            Buffer.from('theirs'),
          ),
        };
        await secrets.addVersion({
          secretId,
          version,
          secretsManagerId,
          envelope,
          valueBytes: 6,
          createdAtMs: 1,
          createdBy: 'other',
        });
      });
      return delegate.write(task);
    };
    const refused = expectError(await write(on, delegate, { secret: 'x', value: 'mine' }), 'edit-conflict');
    expect(refused.retryable).toBe(true);
    expect(valuesIn(await resolve(on, delegate, ['x']))).toEqual({ x: 'theirs' });
    expect(stored.body.secret.version).toBe(1);
  });

  test('of a name that another process creates meanwhile is refused as retryable', async () => {
    delegate.scripts.write = async (task) => {
      delete delegate.scripts.write;
      await write(on, delegate, { secret: 'unrelated', value: '1' });
      const { body } = await on.call('GET', '/v1/secrets/unrelated');
      await on.call('PATCH', `/v1/secrets/${body.secret.id}`, { name: 'x' });
      return delegate.write(task);
    };
    const refused = expectError(await write(on, delegate, { secret: 'x', value: '1' }), 'edit-conflict');
    expect(refused.retryable).toBe(true);
  });

  test('to an id that is not there, a versioned name or the other kind is refused before a delegate is asked', async () => {
    await write(on, delegate, { secret: 'text', value: '1' });
    await upload(on, delegate, { secret: 'file', chunks: [Buffer.from('1')] });
    const before = delegate.tasks.length;
    expectError(
      await write(on, delegate, { secret: 'sec_0123456789abcdefghjkmnpqrs', value: '1' }),
      'not-found',
    );
    expectError(await write(on, delegate, { secret: 'text@1', value: '1' }), 'invalid-request');
    expectError(await write(on, delegate, { secret: 'a/b', value: '1' }), 'invalid-name');
    expectError(await write(on, delegate, { secret: 'file', value: '1' }), 'kind-mismatch');
    expectError(await upload(on, delegate, { secret: 'TEXT', chunks: [Buffer.from('1')] }), 'kind-mismatch');
    expect(delegate.tasks.length).toBe(before);
  });

  test('that a delegate refuses stores nothing', async () => {
    delegate.scripts.write = () => ({
      failure: { code: 'empty-value', message: 'The value has no bytes.', retryable: false },
    });
    expectError(await write(on, delegate, { secret: 'x', value: '' }), 'empty-value');
    expectError(await on.call('GET', '/v1/secrets/x'), 'not-found');
  });
});

describe('what a delegate at fault gives back is not stored', () => {
  test.each([
    ['something that is no envelope', () => Buffer.from('no envelope at all')],
    ['nothing', () => Buffer.alloc(0)],
    [
      'the envelope of another version',
      (task: Loose, access: Loose) => encryptFor({ ...task.target, version: 2 }, access, Buffer.from('v')),
    ],
    [
      'the envelope of another secret',
      (task: Loose, access: Loose) =>
        encryptFor({ ...task.target, secretId: 'sec_0123456789abcdefghjkmnpqrs' }, access, Buffer.from('v')),
    ],
    [
      'an envelope with a pair more in its context',
      (task: Loose, access: Loose) =>
        encryptFor(
          task.target,
          { ...access, settings: { ...access.settings, context: { stage: 'prod' } } },
          Buffer.from('v'),
        ),
    ],
    [
      'a data key under KMS where there is none',
      (task: Loose, access: Loose) =>
        encryptFor(
          task.target,
          { ...access, settings: { ...access.settings, kind: 'aws-kms', pinnedKeyArn: 'arn:x' } },
          Buffer.from('v'),
        ),
    ],
  ])('%s', async (_, make) => {
    delegate.scripts.write = (task) => {
      const { access } = delegate.configured.get(task.target.secretsManagerId)!;
      return {
        kind: 'write',
        envelope: make(task, access).toString('base64'),
        valueBytes: 1,
        answer: box('x'),
      };
    };
    const error = expectError(await write(on, delegate, { secret: 'x', value: 'v' }), 'internal');
    expect(error.data.delegate).toBe('prod-1');
    expectError(await on.call('GET', '/v1/secrets/x'), 'not-found');
  });

  test('a data key wrapped by another KMS key than the pinned one', async () => {
    await on.call('POST', '/v1/secrets-managers', { name: 'kms', settings: kmsSettings() });
    delegate.scripts.write = (task) => {
      const { access } = delegate.configured.get(task.target.secretsManagerId)!;
      const other = {
        ...access,
        settings: { ...access.settings, pinnedKeyArn: 'arn:aws:kms:eu-west-1:111122223333:key/other' },
      };
      const envelope = encryptFor(task.target, other, Buffer.from('v'));
      return { kind: 'write', envelope: envelope.toString('base64'), valueBytes: 1, answer: box('x') };
    };
    expectError(await write(on, delegate, { secret: 'x', value: 'v', secretsManager: 'kms' }), 'internal');
    expectError(await on.call('GET', '/v1/secrets/x'), 'not-found');
  });

  test('a text above 1 MiB', async () => {
    expectError(await write(on, delegate, { secret: 'x', value: 'x'.repeat(1_048_577) }), 'value-too-large');
    expect((await write(on, delegate, { secret: 'x', value: 'x'.repeat(1_048_576) })).status).toBe(200);
  });
});

describe('names and lists', () => {
  test('pages go through every secret once, by name', async () => {
    const names = ['b', 'A', 'c.d', 'C', 'e-1', 'e_2', 'f g'];
    for (const secret of names) await write(on, delegate, { secret, value: '1' });
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await on.call(
        'GET',
        `/v1/secrets?limit=2${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      expect(page.body.secrets.length).toBeLessThanOrEqual(2);
      seen.push(...page.body.secrets.map((one: Loose) => one.name));
      cursor = page.body.nextCursor as string | null;
    }
    expect(seen).toEqual(['A', 'b', 'C', 'c.d', 'e-1', 'e_2', 'f g']);
    const found = await on.call('GET', '/v1/secrets?search=C');
    expect(found.body).toMatchObject({ secrets: [{ name: 'C' }, { name: 'c.d' }], nextCursor: null });
    for (const bad of [
      'cursor=%21',
      'cursor=YXVkaXQ6MQ',
      'limit=0',
      'limit=501',
      'limit=x',
      'colour=red',
      'limit=1&limit=2',
    ]) {
      expectError(await on.call('GET', `/v1/secrets?${bad}`), 'invalid-request');
    }
  });

  test('the trail is paged newest first', async () => {
    const first = await on.call('GET', '/v1/audit?limit=2');
    const second = await on.call('GET', `/v1/audit?limit=500&cursor=${first.body.nextCursor}`);
    const sequences = [...first.body.records, ...second.body.records].map((record: Loose) => record.sequence);
    expect(sequences).toEqual(sequences.map((_, i) => sequences.length - i));
    expect(second.body.nextCursor).toBeNull();
    expectError(
      await on.call('GET', `/v1/audit?cursor=${Buffer.from('audit:1x').toString('base64url')}`),
      'invalid-request',
    );
  });

  test('a rename keeps the id, needs no delegate, and takes no name of another', async () => {
    await write(on, delegate, { secret: 'a', value: '1' });
    await write(on, delegate, { secret: 'b', value: '1' });
    await delegate.disconnect();
    expectError(await on.call('PATCH', '/v1/secrets/a', { name: 'B' }), 'name-taken');
    expectError(await on.call('PATCH', '/v1/secrets/a', { name: ' a' }), 'invalid-name');
    expectError(
      await on.call('PATCH', '/v1/secrets/a', { name: 'sec_0123456789abcdefghjkmnpqrs' }),
      'invalid-name',
    );
    expect((await on.call('PATCH', '/v1/secrets/a', { name: 'A' })).body.name).toBe('A');
    expectError(await on.call('PATCH', '/v1/secrets/nope', { name: 'x' }), 'not-found');
    expectError(await on.call('GET', '/v1/secrets/a@1'), 'invalid-request');
    expect((await trail('secret.renamed')).map((record) => record.details)).toEqual([
      { changes: [{ field: 'name', from: 'a', to: 'A' }], alias: false },
    ]);
  });
});
