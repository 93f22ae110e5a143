// Reads one value of any size as a stream. Small values come in one piece by way of resolve-secrets.ts; large ones as sealed chunks,
// each of which is opened and checked before the caller sees it.
import { AppError } from '@sallyport/core';
import type { SecretId, SecretKind } from '@sallyport/core';
import { encodeContent, HTTP_FRAMES_TYPE, readHttpFrames } from '@sallyport/protocol/client';
import type { DelegateOffer } from '@sallyport/protocol';
import { newRequestId } from '../client/wiring.ts';
import type { Wiring } from '../client/wiring.ts';
import { withFailOver } from '../delegates/fail-over.ts';
import type { SealingPartner } from '../delegates/session-pool.ts';
import { errorOf } from '../http/read-answer.ts';
import { notSallyport } from '../http/unreachable.ts';
import { checkDownloadHead } from './check-answer.ts';
import { brokenOff, openedChunks } from './opened-chunks.ts';
import { resolveSecrets } from './resolve-secrets.ts';
import { unanswered } from './write-secret.ts';

/**
 * A value as a stream, and what it is the value of. Iterate it once, to its end: only then it is known to be whole. When the
 * iteration throws, what came before must be thrown away.
 */
export type SecretDownload = AsyncIterable<Uint8Array> & {
  reference: string;
  secretId: SecretId;
  name: string;
  version: number;
  kind: SecretKind;
};

/** Reads one value, whatever its size. @throws the error that concerns the secret, {delegate-lost} when the stream breaks off */
export async function downloadSecret(
  wiring: Wiring,
  reference: string,
  signal: AbortSignal | null,
): Promise<SecretDownload> {
  const outcomes = await resolveSecrets(wiring, [reference], signal);
  const small = outcomes.get(reference);
  if (small === undefined) return unanswered();
  if ('value' in small) {
    const { value, ...facts } = small;
    return withStream(facts, async function* () {
      yield value.bytes();
    });
  }
  if (small.error.code !== 'value-too-large') throw small.error;
  return streamSecret(wiring, reference, signal);
}

async function streamSecret(
  wiring: Wiring,
  reference: string,
  signal: AbortSignal | null,
): Promise<SecretDownload> {
  const download = await withFailOver(
    wiring.pool,
    {
      offers: ({ fresh, signal }) => offersForDownload(wiring, reference, { fresh, signal }),
      attempt: (partner, signal) => startDownload(wiring, partner, { reference, signal }),
      repeatable: () => true,
      onlyOnce: false,
      signal,
    },
    wiring.limits,
  );
  return download ?? unanswered();
}

async function offersForDownload(
  wiring: Wiring,
  reference: string,
  { fresh, signal }: { fresh: boolean; signal: AbortSignal | null },
): Promise<readonly DelegateOffer[]> {
  const remembered = fresh ? null : wiring.readOffers.groupsFor([reference]);
  if (remembered?.[0]) return remembered[0].delegates;
  const offers = await wiring.call('offersToRead', {
    body: { items: [reference] },
    ...(signal === null ? {} : { signal }),
  });
  wiring.readOffers.remember(offers.groups);
  const refused = offers.unresolved[0]?.error;
  if (refused) throw new AppError(refused.code, { publicMessage: refused.message, data: refused.data ?? {} });
  return offers.groups[0]?.delegates ?? [];
}

/** Sends the request and waits for the first chunk, which says what comes. */
async function startDownload(
  wiring: Wiring,
  { session, delegate }: SealingPartner,
  asked: { reference: string; signal: AbortSignal | null },
): Promise<SecretDownload> {
  const { reference, signal } = asked;
  const requestId = newRequestId(wiring);
  const exchange = await session.sealRequest(
    { requestId, operation: 'download' },
    encodeContent({ items: [reference] }, []),
  );
  const { delegateId } = delegate;
  const request = { requestId, delegateId, item: reference, sealed: exchange.sealed };
  const response = await wiring.transport.send({
    method: wiring.routes.downloadSecret.method,
    path: wiring.routes.downloadSecret.path,
    headers: { ...(await wiring.headers()), 'content-type': 'application/json' },
    body: new TextEncoder().encode(JSON.stringify(request)),
    signal,
  });
  const { address } = wiring.transport;
  if (response.status !== 200) throw await errorOf(address, response);
  if (response.contentType !== HTTP_FRAMES_TYPE) throw notSallyport(address, response);
  const chunks = openedChunks(readHttpFrames(response.chunks()), exchange);
  try {
    const head = await chunks.next();
    if (head.done === true) throw brokenOff();
    const { secretId, name, version, kind } = checkDownloadHead(head.value, reference);
    return withStream({ reference, secretId, name, version, kind }, () => valueOf(chunks));
  } catch (error) {
    await chunks.return(undefined);
    throw error;
  }
}

async function* valueOf(chunks: AsyncGenerator<Uint8Array, undefined>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    if (chunk.length > 0) yield chunk;
  }
}

function withStream(
  facts: Omit<SecretDownload, typeof Symbol.asyncIterator>,
  open: () => AsyncGenerator<Uint8Array>,
): SecretDownload {
  let started = false;
  return {
    ...facts,
    [Symbol.asyncIterator]() {
      if (started) throw new AppError('internal', { publicMessage: 'A download can be read once only.' });
      started = true;
      return open();
    },
  };
}
