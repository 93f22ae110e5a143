// Makes ids. Randomness is drawn in blocks, since every request needs an id and every task one more.
import { randomFillSync } from 'node:crypto';
import { ID_RANDOM_BYTES, makeId } from '@sallyport/core';
import type { Id, IdKind } from '@sallyport/core';
import type { Clock } from './clock.ts';

/** Makes a fresh id of one kind. */
export type IdSource = <K extends IdKind>(kind: K) => Id<K>;

const BLOCK_BYTES = ID_RANDOM_BYTES * 256;

export function createIdSource(clock: Clock): IdSource {
  const block = Buffer.alloc(BLOCK_BYTES);
  let used = BLOCK_BYTES;
  return (kind) => {
    if (used === BLOCK_BYTES) {
      randomFillSync(block);
      used = 0;
    }
    const random = block.subarray(used, used + ID_RANDOM_BYTES);
    used += ID_RANDOM_BYTES;
    return makeId(kind, { nowMs: clock.nowMs(), random });
  };
}
