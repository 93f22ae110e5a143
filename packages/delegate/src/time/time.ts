// The port to time: what the clock says, how long something lasted, and being woken. Everything in the delegate that waits or
// ages goes through it, so that tests decide when time passes.

export type Time = {
  /** Milliseconds since the epoch; may jump when the host's clock is set. For offers, which others compare with their clocks. */
  nowMs(): number;
  /** Milliseconds from an arbitrary start that never go back. For ages and limits. */
  monotonicMs(): number;
  /** Runs `run` once after `delayMs`, unless the returned function was called before. */
  after(delayMs: number, run: () => void): () => void;
};

// Longer delays would overflow the timer and fire at once.
const LONGEST_TIMER_MS = 2_147_483_647;

/** The host's clocks and timers. Its timers keep the process alive; whoever sets one cancels it when stopping. */
export const systemTime: Time = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, Math.min(delayMs, LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};
