// Holds requests back once AWS has throttled them. KMS and STS count per account and region, over all callers; so one pacer serves
// every secrets manager with the same account and region. Not for limits that we set ourselves.
import { AppError } from '@sallyport/core';

const CUT = 0.7;
const GROWTH_PER_SECOND = 1.1;
// Above this multiple of the rate that was throttled, holding back has no effect worth its state.
const RELEASE_AT = 4;
const LEAST_PER_SECOND = 1;
const WINDOW_MS = 500;
// The throttles of one burst are one piece of news.
const BURST_MS = 250;

type Pace = { perSecond: number; sinceMs: number; throttledAtPerSecond: number };

/**
 * Adaptive rate limit: none until the first throttle; then 0.7 of the rate that was throttled, growing by a tenth a second until
 * it is four times that rate or the next throttle comes.
 */
export class RequestPacer {
  readonly #nowMs: () => number;
  #pace: Pace | null = null;
  #nextSlotMs = 0;
  #windowStartMs = 0;
  #windowCount = 0;
  #measuredPerSecond = 0;

  /** @param nowMs milliseconds that never go back */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** Requests a second that are let through now; `null`: any number. */
  get perSecond(): number | null {
    return this.#perSecondAt(this.#nowMs());
  }

  /**
   * Waits for this request's turn.
   * @throws {aws-throttled} at once when its turn would come after `maxWaitMs`
   * @throws the reason of `signal` when it aborts
   */
  async waitForTurn(limit: { signal: AbortSignal | null; maxWaitMs: number }): Promise<void> {
    const nowMs = this.#nowMs();
    this.#count(nowMs);
    const perSecond = this.#perSecondAt(nowMs);
    if (perSecond === null) return;
    const slotMs = Math.max(nowMs, this.#nextSlotMs);
    if (slotMs - nowMs > limit.maxWaitMs) throw queueTooLong(perSecond);
    this.#nextSlotMs = slotMs + 1000 / perSecond;
    if (slotMs > nowMs) await pause(slotMs - nowMs, limit.signal);
  }

  /** Takes note that AWS has refused a request because of its rate. */
  throttled(): void {
    const nowMs = this.#nowMs();
    if (this.#pace !== null && nowMs - this.#pace.sinceMs < BURST_MS) return;
    const inWindow = (this.#windowCount * 1000) / Math.max(WINDOW_MS, nowMs - this.#windowStartMs);
    const asked = Math.max(this.#measuredPerSecond, inWindow, LEAST_PER_SECOND);
    const throttledAtPerSecond = Math.min(asked, this.#perSecondAt(nowMs) ?? asked);
    const perSecond = Math.max(LEAST_PER_SECOND, throttledAtPerSecond * CUT);
    this.#pace = { perSecond, sinceMs: nowMs, throttledAtPerSecond };
  }

  #perSecondAt(nowMs: number): number | null {
    const pace = this.#pace;
    if (pace === null) return null;
    const perSecond = pace.perSecond * GROWTH_PER_SECOND ** ((nowMs - pace.sinceMs) / 1000);
    if (perSecond < pace.throttledAtPerSecond * RELEASE_AT) return perSecond;
    this.#pace = null;
    return null;
  }

  #count(nowMs: number): void {
    const elapsedMs = nowMs - this.#windowStartMs;
    if (elapsedMs >= WINDOW_MS) {
      this.#measuredPerSecond = (this.#windowCount * 1000) / elapsedMs;
      this.#windowStartMs = nowMs;
      this.#windowCount = 0;
    }
    this.#windowCount += 1;
  }
}

/** The pacers of a runtime, one for each account and region. */
export class RequestPacers {
  readonly #pacers = new Map<string, RequestPacer>();

  of(quota: { accountId: string; region: string }): RequestPacer {
    const key = `${quota.accountId}/${quota.region}`;
    const pacer = this.#pacers.get(key) ?? new RequestPacer();
    this.#pacers.set(key, pacer);
    return pacer;
  }
}

function queueTooLong(perSecond: number): AppError {
  return new AppError('aws-throttled', {
    publicMessage: `AWS throttles requests to KMS in this account and region; they are held back to ${perSecond.toFixed(1)} a second, and more are waiting than can be sent in time.`,
    data: {
      stage: 'key',
      hint: 'Raise the KMS request quota ("Cryptographic operations (symmetric) request rate") of the account in this region, or the age of the data-key cache.',
    },
  });
}

async function pause(delayMs: number, signal: AbortSignal | null): Promise<void> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, delayMs);
  const onAbort = (): void => reject(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}
