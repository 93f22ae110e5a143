// Positions of audit sinks in SQLite.
import type { SinkPosition, SinkPositionStore } from '../../audit-sinks/sink-position-store.ts';
import type { AuditSinkColumns } from './audit-migration.ts';
import { prepare, tables } from './query.ts';
import type { Session } from './session.ts';

const byName = prepare((p: { name: string }) =>
  tables.selectFrom('audit_sinks').select(['delivered', 'dropped']).where('name', '=', p.name),
);
const upsert = prepare((p: AuditSinkColumns) =>
  tables
    .insertInto('audit_sinks')
    .values({ name: p.name, delivered: p.delivered, dropped: p.dropped })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet({ delivered: p.delivered, dropped: p.dropped }),
    ),
);

/** `SinkPositionStore` inside one transaction. */
export class SqliteSinkPositions implements SinkPositionStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async get(name: string): Promise<SinkPosition | null> {
    return this.#session.first(byName({ name }));
  }

  async set(name: string, position: SinkPosition): Promise<void> {
    this.#session.run(upsert({ name, ...position }));
  }
}
