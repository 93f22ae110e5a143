// The port to secrets and their versions. Envelopes of at most `INLINE_ENVELOPE_MAX_BYTES` are stored in the version's row;
// larger ones are chunks (envelope-uploads.ts). Names are not unique: which of several secrets of one name is meant is decided by
// their scopes (choose-secret.ts), and that no two of them can be meant at one place is kept when they are written (namesakes.ts).
import type {
  EffectiveScope,
  Region,
  SecretId,
  SecretKind,
  SecretReference,
  SecretsManagerId,
  UploadId,
  UsageScope,
} from '@sallyport/core';
import type { Availability } from '@sallyport/protocol';

/** An envelope of one frame with room for its header. */
export const INLINE_ENVELOPE_MAX_BYTES = 1_048_576 + 16_384;

export type SecretRow = {
  id: SecretId;
  name: string;
  kind: SecretKind;
  scope: UsageScope;
  availability: Availability;
  createdAtMs: number;
};

/** The envelope itself, or the upload that holds its chunks. */
export type StoredEnvelope = { inline: Uint8Array } | { uploadId: UploadId };

export type SecretVersionRow = {
  secretId: SecretId;
  version: number;
  secretsManagerId: SecretsManagerId;
  /** Inline ones are empty unless they were asked for. */
  envelope: StoredEnvelope;
  valueBytes: number;
  createdAtMs: number;
  /** Name of whoever wrote it. */
  createdBy: string;
};

/** A secret with one of its versions and the name of that version's secrets manager. */
export type FoundSecret = {
  secret: SecretRow;
  /** The name by which it was found: its own, or an alias. */
  foundAs: string;
  version: SecretVersionRow;
  /** The newest version's number. */
  newestVersion: number;
  secretsManagerName: string;
  /** Where the secrets manager of its newest version may be used at most. The same object for the same scope. */
  managerScope: Region;
  /** What its scope comes to under the secrets manager of its newest version. The same object for the same scope. */
  scope: EffectiveScope;
};

/** Secrets that share a scope: what is decided for one of them holds for all. `key` is opaque. */
export type ScopeInUse = { key: string; scope: EffectiveScope };

export type SecretListQuery = {
  /** Those after this one in the order of names. */
  after: { nameKey: string; id: string } | null;
  /** Part of the name. */
  search: string | null;
  kind: SecretKind | null;
  secretsManagerId: SecretsManagerId | null;
  /** Keys of `scopesInUse` to which the page is limited; null: all. */
  scopes: readonly string[] | null;
  limit: number;
};

export type SecretStore = {
  /**
   * Looks up many references in one query; for each, all that it could mean: by id at most one, by name every secret that has it as name
   * or alias. References to versions that are not there mean nothing. Names are compared by `nameKey`; places are not looked at.
   */
  findMany(references: readonly SecretReference[]): Promise<FoundSecret[][]>;
  /** Envelopes of versions, in their order; null where there is no such version. */
  readEnvelopes(
    addresses: readonly { secretId: SecretId; version: number }[],
  ): Promise<(StoredEnvelope | null)[]>;
  scopesInUse(): Promise<ScopeInUse[]>;
  /** A page in the order of names. Newest versions, no envelopes. */
  list(query: SecretListQuery): Promise<FoundSecret[]>;
  /** The secret has no version yet; `secretsManagerId` is that of the version to come. */
  insert(row: SecretRow, secretsManagerId: SecretsManagerId): Promise<void>;
  /** Adds a version; its number must be the newest plus one (1 for a new secret): false when it is not. Attaches an upload. */
  addVersion(row: SecretVersionRow): Promise<boolean>;
  /** Deletes the secret, its names, its versions and their chunks. */
  remove(id: SecretId): Promise<void>;
};

/** The port to what can be changed of a secret without a new version. */
export type SecretEdits = {
  /** Gives it another name; the old one is gone unless it is made an alias. */
  rename(id: SecretId, name: string): Promise<void>;
  setScope(id: SecretId, scope: UsageScope): Promise<void>;
  setAvailability(id: SecretId, availability: Availability): Promise<void>;
  addAlias(id: SecretId, alias: { name: string; atMs: number }): Promise<void>;
  /** False: it has no such alias. */
  removeAlias(id: SecretId, name: string): Promise<boolean>;
  /** In the order in which they were made. */
  aliasesOf(id: SecretId): Promise<string[]>;
};
