// Time that stands still until a test moves it.
import type { Time } from '../src/time/time.ts';

type Timer = { atMs: number; run: () => void };

export class ManualTime implements Time {
  #passedMs = 0;
  #timers: Timer[] = [];
  readonly #startedAtMs: number;

  constructor(startedAtMs: number = Date.now()) {
    this.#startedAtMs = startedAtMs;
  }

  nowMs(): number {
    return this.#startedAtMs + this.#passedMs;
  }

  monotonicMs(): number {
    return this.#passedMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#passedMs + delayMs, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Delays until the pending timers, shortest first. */
  get pendingMs(): number[] {
    return this.#timers.map((timer) => timer.atMs - this.#passedMs).sort((a, b) => a - b);
  }

  /** Lets time pass; timers run in order, with the clock at their time. */
  advance(byMs: number): void {
    const untilMs = this.#passedMs + byMs;
    for (;;) {
      const [next] = this.#timers.filter((timer) => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#passedMs = Math.max(this.#passedMs, next.atMs);
      next.run();
    }
    this.#passedMs = untilMs;
  }
}
