// The catalogue in memory: how old it may be, and that a change in this process acts at once.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AppError } from '@sallyport/core';
import { CatalogueDirectory } from '../src/applications/catalogue-directory.ts';
import type { ApplicationRow, EnvironmentRow } from '../src/applications/application-store.ts';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../src/storage/store.ts';
import { AccountChanges } from '../src/local-reads/account-changes.ts';
import { ManualClock } from './manual-clock.ts';
import { newId, NOW_MS, refusal } from './storage-rows.ts';

let store: Store;
let clock: ManualClock;
let reads: number;
/** What a read of the store waits for. */
let gate: Promise<void>;
let catalogue: CatalogueDirectory;

beforeEach(async () => {
  store = await openSqliteStore({ path: ':memory:' });
  clock = new ManualClock();
  reads = 0;
  gate = Promise.resolve();
  const read: Store['read'] = async (work) => {
    reads += 1;
    const found = await store.read(work);
    await gate;
    return found;
  };
  catalogue = new CatalogueDirectory({ clock, store: { ...store, read }, changes: new AccountChanges() });
});
afterEach(() => store.close());

async function addApplication(name: string): Promise<ApplicationRow> {
  const row = { id: newId('application'), name, createdAtMs: NOW_MS, deletedAtMs: null };
  await store.write(({ applications }) => applications.insert(row));
  return row;
}

async function addEnvironment(application: ApplicationRow, name: string): Promise<EnvironmentRow> {
  const row: EnvironmentRow = {
    id: newId('environment'),
    applicationId: application.id,
    name,
    type: 'production',
    createdAtMs: NOW_MS,
    deletedAtMs: null,
  };
  await store.write(({ applications }) => applications.environments.insert(row));
  return row;
}

const names = async (): Promise<string[]> => (await catalogue.current()).applications.map((row) => row.name);

describe('the directory', () => {
  test('reads at most once a second, and what another process changed is seen within that second', async () => {
    expect(await names()).toEqual([]);
    await addApplication('shop');
    clock.advance(999);
    expect(await names()).toEqual([]);
    clock.advance(1);
    expect(await names()).toEqual(['shop']);
    expect(reads).toBe(2);
  });

  test('sees a change at once when it is told to forget', async () => {
    expect(await names()).toEqual([]);
    await addApplication('shop');
    catalogue.forget();
    expect(await names()).toEqual(['shop']);
  });

  test('reads once for many who ask at once', async () => {
    const asked = Array.from({ length: 50 }, async () => catalogue.current());
    expect(new Set(await Promise.all(asked)).size).toBe(1);
    expect(reads).toBe(1);
  });

  test('does not keep what was read before a change that was committed meanwhile', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    const early = catalogue.current();
    await addApplication('shop');
    catalogue.forget();
    resolve();
    await early;
    expect(await names()).toEqual(['shop']);
  });

  test('tries again after a read that failed', async () => {
    gate = Promise.reject(new AppError('storage-unavailable', { publicMessage: 'The disk is full.' }));
    await expect(catalogue.current()).rejects.toEqual(refusal('storage-unavailable'));
    gate = Promise.resolve();
    expect(await names()).toEqual([]);
  });
});

describe('the catalogue', () => {
  test('knows what is there by id and by any spelling of the name', async () => {
    const shop = await addApplication('Shop');
    const prod = await addEnvironment(shop, 'Prod');
    const found = await catalogue.current();
    expect(found.findApplication(' sHOP ')).toEqual(shop);
    expect(found.findApplication(shop.id)).toEqual(shop);
    expect(found.findEnvironment(shop.id, 'PROD')).toEqual(prod);
    expect(found.findEnvironment(shop.id, prod.id)).toEqual(prod);
    const place = {
      applicationId: shop.id,
      environmentId: prod.id,
      environmentType: 'production',
      application: { id: shop.id, name: 'Shop' },
      environment: { id: prod.id, name: 'Prod' },
    };
    expect(found.findPlace('shop', 'prod')).toEqual(place);
    expect(found.findPlace(shop.id, prod.id)).toEqual(place);
    expect(found.places()).toEqual([place]);
    expect(found.environment(prod.id)).toEqual({ applicationId: shop.id, type: 'production' });
  });

  test('does not find an environment in another application, nor what is not there', async () => {
    const [shop, billing] = [await addApplication('shop'), await addApplication('billing')];
    const prod = await addEnvironment(shop, 'prod');
    const found = await catalogue.current();
    for (const [application, environment] of [
      ['billing', 'prod'],
      [billing.id, prod.id],
      ['shop', 'dev'],
      ['nope', 'prod'],
      [newId('application'), prod.id],
      ['shop', newId('environment')],
    ] as const) {
      expect(found.findPlace(application, environment)).toBeNull();
    }
    expect(found.environment(newId('environment'))).toBeNull();
    expect(found.application(newId('application'))).toBe(false);
  });

  test('keeps the facts of what is deleted, but finds it no more: the name may belong to another by now', async () => {
    const shop = await addApplication('shop');
    const prod = await addEnvironment(shop, 'prod');
    await store.write(({ applications }) => applications.markDeleted(shop.id, NOW_MS + 1));
    const again = await addApplication('shop');
    const found = await catalogue.current();
    expect(found.environment(prod.id)).toEqual({ applicationId: shop.id, type: 'production' });
    expect(found.application(shop.id)).toBe(true);
    expect(found.findApplication(shop.id)).toBeNull();
    expect(found.findApplication('shop')).toEqual(again);
    expect(found.findPlace('shop', 'prod')).toBeNull();
    expect(found.findPlace(shop.id, prod.id)).toBeNull();
    expect(found.places()).toEqual([]);
    expect(found.applications.map(({ id }) => id).sort()).toEqual([shop.id, again.id].sort());
  });
});
