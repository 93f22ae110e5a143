// What is promised about reads through a delegate's local endpoint, as far as the server decides: judged like any other read, recorded before
// it is answered, granted to one delegate and caller only, and never to a delegate that may not serve it.
import { hash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { callerHashOf, verifyLocalGrant } from '@sallyport/protocol/local-grants';
import { openSqliteStore } from '../src/index.ts';
import { openGrantKey } from '../src/local-reads/grant-key.ts';
import { makeRootKey } from '../src/root-key/root-key.ts';
import { addApplication, grant, keyWith, scope, writeAs } from './account.ts';
import { flaky } from './flaky-store.ts';
import type { FlakyStore } from './flaky-store.ts';
import { itemsOf, LocalReader, outcomesOf } from './local-reader.ts';
import { ManualClock } from './manual-clock.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import { addManager, startTestServer, upload } from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

const ROOT_KEY = { base64: Buffer.alloc(32, 7).toString('base64') };
const OFFLINE = { mode: 'offline', maxAgeSeconds: 3600 } as const;

let store: FlakyStore;
let clock: ManualClock;
let on: TestServer;
let delegate: ScriptedDelegate;
let reader: LocalReader;

beforeEach(async () => {
  clock = new ManualClock();
  store = flaky(await openSqliteStore({ path: ':memory:' }));
  on = await startTestServer({ dependencies: { store, clock }, config: { rootKey: ROOT_KEY } });
  delegate = await on.delegate({ name: 'prod-1' });
  reader = new LocalReader(delegate);
  await addManager(on);
  await addApplication(on, 'shop', ['prod', 'staging']);
});
afterEach(async () => {
  store.failsWrites = false;
  store.failsAudit = false;
  await on.end();
  await store.close();
});

async function trail(action: string): Promise<Loose[]> {
  return (await on.call('GET', `/v1/audit?action=${action}`)).body.records;
}

/** Lets time pass in which the delegate is not silent. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 10_000) {
    clock.advance(Math.min(left, 10_000));
    const seen = delegate.next('heartbeat-seen');
    delegate.send({ type: 'heartbeat', tasksInFlight: 0 });
    await seen;
  }
}

describe('a read through a delegate', () => {
  test('is answered with the envelope and a grant for exactly this caller, delegate, place and version', async () => {
    const written = await writeAs(on, delegate, {
      secret: 'db',
      scope: scope('shop/*'),
      availability: OFFLINE,
    });
    const answer = await reader.read(on.key, ['sally://shop/prod/db@1']);
    const [item] = itemsOf(answer);
    const signed = verifyLocalGrant(item.grant, reader.grantKey);
    const envelope = Buffer.from(item.envelope, 'base64');
    expect(signed).toMatchObject({
      format: 1,
      accountId: reader.accountId,
      delegate: reader.fingerprint,
      callerHash: callerHashOf(on.key),
      principal: { kind: 'api-key', name: 'admin' },
      reference: 'sally://shop/prod/db@1',
      secretId: written.body.secret.id,
      name: 'db',
      kind: 'text',
      version: 1,
      place: { application: { name: 'shop' }, environment: { name: 'prod', type: 'production' } },
      availability: OFFLINE,
      envelopeHash: hash('sha256', envelope, 'base64url'),
      issuedAtMs: clock.nowMs(),
      expiresAtMs: clock.nowMs() + 3_600_000,
    });
    // With what it was configured with, the delegate opens it; the place is not part of the envelope.
    expect(reader.open(signed as NonNullable<typeof signed>, envelope)).toBe('value');
    const types = delegate.messages.map(({ type }) => type);
    expect(types.lastIndexOf('configure')).toBeLessThan(types.lastIndexOf('local-read-answer'));
  });

  test('is judged item by item as at the API, in the same words, and malformed references are said so', async () => {
    await writeAs(on, delegate, { secret: 'db', scope: scope('shop/prod') });
    await writeAs(on, delegate, { secret: 'hidden', scope: scope('shop/staging') });
    const key = await keyWith(on, { grants: [grant(['use', 'read'], 'shop/prod')] });
    const items = ['db', 'sally://shop/prod/db', 'hidden', 'nothing', 'sally://shop/staging/db', 'a/b', 'db'];
    const answer = await reader.read(key, items);
    expect(outcomesOf(answer)).toEqual({
      db: 'granted',
      'sally://shop/prod/db': 'granted',
      hidden: 'not-found',
      nothing: 'not-found',
      'sally://shop/staging/db': 'not-found',
      'a/b': 'invalid-name',
    });
    const messages = itemsOf(answer).filter(({ error }) => error?.code === 'not-found');
    const [hidden, nothing] = messages;
    expect(hidden.error).toEqual(nothing.error);
  });

  test('is recorded before it is answered, with what it was: local, by which delegate, under which availability', async () => {
    await writeAs(on, delegate, { secret: 'db', availability: OFFLINE });
    const held = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    store.beforeWrite = async () => {
      reached.resolve();
      await held.promise;
    };
    let isAnswered = false;
    const answer = reader
      .read(on.key, ['db', 'gone'], { purpose: ' deploy 7 ' })
      .finally(() => (isAnswered = true));
    await reached.promise;
    await on.call('GET', '/v1/whoami');
    expect(isAnswered).toBe(false);
    held.resolve();
    const { readId } = await answer;
    store.beforeWrite = () => Promise.resolve();
    expect(await trail('secret.released')).toMatchObject([
      {
        actorName: 'admin',
        resourceName: 'db',
        requestId: readId,
        purpose: 'deploy 7',
        details: {
          version: 1,
          reference: 'db',
          local: true,
          availability: 'offline 1h',
          delegate: delegate.delegateId,
          delegateName: 'prod-1',
        },
      },
    ]);
    expect(await trail('secret.refused')).toMatchObject([
      {
        resource: 'none',
        details: { code: 'not-found', reference: 'gone', local: true, delegateName: 'prod-1' },
      },
    ]);
    const listed = await on.call('GET', '/v1/secrets/db');
    expect(listed.body.secret.usage).toMatchObject({ releases: 1, lastReleasedAtMs: clock.nowMs() });
  });

  test('gives nothing when its records cannot be written', async () => {
    await writeAs(on, delegate, { secret: 'db' });
    store.failsAudit = true;
    expect(outcomesOf(await reader.read(on.key, ['db']))).toBe('storage-unavailable');
    store.failsAudit = false;
    expect(await trail('secret.released')).toEqual([]);
    expect(outcomesOf(await reader.read(on.key, ['db']))).toEqual({ db: 'granted' });
  });

  test('with a purpose that is no line of text is refused as a whole', async () => {
    await writeAs(on, delegate, { secret: 'db' });
    expect(outcomesOf(await reader.read(on.key, ['db'], { purpose: 'two\nlines' }))).toBe('invalid-request');
    expect(await trail('secret.released')).toEqual([]);
  });

  test('of a value above 1 MiB is told where to read it instead', async () => {
    await upload(on, delegate, { secret: 'big', chunks: [Buffer.alloc(1_048_577, 1)] });
    const [item] = itemsOf(await reader.read(on.key, ['big']));
    expect(item).toMatchObject({ outcome: 'refused', error: { code: 'value-too-large' } });
    expect(item.error.data.hint).toContain('local endpoint');
  });

  test('of a thousand secrets is one answer, and a thousand records', async () => {
    const names = Array.from({ length: 1000 }, (_, i) => `s${i}`);
    await writeAs(on, delegate, { secret: 's0' });
    await store.write(async (tables) => {
      const [[first] = []] = await tables.secrets.findMany([
        { by: 'name', name: 's0', version: null, place: null },
      ]);
      if (first === undefined) throw new Error('it was written above');
      const [envelope] = await tables.secrets.readEnvelopes([{ secretId: first.secret.id, version: 1 }]);
      for (const name of names.slice(1)) {
        const id = `sec_01k5${String(names.indexOf(name)).padStart(22, '0')}` as typeof first.secret.id;
        await tables.secrets.insert({ ...first.secret, id, name }, first.version.secretsManagerId);
        await tables.secrets.addVersion({
          ...first.version,
          secretId: id,
          envelope: envelope as NonNullable<typeof envelope>,
        });
      }
    });
    const items = itemsOf(await reader.read(on.key, names));
    expect(items.map(({ reference, outcome }) => [reference, outcome])).toEqual(
      names.map((name) => [name, 'granted']),
    );
    expect(
      items.every((item) => verifyLocalGrant(item.grant, reader.grantKey)?.name === item.reference),
    ).toBe(true);
    const head = await store.read(async ({ audit }) => audit.ends());
    const records = await store.read(async ({ audit }) => audit.after(head.head.sequence - 1000, 1000));
    expect(records.filter(({ action }) => action === 'secret.released')).toHaveLength(1000);
  }, 30_000);
});

describe('a grant', () => {
  test.each([
    ['fresh', { mode: 'fresh' } as const, 0],
    ['stale-ok', { mode: 'stale-ok', maxAgeSeconds: 60 } as const, 60_000],
    ['offline', OFFLINE, 3_600_000],
  ])('of a secret that is %s is good for as long as that says', async (_, availability, ageMs) => {
    await writeAs(on, delegate, { secret: 'db', availability });
    const signed = await reader.grantFor(on.key, 'db');
    expect([signed.availability, signed.expiresAtMs - signed.issuedAtMs]).toEqual([availability, ageMs]);
  });

  test('does not outlive the API key that it was asked for with', async () => {
    await writeAs(on, delegate, { secret: 'db', availability: OFFLINE });
    const made = await on.call('POST', '/v1/api-keys', { name: 'short', owner: 'me', expiresInSeconds: 120 });
    const { value, apiKey } = made.body;
    await pass(20_000);
    const signed = await reader.grantFor(value, 'db');
    expect(signed.expiresAtMs).toBe(apiKey.expiresAtMs);
    expect(signed.expiresAtMs - signed.issuedAtMs).toBe(100_000);
  });

  test('is signed with the same key by every server on one database, which lies there encrypted only', async () => {
    const stored = await store.read(({ settings }) => settings.get('local-grant-key'));
    const rootKey = makeRootKey(Buffer.alloc(32, 7), 'a test');
    const { privateKey, publicKey } = await openGrantKey(store, rootKey);
    expect(publicKey).toBe(reader.rawGrantKey);
    const der = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32);
    expect(Buffer.from(stored ?? '', 'base64').includes(der)).toBe(false);
    const stranger = makeRootKey(Buffer.alloc(32, 8), 'a test');
    await expect(openGrantKey(store, stranger)).rejects.toMatchObject({ code: 'internal' });
    // Two that start at the same time on a new database.
    const empty = await openSqliteStore({ path: ':memory:' });
    const keys = await Promise.all([openGrantKey(empty, rootKey), openGrantKey(empty, rootKey)]);
    expect(keys[0]?.publicKey).toBe(keys[1]?.publicKey);
    expect(keys[0]?.publicKey).not.toBe(publicKey);
    await empty.close();
  });
});

describe('a renewal', () => {
  test('of what was released to this delegate and caller leaves no record and counts as no use', async () => {
    await writeAs(on, delegate, { secret: 'db', availability: OFFLINE });
    await reader.read(on.key, ['db']);
    expect(outcomesOf(await reader.read(on.key, ['db'], { renewal: true }))).toEqual({ db: 'granted' });
    expect(await trail('secret.released')).toHaveLength(1);
    expect((await on.call('GET', '/v1/secrets/db')).body.secret.usage.releases).toBe(1);
  });

  test('of anything else is in the trail: another version, another caller, another delegate', async () => {
    await writeAs(on, delegate, { secret: 'db', availability: OFFLINE });
    await reader.read(on.key, ['db']);
    const other = await keyWith(on, { grants: [grant(['use'], '*/*')] });
    const second = new LocalReader(await on.delegate({ name: 'prod-2' }));
    await reader.read(other, ['db'], { renewal: true });
    await second.read(on.key, ['db'], { renewal: true });
    await writeAs(on, delegate, { secret: 'db', value: 'newer' });
    await reader.read(on.key, ['db'], { renewal: true });
    const records = await trail('secret.released');
    expect(records.map(({ details }) => [details.version, details.delegateName, details.renewal])).toEqual([
      [2, 'prod-1', true],
      [1, 'prod-2', true],
      [1, 'prod-1', true],
      [1, 'prod-1', undefined],
    ]);
    expect((await on.call('GET', '/v1/secrets/db')).body.secret.usage.releases).toBe(1);
  });

  test('is refused like any other read once the right is gone, and that is recorded', async () => {
    await writeAs(on, delegate, { secret: 'db', scope: scope('shop/*'), availability: OFFLINE });
    const key = await keyWith(on, { grants: [grant(['use', 'read'], 'shop/*')] });
    await reader.read(key, ['db']);
    await on.call('PATCH', '/v1/secrets/db', { scope: { type: 'account' } });
    expect(outcomesOf(await reader.read(key, ['db'], { renewal: true }))).toEqual({ db: 'not-found' });
    expect((await trail('secret.refused'))[0]).toMatchObject({ details: { renewal: true, local: true } });
  });
});
