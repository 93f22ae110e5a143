// Sealing sessions of this client, one per delegate, used again until they end. A session is opened only with a delegate that was
// judged acceptable and is tied to its identity, so reuse needs no second judgement.
import type { DelegateOffer } from '@sallyport/protocol';
import { admitDelegate, judgeOffers } from './judge-delegate.ts';
import type { TrustPolicy } from './judge-delegate.ts';
import type { Sealing, SealingSession } from './sealing.ts';

/** A delegate to seal for, and the session to do it in. */
export type SealingPartner = { delegate: DelegateOffer; session: SealingSession };

export class SessionPool {
  readonly #sealing: Sealing;
  readonly #policy: TrustPolicy;
  readonly #sessions = new Map<string, SealingSession>();

  constructor(sealing: Sealing, policy: TrustPolicy) {
    this.#sealing = sealing;
    this.#policy = policy;
  }

  /**
   * Chooses whom to seal for and has a session with it.
   * @param excluded ids of delegates not to choose
   * @returns `null` when all offered delegates are excluded
   * @throws {delegate-key-changed} {delegate-untrusted} when none of them is acceptable
   */
  async partnerAmong(
    offers: readonly DelegateOffer[],
    excluded: ReadonlySet<string>,
  ): Promise<SealingPartner | null> {
    const left = offers.filter((offer) => !excluded.has(offer.delegateId));
    if (left.length === 0) return null;
    const [first] = left;
    const live = first && this.#liveSessionWith(first);
    // The usual case, without a signature check: the server's first choice is a delegate that we are in a session with.
    if (first && live) return { delegate: first, session: live };
    const [judged] = await judgeOffers(this.#sealing, this.#policy, left);
    if (judged === undefined) return null;
    const { delegate, fingerprint } = judged;
    const session = this.#liveSessionWith(delegate);
    if (session) return { delegate, session };
    await admitDelegate(this.#policy, judged);
    const expected = { nowMs: this.#policy.clock(), fingerprint };
    const opened = await this.#sealing.openSession(delegate.offer, expected);
    this.#sessions.set(keyOf(delegate), opened);
    return { delegate, session: opened };
  }

  /** Drops a session that its delegate no longer knows, unless another one took its place already. */
  drop(partner: SealingPartner): void {
    const key = keyOf(partner.delegate);
    if (this.#sessions.get(key) === partner.session) this.#sessions.delete(key);
  }

  #liveSessionWith(delegate: DelegateOffer): SealingSession | null {
    const key = keyOf(delegate);
    const session = this.#sessions.get(key);
    if (session === undefined) return null;
    if (session.isUsable(this.#policy.clock())) return session;
    this.#sessions.delete(key);
    return null;
  }
}

/** By id and identity: a server that gives a known id to another identity does not get the session, nor the reverse. */
function keyOf(delegate: DelegateOffer): string {
  return `${delegate.delegateId} ${delegate.offer.identityKey}`;
}
