// One request at the local endpoint, from its head to its answer.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '@sallyport/core';
import { PURPOSE_HEADER, PURPOSE_MAX_CHARACTERS } from '@sallyport/protocol';
import type { WireError } from '@sallyport/protocol';
import { callerHashOf } from '@sallyport/protocol/local-grants';
import type { LocalReads } from '../local-reads/local-reads.ts';
import type { Caller } from '../local-reads/server-asks.ts';
import { mapBounded } from '../tasks/bounded-parallel.ts';
import type { Time } from '../time/time.ts';
import { sendError, sendHealth, sendItems, sendRaw, sendValue } from './answer.ts';
import type { ResolvedItem } from './answer.ts';
import { judgeRequest } from './judge-request.ts';
import type { AllowedHosts } from './judge-request.ts';
import { readResolveBody } from './read-resolve.ts';
import { readTargetAgain } from './read-target.ts';
import type { Target } from './read-target.ts';
import type { SocketKey } from './socket-key.ts';

/** How the delegate stands, without a name in it. */
export type Health = {
  server: 'connected' | 'away';
  /** By this host's clock; null while the server is there. */
  awaySinceMs: number | null;
  journal: 'ok' | 'full' | 'failing';
};

export type EndpointServices = {
  reads: LocalReads;
  health: () => Health;
  time: Time;
  /** An error as programs may read it. */
  toError: (thrown: unknown) => WireError;
};

/** Where a request came in. */
export type Entrance = { hosts: AllowedHosts; key: SocketKey | null };

/** Items of one call worked on at a time; each may need the key service. All of them are asked of the server at once. */
const PARALLEL_ITEMS = 1000;
/** Bytes of all values in one answer. */
const ANSWER_VALUES_MAX_BYTES = 16 * 1_048_576;
const BEARER = 'Bearer ';

/** Answers; never throws. */
export async function serveRequest(
  exchange: { request: IncomingMessage; response: ServerResponse },
  entrance: Entrance,
  services: EndpointServices,
): Promise<void> {
  const { request, response } = exchange;
  try {
    judgeRequest(request.headers, entrance.hosts);
    const target = readTargetAgain(request.url ?? '');
    requireMethod(request, target);
    if (target.is === 'health') return sendHealth(response, services.health());
    const caller = await callerOf(request, entrance);
    if (target.is === 'resolve') return await serveResolve(exchange, caller, services);
    const { reference } = target;
    const released = await services.reads.read({ caller, reference, purpose: purposeOf(request) });
    if (target.isRaw || request.headers.accept === 'application/octet-stream') sendRaw(response, released);
    else sendValue(response, released);
  } catch (thrown) {
    fail(exchange, services.toError(thrown));
  }
}

async function serveResolve(
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  caller: Caller,
  services: EndpointServices,
): Promise<void> {
  const body = await readResolveBody(request, services.time);
  const purpose = body.purpose ?? purposeOf(request);
  let leftBytes = ANSWER_VALUES_MAX_BYTES;
  const items = await mapBounded(
    body.references,
    PARALLEL_ITEMS,
    async (reference): Promise<ResolvedItem> => {
      try {
        const released = await services.reads.read({ caller, reference, purpose });
        leftBytes -= released.value.length;
        if (leftBytes >= 0) return { reference, released };
        released.value.fill(0);
        throw tooLargeTogether();
      } catch (thrown) {
        return { reference, error: services.toError(thrown) };
      }
    },
  );
  sendItems(response, items);
}

function requireMethod(request: IncomingMessage, target: Target): void {
  const method = target.is === 'resolve' ? 'POST' : 'GET';
  if (request.method === method) return;
  throw new AppError('invalid-request', { publicMessage: `This path takes the method ${method} only.` });
}

async function callerOf(request: IncomingMessage, entrance: Entrance): Promise<Caller> {
  const { authorization } = request.headers;
  if (authorization === undefined && entrance.key !== null) return callerWith(await entrance.key.read());
  const token = authorization?.startsWith(BEARER) === true ? authorization.slice(BEARER.length).trim() : '';
  if (token !== '' && token.length <= 512) return callerWith(token);
  throw new AppError('unauthenticated', {
    publicMessage: 'The request shows no API key. Send one as the header `Authorization: Bearer KEY`.',
    data: { hint: 'Make a key for this program with `sallyport api-key create NAME`.' },
  });
}

function callerWith(token: string): Caller {
  return { token, hash: callerHashOf(token) };
}

function purposeOf(request: IncomingMessage): string | null {
  const purpose = request.headers[PURPOSE_HEADER];
  if (typeof purpose !== 'string' || purpose === '') return null;
  if (purpose.length <= PURPOSE_MAX_CHARACTERS) return purpose;
  throw new AppError('invalid-request', {
    publicMessage: `The header ${PURPOSE_HEADER} has at most ${PURPOSE_MAX_CHARACTERS} characters.`,
  });
}

function tooLargeTogether(): AppError {
  return new AppError('value-too-large', {
    publicMessage: 'The values asked for together do not fit into one answer.',
    data: { hint: 'Ask for fewer secrets in one call, or for this one alone.' },
  });
}

function fail(
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  error: WireError,
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // What is still to come of a body is not read: the connection ends with the answer.
  if (!request.complete) response.setHeader('connection', 'close');
  sendError(response, error);
}
