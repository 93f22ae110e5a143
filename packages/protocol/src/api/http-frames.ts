// Length-prefixed frames in HTTP bodies, for uploads and downloads: four bytes of big-endian length, then so many bytes. The
// frames' contents are sealed chunks (and, first in an upload, the clear request); this knows nothing of them.
import { AppError } from '@sallyport/core';

const LENGTH_BYTES = 4;

/** Media type of such a body. */
export const HTTP_FRAMES_TYPE = 'application/vnd.sallyport.frames';
/** Longest frame: a chunk of 1 MiB with its flag and tag, or a clear request; generous, so that limits are judged elsewhere. */
export const HTTP_FRAME_MAX_BYTES = 2 * 1_048_576;

/** Puts the length in front. */
export function encodeHttpFrame(payload: Uint8Array): Uint8Array {
  const out = new Uint8Array(LENGTH_BYTES + payload.length);
  new DataView(out.buffer).setUint32(0, payload.length);
  out.set(payload, LENGTH_BYTES);
  return out;
}

/**
 * Cuts an incoming byte stream into frames.
 * @throws {invalid-request} on a frame above the maximum, or when the stream ends within a frame
 */
export async function* readHttpFrames(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  let wantedBytes: number | null = null;
  const take = (count: number): Uint8Array => {
    const joined =
      pending.length === 1 && pending[0] !== undefined ? pending[0] : concat(pending, pendingBytes);
    pending = [joined.subarray(count)];
    pendingBytes -= count;
    return joined.subarray(0, count);
  };
  for await (const chunk of body) {
    pending.push(chunk);
    pendingBytes += chunk.length;
    for (;;) {
      if (wantedBytes === null) {
        if (pendingBytes < LENGTH_BYTES) break;
        const head = take(LENGTH_BYTES);
        wantedBytes = new DataView(head.buffer, head.byteOffset, LENGTH_BYTES).getUint32(0);
        if (wantedBytes > HTTP_FRAME_MAX_BYTES) throw broken('a frame is too long');
      }
      if (pendingBytes < wantedBytes) break;
      yield take(wantedBytes);
      wantedBytes = null;
    }
  }
  if (pendingBytes > 0 || wantedBytes !== null) throw broken('the stream ends in the middle of a frame');
}

function concat(parts: readonly Uint8Array[], totalBytes: number): Uint8Array {
  const out = new Uint8Array(totalBytes);
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

function broken(why: string): AppError {
  return new AppError('invalid-request', { publicMessage: `The body is not a stream of frames: ${why}.` });
}
