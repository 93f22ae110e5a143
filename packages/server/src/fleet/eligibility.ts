// Which delegate may do which work, and in words why not. One pure function, so that the explanation a person reads, the offers a
// client gets and the check before a task can never disagree.
import { missingSelectors } from '@sallyport/core';
import type { DelegateId, SecretsManagerKind, Selector } from '@sallyport/core';

/** What is known of a delegate, connected or not. */
export type DelegateStanding = {
  readonly id: DelegateId;
  readonly name: string;
  /** Implicit and custom ones. */
  readonly selectors: readonly Selector[];
  readonly kinds: readonly SecretsManagerKind[];
  readonly connected: boolean;
  readonly approved: boolean;
  /** It asked for no new tasks. */
  readonly draining: boolean;
  /** Whether its guard file lets it run scripts; null: not connected, so not known. */
  readonly runsScripts: boolean | null;
};

/** What a secrets manager, or a script that is to be run, asks of a delegate. */
export type DelegateNeed = { kind: SecretsManagerKind | 'script'; selectors: readonly Selector[] };

/** Why `delegate` may not work for all of `needs`, as phrases that follow its name; empty when it may. */
export function explainEligibility(delegate: DelegateStanding, needs: readonly DelegateNeed[]): string[] {
  const reasons: string[] = [];
  if (!delegate.connected) reasons.push('is disconnected');
  if (!delegate.approved) reasons.push('waits for approval');
  if (delegate.draining) reasons.push('is shutting down');
  for (const kind of new Set(needs.map((need) => need.kind))) {
    if (kind === 'script') {
      if (delegate.runsScripts === false)
        reasons.push('runs no scripts (its guard file does not allow them)');
    } else if (!delegate.kinds.includes(kind)) {
      reasons.push(`does not support ${kind} secrets managers`);
    }
  }
  const missing = new Set(needs.flatMap((need) => missingSelectors(need.selectors, delegate.selectors)));
  if (missing.size > 0) {
    reasons.push(`lacks ${missing.size === 1 ? 'selector' : 'selectors'} ${[...missing].join(', ')}`);
  }
  return reasons;
}

/** Whether it may do it as soon as it is there. */
export function couldWork(delegate: DelegateStanding, need: DelegateNeed): boolean {
  return explainEligibility({ ...delegate, connected: true, draining: false }, [need]).length === 0;
}

const LISTED_DELEGATES_MAX = 20;

/** One text about all delegates, e.g. `prod-1 lacks selector prod-vpc; edge-2 is disconnected`. */
export function describeRefusals(
  delegates: readonly DelegateStanding[],
  needs: readonly DelegateNeed[],
): string {
  const refusals = delegates
    .map((delegate) => ({ name: delegate.name, reasons: explainEligibility(delegate, needs) }))
    .filter(({ reasons }) => reasons.length > 0)
    .map(({ name, reasons }) => `${name} ${joinWords(reasons)}`);
  const more = refusals.length - LISTED_DELEGATES_MAX;
  const listed = refusals.slice(0, LISTED_DELEGATES_MAX).join('; ');
  return more > 0 ? `${listed}; and ${more} more` : listed;
}

function joinWords(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}
