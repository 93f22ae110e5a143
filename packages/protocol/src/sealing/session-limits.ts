// What both ends of a session agree on without saying it: its limits and the labels that its keys and messages are bound to. Shared by
// the implementation for Node and the one for browsers.

/** Age at which a session ends, in milliseconds. Each end counts from when it first used the session. */
export const SESSION_MAX_AGE_MS = 10 * 60 * 1000;
/** Requests that a session carries; their counters are 0 to this minus one. */
export const SESSION_MAX_MESSAGES = 10_000;
/** Length of a session id, in bytes. */
export const SESSION_ID_BYTES = 16;

/** First field of HPKE's `info`. */
export const SESSION_LABEL = 'sallyport session v1';
/** First field of the associated data of every message. */
export const MESSAGE_LABEL = 'sallyport sealed message v1';
/** First field of what a delegate signs to offer a sealing key. */
export const OFFER_LABEL = 'sallyport sealing key v1';
/** Exporter contexts, and the byte that names a direction in associated data. */
export const SESSION_EXPORTS = {
  id: 'session id',
  toDelegate: { exporterContext: 'client to delegate', direction: 1 },
  toClient: { exporterContext: 'delegate to client', direction: 2 },
} as const;

/** How a message's form stands in its associated data. */
export const FORM_BYTE = { box: 0, chunks: 1 } as const;
/** First byte of a chunk, and last one of its associated data. */
export const CHUNK_FLAG = { more: 0, final: 1 } as const;
