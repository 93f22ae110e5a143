// Reads request bodies within bounds of size and time: whole for JSON, frame by frame for uploads. A client that trickles is cut off.
import type { IncomingMessage } from 'node:http';
import { AppError } from '@sallyport/core';
import { HTTP_FRAMES_TYPE } from '@sallyport/protocol';
import type { Clock } from '../clock.ts';

export type BodyLimits = {
  maxBytes: number;
  clock: Clock;
};

/** The whole of a JSON body has to arrive within this time. */
const JSON_BODY_MS = 60_000;
/** Longest pause between two pieces of a streamed body. */
const STREAM_STALL_MS = 30_000;
const CUT_SHORT = 'The connection ended before the body was complete.';

/**
 * The parsed JSON body; undefined when there is none.
 * @throws {invalid-request} {value-too-large}
 */
export async function readJson(request: IncomingMessage, limits: BodyLimits): Promise<unknown> {
  requirePlainBody(request);
  if (!hasBody(request)) return undefined;
  requireType(request, 'application/json');
  const bytes = await readAll(request, limits);
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch {
    throw invalid('The body is not valid JSON in UTF-8.');
  }
}

/** Pieces of a streamed body. Ending early leaves the request readable, so that an answer can still be sent. */
export async function* readPieces(
  request: IncomingMessage,
  clock: Clock,
): AsyncGenerator<Uint8Array, void, undefined> {
  requirePlainBody(request);
  requireType(request, HTTP_FRAMES_TYPE);
  const stalled = Promise.withResolvers<never>();
  stalled.promise.catch(() => undefined);
  const pieces = request.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array, void, undefined>;
  try {
    for (;;) {
      const cancel = clock.after(STREAM_STALL_MS, () => {
        stalled.reject(invalid('The body stopped arriving.'));
      });
      const next = pieces.next();
      next.catch(() => undefined);
      const piece = await Promise.race([next, stalled.promise]).finally(cancel);
      if (piece.done === true) return;
      yield piece.value;
    }
  } catch (thrown) {
    throw thrown instanceof AppError ? thrown : invalid(CUT_SHORT);
  } finally {
    // Not awaited: it waits for a piece that may never come.
    pieces.return?.().catch(() => undefined);
  }
}

function hasBody(request: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  return encoding !== undefined || (length !== undefined && length !== '0');
}

async function readAll(request: IncomingMessage, limits: BodyLimits): Promise<Uint8Array> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limits.maxBytes) throw tooLarge(limits.maxBytes);
  if (request.destroyed && !request.complete) throw invalid(CUT_SHORT);
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const chunks: Buffer[] = [];
  let total = 0;
  const take = (chunk: Buffer): void => {
    total += chunk.length;
    if (total > limits.maxBytes) reject(tooLarge(limits.maxBytes));
    else chunks.push(chunk);
  };
  const end = (): void => {
    resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, total));
  };
  const gone = (): void => {
    // Every request is closed at some time; only before its end does it mean anything.
    if (!request.complete) reject(invalid(CUT_SHORT));
  };
  request.on('data', take).once('end', end).once('close', gone).once('error', gone);
  const cancel = limits.clock.after(JSON_BODY_MS, () => {
    reject(invalid('The body did not arrive in time.'));
  });
  try {
    return await promise;
  } finally {
    cancel();
    request.off('data', take).off('end', end).off('close', gone);
  }
}

function requirePlainBody(request: IncomingMessage): void {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') throw invalid('Bodies are taken uncompressed only.');
}

function requireType(request: IncomingMessage, type: string): void {
  const given = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (given !== type) throw invalid(`The content type of the body must be ${type}.`);
}

function tooLarge(maxBytes: number): AppError {
  return new AppError('value-too-large', {
    publicMessage: `The body has more than the ${maxBytes} bytes that are allowed here.`,
    data: { maxBytes },
  });
}

function invalid(publicMessage: string): AppError {
  return new AppError('invalid-request', { publicMessage });
}
