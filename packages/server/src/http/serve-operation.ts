// From a matched route to its handler and back: authentication, parsing, validation in and out. The only place where requests lose
// their HTTP form.
import type { IncomingHttpHeaders } from 'node:http';
import { isId } from '@sallyport/core';
import type { RequestId } from '@sallyport/core';
import { AppError } from '@sallyport/core';
import {
  PURPOSE_HEADER,
  PURPOSE_MAX_CHARACTERS,
  readHttpFrames,
  SEALED_BOX_MAX_BYTES,
} from '@sallyport/protocol';
import type { OperationId, Route } from '@sallyport/protocol';
import type { Authenticator } from '../access/authenticator.ts';
import { ANYBODY, requirePermission } from '../access/principal.ts';
import type { Principal } from '../access/principal.ts';
import { isPurpose } from '../audit/purpose.ts';
import type { Clock } from '../clock.ts';
import { sendFrames, sendJson, sendNothing } from './answer.ts';
import type { AnswerTo } from './answer.ts';
import { LiveAnswer } from './live-answer.ts';
import type { Watched } from './live-answer.ts';
import type { RouteMatch } from './match-route.ts';
import type { FrameStream, Handlers } from './operation.ts';
import { readJson, readPieces } from './read-body.ts';
import { invalidInput, parseInput, parseOutput } from './validate.ts';
import type { Visitor, Visitors } from './visitor.ts';

export type OperationServices = {
  handlers: Handlers;
  authenticator: Authenticator;
  visitors: Visitors;
  clock: Clock;
};

/** A handler seen from here, where the operation is known only at run time. */
type AnyHandler = (request: AnyRequest) => Promise<unknown>;
type AnyRequest = Visitor &
  Partial<Watched> & {
    params: Record<string, string>;
    query: unknown;
    body: unknown;
    frames?: AsyncIterable<Uint8Array>;
    principal: Principal;
    purpose: string | null;
    gone: AbortSignal;
    requestId: RequestId;
  };

const JSON_MAX_BYTES = 1_048_576;
const SEALED_MAX_BYTES = Math.ceil((SEALED_BOX_MAX_BYTES * 4) / 3) + JSON_MAX_BYTES;
const SEALED_BODIES: ReadonlySet<OperationId> = new Set<OperationId>([
  'writeSecret',
  'resolveSecrets',
  'runScript',
]);
const PARAM_MAX_CHARACTERS = 900;

/**
 * Serves one request; returns the status that was sent. `to.requestId` becomes the client's own where the body names one.
 * @throws whatever is to be answered as an error
 */
export async function serveOperation(
  match: RouteMatch,
  to: AnswerTo & { requestId: RequestId },
  services: OperationServices,
): Promise<number> {
  const { operationId, route } = match;
  const visitor = services.visitors.receive(to);
  const principal = await principalFor(route, { to, visitor }, services);
  checkParams(match.params);
  const query = parseQuery(route, match.queryText);
  const { body, frames } = await readInput(match, to, services.clock);
  to.requestId = requestIdIn(body) ?? to.requestId;
  const handler = services.handlers[operationId] as unknown as AnyHandler;
  const { progress } = route;
  const live = progress === undefined ? null : new LiveAnswer(to, { progress, operation: operationId });
  const handled = handler({
    params: match.params,
    query,
    body,
    ...(frames === null ? {} : { frames }),
    ...live?.watched(),
    principal,
    ...visitor,
    purpose: purposeOf(to.request.headers),
    gone: goneFrom(to),
    requestId: to.requestId,
  });
  if (live !== null) return answerLive(handled, { live, route, operationId, to });
  // What a refused upload has not read must be free to be read away, so that its client gets to the answer.
  const result = await handled.finally(() => void frames?.return(undefined).catch(() => undefined));
  const status = route.status ?? 200;
  if (route.responseKind === 'frames') await sendFrames(to, result as FrameStream, services.clock);
  else if (route.response === null) sendNothing(to);
  else sendJson(to, status, parseOutput(route.response, result, operationId));
  return route.response === null && route.responseKind !== 'frames' ? 204 : status;
}

/** @throws what the operation throws; the client has been told when lines were sent already */
async function answerLive(
  handled: Promise<unknown>,
  answer: { live: LiveAnswer; route: Route; operationId: OperationId; to: AnswerTo },
): Promise<number> {
  const { live, route, operationId, to } = answer;
  const { response, status = 200 } = route;
  try {
    const result = response === null ? null : parseOutput(response, await handled, operationId);
    if (live.hasBegun) live.finish(result);
    else sendJson(to, status, result);
    return status;
  } catch (thrown) {
    if (live.hasBegun) live.fail(thrown);
    throw thrown;
  } finally {
    live.release();
  }
}

/** @throws {unauthenticated} {forbidden} */
async function principalFor(
  route: Route,
  { to, visitor }: { to: AnswerTo; visitor: Visitor },
  services: OperationServices,
): Promise<Principal> {
  if (route.access === 'anybody') return ANYBODY;
  const { authorization } = to.request.headers;
  const sessionValue = visitor.cookie.given ?? undefined;
  const { principal, rotatedSessionValue } = await services.authenticator.authenticate({
    authorization,
    sessionValue,
  });
  // Now, so that it is on the answer even if the operation fails.
  if (rotatedSessionValue !== null) visitor.cookie.set(rotatedSessionValue);
  if (route.access !== 'signed-in') requirePermission(principal, route.access);
  return principal;
}

function goneFrom({ response }: AnswerTo): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return gone.signal;
}

/** Free text of the caller, e.g. the id of a deployment; it goes into the audit trail. @throws {invalid-request} */
function purposeOf(headers: IncomingHttpHeaders): string | null {
  const given = headers[PURPOSE_HEADER];
  if (typeof given !== 'string' || given.trim() === '') return null;
  const text = Buffer.from(given, 'latin1').toString('utf8').trim();
  if (isPurpose(text)) return text;
  throw new AppError('invalid-request', {
    publicMessage: `The header ${PURPOSE_HEADER} has at most ${PURPOSE_MAX_CHARACTERS} printable characters.`,
  });
}

async function readInput(
  match: RouteMatch,
  to: AnswerTo,
  clock: Clock,
): Promise<{ body: unknown; frames: AsyncGenerator<Uint8Array> | null }> {
  const { route, operationId } = match;
  if (route.requestKind === 'frames' && route.body !== undefined) {
    const frames = readHttpFrames(readPieces(to.request, clock));
    const body = parseInput(route.body, await firstFrame(frames), 'first frame');
    return { body, frames };
  }
  const maxBytes = SEALED_BODIES.has(operationId) ? SEALED_MAX_BYTES : JSON_MAX_BYTES;
  const json = await readJson(to.request, { maxBytes, clock }).catch((thrown: unknown) => {
    throw withinDeclared(route, thrown);
  });
  if (route.body !== undefined) return { body: parseInput(route.body, json, 'body'), frames: null };
  if (json !== undefined && !isEmptyObject(json)) {
    throw invalidInput('body', [{ path: '', message: 'this operation takes none' }]);
  }
  return { body: null, frames: null };
}

/** `value-too-large` is about values; a body that is too large for an operation without a value is just invalid. */
function withinDeclared(route: Route, thrown: unknown): unknown {
  if (!(thrown instanceof AppError) || thrown.code !== 'value-too-large') return thrown;
  if (route.errors.includes('value-too-large')) return thrown;
  return new AppError('invalid-request', { publicMessage: thrown.publicMessage, data: thrown.data });
}

async function firstFrame(frames: AsyncGenerator<Uint8Array>): Promise<unknown> {
  const first = await frames.next();
  if (first.done === true) throw invalidInput('body', [{ path: '', message: 'it has no frames' }]);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(first.value)) as unknown;
  } catch {
    throw invalidInput('first frame', [{ path: '', message: 'it is not JSON in UTF-8' }]);
  }
}

function checkParams(params: Record<string, string>): void {
  for (const [name, value] of Object.entries(params)) {
    if (value.length === 0 || value.length > PARAM_MAX_CHARACTERS || !value.isWellFormed()) {
      throw invalidInput('path', [{ path: name, message: `it has 1 to ${PARAM_MAX_CHARACTERS} characters` }]);
    }
  }
}

function parseQuery(route: Route, text: string): unknown {
  if (text === '' && route.query === undefined) return null;
  const fields: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    if (Object.hasOwn(fields, name)) {
      throw invalidInput('query', [{ path: name.slice(0, 100), message: 'it is given twice' }]);
    }
    Object.defineProperty(fields, name, { value, enumerable: true, configurable: true, writable: true });
  }
  if (route.query !== undefined) return parseInput(route.query, fields, 'query');
  const stray = Object.keys(fields)[0];
  if (stray !== undefined) {
    throw invalidInput('query', [
      { path: stray.slice(0, 100).toWellFormed(), message: 'this operation takes none' },
    ]);
  }
  return null;
}

function requestIdIn(body: unknown): RequestId | null {
  if (typeof body !== 'object' || body === null || !('requestId' in body)) return null;
  const { requestId } = body;
  return typeof requestId === 'string' && isId('request', requestId) ? requestId : null;
}

function isEmptyObject(json: unknown): boolean {
  return typeof json === 'object' && json !== null && !Array.isArray(json) && Object.keys(json).length === 0;
}
