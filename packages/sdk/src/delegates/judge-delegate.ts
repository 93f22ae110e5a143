// Whom a client seals for. The server offers delegates; this decides, from what the client knows by itself, which of them are
// acceptable: known under their name, new and not strict, or neither. A server that lies must not get past here.
import { AppError, isAppError } from '@sallyport/core';
import type { DelegateOffer } from '@sallyport/protocol';
import type { KnownDelegate, KnownDelegates } from '../known-delegates/known-delegates.ts';
import type { Sealing } from './sealing.ts';

export type TrustPolicy = {
  /** Address of the server whose delegates these are. */
  server: string;
  known: KnownDelegates;
  /** Refuse delegates that are not known yet, instead of remembering them. */
  strict: boolean;
  /** Told of each delegate that was met for the first time and remembered. */
  onDelegateRemembered: (delegate: KnownDelegate) => void;
  /** Told of each offered delegate that is not sealed for, with the reason. */
  onDelegateRefused: (error: AppError) => void;
  /** Now, in milliseconds since 1970. */
  clock: () => number;
};

/** An offer that is properly signed, and what is known of who signed it. */
export type JudgedOffer = {
  delegate: DelegateOffer;
  fingerprint: string;
  standing: 'known' | 'new';
};

/**
 * The acceptable ones of the offered delegates, known ones first, else in the server's order. Nothing is remembered yet.
 * @throws {delegate-key-changed} {delegate-untrusted} when none is acceptable; a changed key is reported before all else
 */
export async function judgeOffers(
  sealing: Sealing,
  policy: TrustPolicy,
  offers: readonly DelegateOffer[],
): Promise<JudgedOffer[]> {
  const accepted: JudgedOffer[] = [];
  const refused: AppError[] = [];
  for (const delegate of offers) {
    try {
      accepted.push(await judge(sealing, policy, delegate));
    } catch (error) {
      if (!isAppError(error, 'delegate-key-changed') && !isAppError(error, 'delegate-untrusted')) throw error;
      refused.push(error);
    }
  }
  if (accepted.length === 0) {
    throw (
      refused.find((error) => error.code === 'delegate-key-changed') ??
      refused[0] ??
      new AppError('no-delegate', { publicMessage: 'The server offered no delegate.' })
    );
  }
  for (const error of refused) policy.onDelegateRefused(error);
  return accepted.toSorted((a, b) => Number(a.standing === 'new') - Number(b.standing === 'new'));
}

/**
 * Remembers a delegate that is new, right before it is sealed for.
 * @throws {delegate-key-changed} when another program remembered another identity under the name in the meantime
 */
export async function admitDelegate(policy: TrustPolicy, judged: JudgedOffer): Promise<void> {
  if (judged.standing === 'known') return;
  const delegate = {
    server: policy.server,
    name: judged.delegate.offer.name,
    fingerprint: judged.fingerprint,
  };
  const known = await policy.known.rememberFirst(delegate);
  if (!known.includes(judged.fingerprint)) throw keyChanged(delegate, known);
  policy.onDelegateRemembered(delegate);
}

async function judge(sealing: Sealing, policy: TrustPolicy, delegate: DelegateOffer): Promise<JudgedOffer> {
  const { offer } = delegate;
  const { fingerprint } = await sealing.verifyOffer(offer, { nowMs: policy.clock() });
  const met = { server: policy.server, name: offer.name };
  const known = await policy.known.fingerprintsOf(met);
  if (known.includes(fingerprint)) return { delegate, fingerprint, standing: 'known' };
  if (known.length > 0) throw keyChanged({ ...met, fingerprint }, known);
  if (policy.strict) throw unknownDelegate({ ...met, fingerprint });
  return { delegate, fingerprint, standing: 'new' };
}

function keyChanged(delegate: KnownDelegate, known: readonly string[]): AppError {
  const name = printable(delegate.name);
  return new AppError('delegate-key-changed', {
    publicMessage: `Delegate "${name}" at ${delegate.server} is known as ${known.join(' or ')}, but the one offered is ${delegate.fingerprint}. Nothing was sealed for it.`,
    data: {
      delegate: name,
      knownFingerprints: [...known],
      offeredFingerprint: delegate.fingerprint,
      hint: `Somebody may stand in the delegate's place. If it was set up anew: compare the fingerprint with the one in its own log, then run \`sallyport delegate trust --replace "${name}" ${delegate.fingerprint}\`.`,
    },
  });
}

function unknownDelegate(delegate: KnownDelegate): AppError {
  const name = printable(delegate.name);
  return new AppError('delegate-untrusted', {
    publicMessage: `Delegate "${name}" at ${delegate.server} is not known, and strict mode refuses unknown delegates. Its fingerprint is ${delegate.fingerprint}.`,
    data: {
      delegate: name,
      offeredFingerprint: delegate.fingerprint,
      hint: `Compare the fingerprint with the one in the delegate's own log, then run \`sallyport delegate trust "${name}" ${delegate.fingerprint}\`.`,
    },
  });
}

/** A name that somebody chose, safe to show on a terminal. */
function printable(name: string): string {
  return name.replaceAll(/[\p{C}"`$\\]/gu, '?').slice(0, 128);
}
