// Delegates that fail by their own fault rest: 1 s at first, twice as long each time, 60 s at most; one success ends it. Whether a
// resting delegate gets work nevertheless (because there is no other) is decided in connected-delegates.ts.
import type { DelegateId, ErrorCode } from '@sallyport/core';
import type { Clock } from '../clock.ts';

const FIRST_REST_MS = 1000;
const LONGEST_REST_MS = 60_000;
const OWN_FAULTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'delegate-lost',
  'task-timeout',
  'aws-unreachable',
  'aws-credentials',
]);

/** Whether a failure says something about the delegate rather than about the request. */
export function isOwnFault(code: ErrorCode): boolean {
  return OWN_FAULTS.has(code);
}

export class DelegateRests {
  readonly #clock: Clock;
  readonly #rests = new Map<DelegateId, { failures: number; untilMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Failures during a rest do not lengthen it: they are the tasks that were under way when it began. */
  recordFailure(id: DelegateId): void {
    const nowMs = this.#clock.nowMs();
    const rest = this.#rests.get(id) ?? { failures: 0, untilMs: 0 };
    if (nowMs < rest.untilMs) return;
    const restMs = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** rest.failures);
    this.#rests.set(id, { failures: rest.failures + 1, untilMs: nowMs + restMs });
  }

  recordSuccess(id: DelegateId): void {
    this.#rests.delete(id);
  }

  /** Until when it rests, in milliseconds since the epoch; null: it does not. */
  restingUntilMs(id: DelegateId): number | null {
    const rest = this.#rests.get(id);
    return rest !== undefined && this.#clock.nowMs() < rest.untilMs ? rest.untilMs : null;
  }
}
