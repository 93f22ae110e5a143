// Secrets and their versions in SQLite. The newest version's number is kept with the secret: it makes "the newest" one look-up,
// and adding a version a compare-and-set.
import { invariant, nameKey } from '@sallyport/core';
import type { SecretId, SecretReference, SecretsManagerId, UploadId } from '@sallyport/core';
import { INLINE_ENVELOPE_MAX_BYTES } from '../../secrets/secret-store.ts';
import type {
  FoundSecret,
  ScopeInUse,
  SecretListQuery,
  SecretRow,
  SecretStore,
  SecretVersionRow,
  StoredEnvelope,
} from '../../secrets/secret-store.ts';
import { findSecrets, readEnvelopes } from './find-secrets.ts';
import { listSecrets, scopesInUse } from './list-secrets.ts';
import { prepare, tables } from './query.ts';
import type { SecretColumns, SecretNameColumns, SecretVersionColumns } from './schema.ts';
import type { Session } from './session.ts';
import { printScope } from './stored-scope.ts';

const insert = prepare((p: SecretColumns) =>
  tables.insertInto('secrets').values({
    id: p.id,
    name: p.name,
    name_key: p.name_key,
    kind: p.kind,
    newest_version: p.newest_version,
    secrets_manager_id: p.secrets_manager_id,
    scope: p.scope,
    availability: p.availability,
    created_at_ms: p.created_at_ms,
  }),
);
const insertName = prepare((p: SecretNameColumns) =>
  tables.insertInto('secret_names').values({
    name_key: p.name_key,
    secret_id: p.secret_id,
    name: p.name,
    is_alias: p.is_alias,
    created_at_ms: p.created_at_ms,
  }),
);
const advance = prepare((p: { id: SecretId; version: number; before: number; managerId: SecretsManagerId }) =>
  tables
    .updateTable('secrets')
    .set({ newest_version: p.version, secrets_manager_id: p.managerId })
    .where('id', '=', p.id)
    .where('newest_version', '=', p.before),
);
const insertVersion = prepare((p: SecretVersionColumns) =>
  tables.insertInto('secret_versions').values({
    secret_id: p.secret_id,
    version: p.version,
    secrets_manager_id: p.secrets_manager_id,
    value_bytes: p.value_bytes,
    created_at_ms: p.created_at_ms,
    created_by: p.created_by,
    upload_id: p.upload_id,
    envelope: p.envelope,
  }),
);

const uploadsOf = prepare((p: { id: SecretId }) =>
  tables
    .selectFrom('secret_versions')
    .select('upload_id')
    .where('secret_id', '=', p.id)
    .where('upload_id', 'is not', null),
);
const removeVersions = prepare((p: { id: SecretId }) =>
  tables.deleteFrom('secret_versions').where('secret_id', '=', p.id),
);
const removeUpload = prepare((p: { id: UploadId }) => tables.deleteFrom('uploads').where('id', '=', p.id));
const removeUsage = prepare((p: { id: SecretId }) =>
  tables.deleteFrom('secret_usage_days').where('secret_id', '=', p.id),
);
const remove = prepare((p: { id: SecretId }) => tables.deleteFrom('secrets').where('id', '=', p.id));

/** `SecretStore` inside one transaction. */
export class SqliteSecrets implements SecretStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async findMany(references: readonly SecretReference[]): Promise<FoundSecret[][]> {
    return findSecrets(this.#session, references);
  }

  async readEnvelopes(
    addresses: readonly { secretId: SecretId; version: number }[],
  ): Promise<(StoredEnvelope | null)[]> {
    return readEnvelopes(this.#session, addresses);
  }

  async scopesInUse(): Promise<ScopeInUse[]> {
    return scopesInUse(this.#session);
  }

  async list(query: SecretListQuery): Promise<FoundSecret[]> {
    return listSecrets(this.#session, query);
  }

  async insert(row: SecretRow, secretsManagerId: SecretsManagerId): Promise<void> {
    const key = nameKey(row.name);
    this.#session.run(
      insert({
        id: row.id,
        name: row.name,
        name_key: key,
        kind: row.kind,
        newest_version: 0,
        secrets_manager_id: secretsManagerId,
        scope: printScope(row.scope),
        availability: JSON.stringify(row.availability),
        created_at_ms: row.createdAtMs,
      }),
    );
    this.#session.run(
      insertName({
        name_key: key,
        secret_id: row.id,
        name: row.name,
        is_alias: 0,
        created_at_ms: row.createdAtMs,
      }),
    );
  }

  async addVersion(row: SecretVersionRow): Promise<boolean> {
    const columns = columnsOf(row);
    const advanced = this.#session.run(
      advance({
        id: row.secretId,
        version: row.version,
        before: row.version - 1,
        managerId: row.secretsManagerId,
      }),
    );
    if (advanced === 0) return false;
    this.#session.run(insertVersion(columns));
    return true;
  }

  async remove(id: SecretId): Promise<void> {
    const uploads = this.#session.all(uploadsOf({ id }));
    this.#session.run(removeVersions({ id }));
    for (const { upload_id } of uploads) {
      if (upload_id !== null) this.#session.run(removeUpload({ id: upload_id }));
    }
    this.#session.run(removeUsage({ id }));
    // Its names go with it.
    this.#session.run(remove({ id }));
  }
}

function columnsOf(row: SecretVersionRow): SecretVersionColumns {
  const inline = 'inline' in row.envelope ? row.envelope.inline : null;
  invariant(inline === null || inline.length > 0, 'an envelope has no bytes');
  invariant(
    inline === null || inline.length <= INLINE_ENVELOPE_MAX_BYTES,
    'an envelope is too large for its row and should have been uploaded in chunks',
  );
  return {
    secret_id: row.secretId,
    version: row.version,
    secrets_manager_id: row.secretsManagerId,
    value_bytes: row.valueBytes,
    created_at_ms: row.createdAtMs,
    created_by: row.createdBy,
    upload_id: 'uploadId' in row.envelope ? row.envelope.uploadId : null,
    envelope: inline,
  };
}
