// The pieces that tasks are made of, each by itself.
import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { STREAM_CHUNK_BYTES } from '@sallyport/protocol';
import { ChunkWriter } from '../src/tasks/chunk-writer.ts';
import { requireSameItems } from '../src/tasks/compare-request.ts';
import { mapBounded } from '../src/tasks/bounded-parallel.ts';

test('bytes in any portions come out unchanged, in full chunks and one last that is marked', async () => {
  const portion = fc.oneof(
    fc.constantFrom(0, 1, STREAM_CHUNK_BYTES - 1, STREAM_CHUNK_BYTES, STREAM_CHUNK_BYTES + 1),
    fc.integer({ min: 0, max: 3 * STREAM_CHUNK_BYTES }),
  );
  const source = randomBytes(16 * STREAM_CHUNK_BYTES);
  await fc.assert(
    fc.asyncProperty(fc.array(portion, { minLength: 1, maxLength: 5 }), async (lengths) => {
      const out: Buffer[] = [];
      const lastMarks: boolean[] = [];
      const writer = new ChunkWriter((chunk, { last }) => {
        out.push(Buffer.from(chunk));
        lastMarks.push(last);
        // As a writer of plaintext does.
        chunk.fill(0);
        return Promise.resolve();
      });
      let at = 0;
      for (const length of lengths) {
        await writer.write(Buffer.from(source.subarray(at, at + length)));
        at += length;
      }
      await writer.end();
      expect(Buffer.concat(out).equals(source.subarray(0, at))).toBe(true);
      expect(lastMarks).toEqual([...out.slice(1).map(() => false), true]);
      expect(out.slice(0, -1).every((chunk) => chunk.length === STREAM_CHUNK_BYTES)).toBe(true);
      expect(out.at(-1)?.length).toBeLessThanOrEqual(STREAM_CHUNK_BYTES);
      if (at > 0) expect(out.at(-1)?.length).toBeGreaterThan(0);
    }),
    { numRuns: 40 },
  );
});

test('a read passes exactly when answered and unresolved together are what was sealed', () => {
  const references = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 5 });
  fc.assert(
    fc.property(references, references, references, (sealed, answered, unresolved) => {
      const same =
        [...sealed].sort().join() === [...answered, ...unresolved].sort().join() &&
        sealed.length === answered.length + unresolved.length;
      const check = (): void => requireSameItems(sealed, { answered, unresolved });
      if (same) expect(check).not.toThrow();
      else expect(check).toThrow(expect.objectContaining({ code: 'sealed-message-rejected' }));
    }),
  );
});

test('work side by side keeps its order, stays within its bound, and stops starting after a failure', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(30), fc.integer({ min: 1, max: 8 }), fc.nat(40), async (count, bound, failAt) => {
      let working = 0;
      let most = 0;
      const started: number[] = [];
      const items = Array.from({ length: count }, (_, index) => index);
      const run = mapBounded(items, bound, async (item) => {
        started.push(item);
        working += 1;
        most = Math.max(most, working);
        await Promise.resolve();
        working -= 1;
        if (item === failAt) throw new Error('failed');
        return item * 2;
      });
      if (failAt < count) {
        await expect(run).rejects.toThrow('failed');
        expect(started.length).toBeLessThanOrEqual(failAt + bound + 1);
      } else {
        expect(await run).toEqual(items.map((item) => item * 2));
      }
      expect(most).toBeLessThanOrEqual(bound);
    }),
  );
});
