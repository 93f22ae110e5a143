// The fleet as the rest of the server sees it: who may do what, with explanations that also know the delegates that are not
// connected.
import { AppError } from '@sallyport/core';
import type { DelegateExplanation, DelegateOffer } from '@sallyport/protocol';
import type { Clock } from '../clock.ts';
import type { Store } from '../storage/store.ts';
import type { ConnectedDelegates } from './connected-delegates.ts';
import type { DelegateConnection } from './delegate-connection.ts';
import { selectorsOf } from './delegate-selectors.ts';
import type { DelegateRow } from './delegate-store.ts';
import { describeRefusals, explainEligibility } from './eligibility.ts';
import type { DelegateNeed, DelegateStanding } from './eligibility.ts';

const OFFERS_MAX = 8;

export class Fleet {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly delegates: ConnectedDelegates;

  constructor(services: { store: Store; clock: Clock; delegates: ConnectedDelegates }) {
    this.#store = services.store;
    this.#clock = services.clock;
    this.delegates = services.delegates;
  }

  /** Offers to seal for, best delegate first; those whose sealing key has expired are left out. */
  offers(needs: readonly DelegateNeed[]): DelegateOffer[] {
    const nowMs = this.#clock.nowMs();
    return this.delegates
      .preferred(needs)
      .filter((delegate) => nowMs < delegate.offer.expiresAtMs)
      .slice(0, OFFERS_MAX)
      .map((delegate) => ({ delegateId: delegate.id, offer: delegate.offer }));
  }

  /** All that may do it, resting ones included. @throws {no-delegate} with the reason of every delegate */
  async requireEligible(needs: readonly DelegateNeed[]): Promise<DelegateConnection[]> {
    const eligible = this.delegates.eligible(needs);
    if (eligible.length === 0) throw await this.noDelegate(needs);
    return eligible;
  }

  /** The error for work that nobody may do now; to be thrown. */
  async noDelegate(needs: readonly DelegateNeed[]): Promise<AppError> {
    return noDelegateError(await this.standings(), needs);
  }

  async explain(needs: readonly DelegateNeed[]): Promise<DelegateExplanation[]> {
    return (await this.standings()).map((delegate) => {
      const reasons = explainEligibility(delegate, needs);
      return {
        delegateId: delegate.id,
        name: delegate.name,
        eligible: reasons.length === 0,
        reasons: reasons.map((reason) => `${delegate.name} ${reason}.`),
      };
    });
  }

  /** Every registered delegate. */
  async standings(): Promise<DelegateStanding[]> {
    const rows = await this.#store.read(async ({ delegates }) => delegates.list());
    return rows.map((row) => this.delegates.get(row.id) ?? disconnected(row));
  }
}

/** What is known of a delegate that is not connected. */
export function disconnected(row: DelegateRow): DelegateStanding {
  const { id, name, kinds, approved } = row;
  const selectors = selectorsOf(row);
  return { id, name, kinds, approved, selectors, connected: false, draining: false, runsScripts: null };
}

export function noDelegateError(
  standings: readonly DelegateStanding[],
  needs: readonly DelegateNeed[],
): AppError {
  if (standings.length === 0) {
    return new AppError('no-delegate', {
      publicMessage: 'No delegate can do this: none is registered yet.',
      data: {
        stage: 'select-delegate',
        hint: 'Create a token with `sallyport delegate token create`, then start one with `sallyport delegate run`.',
      },
    });
  }
  const refusals = describeRefusals(standings, needs);
  const why = refusals === '' ? 'their sealing keys have expired; compare the clocks' : refusals;
  return new AppError('no-delegate', {
    publicMessage: `No delegate can do this: ${why}.`,
    data: { stage: 'select-delegate', delegates: refusals },
  });
}
