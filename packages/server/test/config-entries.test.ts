// Config entries through the HTTP API: which secrets a service may refer to, who may say so, and what is shown of it to whom.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EVERYWHERE } from '@sallyport/core';
import type { SecretId, UsageScope } from '@sallyport/core';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../src/storage/store.ts';
import { addApplication, bare, caller, inApplication, storeSecret } from './account-fixture.ts';
import type { Caller, TestApplication, TestRights } from './account-fixture.ts';
import { flaky } from './flaky-store.ts';
import type { FlakyStore } from './flaky-store.ts';
import { ManualClock } from './manual-clock.ts';
import { newId } from './storage-rows.ts';
import { expectError, startTestServer } from './test-server.ts';
import type { Answer, Loose, TestServer } from './test-server.ts';

let on: TestServer;
let clock: ManualClock;
let store: FlakyStore;
let inner: Store;
let shop: TestApplication;

const CONFIG = '/v1/applications/shop/services/api/config';
const ALL: UsageScope = { type: 'rows', rows: EVERYWHERE };

beforeEach(async () => {
  clock = new ManualClock();
  inner = await openSqliteStore({ path: ':memory:' });
  store = flaky(inner);
  on = await startTestServer({ dependencies: { clock, store } });
  shop = await addApplication(on, 'shop');
  await on.call('POST', '/v1/applications/shop/services', { name: 'api' });
});
afterEach(async () => {
  await on.end();
  await inner.close();
});

const admin: Caller = async (method, path, body) => on.call(method, path, body);

/** Lets a variable refer to a secret; what is not given is plain. */
async function put(fields: Loose, call: Caller = admin): Promise<Answer> {
  return call('PUT', CONFIG, { kind: 'variable', name: 'DB_PASSWORD', environment: null, ...fields });
}

async function entries(call: Caller = admin): Promise<Loose[]> {
  const { status, body } = await call('GET', CONFIG);
  expect(status).toBe(200);
  return body.entries;
}

const recorded = async (): Promise<Loose[]> => {
  const all = await store.read(({ audit }) => audit.after(0, 500));
  return all.filter(({ action }) => action.startsWith('config-entry.'));
};

/** In these environments of the shop. */
function inShop(...names: string[]): UsageScope {
  const environments = names.flatMap((name) => shop.environments[name] ?? []);
  return { type: 'rows', rows: [{ applications: [shop.id], environments }] };
}

const usagesOf = async (id: SecretId) => store.read(({ configEntries }) => configEntries.entriesOfSecret(id));

describe('a config entry', () => {
  test('refers to a secret by id, is replaced by another one of its name, and taken away; each with a record', async () => {
    const first = await storeSecret(store, 'first', ALL);
    const second = await storeSecret(store, 'second', ALL);
    const made = await put({ secret: 'First' });
    const { id } = made.body;
    const service = (await on.call('GET', '/v1/applications/shop')).body.services[0];
    const createdAtMs = clock.nowMs();
    const expected = {
      id,
      serviceId: service.id,
      kind: 'variable',
      name: 'DB_PASSWORD',
      environment: null,
      secret: { id: first, name: 'first' },
      unusableIn: [],
      createdAtMs,
      updatedAtMs: createdAtMs,
    };
    expect([made.status, made.body]).toEqual([200, expected]);
    clock.advance(5);
    // The same again is no change and no record.
    expect((await put({ secret: first })).body).toEqual(expected);
    const replaced = await put({ secret: second });
    expect(replaced.body).toEqual({
      ...expected,
      secret: { id: second, name: 'second' },
      updatedAtMs: createdAtMs + 5,
    });
    expect(await entries()).toEqual([replaced.body]);
    expect((await on.call('DELETE', `${CONFIG}/${id}`)).status).toBe(204);
    expectError(await on.call('DELETE', `${CONFIG}/${id}`), 'not-found');
    expect(await entries()).toEqual([]);
    const about = { resource: id, resourceName: 'DB_PASSWORD', applicationId: shop.id, environmentId: null };
    const change = (from: string | null, to: string) => ({ changes: [{ field: 'secret', from, to }] });
    expect(await recorded()).toMatchObject([
      { ...about, action: 'config-entry.set', details: change(null, first) },
      { ...about, action: 'config-entry.set', details: change(first, second) },
      { ...about, action: 'config-entry.removed', details: { secretId: second, kind: 'variable' } },
    ]);
  });

  test('for one environment stands beside the one for all, which then counts in the others only', async () => {
    const general = await storeSecret(store, 'general', ALL);
    const own = await storeSecret(store, 'own', ALL);
    await put({ secret: 'general' });
    const { body } = await put({ secret: 'own', environment: 'PROD' });
    expect(body.environment).toEqual({ id: shop.environments['prod'], name: 'prod' });
    expect((await entries()).map((one) => [one.environment?.name ?? null, one.secret.name])).toEqual([
      [null, 'general'],
      ['prod', 'own'],
    ]);
    const where = async (id: SecretId) =>
      (await usagesOf(id)).map(({ environments }) => environments.map(({ name }) => name));
    expect([await where(general), await where(own)]).toEqual([[['dev']], [['prod']]]);
    const file = await put({ secret: 'own', kind: 'file', name: 'DB_PASSWORD' });
    expect(file.status).toBe(200);
    expect((await entries()).length).toBe(3);
  });

  test('has a name that a service can take: a variable, or a path that leads nowhere else', async () => {
    await storeSecret(store, 'a', ALL);
    const tooLong = 'x'.repeat(256);
    for (const name of ['1A', 'A-B', 'A B', 'A=B', 'Ä', 'A\n', tooLong]) {
      expectError(await put({ secret: 'a', name }), 'invalid-name');
    }
    const paths = [
      '/etc/x',
      '../x',
      'a/../b',
      'a//b',
      'a/',
      './a',
      '.',
      '..',
      'a\\b',
      'a\u0000b',
      'a\nb',
      'a\u202Eb',
    ];
    for (const name of paths) expectError(await put({ secret: 'a', kind: 'file', name }), 'invalid-name');
    expect(await entries()).toEqual([]);
    for (const name of ['_', 'a1', 'DB_PASSWORD'])
      expect((await put({ secret: 'a', name })).status).toBe(200);
    for (const name of ['tls.pem', '.env', 'etc/..data/key', 'a b/ü.txt']) {
      expect((await put({ secret: 'a', kind: 'file', name })).status).toBe(200);
    }
  });

  test('goes on when its secret is renamed', async () => {
    const id = await storeSecret(store, 'before', ALL);
    await put({ secret: 'before' });
    await store.write(({ secretEdits }) => secretEdits.rename(id, 'after'));
    expect((await entries())[0].secret).toEqual({ id, name: 'after' });
  });

  test('is not kept when its record cannot be written', async () => {
    await storeSecret(store, 'a', ALL);
    store.failsAudit = true;
    expectError(await put({ secret: 'a' }), 'storage-unavailable');
    store.failsAudit = false;
    const { body } = await put({ secret: 'a' });
    store.failsAudit = true;
    expectError(await on.call('DELETE', `${CONFIG}/${body.id}`), 'storage-unavailable');
    store.failsAudit = false;
    expect((await entries()).length).toBe(1);
  });

  test('is there once when two set it at the same time', async () => {
    for (const name of ['a', 'b']) await storeSecret(store, name, ALL);
    const answers = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => put({ secret: i % 2 === 0 ? 'a' : 'b' })),
    );
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect((await entries()).length).toBe(1);
  });
});

describe('the secret', () => {
  test('has to be usable wherever the entry counts; the refusal names where it is not', async () => {
    await storeSecret(store, 'of-dev', inShop('dev'));
    const refused = expectError(await put({ secret: 'of-dev' }), 'scope-too-wide');
    expect(refused.message).toContain('environment prod of shop');
    expect(refused.data.environments).toEqual(['prod']);
    expectError(await put({ secret: 'of-dev', environment: 'prod' }), 'scope-too-wide');
    expect((await put({ secret: 'of-dev', environment: 'dev' })).status).toBe(200);
    await storeSecret(store, 'of-prod', inShop('prod'));
    // The environment that has an entry of its own is none of the general one's.
    expect((await put({ secret: 'of-prod' })).status).toBe(200);
  });

  test('has to be usable somewhere in the application, also when it has no environments yet', async () => {
    const empty = await addApplication(on, 'empty', {});
    await on.call('POST', '/v1/applications/empty/services', { name: 'api' });
    const putThere = async (secret: string) =>
      on.call('PUT', '/v1/applications/empty/services/api/config', { kind: 'variable', name: 'A', secret });
    await storeSecret(store, 'elsewhere', inShop('prod', 'dev'));
    await storeSecret(store, 'of-account', { type: 'account' });
    await storeSecret(store, 'nowhere', { type: 'rows', rows: [] });
    for (const name of ['elsewhere', 'of-account', 'nowhere']) {
      expectError(await putThere(name), 'scope-too-wide');
    }
    const later = { type: 'rows', rows: [{ applications: [empty.id], environments: 'production' }] } as const;
    await storeSecret(store, 'later', later);
    expect((await putThere('later')).status).toBe(200);
  });

  test('of several with one name is the one that fits, else the name is ambiguous', async () => {
    const ofDev = await storeSecret(store, 'DB', inShop('dev'));
    const ofProd = await storeSecret(store, 'DB', inShop('prod'));
    expectError(await put({ secret: 'DB' }), 'ambiguous-name');
    expect((await put({ secret: 'DB', environment: 'dev' })).body.secret.id).toBe(ofDev);
    expect((await put({ secret: 'db', environment: 'prod' })).body.secret.id).toBe(ofProd);
    const byAddress = await put({ secret: 'sally://shop/dev/DB', name: 'B', environment: 'dev' });
    expect(byAddress.body.secret.id).toBe(ofDev);
    const wrong = await put({ secret: 'sally://shop/dev/DB', name: 'B', environment: 'prod' });
    expectError(wrong, 'scope-too-wide');
  });

  test('is named without a version', async () => {
    await storeSecret(store, 'a', ALL);
    expectError(await put({ secret: 'a@1' }), 'invalid-request');
  });

  test('that an entry refers to without being usable everywhere is shown with where it is not', async () => {
    await storeSecret(store, 'of-all', {
      type: 'rows',
      rows: [{ applications: [shop.id], environments: 'non-production' }],
    });
    const prodOnly = await storeSecret(store, 'of-prod', inShop('prod'));
    await put({ secret: 'of-prod', environment: 'prod' });
    await put({ secret: 'of-all' });
    expect((await entries()).map((one) => one.unusableIn)).toEqual([[], []]);
    await on.call('POST', '/v1/applications/shop/environments', { name: 'live', type: 'production' });
    await store.write(({ secretEdits }) => secretEdits.setScope(prodOnly, inShop('dev')));
    expect((await entries()).map((one) => one.unusableIn)).toEqual([['live'], ['prod']]);
  });
});

describe('who may do what', () => {
  const rights = (actions: [environments: 'all' | string[], ...Loose[]][]): TestRights => ({
    grants: actions.flatMap(
      ([environments, ...rest]) => inApplication('shop', environments, ...rest).grants ?? [],
    ),
  });
  /** A caller, and what they get: for all environments, for prod, for dev, and for removing an entry of each. */
  const CASES: readonly [who: string, rights: () => TestRights, outcomes: string][] = [
    ['update everywhere', () => rights([['all', 'update']]), 'ok ok ok | ok ok ok'],
    [
      'read everywhere',
      () => rights([['all', 'read']]),
      'forbidden forbidden forbidden | forbidden forbidden forbidden',
    ],
    [
      'update in dev, read everywhere',
      () =>
        rights([
          ['all', 'read'],
          [['dev'], 'update'],
        ]),
      'forbidden forbidden ok | forbidden forbidden ok',
    ],
    ['update in dev', () => rights([[['dev'], 'update']]), 'forbidden not-found ok | forbidden not-found ok'],
    [
      'manage-applications and read',
      () => ({ account: ['manage-applications'], ...rights([['all', 'read']]) }),
      'forbidden forbidden forbidden | forbidden forbidden forbidden',
    ],
    ['nothing here', () => ({}), 'not-found not-found not-found | not-found not-found not-found'],
  ];

  test.each(CASES)('%s', async (_, given, outcomes) => {
    await storeSecret(store, 'a', ALL);
    await storeSecret(store, 'b', ALL);
    const call = await caller(on, given());
    const places = [null, 'prod', 'dev'];
    for (const environment of places) expect((await put({ secret: 'a', environment })).status).toBe(200);
    const before = await entries();
    const code = ({ body }: Answer): string => body?.error?.code ?? 'ok';
    const found: string[] = [];
    for (const environment of places) found.push(code(await put({ secret: 'b', environment }, call)));
    found.push('|');
    for (const name of places) {
      const entry = before.find(({ environment }) => (environment?.name ?? null) === name);
      found.push(code(await call('DELETE', `${CONFIG}/${entry.id}`)));
    }
    expect(found.join(' ')).toBe(outcomes);
  });

  test('nobody refers to a secret that they may not see, and cannot tell it from one that is not there', async () => {
    const billing = await addApplication(on, 'billing');
    const elsewhere = { type: 'rows', rows: [{ applications: [billing.id], environments: 'all' }] } as const;
    const hidden = await storeSecret(store, 'hidden', elsewhere);
    await storeSecret(store, 'of-account', { type: 'account' });
    const call = await caller(on, inApplication('shop', 'all', 'read', 'update', 'use'));
    for (const [there, missing] of [
      [hidden, newId('secret')],
      ['hidden', 'absent'],
      ['of-account', 'absent'],
      ['sally://billing/prod/hidden', 'sally://billing/prod/absent'],
      ['sally://billing/prod/hidden', 'sally://nope/prod/absent'],
    ] as const) {
      const answer = await put({ secret: there }, call);
      expectError(answer, 'not-found');
      expect(bare(answer)).toEqual(bare(await put({ secret: missing }, call)));
    }
    expect(await entries()).toEqual([]);
  });

  test('an entry shows no name of a secret that the reader may not see, nor where it is unusable', async () => {
    await storeSecret(store, 'ours', ALL);
    const narrow = await storeSecret(store, 'narrow', inShop('prod', 'dev'));
    for (const [name, secret] of [
      ['A', 'ours'],
      ['B', 'narrow'],
    ]) {
      await put({ name, secret });
    }
    const billing = await addApplication(on, 'billing');
    const away = { type: 'rows', rows: [{ applications: [billing.id], environments: 'all' }] } as const;
    await store.write(({ secretEdits }) => secretEdits.setScope(narrow, away));
    const seen = (await entries(await caller(on, inApplication('shop', 'all', 'read')))).map(
      ({ secret, unusableIn }) => [secret.name, unusableIn],
    );
    expect(seen).toEqual([
      ['ours', []],
      [null, []],
    ]);
    expect((await entries())[1].unusableIn).toEqual(['dev', 'prod']);
  });

  test('entries for environments that the reader may not see are not shown, and are not there for them', async () => {
    await storeSecret(store, 'a', ALL);
    for (const environment of [null, 'prod', 'dev']) await put({ secret: 'a', environment });
    const call = await caller(on, inApplication('shop', ['dev'], 'read', 'update'));
    expect((await entries(call)).map(({ environment }) => environment?.name ?? null)).toEqual([null, 'dev']);
    const ofProd = (await entries()).find(({ environment }) => environment?.name === 'prod');
    const hidden = await call('DELETE', `${CONFIG}/${ofProd.id}`);
    const absent = await call('DELETE', `${CONFIG}/${newId('configEntry')}`);
    expectError(hidden, 'not-found');
    expect(bare(hidden)).toEqual(bare(absent));
  });
});
