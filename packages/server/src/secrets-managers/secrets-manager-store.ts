// The port to secrets managers.
import type { Region, SecretsManagerId, SecretsManagerSettings } from '@sallyport/core';

export type SecretsManagerRow = {
  id: SecretsManagerId;
  name: string;
  isDefault: boolean;
  /** Counts edits, from 1. */
  revision: number;
  /** The revision that brought what a preflight tries; a rename, a scope or a data-key cache does not raise it. */
  settingsRevision: number;
  settings: SecretsManagerSettings;
  /** Where it may be used, and with it its secrets. Empty: nowhere. */
  usageScope: Region;
  /** Secret access key encrypted under the server's root key (root-key/), base64; null unless credentials are `access-keys`. */
  encryptedSecretKey: string | null;
  createdAtMs: number;
  updatedAtMs: number;
};

export type SecretsManagerStore = {
  /**
   * A row with the default flag takes it from the one that had it.
   * @throws {name-taken}
   */
  insert(row: SecretsManagerRow): Promise<void>;
  /**
   * Replaces the row if its stored revision is `expectedRevision`; false when it is another or the row is gone. The default flag is
   * moved by `makeDefault` alone: a row that has another flag than the stored one is stale too (false).
   * @throws {name-taken}
   */
  update(row: SecretsManagerRow, expectedRevision: number): Promise<boolean>;
  /** By id or name. */
  find(reference: string): Promise<SecretsManagerRow | null>;
  findDefault(): Promise<SecretsManagerRow | null>;
  /** The default first, then by name, each with the number of secrets that have at least one version under it. */
  list(): Promise<(SecretsManagerRow & { secretCount: number })[]>;
  /** Makes exactly this one the default. @throws {not-found} */
  makeDefault(id: SecretsManagerId): Promise<void>;
  /** Deletes it unless a secret version refers to it; resolves to the number of secrets that do (0: deleted). */
  remove(id: SecretsManagerId): Promise<number>;
};
