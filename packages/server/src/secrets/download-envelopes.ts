// Sends stored envelopes as they are. The record of each secret is durable before the first byte of any of them leaves.
import type { SecretId } from '@sallyport/core';
import type { EnvelopeAddress, EnvelopeHead } from '@sallyport/protocol';
import { auditEntry } from '../audit/audit-entry.ts';
import type { AuditEntry } from '../audit/audit-log.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { FrameStream, OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import type { Store } from '../storage/store.ts';
import { envelopeChunks } from './read-envelopes.ts';
import type { FoundSecret } from './secret-store.ts';

/** Inline envelopes loaded at once; each has about 1 MiB at most. */
const LOAD_AT_ONCE = 16;
const END = new Uint8Array();

export async function downloadEnvelopes(
  request: OperationRequest<'downloadEnvelopes'>,
  { store, clock }: Services,
): Promise<FrameStream> {
  const { items } = request.body;
  const scope = auditScopeOf(request, clock);
  const recorded = await store.write(async ({ secrets, audit }) => {
    const found = await secrets.findMany(
      items.map(({ secretId, version }) => ({ by: 'id' as const, id: secretId, version, place: null })),
    );
    const entries = entriesOf(found.flat()).map(([{ secret }, versions]): AuditEntry =>
      auditEntry(scope, 'secret.exported', {
        resource: secret.id,
        resourceName: secret.name,
        details: { versions },
      }),
    );
    if (entries.length > 0) await audit.append(entries);
    return new Set(found.flat().map(({ version }) => `${version.secretId}@${version.version}`));
  });
  return sendAll(items, { store, recorded });
}

/** Versions by secret. */
function entriesOf(found: readonly FoundSecret[]): [FoundSecret, number[]][] {
  const bySecret = new Map<SecretId, [FoundSecret, number[]]>();
  for (const one of found) {
    const entry = bySecret.get(one.secret.id);
    if (entry === undefined) bySecret.set(one.secret.id, [one, [one.version.version]]);
    else entry[1].push(one.version.version);
  }
  return [...bySecret.values()];
}

/** @param by.recorded what is on record: a version that came about since then is not sent */
async function* sendAll(
  items: readonly EnvelopeAddress[],
  { store, recorded }: { store: Store; recorded: ReadonlySet<string> },
): FrameStream {
  for (let at = 0; at < items.length; at += LOAD_AT_ONCE) {
    const some = items.slice(at, at + LOAD_AT_ONCE);
    const stored = await store.read(async ({ secrets }) => secrets.readEnvelopes(some));
    for (const [index, { secretId, version }] of some.entries()) {
      const envelope = recorded.has(`${secretId}@${version}`) ? (stored[index] ?? null) : null;
      const head: EnvelopeHead = { secretId, version, isThere: envelope !== null };
      yield new TextEncoder().encode(JSON.stringify(head));
      if (envelope !== null) yield* envelopeChunks(envelope, store);
      yield END;
    }
  }
}
