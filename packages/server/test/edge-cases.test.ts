// Edge cases of access and naming, each by its number in the product's list of them, through the HTTP API. E9, on applications that are
// deleted, is in application-deletion.test.ts.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../src/storage/store.ts';
import { addKey } from './access-rows.ts';
import { addApplication, grant, keyWith, region, resolveAs, scope, writeAs } from './account.ts';
import { countedArgon2id, valueOf } from './browser.ts';
import { NOW_MS } from './storage-rows.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import {
  addManager,
  download,
  expectError,
  framesOf,
  kmsSettings,
  startTestServer,
  upload,
  valuesIn,
} from './test-server.ts';
import type { Answer, Loose, TestServer } from './test-server.ts';

let store: Store;
let on: TestServer;
let delegate: ScriptedDelegate;

beforeEach(async () => {
  store = await openSqliteStore({ path: ':memory:' });
  on = await startTestServer({ dependencies: { store, argon2id: countedArgon2id().argon2id } });
  delegate = await on.delegate({ selectors: ['prod-vpc'] });
  await addManager(on, 'keys');
  await addApplication(on, 'shop', ['prod', 'staging']);
  await addApplication(on, 'billing', ['prod']);
});
afterEach(async () => {
  await on.end();
  await store.close();
});

const ASTERISKS = '*'.repeat(14);
const resolved = async (items: string[], key?: string): Promise<Record<string, string>> =>
  valuesIn(await resolveAs(on, delegate, { items, ...(key === undefined ? {} : { key }) }));
const editManager = async (name: string, change: object): Promise<Answer> =>
  on.call('PATCH', `/v1/secrets-managers/${name}`, change);
const managers = async (): Promise<Loose[]> =>
  (await on.call('GET', '/v1/secrets-managers')).body.secretsManagers;

const staticKeys = (secretAccessKey: string) =>
  kmsSettings({
    credentials: { type: 'access-keys', accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey },
    selectors: [],
  });
const keyTried = (): unknown => (delegate.tasks.at(-1) as Loose).access.secretAccessKey;

describe('E4: a secrets manager is renamed, and another one made under its old name', () => {
  test('which works, also for settings with credentials, and each keeps its own secrets', async () => {
    await on.call('POST', '/v1/secrets-managers', { name: 'prod-kms', settings: staticKeys('first') });
    await writeAs(on, delegate, { secret: 'old', value: '1', secretsManager: 'prod-kms' });
    expect((await editManager('prod-kms', { name: 'former-kms' })).status).toBe(200);
    const second = { name: 'prod-kms', settings: staticKeys('second') };
    expect((await on.call('POST', '/v1/secrets-managers', second)).status).toBe(201);
    await writeAs(on, delegate, { secret: 'new', value: '2', secretsManager: 'prod-kms' });
    expect(await resolved(['old', 'new'])).toEqual({ old: '1', new: '2' });
    for (const [name, expected] of [
      ['former-kms', 'first'],
      ['prod-kms', 'second'],
    ]) {
      expect((await on.call('POST', `/v1/secrets-managers/${name}/test`)).status).toBe(200);
      expect(keyTried()).toBe(expected);
      const secretCount = (await managers()).find((one) => one.name === name)?.secretCount;
      expect([name, secretCount]).toEqual([name, 1]);
    }
    expectError(await editManager('former-kms', { name: 'prod-kms' }), 'name-taken');
  });
});

describe('E7: two secrets managers are made the default at the same time', () => {
  test('after which exactly one of them is, every time', async () => {
    await addManager(on, 'second');
    await addManager(on, 'third');
    for (let round = 0; round < 20; round += 1) {
      const both = await Promise.all(
        ['second', 'third'].map((name) => on.call('POST', `/v1/secrets-managers/${name}/default`)),
      );
      expect(both.map(({ status }) => status)).toEqual([200, 200]);
      const defaults = (await managers()).filter(({ isDefault }) => isDefault);
      expect(defaults).toHaveLength(1);
      expect(['second', 'third']).toContain(defaults[0]?.name);
    }
  });

  test('also when they are created so', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const settings = { kind: 'built-in' };
    const all = await Promise.all(
      names.map((name) => on.call('POST', '/v1/secrets-managers', { name, settings, makeDefault: true })),
    );
    expect(all.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    expect((await managers()).filter(({ isDefault }) => isDefault)).toHaveLength(1);
  });
});

describe("E8: a secrets manager's scope is narrowed below that of a secret", () => {
  const narrow = { usageScope: region('shop/*') };
  const scopes = async (): Promise<Record<string, string>> => {
    const { secrets } = (await on.call('GET', '/v1/secrets')).body;
    return Object.fromEntries(secrets.map((one: Loose) => [one.name, one.scope.type]));
  };

  test('which lists every secret that is in the way, and changes nothing of it or of them', async () => {
    await writeAs(on, delegate, { secret: 'inside', scope: scope('shop/prod') });
    await writeAs(on, delegate, { secret: 'outside', scope: scope('billing/*') });
    await writeAs(on, delegate, { secret: 'partly', scope: scope('*/production') });
    const before = [await managers(), await scopes()];
    for (const change of [
      narrow,
      { ...narrow, onConflict: 'refuse' },
      { ...narrow, onConflict: 'inherit' },
    ]) {
      const { data } = expectError(await editManager('keys', change), 'scope-conflict');
      expect(data.conflicts.map(({ name }: Loose) => name)).toEqual(['outside', 'partly']);
      expect([await managers(), await scopes()]).toEqual(before);
    }
    expect(await resolved(['sally://billing/prod/outside'])).toEqual({
      'sally://billing/prod/outside': 'value',
    });
  });

  test('which lets them inherit only with the token, and only with the one of this very list', async () => {
    await writeAs(on, delegate, { secret: 'inside', scope: scope('shop/prod') });
    await writeAs(on, delegate, { secret: 'outside', scope: scope('billing/*') });
    const { confirmationToken } = expectError(await editManager('keys', narrow), 'scope-conflict').data;
    const confirmed = { ...narrow, onConflict: 'inherit', confirmationToken };
    // The token alone does not say what is to become of them.
    expectError(await editManager('keys', { ...narrow, confirmationToken }), 'scope-conflict');
    await writeAs(on, delegate, { secret: 'late', scope: scope('billing/prod') });
    expectError(await editManager('keys', confirmed), 'scope-conflict');
    await on.call('DELETE', '/v1/secrets/late');
    expect((await editManager('keys', confirmed)).status).toBe(200);
    expect(await scopes()).toEqual({ inside: 'rows', outside: 'inherit' });
    expect(await resolved(['sally://shop/prod/outside'])).toEqual({ 'sally://shop/prod/outside': 'value' });
    const { unresolved } = (await resolveAs(on, delegate, { items: ['sally://billing/prod/outside'] })).body;
    expect(unresolved).toMatchObject([{ error: { code: 'forbidden' } }]);
  });
});

describe('E16: a secret is deleted while it is asked for', () => {
  test('by name, which is reported before, and takes the confirmation', async () => {
    await writeAs(on, delegate, { secret: 'db', scope: scope('shop/*') });
    const script = await keyWith(on, { grants: [grant(['use'], 'shop/prod')] });
    await resolved(['sally://shop/prod/db'], script);
    const preview = (await on.call('GET', '/v1/secrets/db/deletion')).body;
    expect(preview.usesByName).toMatchObject([{ reference: 'sally://shop/prod/db', releases: 1 }]);
    for (const confirm of ['', '?confirm=made-up'])
      expectError(await on.call('DELETE', `/v1/secrets/db${confirm}`), 'confirmation-required');
    expect(await resolved(['sally://shop/prod/db'], script)).toEqual({ 'sally://shop/prod/db': 'value' });
    const deleted = await on.call('DELETE', `/v1/secrets/db?confirm=${preview.confirmationToken}`);
    expect(deleted.status).toBe(204);
  });

  test('by an alias, which is a name as well', async () => {
    await writeAs(on, delegate, { secret: 'before' });
    await on.call('PATCH', '/v1/secrets/before', { name: 'after', leaveAlias: true });
    await resolved(['before']);
    expectError(await on.call('DELETE', '/v1/secrets/after'), 'confirmation-required');
  });

  test('by a config entry, which refuses it', async () => {
    await writeAs(on, delegate, { secret: 'db' });
    await on.call('POST', '/v1/applications/shop/services', { name: 'web' });
    const entry = { kind: 'variable', name: 'DB', environment: null, secret: 'db' };
    await on.call('PUT', '/v1/applications/shop/services/web/config', entry);
    const preview = (await on.call('GET', '/v1/secrets/db/deletion')).body;
    const confirmed = `/v1/secrets/db?confirm=${preview.confirmationToken}`;
    const { data } = expectError(await on.call('DELETE', confirmed), 'in-use');
    expect(data.setupUsages).toMatchObject([{ name: 'DB', application: { name: 'shop' } }]);
    expect(await resolved(['sally://shop/prod/db'])).toEqual({ 'sally://shop/prod/db': 'value' });
  });

  test('by id only, or by nobody, which needs no confirmation', async () => {
    const { id } = (await writeAs(on, delegate, { secret: 'db' })).body.secret;
    await resolved([id]);
    expect((await on.call('DELETE', '/v1/secrets/db')).status).toBe(204);
  });
});

describe('E19: names that look alike', () => {
  test('in text and file are one name where both could be meant, and two where not', async () => {
    await writeAs(on, delegate, { secret: 'sally://shop/prod/cert' });
    const file = (secret: string) => upload(on, delegate, { secret, chunks: [Buffer.from('file')] });
    expectError(await file('cert'), 'kind-mismatch');
    expectError(await file('sally://shop/prod/CERT'), 'kind-mismatch');
    expect((await file('sally://shop/staging/cert')).body.secret).toMatchObject({ kind: 'file', version: 1 });
    expectError(
      await writeAs(on, delegate, { secret: 'cert', scope: scope('billing/*', 'shop/*') }),
      'ambiguous-name',
    );
    expect(await resolved(['sally://shop/prod/cert'])).toEqual({ 'sally://shop/prod/cert': 'value' });
    const read = framesOf(await download(on, delegate, 'sally://shop/staging/cert'));
    expect(Buffer.concat(await Array.fromAsync(read)).toString()).toBe('file');
  });

  test('with blanks at their ends are refused for what is new', async () => {
    for (const name of ['db ', ' db', 'db\t', 'db\u00a0', ' ']) {
      expectError(await writeAs(on, delegate, { secret: name }), 'invalid-name');
      expectError(await on.call('POST', '/v1/applications', { name }), 'invalid-name');
      const settings = { kind: 'built-in' };
      expectError(await on.call('POST', '/v1/secrets-managers', { name, settings }), 'invalid-name');
      expectError(await on.call('POST', '/v1/groups', { name }), 'invalid-name');
    }
    await writeAs(on, delegate, { secret: 'db' });
    expectError(await on.call('PATCH', '/v1/secrets/db', { name: 'db ' }), 'invalid-name');
    expect((await on.call('GET', '/v1/secrets')).body.secrets).toHaveLength(1);
  });

  test('but for letter case are one name: written to, found, and never made a second time', async () => {
    await writeAs(on, delegate, { secret: 'Db-Password', value: '1' });
    const second = await writeAs(on, delegate, { secret: 'DB-PASSWORD', value: '2' });
    expect(second.body.secret).toMatchObject({ name: 'Db-Password', version: 2 });
    expect(await resolved(['db-password'])).toEqual({ 'db-password': '2' });
    await writeAs(on, delegate, { secret: 'other' });
    expectError(await on.call('PATCH', '/v1/secrets/other', { name: 'dB-pASSWORD' }), 'name-taken');
    expectError(await on.call('POST', '/v1/applications', { name: 'SHOP' }), 'name-taken');
    const environment = { name: 'PROD', type: 'production' };
    expectError(await on.call('POST', '/v1/applications/shop/environments', environment), 'name-taken');
    expectError(await editManager((await addManager(on, 'other')).id, { name: 'KEYS' }), 'name-taken');
  });

  test('and a change of nothing but letter case is a rename that breaks no reference', async () => {
    await writeAs(on, delegate, { secret: 'db' });
    await resolved(['db']);
    const renamed = await on.call('PATCH', '/v1/secrets/db', { name: 'DB', leaveAlias: true });
    expect(renamed.body.name).toBe('DB');
    expect((await on.call('GET', '/v1/secrets/db')).body).toMatchObject({
      secret: { name: 'DB' },
      aliases: [],
    });
    expect(await resolved(['db', 'DB'])).toEqual({ db: 'value', DB: 'value' });
  });
});

describe('E20: a user loses the rights in an application after having created a secret there', () => {
  test('cannot see, edit or use it any more; who may use it there still does', async () => {
    const rights = { account: ['manage-secrets'], grants: [grant(['read', 'update', 'use'], 'shop/*')] };
    const group = (await on.call('POST', '/v1/groups', { name: 'shop team', ...rights })).body;
    const alice = await signedUpWithKey('alice', 'shop team');
    expect((await writeAs(on, delegate, { secret: 'sally://shop/prod/db', key: alice })).status).toBe(200);
    expect(Object.keys(await resolved(['sally://shop/prod/db'], alice))).toHaveLength(1);
    const program = await keyWith(on, { grants: [grant(['use'], 'shop/prod')] });
    const owner = { type: 'groups', groupIds: [group.id] } as const;
    const workload = { kind: 'workload', expiresAtMs: NOW_MS * 2 } as const;
    const { value: ofWorkload } = await addKey(store, owner, workload);

    expect((await on.call('DELETE', '/v1/groups/shop%20team/members/alice')).status).toBe(204);
    for (const [method, path, body] of [
      ['GET', '/v1/secrets/db', undefined],
      ['PATCH', '/v1/secrets/db', { name: 'mine' }],
      ['GET', '/v1/secrets/db/uses', undefined],
      ['DELETE', '/v1/secrets/db', undefined],
    ] as const) {
      expectError(await on.call(method, path, body, alice), 'not-found');
    }
    expect((await on.call('GET', '/v1/secrets', undefined, alice)).body.secrets).toEqual([]);
    const refused = await resolveAs(on, delegate, { items: ['sally://shop/prod/db', 'db'], key: alice });
    expect(refused.body.unresolved.map((one: Loose) => one.error.code)).toEqual(['not-found', 'not-found']);
    expectError(await writeAs(on, delegate, { secret: 'sally://shop/prod/db', key: alice }), 'not-found');

    const expected = { 'sally://shop/prod/db': 'value' };
    for (const key of [program, ofWorkload])
      expect(await resolved(['sally://shop/prod/db'], key)).toEqual(expected);
  });

  /** Invites a user into a group, has them set a password, and sign in for a key. */
  async function signedUpWithKey(user: string, ...groups: string[]): Promise<string> {
    const password = 'a long enough password';
    const { link } = (await on.call('POST', '/v1/users', { name: user, groups })).body;
    await on.call('POST', '/v1/links/redeem', { value: valueOf(link), password });
    const body = { user, password, keyName: 'laptop', expiresInSeconds: 3600 };
    const { value } = (await on.call('POST', '/v1/sign-in/api-key', body)).body;
    expect(value).toEqual(expect.any(String));
    return value;
  }
});

describe('E25: fourteen asterisks, which other products show in place of a value', () => {
  test('are a value: new, written and read back as such, and replaced like any other', async () => {
    await writeAs(on, delegate, { secret: 'stars', value: ASTERISKS });
    expect(await resolved(['stars'])).toEqual({ stars: ASTERISKS });
    await writeAs(on, delegate, { secret: 'stars', value: 'real' });
    const third = await writeAs(on, delegate, { secret: 'stars', value: ASTERISKS });
    expect(third.body.secret.version).toBe(3);
    expect(await resolved(['stars@1', 'stars@2', 'stars'])).toEqual({
      'stars@1': ASTERISKS,
      'stars@2': 'real',
      stars: ASTERISKS,
    });
  });

  test('are a file', async () => {
    await upload(on, delegate, { secret: 'stars.txt', chunks: [Buffer.from(ASTERISKS)] });
    const read = framesOf(await download(on, delegate, 'stars.txt'));
    expect(Buffer.concat(await Array.fromAsync(read)).toString()).toBe(ASTERISKS);
  });

  test('are a secret access key, tried and kept as one; only leaving it out keeps the old one', async () => {
    await on.call('POST', '/v1/secrets-managers', { name: 'static', settings: staticKeys('real') });
    const masked = await editManager('static', { settings: staticKeys(ASTERISKS) });
    expect(masked.body.secretsManager.revision).toBe(2);
    expect(keyTried()).toBe(ASTERISKS);
    await on.call('POST', '/v1/secrets-managers/static/test');
    expect(keyTried()).toBe(ASTERISKS);
    await editManager('static', { settings: staticKeys('real again') });
    const { secretAccessKey: _, ...credentials } = staticKeys('x')['credentials'] as Loose;
    await editManager('static', { settings: kmsSettings({ credentials, selectors: ['prod-vpc'] }) });
    expect(keyTried()).toBe('real again');
  });
});
