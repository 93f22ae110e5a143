// The server's clock and timers, as a port: tests move time instead of waiting for it.

export type Clock = {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Runs `run` once after so many milliseconds; the returned function cancels it. */
  after(delayMs: number, run: () => void): () => void;
};

/** The machine's own clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  nowMs: Date.now,
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs).unref();
    return () => {
      clearTimeout(timer);
    };
  },
};
