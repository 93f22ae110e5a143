// Deleting applications and environments: what the preview tells, that only what was shown is done, and that it widens nothing.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EVERYWHERE, isUsableAt } from '@sallyport/core';
import type { Region, UsageScope } from '@sallyport/core';
import { readCatalogue } from '../src/applications/account-catalogue.ts';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../src/storage/store.ts';
import { addApplication, caller, inApplication, storeSecret } from './account-fixture.ts';
import type { Caller, TestApplication } from './account-fixture.ts';
import { flaky } from './flaky-store.ts';
import type { FlakyStore } from './flaky-store.ts';
import { ManualClock } from './manual-clock.ts';
import { managerRow } from './storage-rows.ts';
import { expectError, startTestServer } from './test-server.ts';
import type { Answer, Loose, TestServer } from './test-server.ts';

let on: TestServer;
let store: FlakyStore;
let inner: Store;

beforeEach(async () => {
  inner = await openSqliteStore({ path: ':memory:' });
  store = flaky(inner);
  on = await startTestServer({ dependencies: { clock: new ManualClock(), store } });
});
afterEach(async () => {
  await on.end();
  await inner.close();
});

const admin: Caller = async (method, path, body) => on.call(method, path, body);

function scopedTo(application: TestApplication, environment?: string): UsageScope {
  return { type: 'rows', rows: rowsOf(application, environment) };
}
function rowsOf(application: TestApplication, environment?: string): Region {
  const chosen = environment === undefined ? undefined : application.environments[environment];
  return [{ applications: [application.id], environments: chosen === undefined ? 'all' : [chosen] }];
}

async function preview(path: string, call: Caller = admin): Promise<Loose> {
  const { status, body } = await call('GET', `${path}/deletion`);
  expect(status).toBe(200);
  return body;
}

async function confirmed(path: string, call: Caller = admin): Promise<Answer> {
  const { confirmationToken } = await preview(path, call);
  return call('DELETE', `${path}?confirm=${confirmationToken}`);
}

async function deleted(path: string): Promise<void> {
  expect((await confirmed(path)).status).toBe(204);
}

/** What the preview says, by kind. */
const consequences = ({ effect }: Loose): Loose =>
  Object.fromEntries(effect.consequences.map(({ kind, ...rest }: Loose) => [kind, rest]));

const deletions = async (): Promise<Loose[]> => {
  const all = await store.read(({ audit }) => audit.after(0, 500));
  return all.filter(({ action }) => action.endsWith('.deleted'));
};

describe('the preview', () => {
  test('counts what goes with an application and what loses its last place, and names examples', async () => {
    const shop = await addApplication(on, 'shop');
    const billing = await addApplication(on, 'billing');
    for (const name of ['api', 'worker']) await on.call('POST', '/v1/applications/shop/services', { name });
    for (const name of ['a', 'b', 'c']) await storeSecret(store, name, scopedTo(shop));
    await storeSecret(store, 'only-prod', scopedTo(shop, 'prod'));
    await storeSecret(store, 'elsewhere', scopedTo(billing));
    await storeSecret(store, 'everywhere', { type: 'rows', rows: EVERYWHERE });
    await storeSecret(store, 'nowhere', { type: 'rows', rows: [] });
    await storeSecret(store, 'of-account', { type: 'account' });
    await store.write(({ secretsManagers }) =>
      secretsManagers.insert(managerRow({ name: 'shop keys', usageScope: rowsOf(shop) })),
    );
    const put = { kind: 'variable', name: 'A', environment: null, secret: 'a' };
    expect((await on.call('PUT', '/v1/applications/shop/services/api/config', put)).status).toBe(200);
    const grants = [{ where: [{ applications: ['shop'], environments: 'all' }], actions: ['use'] }];
    await on.call('POST', '/v1/groups', { name: 'Shop team', account: [], grants });

    expect(consequences(await preview('/v1/applications/shop'))).toEqual({
      environment: {
        count: 2,
        examples: ['dev', 'prod'],
        sentence: '2 environments go with it: dev, prod.',
      },
      service: { count: 2, examples: ['api', 'worker'], sentence: '2 services go with it: api, worker.' },
      'config-entry': {
        count: 1,
        examples: ['A of api'],
        sentence: '1 config entry goes with it: A of api.',
      },
      'secrets-manager': {
        count: 1,
        examples: ['shop keys'],
        sentence: '1 secrets manager loses its last place and becomes unusable in applications: shop keys.',
      },
      secret: {
        count: 4,
        examples: ['a', 'b', 'c', 'only-prod'],
        sentence: '4 secrets lose their last place and become unusable in applications: a, b, c, only-prod.',
      },
      group: {
        count: 1,
        examples: ['Shop team'],
        sentence: '1 user group loses the last place where it allows anything: Shop team.',
      },
    });
    expect(consequences(await preview('/v1/applications/shop/environments/prod'))).toEqual({
      secret: expect.objectContaining({ count: 1, examples: ['only-prod'] }),
    });
    expect(consequences(await preview('/v1/applications/shop/environments/dev'))).toEqual({});
  });

  test('names ten at most, and counts them all', async () => {
    const shop = await addApplication(on, 'shop', { prod: 'production' });
    for (let i = 10; i < 22; i++) await storeSecret(store, `secret-${i}`, scopedTo(shop));
    const { secret } = consequences(await preview('/v1/applications/shop'));
    expect([secret.count, secret.examples.length]).toEqual([12, 10]);
    expect(secret.sentence).toMatch(/secret-10, .* secret-19 and 2 more\.$/);
  });

  test('says nothing of what is scoped to all applications, even when the last one goes', async () => {
    await addApplication(on, 'shop');
    await storeSecret(store, 'everywhere', { type: 'rows', rows: EVERYWHERE });
    await storeSecret(store, 'inheriting', { type: 'inherit' });
    expect(Object.keys(consequences(await preview('/v1/applications/shop')))).toEqual(['environment']);
  });

  test('counts what the caller may not see, but does not name it', async () => {
    const shop = await addApplication(on, 'shop', { prod: 'production' });
    await storeSecret(store, 'hidden', scopedTo(shop));
    const grants = [{ where: [{ applications: ['shop'], environments: 'all' }], actions: ['use'] }];
    await on.call('POST', '/v1/groups', { name: 'Shop team', account: [], grants });
    const structure = await caller(on, { account: ['manage-applications'] });
    const found = consequences(await preview('/v1/applications/shop', structure));
    expect(found.secret).toMatchObject({ count: 1, examples: [] });
    expect(found.secret.sentence).toBe('1 secret loses its last place and becomes unusable in applications.');
    expect(found.group).toMatchObject({ count: 1, examples: [] });
    expect(found.environment.examples).toEqual(['prod']);
  });
});

describe('a deletion', () => {
  test('asks for confirmation, and tells the effect and its token when there is none', async () => {
    await addApplication(on, 'shop');
    const expected = await preview('/v1/applications/shop');
    for (const query of ['', '?confirm=', '?confirm=AAAA']) {
      const { data } = expectError(
        await on.call('DELETE', `/v1/applications/shop${query}`),
        'confirmation-required',
      );
      expect(data).toMatchObject({
        preview: expected.effect,
        confirmationToken: expected.confirmationToken,
      });
    }
    expect((await on.call('GET', '/v1/applications/shop')).status).toBe(200);
    expect(await deletions()).toEqual([]);
  });

  test('is not confirmed by a token for something else', async () => {
    const shop = await addApplication(on, 'shop', { prod: 'production' });
    const twin = await addApplication(on, 'twin', { prod: 'production' });
    const own = await preview('/v1/applications/shop');
    const ofTwin = await preview('/v1/applications/twin');
    const ofEnvironment = await preview('/v1/applications/shop/environments/prod');
    for (const { confirmationToken } of [ofTwin, ofEnvironment]) {
      const refused = await on.call('DELETE', `/v1/applications/shop?confirm=${confirmationToken}`);
      expectError(refused, 'confirmation-required');
    }
    expect(shop.id).not.toBe(twin.id);
    const done = await on.call('DELETE', `/v1/applications/shop?confirm=${own.confirmationToken}`);
    expect(done.status).toBe(204);
  });

  test('does what was shown, or nothing: what came meanwhile has to be confirmed anew', async () => {
    const shop = await addApplication(on, 'shop', { prod: 'production' });
    const changes: (() => Promise<unknown>)[] = [
      async () => on.call('POST', '/v1/applications/shop/services', { name: 'api' }),
      async () => on.call('POST', '/v1/applications/shop/environments', { name: 'x', type: 'production' }),
      async () => storeSecret(store, 'new', scopedTo(shop)),
      // Neither count nor names change, but it is another service.
      async () => {
        await on.call('DELETE', '/v1/applications/shop/services/api');
        await on.call('POST', '/v1/applications/shop/services', { name: 'api' });
      },
    ];
    for (const change of changes) {
      const { confirmationToken } = await preview('/v1/applications/shop');
      await change();
      const stale = await on.call('DELETE', `/v1/applications/shop?confirm=${confirmationToken}`);
      expectError(stale, 'confirmation-required');
    }
    await deleted('/v1/applications/shop');
  });

  test('takes an application away with all that is in it, in one record with the counts', async () => {
    const shop = await addApplication(on, 'shop');
    await on.call('POST', '/v1/applications/shop/services', { name: 'api' });
    await storeSecret(store, 'a', scopedTo(shop));
    const put = { kind: 'variable', name: 'A', environment: null, secret: 'a' };
    await on.call('PUT', '/v1/applications/shop/services/api/config', put);
    await deleted('/v1/applications/shop');
    for (const reference of [shop.id, 'shop']) {
      expectError(await on.call('GET', `/v1/applications/${reference}`), 'not-found');
      expectError(await on.call('GET', `/v1/applications/${reference}/deletion`), 'not-found');
    }
    expect((await on.call('GET', '/v1/applications')).body.applications).toEqual([]);
    expect(await deletions()).toMatchObject([
      {
        action: 'application.deleted',
        resource: shop.id,
        resourceName: 'shop',
        applicationId: shop.id,
        details: { consequences: { environment: 2, service: 1, 'config-entry': 1, secret: 1 } },
      },
    ]);
    const left = await store.read(async ({ applications, configEntries }) => [
      await applications.services.list([shop.id]),
      await configEntries.list(shop.id),
    ]);
    expect(left).toEqual([[], []]);
  });

  test('takes an environment away with its own config entries, and frees its name', async () => {
    const shop = await addApplication(on, 'shop');
    await on.call('POST', '/v1/applications/shop/services', { name: 'api' });
    await storeSecret(store, 'a', scopedTo(shop));
    const config = '/v1/applications/shop/services/api/config';
    for (const environment of [null, 'dev']) {
      await on.call('PUT', config, { kind: 'variable', name: 'A', environment, secret: 'a' });
    }
    const { 'config-entry': entries } = consequences(await preview('/v1/applications/shop/environments/dev'));
    expect(entries).toMatchObject({ count: 1, examples: ['A of api'] });
    await deleted('/v1/applications/shop/environments/dev');
    const { body } = await on.call('GET', config);
    expect(body.entries).toMatchObject([{ name: 'A', environment: null }]);
    const again = await on.call('POST', '/v1/applications/shop/environments', {
      name: 'dev',
      type: 'production',
    });
    expect(again.status).toBe(201);
    expect(again.body.id).not.toBe(shop.environments['dev']);
    expect(await deletions()).toMatchObject([
      {
        action: 'environment.deleted',
        environmentId: shop.environments['dev'],
        details: { consequences: { 'config-entry': 1 } },
      },
    ]);
  });

  test('is undone as a whole when its record cannot be written', async () => {
    await addApplication(on, 'shop');
    await on.call('POST', '/v1/applications/shop/services', { name: 'api' });
    const { confirmationToken } = await preview('/v1/applications/shop');
    store.failsAudit = true;
    const failed = await on.call('DELETE', `/v1/applications/shop?confirm=${confirmationToken}`);
    expectError(failed, 'storage-unavailable');
    store.failsAudit = false;
    const { body } = await on.call('GET', '/v1/applications/shop');
    expect([body.environments.length, body.services.length]).toEqual([2, 1]);
    const repeated = await on.call('DELETE', `/v1/applications/shop?confirm=${confirmationToken}`);
    expect(repeated.status).toBe(204);
  });

  test('that races with a change ends as if one had come after the other', async () => {
    const outcomes = new Set<string>();
    for (let round = 0; round < 12; round++) {
      const shop = await addApplication(on, `shop-${round}`, { prod: 'production' });
      const path = `/v1/applications/${shop.id}`;
      const { confirmationToken } = await preview(path);
      const remove = async () => on.call('DELETE', `${path}?confirm=${confirmationToken}`);
      const add = async () => on.call('POST', `${path}/environments`, { name: 'new', type: 'production' });
      const answers =
        round % 2 === 0
          ? await Promise.all([remove(), add()])
          : (await Promise.all([add(), remove()])).reverse();
      const [removed, added] = answers.map(({ status }) => status);
      // Either it was gone before, or the addition came first and made the confirmation stale.
      outcomes.add(`${removed} ${added}`);
      const there = await on.call('GET', path);
      expect(there.status).toBe(removed === 204 ? 404 : 200);
    }
    expect([...outcomes].every((one) => ['204 404', '409 201'].includes(one))).toBe(true);
  });

  test('of the same thing by two at once happens once', async () => {
    await addApplication(on, 'shop');
    const { confirmationToken } = await preview('/v1/applications/shop');
    const both = await Promise.all(
      [1, 2].map(async () => on.call('DELETE', `/v1/applications/shop?confirm=${confirmationToken}`)),
    );
    expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([204, 404]);
    expect((await deletions()).length).toBe(1);
  });
});

describe('E9: deleting the application that the only row of a scope names', () => {
  /** Whether somebody sees the secret, by name and in lists. */
  const sees = async (call: Caller, id: string): Promise<[number, number]> => {
    const { body } = await call('GET', '/v1/secrets?limit=500');
    const inList = body.secrets.filter((secret: Loose) => secret.id === id).length;
    return [(await call('GET', `/v1/secrets/${id}`)).status, inList];
  };

  test('makes the secret usable and visible to nobody who could not before, also when the name is taken again', async () => {
    const shop = await addApplication(on, 'shop');
    await addApplication(on, 'billing');
    const id = await storeSecret(store, 'db-password', scopedTo(shop));
    const all = ['create', 'read', 'update', 'delete', 'use'] as const;
    const insider = await caller(on, inApplication('shop', 'all', ...all));
    const outsider = await caller(on, inApplication('billing', 'all', ...all));
    expect(await sees(insider, id)).toEqual([200, 1]);
    expect(await sees(outsider, id)).toEqual([404, 0]);

    await deleted('/v1/applications/shop');
    expect(await sees(outsider, id)).toEqual([404, 0]);

    const again = await addApplication(on, 'shop');
    const successor = await caller(on, inApplication('shop', 'all', ...all));
    expect(await sees(outsider, id)).toEqual([404, 0]);
    expect(await sees(successor, id)).toEqual([404, 0]);
    // The scope still names what was deleted, and so covers no place that there is.
    const { scope } = (await on.call('GET', `/v1/secrets/${id}`)).body.secret;
    expect(scope).toMatchObject({
      type: 'rows',
      rows: [{ applications: [{ id: shop.id, deleted: true }], environments: 'all' }],
    });
    const catalogue = await store.read(readCatalogue);
    const places = catalogue.places();
    expect(places.map(({ application }) => application.id)).toContain(again.id);
    const [found] = await store.read(({ secrets }) =>
      secrets.findMany([{ by: 'id', id, version: null, place: null }]),
    );
    expect(places.filter((place) => found?.[0] && isUsableAt(found[0].scope, place))).toEqual([]);
  });

  test('leaves grants that named it without effect on anything else', async () => {
    await addApplication(on, 'shop');
    const billing = await addApplication(on, 'billing');
    const id = await storeSecret(store, 'invoice-key', scopedTo(billing));
    const insider = await caller(
      on,
      inApplication('shop', 'all', 'create', 'read', 'update', 'delete', 'use'),
    );
    await deleted('/v1/applications/shop');
    await addApplication(on, 'shop');
    expect((await insider('GET', '/v1/applications')).body.applications).toEqual([]);
    expect(await sees(insider, id)).toEqual([404, 0]);
    expectError(await insider('POST', '/v1/applications/shop/services', { name: 'x' }), 'not-found');
  });
});
