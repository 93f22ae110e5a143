// One call that several callers wait for. It is aborted only when the last of them has given up, so that one impatient caller
// does not fail the others.

/** A call under way, shared. */
export class SharedFlight<T> {
  readonly #abort = new AbortController();
  readonly #result: Promise<T>;
  #waiting = 0;

  /** Starts `call` as soon as the caller has returned to the event loop's queue. */
  constructor(call: (signal: AbortSignal) => Promise<T>) {
    this.#result = Promise.resolve().then(() => call(this.#abort.signal));
    // Everybody who joined may have left before it fails.
    this.#result.catch(() => undefined);
  }

  /**
   * Waits for the result, or until `signal` aborts. `onDeserted` is called when the last one has left before the end.
   * @throws what the call throws, or the signal's reason
   */
  async join(signal: AbortSignal, onDeserted: () => void): Promise<T> {
    signal.throwIfAborted();
    this.#waiting += 1;
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => {
      this.#waiting -= 1;
      if (this.#waiting === 0) {
        onDeserted();
        this.#abort.abort(signal.reason);
      }
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([this.#result, aborted]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }
}
