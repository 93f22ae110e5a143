// Settings in SQLite: one row per fact.
import type { SettingStore } from '../store.ts';
import { prepare, tables } from './query.ts';
import type { Session } from './session.ts';

const byName = prepare((p: { name: string }) =>
  tables.selectFrom('settings').select('value').where('name', '=', p.name),
);
const upsert = prepare((p: { name: string; value: string }) =>
  tables
    .insertInto('settings')
    .values({ name: p.name, value: p.value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: p.value })),
);

/** `SettingStore` inside one transaction. */
export class SqliteSettings implements SettingStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async get(name: string): Promise<string | null> {
    return this.#session.first(byName({ name }))?.value ?? null;
  }

  async set(name: string, value: string): Promise<void> {
    this.#session.run(upsert({ name, value }));
  }
}
