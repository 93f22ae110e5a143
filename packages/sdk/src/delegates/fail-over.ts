// Sealed work that finds itself another delegate. What is sealed for one delegate is of no use to another, so when one goes away the
// client asks who else there is and seals again. Bounded by attempts and by a deadline; the last failure is what the caller sees.
import { AppError, isAppError } from '@sallyport/core';
import type { ErrorCode } from '@sallyport/core';
import type { DelegateOffer } from '@sallyport/protocol';
import type { SealingPartner, SessionPool } from './session-pool.ts';

export type FailOverLimits = {
  /** Attempts in all, the first one included. */
  maxAttempts: number;
  /** Time for all attempts together, in milliseconds; `null`: the work itself knows when it hangs (streams). */
  deadlineMs: number | null;
  /** First pause before asking again, in milliseconds; doubles, with jitter. */
  pauseMs: number;
};

export type SealedWork<T> = {
  /**
   * Asks the server for delegates. `fresh` is false the first time, when remembered offers will do.
   * `null`: there is nothing left to do.
   */
  offers: (options: {
    fresh: boolean;
    signal: AbortSignal | null;
  }) => Promise<readonly DelegateOffer[] | null>;
  /** Seals for this partner, sends, opens the answer. Runs again after a failure, with another partner or session. */
  attempt: (partner: SealingPartner, signal: AbortSignal | null) => Promise<T>;
  /** Whether a failed attempt may be repeated at all: a stream that was read from cannot. */
  repeatable: () => boolean;
  /** Whether the server may have done the work when the connection broke, so that repeating would do it twice with effect. */
  onlyOnce: boolean;
  /** The caller's own; ends the work. */
  signal: AbortSignal | null;
};

// 'another-delegate': this one cannot, another one may. 'new-session': the same one may, in a new session.
// 'elsewhere-only': asked of each delegate once; waiting would change nothing. 'wait': nobody can now, somebody may soon.
type Reaction = 'another-delegate' | 'new-session' | 'elsewhere-only' | 'wait';

const REACTIONS: Partial<Record<ErrorCode, Reaction>> = {
  'delegate-lost': 'another-delegate',
  'delegate-not-eligible': 'another-delegate',
  'task-timeout': 'another-delegate',
  'session-unknown': 'new-session',
  'sealed-message-rejected': 'new-session',
  'aws-unreachable': 'elsewhere-only',
  'aws-credentials': 'elsewhere-only',
  'assume-role-failed': 'elsewhere-only',
  'access-denied': 'elsewhere-only',
  'delegate-refused': 'elsewhere-only',
  'no-delegate': 'wait',
  'shutting-down': 'wait',
  'storage-unavailable': 'wait',
};

/** Whether another delegate may succeed where one failed with this code. */
export function mayWorkElsewhere(code: ErrorCode): boolean {
  const reaction = REACTIONS[code];
  return reaction === 'another-delegate' || reaction === 'elsewhere-only';
}

/** Whether what failed with this code may succeed after a pause, with nothing else changed. */
export function mayWorkLater(code: ErrorCode): boolean {
  return REACTIONS[code] === 'wait';
}

/**
 * Runs sealed work until it succeeds, cannot, or has run out of attempts or time.
 * @returns `null` when `offers` said that there is nothing left to do
 * @throws whatever the last attempt failed with; {task-timeout} when the time ran out during the first one
 */
export async function withFailOver<T>(
  pool: SessionPool,
  work: SealedWork<T>,
  limits: FailOverLimits,
): Promise<T | null> {
  const run = new Run(pool, work, limits);
  try {
    return await run.toEnd();
  } finally {
    run.stopTimer();
  }
}

type Timer = ReturnType<typeof setTimeout>;
type Failure = { failure: AppError; partner: SealingPartner | null; reaction: Reaction };

/** One piece of work and how far it has come. */
class Run<T> {
  readonly #pool: SessionPool;
  readonly #work: SealedWork<T>;
  readonly #limits: FailOverLimits;
  readonly #signal: AbortSignal | null;
  readonly #deadline = new AbortController();
  readonly #timer: Timer | null;
  readonly #excluded = new Set<string>();
  #attempts = 0;
  #rejections = 0;
  #pauseMs: number;
  #last: Failure | null = null;

  constructor(pool: SessionPool, work: SealedWork<T>, limits: FailOverLimits) {
    this.#pool = pool;
    this.#work = work;
    this.#limits = limits;
    this.#pauseMs = limits.pauseMs;
    this.#timer = this.#startTimer(limits.deadlineMs);
    this.#signal = eitherOf(limits.deadlineMs === null ? null : this.#deadline.signal, work.signal);
  }

  async toEnd(): Promise<T | null> {
    try {
      for (;;) {
        const outcome = await this.#attempt();
        if ('value' in outcome) return outcome.value;
        await this.#react(outcome);
      }
    } catch (error) {
      // When the time runs out, what went wrong before says more than that it ran out.
      if (error === this.#deadline.signal.reason && this.#last !== null) throw this.#last.failure;
      throw error;
    }
  }

  stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #attempt(): Promise<{ value: T | null } | Failure> {
    let partner: SealingPartner | null = null;
    try {
      const offers = await this.#work.offers({ fresh: this.#attempts > 0, signal: this.#signal });
      if (offers === null) return { value: null };
      partner = await this.#partnerAmong(offers);
      return { value: await this.#work.attempt(partner, this.#signal) };
    } catch (error) {
      if (this.#signal?.aborted === true || !isAppError(error) || error === this.#last?.failure) throw error;
      const reaction = reactionTo(error, this.#work.onlyOnce);
      if (reaction === null) throw error;
      return { failure: error, partner, reaction };
    }
  }

  async #partnerAmong(offers: readonly DelegateOffer[]): Promise<SealingPartner> {
    const partner = await this.#pool.partnerAmong(offers, this.#excluded);
    if (partner !== null) return partner;
    // Every delegate on offer was tried. Those that went away may be back by now; the refusal of the others stands.
    if (this.#last?.reaction === 'elsewhere-only') throw this.#last.failure;
    this.#excluded.clear();
    await this.#pause();
    const again = await this.#pool.partnerAmong(offers, this.#excluded);
    if (again !== null) return again;
    throw new AppError('no-delegate', { publicMessage: 'The server offered no delegate.' });
  }

  async #react(outcome: Failure): Promise<void> {
    const { failure, partner, reaction } = outcome;
    this.#last = outcome;
    this.#attempts += 1;
    // A rejection that a new session does not cure is no accident.
    if (failure.code === 'sealed-message-rejected' && ++this.#rejections > 1) throw failure;
    if (this.#attempts >= this.#limits.maxAttempts || !this.#work.repeatable()) throw failure;
    if (reaction === 'wait') return this.#pause();
    if (partner === null) return;
    this.#pool.drop(partner);
    if (reaction !== 'new-session') this.#excluded.add(partner.delegate.delegateId);
  }

  #pause(): Promise<void> {
    const ms = this.#pauseMs * (0.5 + Math.random());
    this.#pauseMs *= 2;
    return delay(ms, this.#signal);
  }

  #startTimer(deadlineMs: number | null): Timer | null {
    if (deadlineMs === null) return null;
    const publicMessage = `There was no answer within ${deadlineMs / 1000} s.`;
    return setTimeout(
      () => this.#deadline.abort(new AppError('task-timeout', { publicMessage })),
      deadlineMs,
    );
  }
}

function eitherOf(a: AbortSignal | null, b: AbortSignal | null): AbortSignal | null {
  return a === null || b === null ? (a ?? b) : AbortSignal.any([a, b]);
}

function reactionTo(failure: AppError, onlyOnce: boolean): Reaction | null {
  if (failure.code !== 'unreachable') return REACTIONS[failure.code] ?? null;
  const stale = failure.data['staleConnection'] === true;
  return stale && !onlyOnce ? 'new-session' : null;
}

/** Waits; rejects with the signal's reason when it is aborted first. */
export function delay(ms: number, signal: AbortSignal | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted === true) stop();
  });
}
