// How the API shows stored envelopes: what is needed to open each one without us, and its hash, for which it is read whole.
import { createHash } from 'node:crypto';
import { AppError } from '@sallyport/core';
import { parseEnvelopeHeader } from '@sallyport/core/envelope';
import type { EnvelopeHeader } from '@sallyport/core/envelope';
import type { EnvelopeView } from '@sallyport/protocol';
import type { VisiblePlaces } from '../applications/visible-places.ts';
import type { Store } from '../storage/store.ts';
import { keyArnOf } from './envelope-header.ts';
import { envelopeChunks } from './read-envelopes.ts';
import { viewUsageScope } from './scope-input.ts';
import type { FoundSecret, StoredEnvelope } from './secret-store.ts';

/** A page ends when so much was hashed for it, so that it is answered in time however large the files are. */
const PAGE_MAX_BYTES = 256 * 1_048_576;
/** Inline envelopes loaded at once; each has about 1 MiB at most. */
const LOAD_AT_ONCE = 16;

/** @returns what is shown, and how many of `found` that took; versions that were deleted meanwhile are passed over */
export async function viewEnvelopes(
  found: readonly FoundSecret[],
  { store, places }: { store: Store; places: VisiblePlaces },
): Promise<{ envelopes: EnvelopeView[]; passed: number }> {
  const envelopes: EnvelopeView[] = [];
  let pageBytes = 0;
  for (let at = 0; at < found.length; at += LOAD_AT_ONCE) {
    const some = found.slice(at, at + LOAD_AT_ONCE);
    const addresses = some.map(({ version: { secretId, version } }) => ({ secretId, version }));
    const stored = await store.read(async ({ secrets }) => secrets.readEnvelopes(addresses));
    for (const [index, one] of some.entries()) {
      if (pageBytes >= PAGE_MAX_BYTES) return { envelopes, passed: at + index };
      const facts = await readFacts(stored[index] ?? null, store).catch(nullWhenGone);
      if (facts === null) continue;
      pageBytes += facts.envelopeBytes;
      envelopes.push(viewEnvelope(one, facts, places));
    }
  }
  return { envelopes, passed: found.length };
}

type Facts = { envelopeBytes: number; sha256: string; header: EnvelopeHeader | null };

/** null: there is no such envelope (any more). */
async function readFacts(envelope: StoredEnvelope | null, store: Store): Promise<Facts | null> {
  if (envelope === null) return null;
  const hash = createHash('sha256');
  let [envelopeBytes, header]: [number, EnvelopeHeader | null] = [0, null];
  for await (const chunk of envelopeChunks(envelope, store)) {
    if (envelopeBytes === 0) header = headerOf(chunk);
    envelopeBytes += chunk.length;
    hash.update(chunk);
  }
  return envelopeBytes === 0 ? null : { envelopeBytes, sha256: hash.digest('hex'), header };
}

/** A large one is read chunk by chunk, and its secret may be deleted in between. */
function nullWhenGone(thrown: unknown): null {
  if (thrown instanceof AppError && thrown.code === 'not-found') return null;
  throw thrown;
}

/** One that cannot be read is exported all the same: it is not for us to lose it. */
function headerOf(first: Uint8Array): EnvelopeHeader | null {
  try {
    return parseEnvelopeHeader(first);
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'envelope-rejected') return null;
    throw thrown;
  }
}

function viewEnvelope(
  { secret, version, newestVersion, secretsManagerName }: FoundSecret,
  { header, envelopeBytes, sha256 }: Facts,
  places: VisiblePlaces,
): EnvelopeView {
  return {
    secretId: secret.id,
    name: secret.name,
    kind: secret.kind,
    version: version.version,
    isNewest: version.version === newestVersion,
    scope: viewUsageScope(secret.scope, places),
    secretsManagerId: version.secretsManagerId,
    secretsManagerName,
    provider: header?.encryptedDataKeys[0]?.providerId ?? null,
    keyArn: header === null ? null : keyArnOf(header),
    encryptionContext: header === null ? {} : { ...header.encryptionContext },
    valueBytes: version.valueBytes,
    envelopeBytes,
    sha256,
    createdAtMs: version.createdAtMs,
    createdBy: version.createdBy,
  };
}
