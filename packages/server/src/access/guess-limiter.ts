// Slows guessing: of passwords, codes, links and tokens, per client address and per account. Kept in memory and bounded; a restart forgives.
// An address that goes on failing is refused for longer and longer. An account under attack from many addresses is only slowed, for each
// address by itself: whoever has the right password and waits as told gets in, whatever others do meanwhile.
import { AppError, isAppError, nameKey } from '@sallyport/core';
import type { ErrorCode } from '@sallyport/core';
import type { Clock } from '../clock.ts';
import { addressBucket } from '../http/client-address.ts';

/** What is guessed at, and from where. */
export type GuessSubject = {
  /** The name that was given, whether there is such an account or not; null: guesses that name none. */
  account: string | null;
  /** Address of the client. */
  address: string;
};

/** So many failures have no consequence. */
export const FREE_FAILURES = 5;
export const ADDRESS_MAX_DELAY_SECONDS = 900;
export const ACCOUNT_MAX_DELAY_SECONDS = 30;

/** Time takes failures away one by one, so that an address that many people share is not refused for what all of them mistype in a day. */
export const FORGET_ONE_AFTER_MS = 240_000;
const FORGET_ALL_AFTER_MS = 3_600_000;
const ENTRIES_MAX = 20_000;
/** Failures that say that somebody guessed wrong. */
const WRONG_GUESSES: ReadonlySet<ErrorCode> = new Set([
  'sign-in-failed',
  'link-invalid',
  'workload-refused',
  'sso-failed',
]);

/** `failures` has a fraction, as time takes it away; `notBeforeMs` 0: nobody was told to wait. */
type Count = { failures: number; notBeforeMs: number; touchedAtMs: number };
type Counts = { address: Count; account: Count | null; pair: Count | null };

export class GuessLimiter {
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #addresses = new Map<string, Count>();
  readonly #accounts = new Map<string, Count>();
  /** One address at one account. */
  readonly #pairs = new Map<string, Count>();

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock;
  }

  /**
   * Runs an attempt, and counts it if it fails by a wrong guess. It is counted before it runs, so that many at once are no way around.
   * @throws {rate-limited} with `data.retryAfterSeconds`, without running it; whatever `attempt` throws
   */
  async attempt<T>(subject: GuessSubject, attempt: () => Promise<T>): Promise<T> {
    const counts = this.#countsOf(subject);
    this.#requireTurn(counts);
    const takeBack = this.#countFailure(counts);
    try {
      const result = await attempt();
      // Typing mistakes on the way to the right password are forgiven, wherever they count; the failures of others stay.
      takeBack(counts.pair?.failures ?? 1);
      return result;
    } catch (thrown) {
      if (!isAppError(thrown) || !WRONG_GUESSES.has(thrown.code)) takeBack(1);
      throw thrown;
    }
  }

  /**
   * For what nobody can guess, such as signatures, and many may show at once from one address: whether somebody may try now. Such an
   * attempt is not counted before it has failed; whoever calls this counts it then, with `attempt`.
   * @throws {rate-limited}
   */
  requireTurn(subject: GuessSubject): void {
    this.#requireTurn(this.#countsOf(subject));
  }

  #countsOf({ account, address }: GuessSubject): Counts {
    const bucket = addressBucket(address);
    const name = account === null ? null : nameKey(account);
    return {
      address: this.#count(this.#addresses, bucket),
      account: name === null ? null : this.#count(this.#accounts, name),
      pair: name === null ? null : this.#count(this.#pairs, `${bucket} ${name}`),
    };
  }

  #requireTurn({ address, account, pair }: Counts): void {
    const nowMs = this.#clock.nowMs();
    if (
      account !== null &&
      pair !== null &&
      Math.ceil(account.failures) >= FREE_FAILURES &&
      pair.notBeforeMs === 0
    ) {
      // Its first attempt at an account that is being guessed at: it waits as long as everybody else does.
      pair.notBeforeMs = this.#nextTurnMs(account.failures, ACCOUNT_MAX_DELAY_SECONDS);
    }
    const waitMs = Math.max(address.notBeforeMs, pair?.notBeforeMs ?? 0) - nowMs;
    if (waitMs <= 0) return;
    const retryAfterSeconds = Math.ceil(waitMs / 1000);
    throw new AppError('rate-limited', {
      publicMessage: `Too many attempts have failed. Try again in ${retryAfterSeconds} seconds.`,
      data: { retryAfterSeconds },
    });
  }

  /** @returns takes failures back, and the delay unless another attempt has changed it since */
  #countFailure({ address, account, pair }: Counts): (failures: number) => void {
    const counted = [address, account, pair].filter((count) => count !== null);
    for (const count of counted) count.failures += 1;
    const delays = [
      { count: address, untilMs: this.#nextTurnMs(address.failures, ADDRESS_MAX_DELAY_SECONDS) },
      ...(pair === null || account === null
        ? []
        : [{ count: pair, untilMs: this.#nextTurnMs(account.failures, ACCOUNT_MAX_DELAY_SECONDS) }]),
    ].map((delay) => ({ ...delay, beforeMs: delay.count.notBeforeMs }));
    for (const { count, untilMs } of delays) count.notBeforeMs = untilMs;
    return (failures) => {
      for (const count of counted) count.failures = Math.max(0, count.failures - failures);
      for (const { count, untilMs, beforeMs } of delays) {
        if (count.notBeforeMs === untilMs) count.notBeforeMs = beforeMs;
      }
    };
  }

  #nextTurnMs(failures: number, maxSeconds: number): number {
    const whole = Math.ceil(failures);
    if (whole < FREE_FAILURES) return 0;
    return this.#clock.nowMs() + Math.min(maxSeconds, 2 ** (whole - FREE_FAILURES)) * 1000;
  }

  /** The count under a key, as the most recently used one. */
  #count(counts: Map<string, Count>, key: string): Count {
    const nowMs = this.#clock.nowMs();
    const known = counts.get(key);
    const restMs = nowMs - (known?.touchedAtMs ?? 0);
    const count =
      known !== undefined && restMs < FORGET_ALL_AFTER_MS
        ? known
        : { failures: 0, notBeforeMs: 0, touchedAtMs: nowMs };
    count.failures = Math.max(0, count.failures - restMs / FORGET_ONE_AFTER_MS);
    count.touchedAtMs = nowMs;
    counts.delete(key);
    // The one that was left alone for longest goes.
    const [oldest] = counts.keys();
    if (counts.size >= ENTRIES_MAX && oldest !== undefined) counts.delete(oldest);
    counts.set(key, count);
    return count;
  }
}
