// The queries behind long lists of secrets. They read no row of a secret that is not shown, or only few: with 100,000 of them a walk
// through the rows takes a third of a second, one through an index that has all it asks for a few milliseconds.
import { nameKey } from '@sallyport/core';
import type { SecretId } from '@sallyport/core';
import { sql } from 'kysely';
import type { Expression, SqlBool } from 'kysely';
import type { FoundSecret, ScopeInUse, SecretListQuery } from '../../secrets/secret-store.ts';
import { findSecrets } from './find-secrets.ts';
import { prepare, queryOf, tables } from './query.ts';
import type { Session } from './session.ts';
import { parseEffectiveScope } from './stored-scope.ts';

/** Up to so many secrets are gathered and sorted; where there are more, one of the next in order is likely to fit. */
const FEW = 10_000;

/** Jumps from scope to scope along their index, since few scopes stand for many secrets. */
const firstOfEachScope = prepare(() =>
  tables
    .withRecursive('firsts(id)', (query) =>
      query
        .selectNoFrom(
          sql<string | null>`(SELECT id FROM secrets ORDER BY scope, secrets_manager_id LIMIT 1)`.as('id'),
        )
        .unionAll(
          query
            .selectFrom('firsts')
            .innerJoin('secrets as s', 's.id', 'firsts.id')
            .select(
              // One comparison of both columns as a row would use the index for the first of them only.
              sql<string | null>`coalesce(
                (SELECT n.id FROM secrets AS n WHERE n.scope = s.scope AND n.secrets_manager_id > s.secrets_manager_id
                  ORDER BY n.secrets_manager_id LIMIT 1),
                (SELECT n.id FROM secrets AS n WHERE n.scope > s.scope
                  ORDER BY n.scope, n.secrets_manager_id LIMIT 1))`.as('id'),
            ),
        ),
    )
    .selectFrom('firsts')
    .innerJoin('secrets as s', 's.id', 'firsts.id')
    .innerJoin('secrets_managers as m', 'm.id', 's.secrets_manager_id')
    .select(['s.scope', 's.secrets_manager_id', 'm.usage_scope']),
);

/** As `SecretStore.scopesInUse`. */
export function scopesInUse(session: Session): ScopeInUse[] {
  return session.all(firstOfEachScope({})).map((row) => ({
    key: JSON.stringify([row.secrets_manager_id, row.scope]),
    scope: parseEffectiveScope(row.scope, row.usage_scope),
  }));
}

/** As `SecretStore.list`: which secrets are on the page, then their rows. */
export function listSecrets(session: Session, query: SecretListQuery): FoundSecret[] {
  const narrow = narrowed(query);
  const areFew = narrow !== null && session.all(queryOf(narrow.limit(FEW + 1))).length <= FEW;
  const page = session.all<{ id: SecretId }>(queryOf(areFew ? sorted(narrow, query) : walked(query)));
  const found = findSecrets(
    session,
    page.map(({ id }) => ({ by: 'id', id, version: null, place: null })),
  );
  return found.flat();
}

/** Ids of those that fit by scope, or else by secrets manager, by an index alone; null: neither is asked for. */
function narrowed({ scopes, secretsManagerId }: SecretListQuery) {
  if (scopes !== null) {
    return tables
      .selectFrom(sql<{ value: string }>`json_each(${JSON.stringify(scopes)})`.as('asked'))
      .crossJoin('secrets as c')
      .where(sql<SqlBool>`c.scope = asked.value ->> 1`)
      .where(sql<SqlBool>`c.secrets_manager_id = asked.value ->> 0`)
      .select('c.id');
  }
  if (secretsManagerId === null) return null;
  return tables
    .selectFrom('secrets as c')
    .where('c.secrets_manager_id', '=', secretsManagerId)
    .select('c.id');
}

/** The page among few, which are gathered and sorted. */
function sorted(few: NonNullable<ReturnType<typeof narrowed>>, query: SecretListQuery) {
  return tables
    .selectFrom(few.as('c'))
    .crossJoin('secrets as s')
    .whereRef('s.id', '=', 'c.id')
    .where((where) => where.and([...fitByIndex('s', query), ...fitByRow('s', query)]))
    .orderBy('s.name_key')
    .orderBy('s.id')
    .limit(query.limit)
    .select('s.id');
}

/** The page by a walk along an index of names. Rows are looked up only for what fits by then, and only if something is asked of them. */
function walked(query: SecretListQuery) {
  const builder = tables
    .selectFrom('secrets as c')
    .where((where) => where.and(fitByIndex('c', query)))
    .orderBy('c.name_key')
    .orderBy('c.id')
    .limit(query.limit)
    .select('c.id');
  const byRow = fitByRow('s', query);
  if (byRow.length === 0) return builder;
  return builder
    .crossJoin('secrets as s')
    .whereRef('s.id', '=', 'c.id')
    .where((where) => where.and(byRow));
}

type Condition = Expression<SqlBool>;

/** What `secrets_by_name` and `secrets_by_kind` can tell. */
function fitByIndex(alias: string, { after, search, kind }: SecretListQuery): Condition[] {
  const column = (name: string) => sql.ref(`${alias}.${name}`);
  const key = column('name_key');
  return [
    ...(kind === null ? [] : [sql<SqlBool>`${column('kind')} = ${kind}`]),
    ...(after === null ? [] : [sql<SqlBool>`(${key}, ${column('id')}) > (${after.nameKey}, ${after.id})`]),
    ...(search === null ? [] : [sql<SqlBool>`instr(${key}, ${nameKey(search)}) > 0`]),
  ];
}

function fitByRow(alias: string, { scopes, secretsManagerId }: SecretListQuery): Condition[] {
  const column = (name: string) => sql.ref(`${alias}.${name}`);
  const manager = column('secrets_manager_id');
  const keys = JSON.stringify(scopes);
  return [
    ...(secretsManagerId === null ? [] : [sql<SqlBool>`${manager} = ${secretsManagerId}`]),
    ...(scopes === null
      ? []
      : [
          sql<SqlBool>`(${manager}, ${column('scope')}) IN (SELECT value ->> 0, value ->> 1 FROM json_each(${keys}))`,
        ]),
  ];
}
