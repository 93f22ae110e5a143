// The control port: lets another process steer a lab that runs as a process of its own. Off unless asked for, on loopback only, and
// protected by a random bearer token. One call is `POST /control` with `{ "method": "keys.rotate", "args": { "arn": "…" } }`.
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isAppError } from '@sallyport/core';
import { controlMethods } from './control-methods.ts';
import type { ControlMethod } from './control-methods.ts';
import type { AwsLab } from './lab.ts';
import { startListener } from './listener.ts';

/** What another process needs. */
export type ControlAccess = { url: string; /** For `Authorization: Bearer`. */ token: string };

const MAX_BODY_BYTES = 256 * 1024;

/** Opens the control port of a lab. */
export async function startControl(
  lab: AwsLab,
): Promise<{ access: ControlAccess; close: () => Promise<void> }> {
  const token = randomBytes(32).toString('base64url');
  const methods = controlMethods(lab);
  const listener = await startListener((incoming, response) => {
    answer(incoming, { token, methods }).then(
      ({ status, body }) => send(response, status, body),
      () => incoming.socket.destroy(),
    );
  }, 0);
  return { access: { url: `${listener.url}/control`, token }, close: async () => listener.stop() };
}

async function answer(
  incoming: IncomingMessage,
  control: { token: string; methods: ReadonlyMap<string, ControlMethod> },
): Promise<{ status: number; body: unknown }> {
  if (incoming.method !== 'POST' || incoming.url !== '/control')
    return refused(404, 'not-found', 'Only POST /control is here.');
  if (!bears(incoming, control.token))
    return refused(401, 'unauthenticated', 'The bearer token is missing or wrong.');
  const request = await readRequest(incoming);
  if (request === null)
    return refused(400, 'invalid-request', 'The body must be {"method": …, "args": {…}}.');
  const method = control.methods.get(request.method);
  if (method === undefined) return refused(404, 'not-found', 'There is no such method.');
  const wrong = method.check(request.args);
  if (wrong !== null) return refused(400, 'invalid-request', wrong);
  try {
    return { status: 200, body: { result: (await method.run(request.args)) ?? null } };
  } catch (error) {
    if (isAppError(error)) return refused(400, error.code, error.publicMessage);
    return refused(500, 'internal', 'The lab failed.');
  }
}

function refused(status: number, code: string, message: string): { status: number; body: unknown } {
  return { status, body: { error: { code, message } } };
}

function bears(incoming: IncomingMessage, token: string): boolean {
  const given = Buffer.from(incoming.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function readRequest(
  incoming: IncomingMessage,
): Promise<{ method: string; args: Record<string, unknown> } | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (!isRecord(body)) return null;
    const { method, args = {}, ...rest } = body;
    if (typeof method !== 'string' || !isRecord(args) || Object.keys(rest).length > 0) return null;
    return { method, args };
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
