// Binary frames of the socket: chunks of an upload or download. Layout: 30 ASCII bytes of task id, one flag byte, payload.
// Control messages are JSON text frames (messages.ts).
import { isId } from '@sallyport/core';
import type { TaskId } from '@sallyport/core';

const TASK_ID_BYTES = 30;
const HEAD_BYTES = TASK_ID_BYTES + 1;

/** One chunk of a stream that belongs to a task. */
export type StreamFrame = {
  taskId: TaskId;
  /** No chunk of this direction follows. The payload of the last frame may be empty. */
  last: boolean;
  payload: Uint8Array;
};

/** Encodes a frame into one buffer. */
export function encodeStreamFrame(frame: StreamFrame): Uint8Array {
  const out = new Uint8Array(HEAD_BYTES + frame.payload.length);
  new TextEncoder().encodeInto(frame.taskId, out);
  out[TASK_ID_BYTES] = frame.last ? 1 : 0;
  out.set(frame.payload, HEAD_BYTES);
  return out;
}

/** Decodes a frame; `null` when it is malformed. The payload is a view, not a copy. */
export function decodeStreamFrame(bytes: Uint8Array): StreamFrame | null {
  if (bytes.length < HEAD_BYTES) return null;
  const taskId = new TextDecoder('latin1').decode(bytes.subarray(0, TASK_ID_BYTES));
  const flag = bytes[TASK_ID_BYTES];
  if (!isId('task', taskId) || (flag !== 0 && flag !== 1)) return null;
  return { taskId, last: flag === 1, payload: bytes.subarray(HEAD_BYTES) };
}
