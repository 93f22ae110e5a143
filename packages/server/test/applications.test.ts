// Applications, environments and services through the HTTP API: how they are created, changed and found. Who may do what is in
// application-rights.test.ts, deletion in application-deletion.test.ts.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../src/storage/store.ts';
import { addApplication } from './account-fixture.ts';
import type { Caller } from './account-fixture.ts';
import { flaky } from './flaky-store.ts';
import type { FlakyStore } from './flaky-store.ts';
import { ManualClock } from './manual-clock.ts';
import { newId } from './storage-rows.ts';
import { expectError, startTestServer } from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

let on: TestServer;
let clock: ManualClock;
let store: FlakyStore;
let inner: Store;

beforeEach(async () => {
  clock = new ManualClock();
  inner = await openSqliteStore({ path: ':memory:' });
  store = flaky(inner);
  on = await startTestServer({ dependencies: { clock, store } });
});
afterEach(async () => {
  await on.end();
  await inner.close();
});

const namesIn = (items: readonly Loose[]): string[] => items.map(({ name }) => name);
const admin: Caller = async (method, path, body) => on.call(method, path, body);
const listed = async (call: Caller, query = ''): Promise<string[]> => {
  const answer = await call('GET', `/v1/applications${query}`);
  expect(answer.status).toBe(200);
  return namesIn(answer.body.applications);
};
/** Audit records of applications and what is in them, oldest first. */
const recorded = async (): Promise<Loose[]> => {
  const all = await store.read(({ audit }) => audit.after(0, 500));
  return all.filter(({ action }) => /^(application|environment|service)\./.test(action));
};

describe('an application', () => {
  test('is created with its first environments, and found by id and by any spelling of its name', async () => {
    const created = await on.call('POST', '/v1/applications', {
      name: 'Shop',
      environments: [
        { name: 'prod', type: 'production' },
        { name: 'Dev', type: 'non-production' },
      ],
    });
    expect(created.status).toBe(201);
    const { id } = created.body;
    const createdAtMs = clock.nowMs();
    const environment = (name: string, type: string): Loose => ({
      id: expect.stringMatching(/^env_/),
      applicationId: id,
      name,
      type,
      createdAtMs,
    });
    expect(created.body).toEqual({
      id: expect.stringMatching(/^app_/),
      name: 'Shop',
      createdAtMs,
      environments: [environment('Dev', 'non-production'), environment('prod', 'production')],
      services: [],
    });
    for (const reference of [id, 'Shop', 'SHOP', encodeURIComponent(' shop ')]) {
      const found = await on.call('GET', `/v1/applications/${reference}`);
      expect([found.status, found.body]).toEqual([200, created.body]);
    }
    expect(await recorded()).toMatchObject([
      { action: 'application.created', resource: id, resourceName: 'Shop', applicationId: id },
      { action: 'environment.created', resourceName: 'prod', applicationId: id },
      { action: 'environment.created', resourceName: 'Dev', details: { type: 'non-production' } },
    ]);
  });

  test('is renamed with its id and everything in it, and the record says from what to what', async () => {
    const shop = await addApplication(on, 'shop');
    const renamed = await on.call('PATCH', '/v1/applications/shop', { name: 'Store' });
    expect(renamed.body).toMatchObject({ id: shop.id, name: 'Store' });
    expect(namesIn(renamed.body.environments)).toEqual(['dev', 'prod']);
    expectError(await on.call('GET', '/v1/applications/shop'), 'not-found');
    // The same name again is no change and no record.
    expect((await on.call('PATCH', '/v1/applications/store', { name: 'Store' })).status).toBe(200);
    const renames = (await recorded()).filter(({ action }) => action === 'application.renamed');
    expect(renames).toMatchObject([
      {
        resource: shop.id,
        resourceName: 'Store',
        applicationId: shop.id,
        details: { changes: [{ field: 'name', from: 'shop', to: 'Store' }] },
      },
    ]);
  });

  test('has a name that fits into an address and that no other one has', async () => {
    await addApplication(on, 'shop');
    for (const name of ['a/b', 'a@b', ' shop', 'shöp', '-', newId('application')]) {
      const error = expectError(await on.call('POST', '/v1/applications', { name }), 'invalid-name');
      expect(error.message).not.toContain('secret');
    }
    expectError(await on.call('POST', '/v1/applications', { name: 'SHOP' }), 'name-taken');
    await addApplication(on, 'billing');
    expectError(await on.call('PATCH', '/v1/applications/billing', { name: 'Shop' }), 'name-taken');
    const twice = [
      { name: 'prod', type: 'production' },
      { name: 'PROD', type: 'non-production' },
    ];
    const refused = await on.call('POST', '/v1/applications', { name: 'other', environments: twice });
    expectError(refused, 'name-taken');
    // Nothing of it was kept.
    expect(await listed(admin)).toEqual(['billing', 'shop']);
  });

  test('is listed by name, page by page, and found by a part of its name', async () => {
    for (const name of ['delta', 'Alpha', 'charlie', 'bravo', 'alphabet']) await addApplication(on, name, {});
    expect(await listed(admin)).toEqual(['Alpha', 'alphabet', 'bravo', 'charlie', 'delta']);
    expect(await listed(admin, '?search=ALPHA')).toEqual(['Alpha', 'alphabet']);
    const pages: string[][] = [];
    let cursor = '';
    do {
      const { body } = await on.call('GET', `/v1/applications?limit=2${cursor}`);
      pages.push(namesIn(body.applications));
      cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`;
    } while (cursor !== '');
    expect(pages).toEqual([['Alpha', 'alphabet'], ['bravo', 'charlie'], ['delta']]);
    const foreign = Buffer.from('secrets:x').toString('base64url');
    expectError(await on.call('GET', `/v1/applications?cursor=${foreign}`), 'invalid-request');
  });

  test('is there once when two create it at the same time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => on.call('POST', '/v1/applications', { name: 'shop' })),
    );
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([
      201,
      ...Array.from({ length: 7 }, () => 409),
    ]);
    expect((await recorded()).length).toBe(1);
  });

  test('is not created when its record cannot be written', async () => {
    store.failsAudit = true;
    const failed = await on.call('POST', '/v1/applications', { name: 'shop' });
    expectError(failed, 'storage-unavailable');
    store.failsAudit = false;
    expect(await listed(admin)).toEqual([]);
    await addApplication(on, 'shop');
    store.failsAudit = true;
    for (const [method, path, body] of [
      ['PATCH', '/v1/applications/shop', { name: 'store' }],
      ['POST', '/v1/applications/shop/environments', { name: 'test', type: 'production' }],
      ['PATCH', '/v1/applications/shop/environments/prod', { name: 'live' }],
      ['POST', '/v1/applications/shop/services', { name: 'api' }],
    ] as const) {
      expectError(await on.call(method, path, body), 'storage-unavailable');
    }
    store.failsAudit = false;
    const { body } = await on.call('GET', '/v1/applications/shop');
    expect([namesIn(body.environments), body.services]).toEqual([['dev', 'prod'], []]);
  });
});

describe('an environment', () => {
  test('is added and renamed within its application; its type stays', async () => {
    const shop = await addApplication(on, 'shop');
    await addApplication(on, 'billing');
    const path = '/v1/applications/shop/environments';
    const added = await on.call('POST', path, { name: 'Test', type: 'non-production' });
    expect(added.status).toBe(201);
    const { id } = added.body;
    expect(added.body).toEqual({
      id,
      applicationId: shop.id,
      name: 'Test',
      type: 'non-production',
      createdAtMs: clock.nowMs(),
    });
    expectError(await on.call('POST', path, { name: 'TEST', type: 'production' }), 'name-taken');
    expectError(await on.call('POST', path, { name: 'x', type: 'staging' }), 'invalid-request');
    expectError(await on.call('PATCH', `${path}/test`, { name: 'prod' }), 'name-taken');
    const named = await on.call('PATCH', `${path}/TEST`, { name: 'qa' });
    expect(named.body).toEqual({ ...added.body, name: 'qa' });
    expectError(await on.call('PATCH', `${path}/qa`, { name: 'qa', type: 'production' }), 'invalid-request');
    // An environment is found in its own application only.
    const elsewhere = await on.call('PATCH', `/v1/applications/billing/environments/${id}`, { name: 'y' });
    expectError(elsewhere, 'not-found');
    const records = (await recorded()).filter(({ environmentId }) => environmentId === id);
    expect(records).toMatchObject([
      { action: 'environment.created', resource: id, applicationId: shop.id },
      {
        action: 'environment.renamed',
        resource: id,
        details: { changes: [{ field: 'name', from: 'Test', to: 'qa' }] },
      },
    ]);
  });
});

describe('an application that is full', () => {
  test('takes no further environment or service, and says how many are the most', async () => {
    const shop = await addApplication(on, 'shop', {});
    const row = { applicationId: shop.id, createdAtMs: 0, deletedAtMs: null, type: 'production' } as const;
    await store.write(async ({ applications: { environments, services } }) => {
      for (let i = 0; i < 255; i++) {
        await environments.insert({ ...row, id: newId('environment'), name: `env-${i}` });
      }
      for (let i = 0; i < 999; i++) {
        const { applicationId, createdAtMs } = row;
        await services.insert({ applicationId, createdAtMs, id: newId('service'), name: `service-${i}` });
      }
    });
    clock.advance(1000);
    const add = async (part: string, name: string) =>
      on.call('POST', `/v1/applications/shop/${part}`, {
        name,
        ...(part === 'environments' ? { type: 'production' } : {}),
      });
    for (const [part, most] of [
      ['environments', '256'],
      ['services', '1000'],
    ] as const) {
      expect((await add(part, 'last')).status).toBe(201);
      expect(expectError(await add(part, 'one more'), 'invalid-request').message).toContain(most);
    }
  });
});

describe('a service', () => {
  test('is added, renamed and deleted within its application', async () => {
    const shop = await addApplication(on, 'shop');
    const path = '/v1/applications/shop/services';
    const added = await on.call('POST', path, { name: 'api' });
    expect([added.status, added.body]).toEqual([
      201,
      { id: expect.stringMatching(/^svc_/), applicationId: shop.id, name: 'api', createdAtMs: clock.nowMs() },
    ]);
    expectError(await on.call('POST', path, { name: 'API' }), 'name-taken');
    expectError(await on.call('POST', path, { name: 'a/b' }), 'invalid-name');
    const named = await on.call('PATCH', `${path}/Api`, { name: 'backend' });
    expect(named.body).toEqual({ ...added.body, name: 'backend' });
    const { body } = await on.call('GET', '/v1/applications/shop');
    expect(body.services).toEqual([named.body]);
    expect((await on.call('DELETE', `${path}/${added.body.id}`)).status).toBe(204);
    expectError(await on.call('DELETE', `${path}/${added.body.id}`), 'not-found');
    expect((await recorded()).slice(-3)).toMatchObject([
      { action: 'service.created', resource: added.body.id, applicationId: shop.id },
      { action: 'service.renamed', details: { changes: [{ field: 'name', from: 'api', to: 'backend' }] } },
      { action: 'service.deleted', resourceName: 'backend', details: { configEntries: 0 } },
    ]);
  });
});
