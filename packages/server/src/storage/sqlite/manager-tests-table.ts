// The last test of each secrets manager at each delegate, in SQLite.
import type { DelegateId, SecretsManagerId } from '@sallyport/core';
import type {
  ManagerTestRow,
  ManagerTestStore,
  TestFindings,
} from '../../secrets-managers/manager-test-store.ts';
import type { ManagerTestColumns } from './manager-tests-migration.ts';
import { prepare, tables } from './query.ts';
import type { Session } from './session.ts';

type WithoutFindings = Omit<ManagerTestColumns, 'findings'>;

const COLUMNS = [
  'secrets_manager_id',
  'delegate_id',
  'settings_revision',
  'at_ms',
  'ok',
  'elapsed_ms',
  'failure',
  'warning_count',
] as const;

const manager = prepare((p: { id: SecretsManagerId }) =>
  tables.selectFrom('secrets_managers').select('id').where('id', '=', p.id),
);
const delegate = prepare((p: { id: DelegateId }) =>
  tables.selectFrom('delegates').select('id').where('id', '=', p.id),
);
const upsert = prepare((p: ManagerTestColumns) =>
  tables
    .insertInto('secrets_manager_tests')
    .values({
      secrets_manager_id: p.secrets_manager_id,
      delegate_id: p.delegate_id,
      settings_revision: p.settings_revision,
      at_ms: p.at_ms,
      ok: p.ok,
      elapsed_ms: p.elapsed_ms,
      failure: p.failure,
      warning_count: p.warning_count,
      findings: p.findings,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['secrets_manager_id', 'delegate_id'])
        .doUpdateSet((query) => ({
          settings_revision: query.ref('excluded.settings_revision'),
          at_ms: query.ref('excluded.at_ms'),
          ok: query.ref('excluded.ok'),
          elapsed_ms: query.ref('excluded.elapsed_ms'),
          failure: query.ref('excluded.failure'),
          warning_count: query.ref('excluded.warning_count'),
          findings: query.ref('excluded.findings'),
        }))
        .whereRef('secrets_manager_tests.settings_revision', '<=', 'excluded.settings_revision'),
    ),
);
const all = prepare(() => tables.selectFrom('secrets_manager_tests').select(COLUMNS));
const byManager = prepare((p: { id: SecretsManagerId }) =>
  tables.selectFrom('secrets_manager_tests').select(COLUMNS).where('secrets_manager_id', '=', p.id),
);
const findingsOf = prepare((p: { id: SecretsManagerId }) =>
  tables
    .selectFrom('secrets_manager_tests')
    .select(['delegate_id', 'findings'])
    .where('secrets_manager_id', '=', p.id),
);

/** `ManagerTestStore` inside one transaction. */
export class SqliteManagerTests implements ManagerTestStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async save(row: ManagerTestRow, findings: TestFindings): Promise<void> {
    if (this.#session.first(manager({ id: row.secretsManagerId })) === null) return;
    if (this.#session.first(delegate({ id: row.delegateId })) === null) return;
    this.#session.run(upsert({ ...columnsOf(row), findings: JSON.stringify(findings) }));
  }

  async list(secretsManagerId: SecretsManagerId | null): Promise<ManagerTestRow[]> {
    const query = secretsManagerId === null ? all({}) : byManager({ id: secretsManagerId });
    return this.#session.all(query).map(rowOf);
  }

  async listFindings(
    secretsManagerId: SecretsManagerId,
  ): Promise<{ delegateId: DelegateId; findings: TestFindings }[]> {
    return this.#session.all(findingsOf({ id: secretsManagerId })).map((columns) => ({
      delegateId: columns.delegate_id,
      findings: JSON.parse(columns.findings) as TestFindings,
    }));
  }
}

function columnsOf(row: ManagerTestRow): WithoutFindings {
  return {
    secrets_manager_id: row.secretsManagerId,
    delegate_id: row.delegateId,
    settings_revision: row.settingsRevision,
    at_ms: row.atMs,
    ok: row.ok ? 1 : 0,
    elapsed_ms: row.elapsedMs,
    failure: row.failure,
    warning_count: row.warningCount,
  };
}

function rowOf(columns: WithoutFindings): ManagerTestRow {
  return {
    secretsManagerId: columns.secrets_manager_id,
    delegateId: columns.delegate_id,
    settingsRevision: columns.settings_revision,
    atMs: columns.at_ms,
    ok: columns.ok === 1,
    elapsedMs: columns.elapsed_ms,
    failure: columns.failure,
    warningCount: columns.warning_count,
  };
}
