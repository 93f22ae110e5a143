// How far journals of delegates are recorded, in SQLite.
import { JOURNALS_KEPT } from '../../local-reads/local-use-journals.ts';
import type { JournalAddress, LocalUseJournals } from '../../local-reads/local-use-journals.ts';
import type { LocalUseJournalColumns } from './local-reads-migration.ts';
import { prepare, tables } from './query.ts';
import type { Session } from './session.ts';

const sequenceOf = prepare((p: { delegate: string; journal: string }) =>
  tables
    .selectFrom('local_use_journals')
    .select('sequence')
    .where('delegate', '=', p.delegate)
    .where('journal', '=', p.journal),
);
const upsert = prepare((p: LocalUseJournalColumns) =>
  tables
    .insertInto('local_use_journals')
    .values({
      delegate: p.delegate,
      journal: p.journal,
      sequence: p.sequence,
      recorded_at_ms: p.recorded_at_ms,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['delegate', 'journal'])
        .doUpdateSet({ sequence: p.sequence, recorded_at_ms: p.recorded_at_ms }),
    ),
);
const forgetOldest = prepare((p: { delegate: string; journal: string; others: number }) =>
  tables
    .deleteFrom('local_use_journals')
    .where('delegate', '=', p.delegate)
    .where('journal', '!=', p.journal)
    .where('journal', 'not in', (query) =>
      query
        .selectFrom('local_use_journals as other')
        .select('other.journal')
        .where('other.delegate', '=', p.delegate)
        .where('other.journal', '!=', p.journal)
        .orderBy('other.recorded_at_ms', 'desc')
        .orderBy('other.journal')
        .limit(p.others),
    ),
);

/** `LocalUseJournals` inside one transaction. */
export class SqliteLocalUseJournals implements LocalUseJournals {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async recordedUpTo({ delegate, journal }: JournalAddress): Promise<number> {
    return this.#session.first(sequenceOf({ delegate, journal }))?.sequence ?? 0;
  }

  async advance(
    { delegate, journal }: JournalAddress,
    to: { sequence: number; atMs: number },
  ): Promise<void> {
    this.#session.run(upsert({ delegate, journal, sequence: to.sequence, recorded_at_ms: to.atMs }));
    this.#session.run(forgetOldest({ delegate, journal, others: JOURNALS_KEPT - 1 }));
  }
}
