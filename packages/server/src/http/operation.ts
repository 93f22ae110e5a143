// What a handler gets and gives, derived from the route table: one handler per operation, none missing, none left over. Handlers
// know nothing of HTTP beyond this.
import type { z } from 'zod';
import type { RequestId } from '@sallyport/core';
import type { OperationId, ROUTES } from '@sallyport/protocol';
import type { Principal } from '../access/principal.ts';
import type { AuditScope } from '../audit/audit-entry.ts';
import type { Actor } from '../audit/audit-log.ts';
import type { Clock } from '../clock.ts';
import type { ClientFacts } from './client-address.ts';
import type { SessionCookie } from './session-cookie.ts';

type RouteOf<Op extends OperationId> = (typeof ROUTES)[Op];

/** Path parameters by the names in the path. */
type Params<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Readonly<Record<Name, string>> & Params<Rest>
  : unknown;

type Query<R> = R extends { query: infer Q extends z.ZodType } ? z.output<Q> : null;
type Body<R> = R extends { body: infer B extends z.ZodType } ? z.output<B> : null;

/** A parsed request. `frames`: what follows the first frame of an upload. */
export type OperationRequest<Op extends OperationId> = {
  params: Params<RouteOf<Op>['path']>;
  query: Query<RouteOf<Op>>;
  body: Body<RouteOf<Op>>;
  principal: Principal;
  /** Where it comes from. */
  client: ClientFacts;
  /** The browser's session cookie, to be read, set or cleared. */
  cookie: SessionCookie;
  /** What the caller says that it needs this for; null: it does not say. */
  purpose: string | null;
  /** Aborts when the client goes away before it has its answer. */
  gone: AbortSignal;
  /** The client's own where it gave one; on the answer and in the audit trail. */
  requestId: RequestId;
} & (RouteOf<Op> extends { requestKind: 'frames' } ? { frames: AsyncIterable<Uint8Array> } : unknown) &
  (RouteOf<Op> extends { progress: infer P extends z.ZodType } ? WatchedBy<z.output<P>> : unknown);

/** What operations that tell of their progress are given, see live-answer.ts. */
export type WatchedBy<Event> = {
  progress: (event: Event) => void;
  /** Aborts when the client goes away before it has its answer. */
  signal: AbortSignal;
};

/** The answer's body; for downloads the frames, for operations without a body null. */
export type OperationResult<Op extends OperationId> =
  RouteOf<Op> extends { responseKind: 'frames' }
    ? FrameStream
    : RouteOf<Op> extends { response: infer R extends z.ZodType }
      ? z.output<R>
      : null;

/** An answer that is streamed. Returning the iterator early (the client went away) ends the work behind it. */
export type FrameStream = AsyncGenerator<Uint8Array, void, undefined>;

export type Handler<Op extends OperationId> = (request: OperationRequest<Op>) => Promise<OperationResult<Op>>;

/** Total: leaving an operation out is a type error. */
export type Handlers = { readonly [Op in OperationId]: Handler<Op> };

/** Who acts, as the audit trail names it. */
export function actorOf(principal: Principal): Actor {
  return { id: principal.id, name: principal.name };
}

/** Who acts, when, in which request and what for: the same for all audit records of one request. */
export function auditScopeOf(
  request: { principal: Principal; purpose: string | null; requestId: RequestId },
  clock: Clock,
): AuditScope {
  const { principal, purpose, requestId } = request;
  return { atMs: clock.nowMs(), actor: actorOf(principal), actorKind: principal.kind, purpose, requestId };
}
