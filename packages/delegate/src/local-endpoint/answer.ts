// Writes answers. A value leaves in a buffer that is wiped once the system has it.
import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { ID_RANDOM_BYTES, makeId } from '@sallyport/core';
import type { ErrorCode } from '@sallyport/core';
import { ERROR_REGISTRY } from '@sallyport/protocol';
import type { ErrorBody, WireError } from '@sallyport/protocol';
import type { LocalValue } from '../local-reads/local-reads.ts';

/** For one item of `POST /v1/resolve`. */
export type ResolvedItem =
  | { reference: string; released: LocalValue }
  | { reference: string; error: WireError };

const JSON_TYPE = 'application/json; charset=utf-8';
const RETRY_AFTER_SECONDS: Partial<Record<ErrorCode, string>> = {
  'rate-limited': '10',
  'storage-unavailable': '5',
  'shutting-down': '5',
  unreachable: '5',
};

export function sendHealth(response: ServerResponse, health: object): void {
  send(response, { status: 200, type: JSON_TYPE, body: Buffer.from(JSON.stringify(health)) });
}

/** `{ "value": …, "encoding": …, "name": …, … }`. */
export function sendValue(response: ServerResponse, released: LocalValue): void {
  const body = Buffer.from(`{${fieldsOf(released)}}`);
  released.value.fill(0);
  sendWiped(response, JSON_TYPE, body);
}

/** The bytes of the value, and nothing else. */
export function sendRaw(response: ServerResponse, { value }: LocalValue): void {
  sendWiped(response, 'application/octet-stream', value);
}

/** `{ "items": [ … ] }`, in the order of the request. */
export function sendItems(response: ServerResponse, items: readonly ResolvedItem[]): void {
  const parts = items.map((item) => {
    const reference = `{"reference":${JSON.stringify(item.reference)},`;
    if ('error' in item) return Buffer.from(`${reference}"error":${JSON.stringify(item.error)}}`);
    const part = Buffer.from(`${reference}${fieldsOf(item.released)}}`);
    item.released.value.fill(0);
    return part;
  });
  const comma = Buffer.from(',');
  const pieces = parts.flatMap((part, index) => (index === 0 ? [part] : [comma, part]));
  const body = Buffer.concat([Buffer.from('{"items":['), ...pieces, Buffer.from(']}')]);
  for (const part of parts) part.fill(0);
  sendWiped(response, JSON_TYPE, body);
}

/** As errors of the server's API look. */
export function sendError(response: ServerResponse, error: WireError): void {
  const requestId = makeId('request', { nowMs: Date.now(), random: randomBytes(ID_RANDOM_BYTES) });
  const body: ErrorBody = { error, requestId };
  if (error.code === 'unauthenticated') response.setHeader('www-authenticate', 'Bearer');
  const retryAfter = RETRY_AFTER_SECONDS[error.code];
  if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
  const { httpStatus } = ERROR_REGISTRY[error.code];
  send(response, { status: httpStatus, type: JSON_TYPE, body: Buffer.from(JSON.stringify(body)) });
}

function sendWiped(response: ServerResponse, type: string, body: Buffer): void {
  // Also when the connection is gone before everything was sent.
  response.once('close', () => body.fill(0));
  send(response, { status: 200, type, body });
}

function send(
  response: ServerResponse,
  { status, type, body }: { status: number; type: string; body: Buffer },
): void {
  response.writeHead(status, [
    'content-type',
    type,
    'content-length',
    String(body.length),
    'cache-control',
    'no-store',
    'x-content-type-options',
    'nosniff',
  ]);
  response.end(body);
}

function fieldsOf({ value, from, held }: LocalValue): string {
  const isText = isUtf8(value);
  const printed = isText ? JSON.stringify(value.toString('utf8')) : `"${value.toString('base64')}"`;
  const confirmedAtMs = Math.round(held.confirmation.atMs);
  return `"value":${printed},"encoding":"${isText ? 'utf8' : 'base64'}",${held.json},"from":"${from}","confirmedAtMs":${confirmedAtMs}`;
}
