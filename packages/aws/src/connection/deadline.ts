// The outermost limit of a call to AWS. The SDK's own time-outs cover one request each and none of its waits for credentials; this
// one covers everything, and ends the call even when what hangs does not listen.

/** Thrown when a call did not end in time. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';
  readonly deadlineMs: number;

  constructor(deadlineMs: number) {
    super(`no usable answer within ${deadlineMs} ms`);
    this.deadlineMs = deadlineMs;
  }
}

/**
 * Runs `run` with a signal that aborts with the caller's, or when time is up.
 * @throws {DeadlineExceeded} when time is up
 * @throws the reason of `signal` when the caller aborted
 */
export async function withDeadline<T>(
  limit: { signal: AbortSignal | null; deadlineMs: number },
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { signal, deadlineMs } = limit;
  signal?.throwIfAborted();
  const controller = new AbortController();
  const aborted = Promise.withResolvers<never>();
  const stop = (reason: unknown): void => {
    controller.abort(reason);
    aborted.reject(reason);
  };
  const onAbort = (): void => stop(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => stop(new DeadlineExceeded(deadlineMs)), deadlineMs);
  try {
    const running = run(controller.signal);
    // What loses the race below may fail later; nobody listens to it then.
    running.catch(() => undefined);
    return await Promise.race([running, aborted.promise]);
  } catch (thrown) {
    // The SDK reports an abort as an error of its own; what the caller has to learn is why.
    throw controller.signal.aborted ? controller.signal.reason : thrown;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    aborted.promise.catch(() => undefined);
  }
}
