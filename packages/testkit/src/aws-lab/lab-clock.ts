// The lab's clock. Signatures, sessions, tokens and the `Date` header of answers all follow it; injected latency does not.

/** Tells the time, and can be moved forward by a test. */
export type LabClock = {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Moves the lab's time by so many milliseconds; negative values move it back. */
  advance(milliseconds: number): void;
};

/** Makes a clock that runs with `source` (milliseconds since the epoch; the machine's own clock unless given). */
export function makeLabClock(source: () => number = Date.now): LabClock {
  let offsetMs = 0;
  return {
    now: () => source() + offsetMs,
    advance: (milliseconds) => {
      offsetMs += milliseconds;
    },
  };
}
