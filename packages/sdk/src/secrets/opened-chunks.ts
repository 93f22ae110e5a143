// The chunks of a streamed answer, opened one by one. The stream is whole only when the final one has come.
import { AppError, isAppError } from '@sallyport/core';
import type { SealedExchange } from '../delegates/sealing.ts';

/** The contents of the chunks, each authenticated; returns only after the final one. */
export async function* openedChunks(
  frames: AsyncGenerator<Uint8Array>,
  exchange: SealedExchange,
): AsyncGenerator<Uint8Array, undefined> {
  try {
    for await (const frame of frames) yield (await exchange.openAnswerChunk(frame)).content;
  } catch (error) {
    // A body that ends within a frame: the sender went away.
    throw isAppError(error, 'invalid-request') ? brokenOff(error) : error;
  }
  if (!exchange.ended) throw brokenOff();
}

/** The error for a stream that ended before it was whole. */
export function brokenOff(cause?: unknown): AppError {
  return new AppError('delegate-lost', {
    publicMessage: 'The value broke off before it was whole: the delegate or the server went away.',
    cause,
  });
}
