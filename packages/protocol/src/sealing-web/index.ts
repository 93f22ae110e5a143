// Public face of sealing for browsers: a client's end over WebCrypto and @hpke/core, the same protocol byte for byte as ../sealing has
// for Node. Its operations are asynchronous, because WebCrypto's are. A delegate's end exists for Node only.
export { verifyWebSealingOffer, webFingerprintOf } from './web-offer.ts';
export { WebClientSession } from './web-client-session.ts';
export type { WebAnswerOpener, WebClientStream, WebSealedExchange } from './web-client-session.ts';
