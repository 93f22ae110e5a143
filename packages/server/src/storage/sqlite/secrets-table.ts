// Secrets and their versions in SQLite. The newest version's number is kept with the secret: it makes "the newest" one look-up,
// and adding a version a compare-and-set.
import { AppError, invariant, nameKey } from '@sallyport/core';
import type { SecretId, SecretReference, UploadId } from '@sallyport/core';
import { INLINE_ENVELOPE_MAX_BYTES } from '../../secrets/secret-store.ts';
import type { FoundSecret, SecretRow, SecretStore, SecretVersionRow } from '../../secrets/secret-store.ts';
import { findSecrets, foundSecret, pageOfSecrets } from './find-secrets.ts';
import { prepare, queryOf, tables } from './query.ts';
import type { SecretColumns, SecretVersionColumns } from './schema.ts';
import type { Session } from './session.ts';

const insert = prepare((p: SecretColumns) =>
  tables.insertInto('secrets').values({
    id: p.id,
    name: p.name,
    name_key: p.name_key,
    kind: p.kind,
    newest_version: p.newest_version,
    created_at_ms: p.created_at_ms,
  }),
);
const advance = prepare((p: { id: SecretId; version: number; before: number }) =>
  tables
    .updateTable('secrets')
    .set({ newest_version: p.version })
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
const versions = prepare((p: { id: SecretId; limit: number }) =>
  tables
    .selectFrom('secret_versions')
    .selectAll()
    .where('secret_id', '=', p.id)
    .orderBy('version', 'desc')
    .limit(p.limit),
);
const rename = prepare((p: { id: SecretId; name: string; nameKey: string }) =>
  tables.updateTable('secrets').set({ name: p.name, name_key: p.nameKey }).where('id', '=', p.id),
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
const remove = prepare((p: { id: SecretId }) => tables.deleteFrom('secrets').where('id', '=', p.id));

/** `SecretStore` inside one transaction. */
export class SqliteSecrets implements SecretStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async findMany(
    references: readonly SecretReference[],
    options: { envelopes: boolean },
  ): Promise<(FoundSecret | null)[]> {
    return findSecrets(this.#session, references, options);
  }

  async list(query: Parameters<SecretStore['list']>[0]): Promise<FoundSecret[]> {
    return this.#session.all(queryOf(pageOfSecrets(query))).map(foundSecret);
  }

  async listVersions(id: SecretId, limit: number): Promise<SecretVersionRow[]> {
    return this.#session.all(versions({ id, limit })).map(versionOf);
  }

  async insert(row: SecretRow): Promise<void> {
    this.#session.run(
      insert({
        id: row.id,
        name: row.name,
        name_key: nameKey(row.name),
        kind: row.kind,
        newest_version: 0,
        created_at_ms: row.createdAtMs,
      }),
      { column: 'secrets.name_key', thing: 'secret', name: row.name },
    );
  }

  async addVersion(row: SecretVersionRow): Promise<boolean> {
    const columns = columnsOf(row);
    const advanced = this.#session.run(
      advance({ id: row.secretId, version: row.version, before: row.version - 1 }),
    );
    if (advanced === 0) return false;
    this.#session.run(insertVersion(columns));
    return true;
  }

  async rename(id: SecretId, name: string): Promise<void> {
    const renamed = this.#session.run(rename({ id, name, nameKey: nameKey(name) }), {
      column: 'secrets.name_key',
      thing: 'secret',
      name,
    });
    if (renamed === 0) throw new AppError('not-found', { publicMessage: 'There is no such secret.' });
  }

  async remove(id: SecretId): Promise<void> {
    const uploads = this.#session.all(uploadsOf({ id }));
    this.#session.run(removeVersions({ id }));
    for (const { upload_id } of uploads) {
      if (upload_id !== null) this.#session.run(removeUpload({ id: upload_id }));
    }
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

function versionOf(columns: SecretVersionColumns): SecretVersionRow {
  return {
    secretId: columns.secret_id,
    version: columns.version,
    secretsManagerId: columns.secrets_manager_id,
    envelope:
      columns.upload_id === null
        ? { inline: columns.envelope ?? new Uint8Array(0) }
        : { uploadId: columns.upload_id },
    valueBytes: columns.value_bytes,
    createdAtMs: columns.created_at_ms,
    createdBy: columns.created_by,
  };
}
