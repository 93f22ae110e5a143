// Sealing over node:crypto, synchronous inside. The only place of this package that takes it in.
import { ClientSession, verifySealingOffer } from '@sallyport/protocol/sealing';
import type { Sealing } from './sealing.ts';

export const nodeSealing: Sealing = {
  verifyOffer: verifySealingOffer,
  openSession: (offer, expected) => ClientSession.open(offer, expected),
};
