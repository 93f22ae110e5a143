// Reads headers of stored envelopes: which key wraps the data key. Never more than one envelope, or the first chunk of a large one,
// is in memory at a time.
import { AppError } from '@sallyport/core';
import type { SecretId } from '@sallyport/core';
import { parseEnvelopeHeader } from '@sallyport/core/envelope';
import type { EnvelopeHeader } from '@sallyport/core/envelope';
import type { Store } from '../storage/store.ts';
import type { SecretVersionRow, StoredEnvelope } from './secret-store.ts';

/** Which version of which secret. */
export type VersionAddress = { secretId: SecretId; version: number };

/** Provider id of data keys wrapped by KMS, as the format reserves it. */
export const KMS_PROVIDER_ID = 'aws-kms';

/** null: the version is gone, or its header cannot be read. */
export async function readEnvelopeHeader(
  store: Store,
  { secretId, version }: VersionAddress,
): Promise<EnvelopeHeader | null> {
  const [envelope] = await store.read(async ({ secrets }) => secrets.readEnvelopes([{ secretId, version }]));
  if (!envelope) return null;
  try {
    return parseEnvelopeHeader(await firstBytes(store, envelope));
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'envelope-rejected') return null;
    throw thrown;
  }
}

/** Versions `newest`, `newest - 1`, … of a secret, at most `limit`, without envelopes. */
export async function readVersions(
  store: Store,
  secret: { id: SecretId; newest: number },
  limit: number,
): Promise<SecretVersionRow[]> {
  const count = Math.min(limit, secret.newest);
  const references = Array.from({ length: count }, (_, back) => ({
    by: 'id' as const,
    id: secret.id,
    version: secret.newest - back,
    place: null,
  }));
  const found = await store.read(async ({ secrets }) => secrets.findMany(references));
  return found.flat().map((one) => one.version);
}

/** ARN of the KMS key that wraps the data key; null when another provider does. */
export function keyArnOf(header: EnvelopeHeader): string | null {
  const wrapped = header.encryptedDataKeys.find((key) => key.providerId === KMS_PROVIDER_ID);
  return wrapped === undefined ? null : Buffer.from(wrapped.providerInfo).toString('utf8');
}

async function firstBytes(store: Store, envelope: StoredEnvelope): Promise<Uint8Array> {
  if ('inline' in envelope) return envelope.inline;
  for await (const chunk of store.uploads.read(envelope.uploadId)) return chunk;
  return new Uint8Array();
}
