// The port to all versions of all secrets in one order that renaming does not change; what an export walks along.
import type { SecretId } from '@sallyport/core';
import type { FoundSecret } from './secret-store.ts';

export type EnvelopeQuery = {
  /** Those after this one in the order of secret ids and versions. */
  after: { secretId: SecretId; version: number } | null;
  /** The newest version of each secret only. */
  newestOnly: boolean;
  limit: number;
};

export type EnvelopeCatalogue = {
  /** A page by secret id and version, whoever asks. Inline envelopes are empty. */
  page(query: EnvelopeQuery): Promise<FoundSecret[]>;
};
