// Counters of use in SQLite: one row for each secret and day.
import { sql } from 'kysely';
import type { SecretId } from '@sallyport/core';
import { NO_USAGE } from '../../secrets/usage-store.ts';
import type { UsageCounts, UsageIncrement, UsageStore } from '../../secrets/usage-store.ts';
import { prepare, tables } from './query.ts';
import type { Session } from './session.ts';

type Listed = { value: string };

/** One statement for all of a commit, since every read passes here. `list` holds a JSON array of [secret id, day, released, refused, time]. */
const add = prepare(({ list }: { list: string }) =>
  tables
    .insertInto('secret_usage_days')
    .columns(['secret_id', 'day', 'released', 'refused', 'released_at_ms'])
    .expression((query) =>
      query
        .selectFrom(sql<Listed>`json_each(${list})`.as('one'))
        .select([
          sql<SecretId>`one.value ->> 0`.as('secret_id'),
          sql<number>`one.value ->> 1`.as('day'),
          sql<number>`one.value ->> 2`.as('released'),
          sql<number>`one.value ->> 3`.as('refused'),
          sql<number>`one.value ->> 4`.as('released_at_ms'),
        ])
        // Without a WHERE, SQLite would take the ON of the conflict for that of a join (sqlite.org/lang_upsert.html).
        .where(sql<boolean>`true`),
    )
    .onConflict((conflict) =>
      conflict.columns(['secret_id', 'day']).doUpdateSet({
        released: sql<number>`released + excluded.released`,
        refused: sql<number>`refused + excluded.refused`,
        released_at_ms: sql<number>`max(released_at_ms, excluded.released_at_ms)`,
      }),
    ),
);
const counts = prepare((p: { list: string; sinceDay: number }) =>
  tables
    .selectFrom('secret_usage_days')
    .where(sql<boolean>`secret_id IN (SELECT value FROM json_each(${p.list}))`)
    .groupBy('secret_id')
    .select([
      'secret_id',
      sql<number>`sum(CASE WHEN day >= ${p.sinceDay} THEN released ELSE 0 END)`.as('released'),
      sql<number>`sum(CASE WHEN day >= ${p.sinceDay} THEN refused ELSE 0 END)`.as('refused'),
      sql<number>`max(released_at_ms)`.as('released_at_ms'),
    ]),
);

/** `UsageStore` inside one transaction. */
export class SqliteUsage implements UsageStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async add(increments: readonly UsageIncrement[]): Promise<void> {
    if (increments.length === 0) return;
    const rows = increments.map((one) => [
      one.secretId,
      one.day,
      one.released,
      one.refused,
      one.releasedAtMs,
    ]);
    this.#session.run(add({ list: JSON.stringify(rows) }));
  }

  async countsOf(ids: readonly SecretId[], sinceDay: number): Promise<UsageCounts[]> {
    if (ids.length === 0) return [];
    const found = new Map<SecretId, UsageCounts>();
    for (const row of this.#session.all(counts({ list: JSON.stringify(ids), sinceDay }))) {
      const lastReleasedAtMs = row.released_at_ms === 0 ? null : row.released_at_ms;
      found.set(row.secret_id, { released: row.released, refused: row.refused, lastReleasedAtMs });
    }
    return ids.map((id) => found.get(id) ?? NO_USAGE);
  }
}
