// Public face of sealing for Node: what clients and delegates encrypt for each other, past the server (design §3).
// A browser cannot use it; see ../sealing-web. HPKE itself stays inside.
export { ClientSession } from './client-session.ts';
export type { AnswerOpener, ClientStream, SealedExchange } from './client-session.ts';
export { decodeContent, encodeContent } from './content.ts';
export type { AnswerSealer } from './delegate-answer.ts';
export { DelegateSessions, MAX_LIVE_SESSIONS } from './delegate-sessions.ts';
export type { DelegateSessionsOptions, DelegateStream, OpenedRequest } from './delegate-sessions.ts';
export { publicKeyFromRaw, RAW_PUBLIC_KEY_BYTES, rawPublicKeyOf } from './raw-key.ts';
export type { Curve } from './raw-key.ts';
export type {
  MessageForm,
  MessagePurpose,
  OpenedChunk,
  SealedRequest,
  StreamHeader,
} from './sealed-message.ts';
export { SEALING_KEY_LIFETIME_MS, SESSIONS_PER_SEALING_KEY } from './sealing-key-ring.ts';
export { createSealingKey, fingerprintOf, verifySealingOffer } from './sealing-offer.ts';
export type { OfferedKeys, SealingOffer } from './sealing-offer.ts';
export type { OfferExpectation } from './rejections.ts';
export { SESSION_ID_BYTES, SESSION_MAX_AGE_MS, SESSION_MAX_MESSAGES } from './session-limits.ts';
