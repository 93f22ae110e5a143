// Keeps a child running: when it ends by itself it is started again after a pause that grows, and given up when that happens too often.
import { AppError } from '@sallyport/core';
import type { Child } from './child.ts';

const MOST_ENDS = 5;
const WITHIN_MS = 120_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

export type Keeper = {
  /** Settles only by rejecting: when the child is given up. */
  readonly failed: Promise<never>;
  /** Stops the child for good. */
  stop(graceMs: number): Promise<void>;
};

/**
 * Watches a child that is ready.
 * @param start starts it again
 * @param tell told what happens, in words
 */
export function keepRunning(
  child: Child,
  options: {
    name: string;
    logFile: string;
    start: (signal: AbortSignal) => Promise<Child>;
    tell: (text: string) => void;
  },
): Keeper {
  const stopping = new AbortController();
  let current: Child | null = child;
  const watch = async (): Promise<never> => {
    const endsAtMs: number[] = [];
    for (;;) {
      const why = current === null ? 'it did not start' : await current.ended;
      current = null;
      if (stopping.signal.aborted) return forever();
      endsAtMs.push(Date.now());
      const recent = endsAtMs.filter((atMs) => Date.now() - atMs < WITHIN_MS).length;
      if (recent >= MOST_ENDS) throw givenUp(options, { why, recent });
      options.tell(
        `The ${options.name} ended (${why}); it is started again. Its log is in ${options.logFile}.`,
      );
      await pause(Math.min(FIRST_PAUSE_MS * 2 ** (recent - 1), LONGEST_PAUSE_MS), stopping.signal);
      if (stopping.signal.aborted) return forever();
      current = await options.start(stopping.signal).catch(() => null);
    }
  };
  const failed = watch();
  // Whoever waits for it hears of it; nobody has to.
  failed.catch(() => undefined);
  return {
    failed,
    stop: async (graceMs) => {
      stopping.abort(new AppError('shutting-down', { publicMessage: 'It was stopped.' }));
      await current?.stop(graceMs);
    },
  };
}

function givenUp(
  { name, logFile }: { name: string; logFile: string },
  { why, recent }: { why: string; recent: number },
): AppError {
  return new AppError('internal', {
    publicMessage: `The ${name} ended ${recent} times within ${WITHIN_MS / 1000} s, the last time with ${why}.`,
    data: { hint: `Its log is in ${logFile}.` },
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

function forever(): Promise<never> {
  return new Promise(() => undefined);
}
