// Proofs that count once: a signed request of a workload, the state of a sign-in. Whoever gets hold of one on its way cannot use it after
// the one it belongs to. Kept in memory, by hash, for as long as the proof would be good; several servers do not know of each other's.
import { hash } from 'node:crypto';
import type { Clock } from '../clock.ts';

const ENTRIES_MAX = 100_000;

export class SpentProofs {
  readonly #clock: Pick<Clock, 'nowMs'>;
  /** When each stops being good, oldest first. */
  readonly #spent = new Map<string, number>();

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock;
  }

  /** Spends a proof that is good until then; `false`: it was spent before. */
  spend(proof: string, goodUntilMs: number): boolean {
    this.#dropEnded();
    const key = hash('sha256', proof, 'base64');
    if (this.#spent.has(key)) return false;
    const [oldest] = this.#spent.keys();
    if (this.#spent.size >= ENTRIES_MAX && oldest !== undefined) this.#spent.delete(oldest);
    this.#spent.set(key, goodUntilMs);
    return true;
  }

  #dropEnded(): void {
    const nowMs = this.#clock.nowMs();
    for (const [key, goodUntilMs] of this.#spent) {
      if (goodUntilMs > nowMs) return;
      this.#spent.delete(key);
    }
  }
}
