// Remembers which counters of a session were used: one bit each, in any order, since requests run side by side.
import { SESSION_MAX_MESSAGES } from './session-limits.ts';

const BITS_PER_WORD = 32;

/** The set of used counters of one session. Grows with use: at most 1,252 bytes, 32 at the start. */
export class ReplayWindow {
  #words = new Uint32Array(8);
  #used = 0;

  /** Whether every counter of the session is used. */
  get exhausted(): boolean {
    return this.#used === SESSION_MAX_MESSAGES;
  }

  /** Whether `counter` may still be used: a whole number below the limit, not used before. */
  accepts(counter: number): boolean {
    if (!Number.isInteger(counter) || counter < 0 || counter >= SESSION_MAX_MESSAGES) return false;
    const word = this.#words[Math.floor(counter / BITS_PER_WORD)] ?? 0;
    return (word & bitOf(counter)) === 0;
  }

  /** Marks `counter` as used. The caller has asked `accepts` before. */
  use(counter: number): void {
    const index = Math.floor(counter / BITS_PER_WORD);
    if (index >= this.#words.length) this.#growTo(index + 1);
    this.#words[index] = (this.#words[index] ?? 0) | bitOf(counter);
    this.#used += 1;
  }

  #growTo(words: number): void {
    const most = Math.ceil(SESSION_MAX_MESSAGES / BITS_PER_WORD);
    const grown = new Uint32Array(Math.min(most, Math.max(words, this.#words.length * 2)));
    grown.set(this.#words);
    this.#words = grown;
  }
}

function bitOf(counter: number): number {
  return 1 << (counter % BITS_PER_WORD);
}
