// What the operations of a client share. Made once in create-client.ts.
import { makeId } from '@sallyport/core';
import type { RequestId } from '@sallyport/core';
import type { FailOverLimits } from '../delegates/fail-over.ts';
import type { SessionPool } from '../delegates/session-pool.ts';
import type { Call, RequestHeaders } from '../http/call.ts';
import type { RouteTable } from '../http/read-answer.ts';
import type { Transport } from '../http/transport.ts';
import type { RememberedReadOffers } from '../secrets/read-offers.ts';

export type Wiring = {
  transport: Transport;
  routes: RouteTable;
  /** Headers of every request, the API key among them. */
  headers: RequestHeaders;
  call: Call;
  pool: SessionPool;
  readOffers: RememberedReadOffers;
  limits: FailOverLimits;
  /** Milliseconds since 1970. */
  clock: () => number;
  /** So many random bytes. */
  random: (count: number) => Uint8Array<ArrayBuffer>;
};

/** A new request id; part of what a seal authenticates, so never used twice. */
export function newRequestId({ clock, random }: Pick<Wiring, 'clock' | 'random'>): RequestId {
  return makeId('request', { nowMs: clock(), random: random(16) });
}
