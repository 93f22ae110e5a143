// A grant that this delegate has verified, with the envelope that it is about: what may be opened for whom, and until when without the
// server. Verified means all of it: signature, account, delegate, caller, reference, envelope, and that the reference can stand for it.
import { hash } from 'node:crypto';
import { AppError, isAppError } from '@sallyport/core';
import type { LocalGrant, SignedLocalGrant } from '@sallyport/protocol';
import { verifyLocalGrant } from '@sallyport/protocol/local-grants';
import { RepeatedVersion } from '../secret-versions/open-version.ts';
import type { OpeningParts } from '../secret-versions/open-version.ts';
import { requireFit } from '../tasks/compare-request.ts';
import type { Time } from '../time/time.ts';
import type { GrantSigner } from './server-grant-key.ts';

/** What a grant has to say to be one for this read. */
export type GrantExpectation = {
  signer: GrantSigner;
  /** Fingerprint of this delegate. */
  delegate: string;
  callerHash: string;
  reference: string;
};

/** When the server said yes. */
export type Confirmation = {
  /** By this host's clock. */
  readonly atMs: number;
  /** By the clock that never goes back; null: in another process, so only the other clock can tell. */
  readonly atMonotonicMs: number | null;
  /** Counts the changes that the server has told of; null: from disk, so not confirmed in this process. */
  readonly epoch: number | null;
};

/** A clock that was put back by more than this makes what lies on disk look younger than it is: it is not served then. */
const CLOCK_TOLERANCE_MS = 60_000;

export class HeldGrant {
  readonly signed: SignedLocalGrant;
  readonly grant: LocalGrant;
  readonly envelope: Buffer;
  readonly confirmation: Confirmation;
  readonly version: RepeatedVersion;
  /** What an answer says beside value and origin, as the inside of a JSON object. */
  readonly json: string;

  constructor(
    verified: { signed: SignedLocalGrant; grant: LocalGrant; envelope: Buffer },
    confirmation: Confirmation,
    parts: OpeningParts,
  ) {
    this.signed = verified.signed;
    this.grant = verified.grant;
    this.envelope = verified.envelope;
    this.confirmation = confirmation;
    this.version = new RepeatedVersion(verified.grant, verified.envelope, parts);
    const { name, kind, version, secretId } = verified.grant;
    this.json = JSON.stringify({ name, kind, version, secretId }).slice(1, -1);
  }

  /** From where it is served when the server is not asked. */
  get from(): 'memory' | 'disk' {
    return this.confirmation.epoch === null ? 'disk' : 'memory';
  }

  /** Whether it may be served without the server, now. */
  isWithinAge(time: Pick<Time, 'nowMs' | 'monotonicMs'>): boolean {
    const { availability, expiresAtMs } = this.grant;
    if (availability.mode === 'fresh') return false;
    const nowMs = time.nowMs();
    const { atMs, atMonotonicMs } = this.confirmation;
    const maxAgeMs = availability.maxAgeSeconds * 1000;
    // Both clocks: one stands still while the host sleeps, the other can be set.
    if (atMonotonicMs !== null && time.monotonicMs() - atMonotonicMs >= maxAgeMs) return false;
    return nowMs < expiresAtMs && nowMs < atMs + maxAgeMs && nowMs > atMs - CLOCK_TOLERANCE_MS;
  }
}

/**
 * Verifies a grant and its envelope.
 * @throws {answer-mismatch} when it is not a grant for this read
 */
export function verifyGrant(
  shown: { signed: SignedLocalGrant; envelope: Buffer },
  expected: GrantExpectation,
): LocalGrant {
  const { signed, envelope } = shown;
  const grant = verifyLocalGrant(signed, expected.signer.key);
  if (grant === null) throw mismatch('is not signed with the key for grants that this delegate remembers');
  if (grant.accountId !== expected.signer.accountId) throw mismatch('is of another account');
  if (grant.delegate !== expected.delegate) throw mismatch('is for another delegate');
  if (grant.callerHash !== expected.callerHash) throw mismatch('is for another caller');
  if (grant.reference !== expected.reference) throw mismatch('is for another reference');
  if (hash('sha256', envelope, 'base64url') !== grant.envelopeHash) throw mismatch('is for another envelope');
  if (grant.expiresAtMs > grant.issuedAtMs + maxAgeMsOf(grant)) {
    throw mismatch('reaches beyond the age that it names');
  }
  try {
    requireFit(grant);
  } catch (thrown) {
    if (isAppError(thrown)) throw mismatch('is for another secret than was asked for');
    throw thrown;
  }
  return grant;
}

function maxAgeMsOf({ availability }: LocalGrant): number {
  return availability.mode === 'fresh' ? 0 : availability.maxAgeSeconds * 1000;
}

function mismatch(how: string): AppError {
  return new AppError('answer-mismatch', {
    publicMessage: `The server's grant ${how}. Nothing is released on it.`,
  });
}
