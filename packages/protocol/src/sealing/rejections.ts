// The errors of sealing, worded once for Node and browsers. Each hides which of its causes it was where that would help a forger.
import { AppError } from '@sallyport/core';

/** Against what an offer is checked. */
export type OfferExpectation = {
  /** Now, in milliseconds since 1970. */
  nowMs: number;
  /** The fingerprint under which this delegate is known; left out when it is met for the first time. */
  fingerprint?: string | undefined;
};

/** The one error for whatever a delegate cannot open, so that it tells a forger nothing. */
export function sealedMessageRejected(): AppError {
  return new AppError('sealed-message-rejected', {
    publicMessage:
      'The sealed message was rejected: it was damaged, repeated, or made for another request or session.',
  });
}

/** The error for a session that is not (or no longer) there; the client opens a new one and tries again. */
export function sessionUnknown(): AppError {
  return new AppError('session-unknown', {
    publicMessage: 'The delegate does not know this session, or it has ended. A new session is needed.',
  });
}

/** The one error for whatever is not the answer to the request it came for. */
export function answerMismatch(): AppError {
  return new AppError('answer-mismatch', {
    publicMessage:
      "What came back is not the delegate's answer to this request: it was damaged, repeated, or made for another one.",
    data: { hint: 'The server or something on the way changed it. Nothing of it was used.' },
  });
}

/** The error for an offer that is malformed, or not signed by the identity key that it names. */
export function offerNotSigned(): AppError {
  return untrusted('The delegate offered a sealing key that its identity did not sign.');
}

/** The error for an offer that is properly signed, with a key that nobody can seal for. */
export function sealingKeyUnusable(): AppError {
  return untrusted('The delegate offered a sealing key that is not usable.');
}

/**
 * Compares a properly signed offer with what is known of the delegate, and with the clock, in this order.
 * @throws {delegate-key-changed} when another identity than the known one signed it; `data` has both fingerprints.
 * @throws {delegate-untrusted} when it has expired.
 */
export function requireExpectedOffer(
  offered: { fingerprint: string; expiresAtMs: number },
  expected: OfferExpectation,
): void {
  const { fingerprint, expiresAtMs } = offered;
  if (expected.fingerprint !== undefined && expected.fingerprint !== fingerprint) {
    throw keyChanged({ known: expected.fingerprint, offered: fingerprint });
  }
  if (!(expected.nowMs < expiresAtMs)) {
    throw untrusted(
      'The delegate offered a sealing key that has expired.',
      'Compare the clocks of this host and of the delegate.',
    );
  }
}

function untrusted(publicMessage: string, hint?: string): AppError {
  return new AppError('delegate-untrusted', { publicMessage, data: hint === undefined ? {} : { hint } });
}

function keyChanged(fingerprints: { known: string; offered: string }): AppError {
  return new AppError('delegate-key-changed', {
    publicMessage:
      `The delegate's identity key has changed: known is ${fingerprints.known}, ` +
      `offered is ${fingerprints.offered}.`,
    data: {
      knownFingerprint: fingerprints.known,
      offeredFingerprint: fingerprints.offered,
      hint: 'If the delegate was set up anew, ask its operator for the new fingerprint and replace the known one. If not, somebody may stand between you and it.',
    },
  });
}
