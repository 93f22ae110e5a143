// Sealing over WebCrypto, for browsers. Its code is loaded when the first value is to be sealed or opened: pages that only list things do
// without it.
import type { Sealing } from './sealing.ts';

const load = async () => import('@sallyport/protocol/sealing-web');

export const webSealing: Sealing = {
  random: (count) => globalThis.crypto.getRandomValues(new Uint8Array(count)),
  verifyOffer: async (offer, expected) => (await load()).verifyWebSealingOffer(offer, expected),
  openSession: async (offer, expected) => (await load()).WebClientSession.open(offer, expected),
};
