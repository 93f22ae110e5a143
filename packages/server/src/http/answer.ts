// Writes answers: the same headers on every one, one error body for every failure, and streams that end cleanly only when they are
// complete.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { AppError } from '@sallyport/core';
import type { ErrorCode } from '@sallyport/core';
import { encodeHttpFrame, ERROR_REGISTRY, HTTP_FRAMES_TYPE, toWireError } from '@sallyport/protocol';
import type { ErrorBody } from '@sallyport/protocol';
import type { Clock } from '../clock.ts';
import type { FrameStream } from './operation.ts';

/** What every answer carries: nothing here is for caches, frames or sniffing. */
const FIXED_HEADERS = [
  'cache-control',
  'no-store',
  'x-content-type-options',
  'nosniff',
  'content-security-policy',
  "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy',
  'no-referrer',
] as const;

/** Added to the fixed headers when the server itself speaks TLS. */
const TLS_HEADERS = ['strict-transport-security', 'max-age=31536000'] as const;

const RETRY_AFTER_SECONDS: Partial<Record<ErrorCode, number>> = {
  'rate-limited': 10,
  'storage-unavailable': 5,
  'shutting-down': 5,
  'no-delegate': 5,
  'aws-throttled': 5,
};

/** A client that reads nothing for so long is cut off. */
const SLOW_READER_MS = 60_000;
/** What is still read of a request that was answered before it was complete. */
const REST_MAX_BYTES = 8 * 1_048_576;
const REST_MS = 5000;

export type AnswerTo = { request: IncomingMessage; response: ServerResponse; requestId: string };

export function sendJson(to: AnswerTo, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  to.response.writeHead(status, [
    ...headersOf(to),
    'content-type',
    'application/json; charset=utf-8',
    'content-length',
    String(Buffer.byteLength(text)),
  ]);
  to.response.end(text);
}

/** Text for probes and metrics. */
export function sendText(to: AnswerTo, status: number, body: { type: string; text: string }): void {
  const { type, text } = body;
  const length = String(Buffer.byteLength(text));
  to.response.writeHead(status, [...headersOf(to), 'content-type', type, 'content-length', length]);
  to.response.end(text);
}

/** A file of the web UI, with headers of its own in place of those that close other answers to caches and scripts. */
export function sendFile(to: AnswerTo, bytes: Uint8Array, headers: Readonly<Record<string, string>>): void {
  const usual = Object.fromEntries(pairs(headersOf(to)));
  to.response.writeHead(200, { ...usual, ...headers, 'content-length': String(bytes.length) });
  to.response.end(bytes);
}

export function sendNothing(to: AnswerTo): void {
  to.response.writeHead(204, headersOf(to));
  to.response.end();
}

/** Leads a browser elsewhere, with a GET whatever it came with; returns the status. */
export function sendRedirect(to: AnswerTo, location: string): 303 {
  to.response.writeHead(303, [...headersOf(to), 'location', location, 'content-length', '0']);
  to.response.end();
  return 303;
}

/** Sends an error, and returns its status. A request that is not read to its end is read on for a while: closing at once would reset the connection before the client has seen the answer. */
export function sendError(to: AnswerTo, thrown: unknown, clock: Clock): number {
  const error = toWireError(thrown);
  const status = ERROR_REGISTRY[error.code].httpStatus;
  const body: ErrorBody = { error, requestId: to.requestId };
  const retryAfter = retryAfterSeconds(error);
  if (retryAfter !== undefined) to.response.setHeader('retry-after', String(retryAfter));
  if (error.code === 'unauthenticated') to.response.setHeader('www-authenticate', 'Bearer');
  for (const [name, value] of pairs(headersOf(to))) to.response.setHeader(name, value);
  const text = JSON.stringify(body);
  to.response.setHeader('content-type', 'application/json; charset=utf-8');
  to.response.writeHead(status, { 'content-length': Buffer.byteLength(text) });
  to.response.end(text);
  if (!to.request.complete) readOn(to.request, clock);
  return status;
}

/**
 * Sends frames as they come, no faster than the client reads. Resolves when all are sent.
 * @throws what the stream throws, with the connection destroyed: a truncated stream must not look complete
 */
export async function sendFrames(to: AnswerTo, frames: FrameStream, clock: Clock): Promise<void> {
  const { response } = to;
  const gone = new AbortController();
  const abort = (): void => {
    gone.abort();
  };
  response.once('close', abort);
  response.writeHead(200, [...headersOf(to), 'content-type', HTTP_FRAMES_TYPE]);
  let complete = false;
  try {
    for await (const payload of frames) {
      const more = response.write(encodeHttpFrame(payload));
      if (!more) await drained(response, { clock, gone });
      if (gone.signal.aborted) return;
    }
    complete = true;
    response.end();
  } finally {
    response.off('close', abort);
    if (!complete) response.destroy();
  }
}

async function drained(
  response: ServerResponse,
  limits: { clock: Clock; gone: AbortController },
): Promise<void> {
  const cancel = limits.clock.after(SLOW_READER_MS, () => {
    limits.gone.abort();
  });
  try {
    await once(response, 'drain', { signal: limits.gone.signal });
  } catch (thrown) {
    if (!limits.gone.signal.aborted) throw thrown;
  } finally {
    cancel();
  }
}

/** What the error itself says goes before what its code says. */
function retryAfterSeconds(error: ErrorBody['error']): number | undefined {
  const own = error.data?.['retryAfterSeconds'];
  return typeof own === 'number' ? Math.ceil(own) : RETRY_AFTER_SECONDS[error.code];
}

function readOn(request: IncomingMessage, clock: Clock): void {
  let rest = 0;
  const cancel = clock.after(REST_MS, () => request.socket.destroy());
  request.on('data', (chunk: Buffer) => {
    rest += chunk.length;
    if (rest > REST_MAX_BYTES) request.socket.destroy();
  });
  request.once('close', cancel);
  request.once('end', cancel);
  request.resume();
}

/** The headers that every answer has. */
export function headersOf(to: AnswerTo): string[] {
  const isTls = 'encrypted' in to.request.socket;
  return ['x-request-id', to.requestId, ...FIXED_HEADERS, ...(isTls ? TLS_HEADERS : [])];
}

function* pairs(headers: readonly string[]): Generator<[string, string]> {
  for (let i = 0; i + 1 < headers.length; i += 2) yield [headers[i] ?? '', headers[i + 1] ?? ''];
}

/** For paths and methods that are not there. */
export function nothingThere(): AppError {
  return new AppError('not-found', { publicMessage: 'There is no such path or method.' });
}
