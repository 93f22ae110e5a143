// Calls of the API's JSON operations, typed from the route table that the server serves. Bodies that are streams of frames
// belong to secrets/upload-secret.ts and secrets/download-secret.ts.
import { invariant, isAppError } from '@sallyport/core';
import { PROGRESS_TYPE, PURPOSE_HEADER } from '@sallyport/protocol/client';
import type { OperationId, Route, ROUTES } from '@sallyport/protocol';
import type { z } from 'zod';
import { readAnswer } from './read-answer.ts';
import type { CallRoute, RouteTable } from './read-answer.ts';
import { readProgress } from './read-progress.ts';
import type { Transport, TransportResponse } from './transport.ts';

type Routes = typeof ROUTES;

/** Operations whose request and answer are JSON. */
export type JsonOperationId = {
  [O in OperationId]: Routes[O] extends { requestKind: 'frames' } | { responseKind: 'frames' } ? never : O;
}[OperationId];

type ParamNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamNames<Rest>
  : never;
type ParamsPart<R extends Route> = [ParamNames<R['path']>] extends [never]
  ? unknown
  : { /** Values of the path's parameters: ids or names. */ params: Record<ParamNames<R['path']>, string> };
type QueryPart<R extends Route> = R extends { query: infer Q extends z.ZodType }
  ? { query?: z.input<Q> }
  : unknown;
type BodyPart<R extends Route> = R extends { body: infer B extends z.ZodType }
  ? { body: z.input<B> }
  : unknown;

type ProgressPart<R extends Route> = R extends { progress: infer P extends z.ZodType }
  ? {
      /** Told what happens while the operation is under way; what it answers is the same. Events of a kind that this client does not know are left out. */
      onProgress?: (event: z.output<P>) => void;
    }
  : unknown;

/** What an operation is called with. */
export type CallInput<O extends OperationId> = ParamsPart<Routes[O]> &
  QueryPart<Routes[O]> &
  ProgressPart<Routes[O]> &
  BodyPart<Routes[O]> & { /** Ends the call. */ signal?: AbortSignal };

/** What an operation answers with; `null` for those that answer with nothing. */
export type CallOutput<O extends OperationId> = Routes[O] extends { response: infer S extends z.ZodType }
  ? z.output<S>
  : null;

/** The arguments after the operation's name; nothing need be given to operations that take nothing. */
export type CallArguments<O extends OperationId> =
  Partial<CallInput<O>> extends CallInput<O> ? [input?: CallInput<O>] : [input: CallInput<O>];

/** Calls one operation; see `Client.call`. */
export type Call = <O extends JsonOperationId>(
  operation: O,
  ...args: CallArguments<O>
) => Promise<CallOutput<O>>;

type LooseInput = {
  params?: Record<string, string>;
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  signal?: AbortSignal;
  onProgress?: (event: unknown) => void;
};

/** Makes the function that calls operations over this transport; `headersNow` go with every request. */
export function callerOver(
  ports: { transport: Transport; routes: RouteTable },
  headersNow: RequestHeaders,
): Call {
  const { transport, routes } = ports;
  return async (operation, ...args) => {
    const input = (args[0] ?? {}) as LooseInput;
    const route = routes[operation];
    const body = input.body === undefined ? null : new TextEncoder().encode(JSON.stringify(input.body));
    const request = {
      method: route.method,
      path: pathOf(route, input),
      headers: {
        ...(await headersNow()),
        ...(body === null ? {} : { 'content-type': 'application/json' }),
        ...(input.onProgress === undefined ? {} : { accept: `${PROGRESS_TYPE}, application/json` }),
      },
      body,
      signal: input.signal ?? null,
    };
    const response = await sendOnce(transport, request, route);
    if (input.onProgress !== undefined && response.contentType === PROGRESS_TYPE) {
      const { onProgress } = input;
      return (await readProgress({ address: transport.address, response, route, onProgress })) as never;
    }
    return (await readAnswer(transport.address, response, route)) as never;
  };
}

/** The headers of a request that is sent now. */
export type RequestHeaders = () => Promise<Readonly<Record<string, string>>>;

/**
 * The headers that every request carries.
 * @param from.tokenNow gives null for operations that anybody may call
 * @param from.purpose what the requests are for; it goes into the audit trail
 */
export function headersWith(from: {
  tokenNow: () => Promise<string | null>;
  purpose: string | null;
}): RequestHeaders {
  const { tokenNow, purpose } = from;
  const fixed = {
    accept: 'application/json',
    // Header values are bytes; the server reads them as UTF-8.
    ...(purpose === null ? {} : { [PURPOSE_HEADER]: latin1Of(new TextEncoder().encode(purpose)) }),
  };
  return async () => {
    const token = await tokenNow();
    return token === null ? fixed : { ...fixed, authorization: `Bearer ${token}` };
  };
}

function latin1Of(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}

/** A kept-alive connection may turn out to be closed; what only reads, or comes to the same when repeated, is sent once more. */
async function sendOnce(
  transport: Transport,
  request: Parameters<Transport['send']>[0],
  route: CallRoute,
): Promise<TransportResponse> {
  try {
    return await transport.send(request);
  } catch (error) {
    const stale = isAppError(error, 'unreachable') && error.data['staleConnection'] === true;
    if (!stale || route.method !== 'GET') throw error;
    return transport.send(request);
  }
}

function pathOf(route: CallRoute, input: LooseInput): string {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = input.params?.[name];
    invariant(value !== undefined && value !== '', `the path parameter ${name} is given`);
    return encodeURIComponent(value);
  });
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input.query ?? {})) {
    if (value !== undefined) query.set(name, String(value));
  }
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}
