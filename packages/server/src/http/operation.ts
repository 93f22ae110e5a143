// What a handler gets and gives, derived from the route table: one handler per operation, none missing, none left over. Handlers
// know nothing of HTTP beyond this.
import type { z } from 'zod';
import type { RequestId } from '@sallyport/core';
import type { OperationId, ROUTES } from '@sallyport/protocol';
import type { Principal } from '../access/authenticator.ts';
import type { Actor } from '../audit/audit-log.ts';

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
  /** The client's own where it gave one; on the answer and in the audit trail. */
  requestId: RequestId;
} & (RouteOf<Op> extends { requestKind: 'frames' } ? { frames: AsyncIterable<Uint8Array> } : unknown);

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
