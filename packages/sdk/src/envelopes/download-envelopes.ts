// Reads stored envelopes as a stream, one after the other: ciphertext, as the server has it. No delegate and no seal is involved.
import { AppError, isAppError } from '@sallyport/core';
import { HTTP_FRAMES_TYPE, readHttpFrames } from '@sallyport/protocol/client';
import type { EnvelopeAddress, EnvelopeHead } from '@sallyport/protocol';
import type { Wiring } from '../client/wiring.ts';
import { errorOf } from '../http/read-answer.ts';
import { notSallyport } from '../http/unreachable.ts';

/**
 * One envelope on its way. Read `chunks` to their end before the next one is asked for; what is left of them is passed over.
 * `chunks` null: it was deleted meanwhile.
 */
export type EnvelopeDownload = EnvelopeAddress & { chunks: AsyncGenerator<Uint8Array, void> | null };

/**
 * Envelopes in the order asked for, at most 500.
 * @throws {answer-mismatch} when the server sends others than those, {unreachable} when the stream breaks off
 */
export async function* downloadEnvelopes(
  wiring: Wiring,
  items: readonly EnvelopeAddress[],
): AsyncGenerator<EnvelopeDownload, void> {
  const { transport, routes } = wiring;
  const response = await transport.send({
    method: routes.downloadEnvelopes.method,
    path: routes.downloadEnvelopes.path,
    headers: { ...(await wiring.headers()), 'content-type': 'application/json' },
    body: new TextEncoder().encode(JSON.stringify({ items })),
    signal: null,
  });
  if (response.status !== 200) throw await errorOf(transport.address, response);
  if (response.contentType !== HTTP_FRAMES_TYPE) throw notSallyport(transport.address, response);
  const frames = readHttpFrames(response.chunks());
  try {
    for (const asked of items) {
      const head = readHead(await nextOf(frames), asked);
      const envelope = { hasEnded: false };
      yield { ...asked, chunks: head.isThere ? chunksOf(frames, envelope) : null };
      // A caller may have left early.
      for await (const _ of chunksOf(frames, envelope));
    }
    if ((await frames.next()).done !== true) throw mismatch();
  } finally {
    await frames.return(undefined);
  }
}

/** Up to the empty frame that ends them. */
async function* chunksOf(
  frames: AsyncGenerator<Uint8Array>,
  envelope: { hasEnded: boolean },
): AsyncGenerator<Uint8Array, void> {
  while (!envelope.hasEnded) {
    const frame = await nextOf(frames);
    envelope.hasEnded = frame.length === 0;
    if (!envelope.hasEnded) yield frame;
  }
}

async function nextOf(frames: AsyncGenerator<Uint8Array>): Promise<Uint8Array> {
  const next = await frames.next().catch((error: unknown) => {
    throw isAppError(error, 'invalid-request') ? brokenOff(error) : error;
  });
  if (next.done === true) throw brokenOff();
  return next.value;
}

function readHead(frame: Uint8Array, asked: EnvelopeAddress): EnvelopeHead {
  let head: Partial<EnvelopeHead> | null;
  try {
    head = JSON.parse(new TextDecoder().decode(frame)) as Partial<EnvelopeHead> | null;
  } catch {
    throw mismatch();
  }
  const isAsked = head?.secretId === asked.secretId && head.version === asked.version;
  if (!isAsked || typeof head?.isThere !== 'boolean') throw mismatch();
  return { ...asked, isThere: head.isThere };
}

function mismatch(): AppError {
  return new AppError('answer-mismatch', {
    publicMessage: 'The server sent other envelopes than those that were asked for.',
  });
}

function brokenOff(cause?: unknown): AppError {
  return new AppError('unreachable', {
    publicMessage: 'The envelopes broke off before they were whole: the server went away.',
    cause,
  });
}
