// Sees each attempt of a call from inside the SDK's retries: has it wait for its turn, and remembers that AWS throttled it. A call that
// runs out of time between two such attempts has failed of the throttling, and not for want of an answer.
import { isThrottle } from '../failure/aws-error.ts';
import { DeadlineExceeded } from './deadline.ts';
import type { RequestPacer } from './request-pacer.ts';

/** Where the middleware goes in a client's stack: between the retries and the signing of each attempt. */
export const WATCH_LOCATION = {
  relation: 'after',
  toMiddleware: 'retryMiddleware',
  name: 'sallyportThrottleWatch',
  override: true,
} as const;

type Pacing = { pacer: RequestPacer; maxWaitMs: number };
type Context = { __smithy_context?: { abortSignal?: unknown } };

/** The throttles of one client's calls. */
export class ThrottleWatch {
  readonly #lastByCall = new WeakMap<AbortSignal, unknown>();

  /** Middleware for one client. @param pacing `null`: attempts are not held back */
  middleware(pacing: Pacing | null) {
    return <Args, Answer>(next: (args: Args) => Promise<Answer>, context: Context) =>
      async (args: Args): Promise<Answer> => {
        const abortSignal = context.__smithy_context?.abortSignal;
        const signal = abortSignal instanceof AbortSignal ? abortSignal : null;
        if (pacing !== null) await pacing.pacer.waitForTurn({ signal, maxWaitMs: pacing.maxWaitMs });
        try {
          return await next(args);
        } catch (thrown) {
          if (isThrottle(thrown)) {
            pacing?.pacer.throttled();
            if (signal !== null) this.#lastByCall.set(signal, thrown);
          }
          throw thrown;
        }
      };
  }

  /** What a call failed of: `thrown`, or the throttle that used up its time. @param signal the call's own; `null`: never sent */
  causeOf(thrown: unknown, signal: AbortSignal | null): unknown {
    if (!(thrown instanceof DeadlineExceeded) || signal === null) return thrown;
    return this.#lastByCall.get(signal) ?? thrown;
  }
}
