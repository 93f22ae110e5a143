// Message ids: 32 random bytes each, unique over everything that one data key ever encrypts. They are public.
import { randomFillSync } from 'node:crypto';
import { MESSAGE_ID_BYTES } from './message-format.ts';

const IDS_PER_BATCH = 128;

const batch = Buffer.alloc(MESSAGE_ID_BYTES * IDS_PER_BATCH);
let nextAt = batch.length;

/** A fresh message id. Drawn from the system's generator many at a time: the call costs more than the bytes. */
export function freshMessageId(): Buffer {
  if (nextAt === batch.length) {
    randomFillSync(batch);
    nextAt = 0;
  }
  const id = Buffer.from(batch.subarray(nextAt, nextAt + MESSAGE_ID_BYTES));
  nextAt += MESSAGE_ID_BYTES;
  return id;
}
