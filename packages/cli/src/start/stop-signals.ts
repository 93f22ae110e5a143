// The child's side of being supervised: it says when it is at work and what it failed with, and ends when it is told to or when the
// program that started it is gone. Without a supervisor, all of this does nothing but wait for signals.
import type { ErrorCode, ErrorData } from '@sallyport/core';

/** What a child tells its supervisor. */
export type ChildMessage =
  | { type: 'ready'; facts: Record<string, string> }
  | { type: 'failed'; error: { code: ErrorCode; publicMessage: string; data: ErrorData } };

// npm passes a signal on that the terminal has sent to the whole group already; that is still one wish.
const SAME_WISH_MS = 1000;

/** Waits for SIGINT, SIGTERM, SIGHUP, or for the supervisor to go away. A second signal ends the process at once. */
export function untilStopped(): { stopped: Promise<void>; cancel: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  let firstAtMs: number | null = null;
  const take = (): void => {
    if (firstAtMs !== null && Date.now() - firstAtMs > SAME_WISH_MS) process.exit(1);
    firstAtMs ??= Date.now();
    resolve();
  };
  for (const signal of signals) process.on(signal, take);
  process.once('disconnect', resolve);
  return {
    stopped: promise,
    cancel: () => {
      for (const signal of signals) process.off(signal, take);
      process.off('disconnect', resolve);
    },
  };
}

/** Whether another program has started this one and hears its reports. */
export function isSupervised(): boolean {
  return process.connected;
}

/** Tells the supervisor, if there is one, that this child is at work. `facts` are for it alone. */
export function reportReady(facts: Record<string, string>): void {
  if (process.connected) process.send?.({ type: 'ready', facts } satisfies ChildMessage);
}

/** Tells the supervisor, if there is one, what this child failed with. */
export async function reportFailed(error: {
  code: ErrorCode;
  publicMessage: string;
  data: ErrorData;
}): Promise<void> {
  if (!process.connected) return;
  const { code, publicMessage, data } = error;
  const message = { type: 'failed', error: { code, publicMessage, data } } satisfies ChildMessage;
  await new Promise<void>((resolve) => {
    process.send?.(message, undefined, undefined, () => resolve());
  });
}

/** Lets go of the supervisor's channel, so that the process can end. */
export function endReporting(): void {
  if (process.connected) process.disconnect?.();
}
