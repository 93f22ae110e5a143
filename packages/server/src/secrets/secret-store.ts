// The port to secrets and their versions. Envelopes of at most `INLINE_ENVELOPE_MAX_BYTES` are stored in the version's row;
// larger ones are chunks (envelope-uploads.ts).
import type { SecretId, SecretKind, SecretReference, SecretsManagerId, UploadId } from '@sallyport/core';

/** An envelope of one frame with room for its header. */
export const INLINE_ENVELOPE_MAX_BYTES = 1_048_576 + 16_384;

export type SecretRow = {
  id: SecretId;
  name: string;
  kind: SecretKind;
  createdAtMs: number;
};

export type SecretVersionRow = {
  secretId: SecretId;
  version: number;
  secretsManagerId: SecretsManagerId;
  /** The envelope itself, or the upload that holds its chunks. */
  envelope: { inline: Uint8Array } | { uploadId: UploadId };
  valueBytes: number;
  createdAtMs: number;
  /** Name of the API key that wrote it. */
  createdBy: string;
};

/** A secret with one of its versions and the name of that version's secrets manager. */
export type FoundSecret = {
  secret: SecretRow;
  version: SecretVersionRow;
  /** The newest version's number. */
  newestVersion: number;
  secretsManagerName: string;
};

export type SecretStore = {
  /**
   * Looks up many references in one query; the answer has the order of `references`, null where there is no such secret or
   * version. Names are compared by `nameKey`. With `envelopes: false` inline envelopes come back empty.
   */
  findMany(
    references: readonly SecretReference[],
    options: { envelopes: boolean },
  ): Promise<(FoundSecret | null)[]>;
  /** Page by name: those after `afterNameKey`, whose name contains `search`. Newest version, no envelopes. */
  list(query: { afterNameKey: string | null; search: string | null; limit: number }): Promise<FoundSecret[]>;
  /** Versions newest first, at most `limit`. With envelopes unless they are chunked. */
  listVersions(id: SecretId, limit: number): Promise<SecretVersionRow[]>;
  /** @throws {name-taken} */
  insert(row: SecretRow): Promise<void>;
  /** Adds a version; its number must be the newest plus one (1 for a new secret): false when it is not. Attaches an upload. */
  addVersion(row: SecretVersionRow): Promise<boolean>;
  /** @throws {name-taken} {not-found} */
  rename(id: SecretId, name: string): Promise<void>;
  /** Deletes the secret, its versions and their chunks. */
  remove(id: SecretId): Promise<void>;
};
