// The contract of the storage port, continued: applications, their environments and services, and config entries.
import { describe, expect, test } from 'vitest';
import type { ApplicationId, EnvironmentType, SecretId } from '@sallyport/core';
import { environmentsWhereItCounts } from '../src/applications/config-entry-places.ts';
import type { ConfigEntryRow } from '../src/applications/config-entry-store.ts';
import type { ApplicationRow, EnvironmentRow, ServiceRow } from '../src/applications/application-store.ts';
import type { Tables } from '../src/storage/store.ts';
import type { Database } from './storage-contract.ts';
import { addSecret, managerRow, newId, NOW_MS, refusal } from './storage-rows.ts';

export function describeApplications(database: Database): void {
  describeStructure(database);
  describeServices(database);
  describeConfigEntries(database);
}

function applicationRow(name: string): ApplicationRow {
  return { id: newId('application'), name, createdAtMs: NOW_MS, deletedAtMs: null };
}

function environmentRow(
  applicationId: ApplicationId,
  name: string,
  type: EnvironmentType = 'production',
): EnvironmentRow {
  return { id: newId('environment'), applicationId, name, type, createdAtMs: NOW_MS, deletedAtMs: null };
}

function serviceRow(applicationId: ApplicationId, name: string): ServiceRow {
  return { id: newId('service'), applicationId, name, createdAtMs: NOW_MS };
}

/** Three secrets to refer to. */
async function addSecrets(database: Database): Promise<[SecretId, SecretId, SecretId]> {
  return database.store.write(async (tables) => {
    const row = managerRow({ name: `keys of ${newId('secretsManager')}` });
    await tables.secretsManagers.insert(row);
    const add = async (name: string) => addSecret(tables, { name, manager: row.id });
    return [await add('first'), await add('second'), await add('third')];
  });
}

function entryRow(
  service: ServiceRow,
  over: Partial<ConfigEntryRow> & { secretId: SecretId },
): ConfigEntryRow {
  return {
    id: newId('configEntry'),
    serviceId: service.id,
    kind: 'variable',
    name: 'DB_PASSWORD',
    environmentId: null,
    createdAtMs: NOW_MS,
    updatedAtMs: NOW_MS,
    ...over,
  };
}

function describeStructure(database: Database): void {
  const write = async <T>(work: (rows: Tables['applications']) => Promise<T>): Promise<T> =>
    database.store.write(async ({ applications }) => work(applications));
  const all = async () =>
    database.store.read(async ({ applications }) => ({
      applications: await applications.list(),
      environments: await applications.environments.list(),
    }));

  describe('applications and environments', () => {
    test('come back as they were stored, by name', async () => {
      const [shop, billing] = [applicationRow('shop'), applicationRow('Billing')];
      const [prod, dev, other] = [
        environmentRow(shop.id, 'prod'),
        environmentRow(shop.id, 'Dev', 'non-production'),
        environmentRow(billing.id, 'prod'),
      ];
      await write(async (rows) => {
        for (const row of [shop, billing]) await rows.insert(row);
        for (const row of [prod, other, dev]) await rows.environments.insert(row);
      });
      const found = await all();
      expect(found.applications).toEqual([billing, shop]);
      expect(found.environments[0]).toEqual(dev);
      expect(new Set(found.environments)).toEqual(new Set([dev, prod, other]));
    });

    test('have names of their own: an application in the account, an environment in its application', async () => {
      const [shop, billing] = [applicationRow('shop'), applicationRow('billing')];
      const prod = environmentRow(shop.id, 'prod');
      await write(async (rows) => {
        for (const row of [shop, billing]) await rows.insert(row);
        await rows.environments.insert(prod);
        await rows.environments.insert(environmentRow(billing.id, 'prod'));
        await rows.environments.insert(environmentRow(shop.id, 'dev'));
      });
      const taken = [
        write((rows) => rows.insert(applicationRow('SHOP'))),
        write((rows) => rows.rename(billing.id, 'Shop')),
        write((rows) => rows.environments.insert(environmentRow(shop.id, 'PROD', 'non-production'))),
        write((rows) => rows.environments.rename(prod.id, 'Dev')),
      ];
      for (const attempt of taken) await expect(attempt).rejects.toEqual(refusal('name-taken'));
      await write((rows) => rows.rename(shop.id, 'SHOP'));
      await write((rows) => rows.environments.rename(prod.id, 'PROD'));
      const found = await all();
      expect(found.applications.map(({ name }) => name)).toEqual(['billing', 'SHOP']);
      expect(found.environments.find(({ id }) => id === prod.id)).toEqual({ ...prod, name: 'PROD' });
    });

    test('are kept when they are deleted, free their names, and do not come back', async () => {
      const shop = applicationRow('shop');
      const [prod, dev] = [environmentRow(shop.id, 'prod'), environmentRow(shop.id, 'dev')];
      await write(async (rows) => {
        await rows.insert(shop);
        for (const row of [prod, dev]) await rows.environments.insert(row);
      });
      await write((rows) => rows.environments.markDeleted(dev.id, NOW_MS + 1));
      const again = environmentRow(shop.id, 'dev', 'non-production');
      await write((rows) => rows.environments.insert(again));
      await write((rows) => rows.markDeleted(shop.id, NOW_MS + 2));
      await write((rows) => rows.markDeleted(shop.id, NOW_MS + 3));
      await write((rows) => rows.environments.markDeleted(prod.id, NOW_MS + 3));
      const successor = applicationRow('shop');
      await write((rows) => rows.insert(successor));
      const found = await all();
      expect(new Set(found.applications)).toEqual(new Set([{ ...shop, deletedAtMs: NOW_MS + 2 }, successor]));
      expect(new Set(found.environments)).toEqual(
        new Set([
          { ...prod, deletedAtMs: NOW_MS + 2 },
          { ...dev, deletedAtMs: NOW_MS + 1 },
          { ...again, deletedAtMs: NOW_MS + 2 },
        ]),
      );
      for (const rename of [
        write((rows) => rows.rename(shop.id, 'ghost')),
        write((rows) => rows.environments.rename(prod.id, 'ghost')),
        write((rows) => rows.rename(newId('application'), 'ghost')),
        write((rows) => rows.environments.rename(newId('environment'), 'ghost')),
      ]) {
        await expect(rename).rejects.toEqual(refusal('not-found'));
      }
    });

    test('have a revision that is another one after each change, and the same while nothing changes', async () => {
      const shop = applicationRow('shop');
      const prod = environmentRow(shop.id, 'prod');
      const seen: string[] = [await write((rows) => rows.revision())];
      const changes: ((rows: Tables['applications']) => Promise<void>)[] = [
        (rows) => rows.insert(shop),
        (rows) => rows.environments.insert(prod),
        (rows) => rows.rename(shop.id, 'store'),
        (rows) => rows.environments.rename(prod.id, 'live'),
        (rows) => rows.environments.markDeleted(prod.id, NOW_MS),
        (rows) => rows.markDeleted(shop.id, NOW_MS),
      ];
      for (const change of changes) {
        await write(change);
        const [first, second] = [
          await write((rows) => rows.revision()),
          await write((rows) => rows.revision()),
        ];
        expect(second).toBe(first);
        expect(seen).not.toContain(first);
        seen.push(first);
      }
    });

    test('that are changed and undone again leave their revision behind, for it stands for no content', async () => {
      const shop = applicationRow('shop');
      const before = await write((rows) => rows.revision());
      let during = before;
      const undone = write(async (rows) => {
        await rows.insert(shop);
        during = await rows.revision();
        throw new Error('undone');
      });
      await expect(undone).rejects.toThrow('undone');
      expect(await write((rows) => rows.revision())).toBe(before);
      await write((rows) => rows.insert(shop));
      expect([before, during]).not.toContain(await write((rows) => rows.revision()));
    });

    test('an environment needs its application', async () => {
      const stray = write((rows) => rows.environments.insert(environmentRow(newId('application'), 'prod')));
      await expect(stray).rejects.toEqual(refusal('internal'));
      expect(await all()).toEqual({ applications: [], environments: [] });
    });
  });
}

function describeServices(database: Database): void {
  const write = async <T>(work: (rows: Tables['applications']) => Promise<T>): Promise<T> =>
    database.store.write(async ({ applications }) => work(applications));

  describe('services', () => {
    test('are listed by application and name, with names of their own in it', async () => {
      const [shop, billing] = [applicationRow('shop'), applicationRow('billing')];
      const [api, worker, other] = [
        serviceRow(shop.id, 'api'),
        serviceRow(shop.id, 'Worker'),
        serviceRow(billing.id, 'api'),
      ];
      await write(async (rows) => {
        for (const row of [shop, billing]) await rows.insert(row);
        for (const row of [worker, other, api]) await rows.services.insert(row);
      });
      expect(await write((rows) => rows.services.list([shop.id]))).toEqual([api, worker]);
      expect(await write((rows) => rows.services.list([]))).toEqual([]);
      const both = await write((rows) => rows.services.list([shop.id, billing.id]));
      expect(new Set(both)).toEqual(new Set([api, worker, other]));
      for (const attempt of [
        write((rows) => rows.services.insert(serviceRow(shop.id, 'API'))),
        write((rows) => rows.services.rename(worker.id, 'Api')),
      ]) {
        await expect(attempt).rejects.toEqual(refusal('name-taken'));
      }
      const missing = write((rows) => rows.services.rename(newId('service'), 'x'));
      await expect(missing).rejects.toEqual(refusal('not-found'));
    });

    test('that are removed take their config entries along', async () => {
      const shop = applicationRow('shop');
      const [api, worker] = [serviceRow(shop.id, 'api'), serviceRow(shop.id, 'worker')];
      const [secretId] = await addSecrets(database);
      const left = await database.store.write(async ({ applications, configEntries }) => {
        await applications.insert(shop);
        for (const row of [api, worker]) {
          await applications.services.insert(row);
          await configEntries.put(entryRow(row, { secretId }));
        }
        await applications.services.remove(api.id);
        return configEntries.list(shop.id);
      });
      expect(left.map(({ serviceId }) => serviceId)).toEqual([worker.id]);
      const again = serviceRow(shop.id, 'api');
      await write((rows) => rows.services.insert(again));
      expect(await write((rows) => rows.services.list([shop.id]))).toEqual([again, worker]);
    });
  });
}

function describeConfigEntries(database: Database): void {
  type World = { shop: ApplicationRow; prod: EnvironmentRow; dev: EnvironmentRow; api: ServiceRow };

  const world = async (): Promise<World> => {
    const shop = applicationRow('shop');
    const [prod, dev] = [environmentRow(shop.id, 'prod'), environmentRow(shop.id, 'dev', 'non-production')];
    const api = serviceRow(shop.id, 'api');
    await database.store.write(async ({ applications }) => {
      await applications.insert(shop);
      for (const row of [prod, dev]) await applications.environments.insert(row);
      await applications.services.insert(api);
    });
    return { shop, prod, dev, api };
  };
  const put = async (row: ConfigEntryRow): Promise<ConfigEntryRow | null> =>
    database.store.write(({ configEntries }) => configEntries.put(row));
  const list = async (of: Parameters<Tables['configEntries']['list']>[0]): Promise<ConfigEntryRow[]> =>
    database.store.read(({ configEntries }) => configEntries.list(of));

  describe('config entries', () => {
    test('are listed by service, environment or application: variables first, by name, the general one first', async () => {
      const { shop, prod, api } = await world();
      const [secretId] = await addSecrets(database);
      const [general, own, file, letter] = [
        entryRow(api, { secretId }),
        entryRow(api, { secretId, environmentId: prod.id }),
        entryRow(api, { secretId, kind: 'file', name: 'DB_PASSWORD' }),
        entryRow(api, { secretId, name: 'db_password' }),
      ];
      for (const row of [file, own, letter, general]) expect(await put(row)).toBeNull();
      const inOrder = [general, own, letter, file];
      expect(await list(api.id)).toEqual(inOrder);
      expect(await list(shop.id)).toEqual(inOrder);
      expect(await list(prod.id)).toEqual([own]);
      expect(await list(newId('service'))).toEqual([]);
    });

    test('there is one per service, kind, name and environment: another one replaces its secret', async () => {
      const { prod, api } = await world();
      for (const environmentId of [null, prod.id]) {
        const [before, after] = await addSecrets(database);
        const first = entryRow(api, { secretId: before, environmentId });
        const second = entryRow(api, {
          secretId: after,
          environmentId,
          createdAtMs: NOW_MS + 5,
          updatedAtMs: NOW_MS + 5,
        });
        expect(await put(first)).toBeNull();
        expect(await put(second)).toEqual(first);
        const [kept] = (await list(api.id)).filter((row) => row.environmentId === environmentId);
        expect(kept).toEqual({ ...first, secretId: second.secretId, updatedAtMs: NOW_MS + 5 });
      }
      expect((await list(api.id)).length).toBe(2);
    });

    test('are removed by id', async () => {
      const { prod, api } = await world();
      const [secretId] = await addSecrets(database);
      const [general, own] = [
        entryRow(api, { secretId }),
        entryRow(api, { secretId, environmentId: prod.id }),
      ];
      for (const row of [general, own]) await put(row);
      await database.store.write(({ configEntries }) => configEntries.remove([]));
      await database.store.write(({ configEntries }) => configEntries.remove([own.id, newId('configEntry')]));
      expect(await list(api.id)).toEqual([general]);
    });

    test('tell where a secret is set up, and in which environments that counts', async () => {
      const { shop, prod, dev, api } = await world();
      const [secretId, other] = await addSecrets(database);
      const general = entryRow(api, { secretId });
      const override = entryRow(api, { secretId: other, environmentId: prod.id });
      const file = entryRow(api, { secretId, kind: 'file', name: 'etc/key.pem', environmentId: prod.id });
      for (const row of [file, override, general]) await put(row);
      const usages = await database.store.read(({ configEntries }) =>
        configEntries.entriesOfSecret(secretId),
      );
      const names = { serviceName: 'api', applicationId: shop.id, applicationName: 'shop' };
      const [inProd, inDev] = [prod, dev].map(({ id, name, type }) => ({ id, name, type }));
      expect(usages).toEqual([
        { entry: general, ...names, environments: [inDev] },
        { entry: file, ...names, environments: [inProd] },
      ]);
      // The same rule in code, as the API shows it.
      const siblings = await list(api.id);
      for (const { entry, environments } of usages) {
        const counts = environmentsWhereItCounts(entry, siblings, [dev, prod]);
        expect(counts.map(({ id }) => id)).toEqual(environments.map(({ id }) => id));
      }
      await database.store.write(({ applications }) =>
        applications.environments.markDeleted(dev.id, NOW_MS + 1),
      );
      const [left] = await database.store.read(({ configEntries }) =>
        configEntries.entriesOfSecret(secretId),
      );
      expect(left).toEqual({ entry: general, ...names, environments: [] });
    });

    test('keep their secret from being removed, and refer to one that is there', async () => {
      const { api } = await world();
      const [secretId] = await addSecrets(database);
      const row = entryRow(api, { secretId });
      await put(row);
      const removed = database.store.write(({ secrets }) => secrets.remove(secretId));
      await expect(removed).rejects.toEqual(refusal('internal'));
      expect(await list(api.id)).toEqual([row]);
      const stray = put(entryRow(api, { secretId: newId('secret'), name: 'OTHER' }));
      await expect(stray).rejects.toEqual(refusal('internal'));
      await database.store.write(async ({ configEntries, secrets }) => {
        await configEntries.remove([row.id]);
        await secrets.remove(secretId);
      });
      expect(await list(api.id)).toEqual([]);
    });

    test('are counted per secret', async () => {
      const { prod, api } = await world();
      const [one, two, none] = await addSecrets(database);
      await put(entryRow(api, { secretId: one }));
      await put(entryRow(api, { secretId: one, environmentId: prod.id }));
      await put(entryRow(api, { secretId: two, kind: 'file' }));
      const count = async (ids: readonly SecretId[]) =>
        database.store.read(({ configEntries }) => configEntries.countsOfSecrets(ids));
      expect(await count([one, two, none])).toEqual(
        new Map([
          [one, 2],
          [two, 1],
        ]),
      );
      expect(await count([])).toEqual(new Map());
    });
  });
}
