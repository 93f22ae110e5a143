// Tells who reads through a delegate, by the API key that the delegate passes on, and keeps delegates from being of use for guessing keys:
// wrong ones are looked up only so often for each delegate. Whoever has a good key is not kept waiting by others who have not.
import { AppError, isAppError } from '@sallyport/core';
import type { DelegateId } from '@sallyport/core';
import type { Authenticator } from '../access/authenticator.ts';
import { hashBearerValue } from '../access/bearer-value.ts';
import type { Principal } from '../access/principal.ts';
import type { Clock } from '../clock.ts';
import type { AccountChanges } from './account-changes.ts';

/** So many wrong keys have no consequence; one more may be tried for each `ONE_MORE_AFTER_MS` that passes. */
export const FREE_WRONG_KEYS = 20;
const ONE_MORE_AFTER_MS = 1000;
/** A program that goes on showing the same wrong key does not guess, and costs no look-up. */
const WRONG_KEPT_MS = 60_000;
const KEYS_KEPT = 10_000;
const DELEGATES_KEPT = 10_000;

type Attempts = {
  left: number;
  countedAtMs: number;
  /** Hashes of keys that were good when they were last shown. */
  good: Set<string>;
  /** Hashes of keys that were wrong, until when that is taken for granted, and as of which change. */
  wrong: Map<string, { untilMs: number; changes: number }>;
};

export class CallerCheck {
  readonly #authenticator: Pick<Authenticator, 'authenticate'>;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #changes: Pick<AccountChanges, 'count'>;
  /** By delegate and not by connection, so that dialling again is no way around. */
  readonly #attempts = new Map<DelegateId, Attempts>();

  constructor(services: {
    authenticator: Pick<Authenticator, 'authenticate'>;
    clock: Pick<Clock, 'nowMs'>;
    changes: Pick<AccountChanges, 'count'>;
  }) {
    this.#authenticator = services.authenticator;
    this.#clock = services.clock;
    this.#changes = services.changes;
  }

  /** @throws {unauthenticated} one error for every cause; {rate-limited} without looking the key up */
  async authenticate(delegate: DelegateId, apiKey: string): Promise<Principal> {
    const hash = hashBearerValue(apiKey);
    const attempts = this.#attemptsOf(delegate);
    this.#requireTurn(attempts, hash);
    const changes = this.#changes.count;
    try {
      const credentials = { authorization: `Bearer ${apiKey}`, sessionValue: undefined };
      const { principal } = await this.#authenticator.authenticate(credentials);
      bounded(attempts.good);
      attempts.good.add(hash);
      return principal;
    } catch (thrown) {
      if (isAppError(thrown, 'unauthenticated')) this.#wrong(attempts, { hash, changes });
      throw thrown;
    }
  }

  #requireTurn(attempts: Attempts, hash: string): void {
    const known = attempts.wrong.get(hash);
    if (known !== undefined) {
      if (this.#clock.nowMs() < known.untilMs && known.changes === this.#changes.count) throw wrongKey();
      attempts.wrong.delete(hash);
    }
    if (attempts.left >= 1 || attempts.good.has(hash)) return;
    const retryAfterSeconds = Math.ceil(ONE_MORE_AFTER_MS / 1000);
    throw new AppError('rate-limited', {
      publicMessage: `Too many API keys that are not valid were shown to this delegate. Try again in ${retryAfterSeconds} second.`,
      data: { retryAfterSeconds },
    });
  }

  #wrong(attempts: Attempts, { hash, changes }: { hash: string; changes: number }): void {
    attempts.left = Math.max(0, attempts.left - 1);
    attempts.good.delete(hash);
    bounded(attempts.wrong);
    attempts.wrong.set(hash, { untilMs: this.#clock.nowMs() + WRONG_KEPT_MS, changes });
  }

  #attemptsOf(delegate: DelegateId): Attempts {
    const nowMs = this.#clock.nowMs();
    let attempts = this.#attempts.get(delegate);
    if (attempts === undefined) {
      bounded(this.#attempts, DELEGATES_KEPT);
      attempts = { left: FREE_WRONG_KEYS, countedAtMs: nowMs, good: new Set(), wrong: new Map() };
      this.#attempts.set(delegate, attempts);
    }
    const passedMs = Math.max(0, nowMs - attempts.countedAtMs);
    attempts.left = Math.min(FREE_WRONG_KEYS, attempts.left + passedMs / ONE_MORE_AFTER_MS);
    attempts.countedAtMs = nowMs;
    return attempts;
  }
}

/** Makes room for one more by forgetting the oldest. */
function bounded(kept: Map<string, unknown> | Set<string>, max = KEYS_KEPT): void {
  const [oldest] = kept.keys();
  if (kept.size >= max && oldest !== undefined) kept.delete(oldest);
}

function wrongKey(): AppError {
  return new AppError('unauthenticated', {
    publicMessage: 'The API key is not valid: it is mistyped, expired or revoked.',
  });
}
