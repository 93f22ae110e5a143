// Long lists of secrets in SQLite: however many fit, and by whichever index the page is found, it is the page that filtering and sorting
// all of them would give. The contract's own lists are short, and short ones are found in one way only.
import { nameKey } from '@sallyport/core';
import type { SecretKind, SecretsManagerId, UsageScope } from '@sallyport/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SecretListQuery } from '../src/secrets/secret-store.ts';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../src/storage/store.ts';
import { managerRow, newId, secretRow, versionRow } from './storage-rows.ts';

/** More than are ever gathered and sorted. */
const COUNT = 10_800;
const PAGE = 40;

type Known = { id: string; key: string; kind: SecretKind; manager: SecretsManagerId; scope: UsageScope };

let store: Store;
const known: Known[] = [];
const managers = [newId('secretsManager'), newId('secretsManager')] as const;
const scopes: UsageScope[] = [
  { type: 'account' },
  ...Array.from({ length: 5 }, (): UsageScope => {
    const row = { applications: [newId('application')], environments: 'all' as const };
    return { type: 'rows', rows: [row] };
  }),
];

beforeAll(async () => {
  store = await openSqliteStore({ path: ':memory:' });
  await store.write(async (tables) => {
    for (const [index, id] of managers.entries()) {
      await tables.secretsManagers.insert(managerRow({ id, name: `ring ${index}` }));
    }
    for (let index = 0; index < COUNT; index++) {
      // Most are of the first scope and the first secrets manager; every 500th of the second.
      const scope = scopes[index % 50 === 0 ? index % 6 : 0] as UsageScope;
      const manager = managers[index % 500 === 0 ? 1 : 0];
      const kind = index % 7 === 0 ? 'file' : 'text';
      const row = secretRow({ name: `Key-${(index * 7919) % COUNT}`, kind, scope });
      await tables.secrets.insert(row, manager);
      await tables.secrets.addVersion(versionRow(row.id, manager));
      known.push({ id: row.id, key: nameKey(row.name), kind, manager, scope });
    }
  });
  known.sort(order);
}, 60_000);
afterAll(async () => store?.close());

const isIn = (some: readonly UsageScope[], scope: UsageScope): boolean =>
  some.some((one) => JSON.stringify(one) === JSON.stringify(scope));

const order = (a: Known, b: Known): number =>
  a.key === b.key ? (a.id < b.id ? -1 : 1) : a.key < b.key ? -1 : 1;

/** Ids of all that fit, in order. */
function expected(
  { kind, search, secretsManagerId }: SecretListQuery,
  some: readonly UsageScope[] | null,
): string[] {
  return known
    .filter((one) => kind === null || one.kind === kind)
    .filter((one) => search === null || one.key.includes(search))
    .filter((one) => secretsManagerId === null || one.manager === secretsManagerId)
    .filter((one) => some === null || some.includes(one.scope))
    .map(({ id }) => id);
}

const narrowings: [string, Partial<SecretListQuery>, readonly UsageScope[] | null][] = [
  ['nothing', {}, null],
  ['a scope of nearly all', {}, scopes.slice(0, 1)],
  ['scopes of few', {}, scopes.slice(1, 4)],
  ['no scope', {}, []],
  ['a secrets manager of nearly all', { secretsManagerId: managers[0] }, null],
  ['a secrets manager of few', { secretsManagerId: managers[1] }, null],
  [
    'a scope of nearly all and a secrets manager of few',
    { secretsManagerId: managers[1] },
    scopes.slice(0, 1),
  ],
];

test.each(narrowings)('limited to %s: every page of every kind and search', async (_, narrowing, some) => {
  const inUse = await store.read(async ({ secrets }) => secrets.scopesInUse());
  const keys = some === null ? null : inUse.filter(({ scope }) => isIn(some, scope)).map(({ key }) => key);
  for (const kind of ['text', 'file', null] as const) {
    for (const search of [null, '11', '1234', 'no such']) {
      const rest = { secretsManagerId: null, ...narrowing, kind, search, limit: PAGE, scopes: keys };
      const all = expected({ ...rest, after: null }, some);
      let after: SecretListQuery['after'] = null;
      for (let page = 0; page < 2; page++) {
        const query: SecretListQuery = { ...rest, after };
        const found = await store.read(async ({ secrets }) => secrets.list(query));
        const ids: string[] = found.map(({ secret }) => secret.id);
        expect(ids).toEqual(all.slice(page * PAGE, (page + 1) * PAGE));
        const last = found.at(-1)?.secret;
        if (last === undefined) break;
        after = { nameKey: nameKey(last.name), id: last.id };
      }
    }
  }
});

test('each scope in use is told once with each of its secrets managers', async () => {
  const inUse = await store.read(async ({ secrets }) => secrets.scopesInUse());
  const pairs = new Set(known.map(({ manager, scope }) => `${manager} ${JSON.stringify(scope)}`));
  expect(inUse).toHaveLength(pairs.size);
  expect(new Set(inUse.map(({ key }) => key)).size).toBe(pairs.size);
});
