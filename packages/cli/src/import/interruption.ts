// A signal that ends a program, taken as the wish to stop between two rows: what has begun is finished and told. A second one ends the
// program at once, as if nothing were here.
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Listens until it is disposed of. */
export class Interruption implements Disposable {
  readonly #abort = new AbortController();
  readonly #take: () => void;

  /** @param told called once, at the first signal */
  constructor(told: () => void) {
    this.#take = () => {
      this[Symbol.dispose]();
      this.#abort.abort();
      told();
    };
    for (const signal of SIGNALS) process.on(signal, this.#take);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  [Symbol.dispose](): void {
    for (const signal of SIGNALS) process.off(signal, this.#take);
  }
}
