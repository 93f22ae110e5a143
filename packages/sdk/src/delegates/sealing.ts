// The port to sealing: what a client needs of it, whoever does the cryptography. Node's is synchronous, a browser's answers later; both fit,
// since whoever calls awaits. The adapters are node-sealing.ts and web-sealing.ts.
import type {
  MessagePurpose,
  OfferExpectation,
  SealedRequest,
  SealingOffer,
  StreamHeader,
} from '@sallyport/protocol/sealing';

/** A value, or one that comes later. */
export type Awaitable<T> = T | Promise<T>;

export type Sealing = {
  /** So many random bytes. */
  random(count: number): Uint8Array<ArrayBuffer>;
  /**
   * Checks that an offer is well-formed and signed, and that it is the expected and current one.
   * @throws {delegate-untrusted} {delegate-key-changed}
   */
  verifyOffer(offer: SealingOffer, expected: OfferExpectation): Awaitable<{ fingerprint: string }>;
  /** Checks an offer likewise, and agrees on keys with whoever made it. @throws {delegate-untrusted} {delegate-key-changed} */
  openSession(offer: SealingOffer, expected: OfferExpectation): Awaitable<SealingSession>;
};

/** A session with one delegate. */
export type SealingSession = {
  /** Whether another request may be sealed at this time, in milliseconds since 1970. */
  isUsable(nowMs: number): boolean;
  /** @throws {session-unknown} when all messages of the session are used */
  sealRequest(purpose: MessagePurpose, content: Uint8Array): Awaitable<SealedExchange>;
  /** @throws {session-unknown} when all messages of the session are used */
  startStream(purpose: MessagePurpose): ClientStream;
};

/** Opens the answer to one request, whole or chunk by chunk. @throws {answer-mismatch} for whatever is not that */
export type AnswerOpener = {
  openAnswer(box: string): Awaitable<Uint8Array>;
  openAnswerChunk(chunk: Uint8Array): Awaitable<{ content: Uint8Array; final: boolean }>;
  /** Whether the whole answer was opened. */
  readonly ended: boolean;
};

/** A sealed request, and the only thing that can open its answer. */
export type SealedExchange = AnswerOpener & { readonly sealed: SealedRequest };

/** A request that is sealed chunk by chunk. */
export type ClientStream = AnswerOpener & {
  readonly header: StreamHeader;
  sealChunk(content: Uint8Array, options: { final: boolean }): Awaitable<Uint8Array>;
};
