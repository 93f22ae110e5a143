// The one place where this package takes in sealing. It is the Node implementation over node:crypto; a browser build puts one over
// WebCrypto in its place, with the same names.
export { ClientSession, decodeContent, encodeContent, verifySealingOffer } from '@sallyport/protocol/sealing';
export type { AnswerOpener, ClientStream, SealedExchange, SealingOffer } from '@sallyport/protocol/sealing';
