// Sealing over node:crypto, synchronous inside. The only place of this package that takes it in.
import { randomBytes } from 'node:crypto';
import { ClientSession, verifySealingOffer } from '@sallyport/protocol/sealing';
import type { Sealing } from './sealing.ts';

export const nodeSealing: Sealing = {
  // Not WebCrypto's, which takes two milliseconds to load.
  random: (count) => randomBytes(count),
  verifyOffer: verifySealingOffer,
  openSession: (offer, expected) => ClientSession.open(offer, expected),
};
