// Hands chunks of a delegate to a client.
import type { FrameStream } from '../http/operation.ts';
import type { StreamedKind, StreamedTask } from './open-task.ts';

/** Yields one chunk. The wait until the client has taken it is the client's, so it is not held against the delegate. */
export async function* inClientTime<K extends StreamedKind>(
  chunk: Uint8Array,
  task: StreamedTask<K>,
): FrameStream {
  const taken = Promise.withResolvers<void>();
  const paused = task.lease.pausedFor(taken.promise);
  try {
    yield chunk;
  } finally {
    taken.resolve();
    await paused;
  }
}
