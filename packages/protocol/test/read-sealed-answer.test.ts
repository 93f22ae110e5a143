// What a client reads of sealed answers without schemas is exactly what the schemas describe: no more, no less.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeId } from '@sallyport/core';
import { SealedReadAnswer, SealedWriteAnswer } from '@sallyport/protocol';
import { readSealedReadAnswer, readSealedWriteAnswer } from '@sallyport/protocol/client';

const random = new Uint8Array(16).fill(7);
const secretId = makeId('secret', { nowMs: 1, random });
const secretsManagerId = makeId('secretsManager', { nowMs: 1, random });

/** Values that are right for some field, or nearly. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(
    secretId,
    secretsManagerId,
    'text',
    'file',
    'value',
    'failed',
    'not-found',
    'reach',
  ),
  fc.constantFrom<unknown>(
    '',
    'x'.repeat(900),
    'x'.repeat(901),
    'x'.repeat(4001),
    0,
    1,
    -1,
    1.5,
    2 ** 53,
    null,
  ),
  fc.constantFrom<unknown>(undefined, true, [], {}, { hint: 1 }, { hint: 'a' }, { stage: 'reach', more: 1 }),
);
const value = {
  outcome: fc.constant<unknown>('value'),
  reference: fc.constant<unknown>('db-password@3'),
  secretId: fc.constant<unknown>(secretId),
  name: fc.constant<unknown>('db-password'),
  version: fc.constant<unknown>(3),
  kind: fc.constant<unknown>('text'),
};
const error = fc.record({
  code: fc.oneof({ weight: 4, arbitrary: fc.constant<unknown>('not-found') }, odd),
  message: fc.oneof({ weight: 4, arbitrary: fc.constant<unknown>('There is none.') }, odd),
  retryable: fc.oneof({ weight: 4, arbitrary: fc.constant<unknown>(false) }, odd),
  data: fc.oneof({ weight: 2, arbitrary: fc.constant<unknown>({ stage: 'reach', hint: 'h' }) }, odd),
});
const failed = {
  outcome: fc.constant<unknown>('failed'),
  reference: fc.constant<unknown>('db-password'),
  error: fc.oneof({ weight: 4, arbitrary: error }, odd),
};
const written = {
  secretId: fc.constant<unknown>(secretId),
  name: fc.constant<unknown>('db-password'),
  kind: fc.constant<unknown>('file'),
  version: fc.constant<unknown>(1),
  secretsManagerId: fc.constant<unknown>(secretsManagerId),
  valueBytes: fc.constant<unknown>(1),
};

/** The record as it is, or with a field left out, replaced or added. */
function bent(model: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> {
  const names = Object.keys(model);
  return fc
    .tuple(
      fc.record(model),
      fc.constantFrom('as it is', 'without', 'with another', 'with one more'),
      fc.constantFrom(...names),
      odd,
    )
    .map(([record, how, name, other]) => {
      const { [name]: _, ...rest } = record;
      if (how === 'without') return rest;
      if (how === 'with another') return { ...record, [name]: other };
      return how === 'with one more' ? { ...record, [`${name}s`]: other } : record;
    });
}

/** JSON is what comes out of a sealed box: nothing undefined, nothing shared. */
function throughJson(content: unknown): unknown {
  return JSON.parse(JSON.stringify(content) ?? 'null');
}

describe('headers of sealed answers', () => {
  test('of reads: the reader and the schema accept the same', () => {
    const seen = { accepted: 0, refused: 0 };
    const entries = fc.array(fc.oneof(bent(value), bent(failed), odd), { maxLength: 3 });
    fc.assert(
      fc.property(fc.oneof({ weight: 9, arbitrary: fc.record({ entries }) }, odd), (content) => {
        const header = throughJson(content);
        const bySchema = SealedReadAnswer.safeParse(header);
        seen[bySchema.success ? 'accepted' : 'refused'] += 1;
        expect(readSealedReadAnswer(header)).toEqual(bySchema.success ? bySchema.data : null);
      }),
      { numRuns: 2000 },
    );
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(100);
  });

  test('of writes: the reader and the schema accept the same', () => {
    const seen = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(bent(written), (content) => {
        const header = throughJson(content);
        const bySchema = SealedWriteAnswer.safeParse(header);
        seen[bySchema.success ? 'accepted' : 'refused'] += 1;
        expect(readSealedWriteAnswer(header)).toEqual(bySchema.success ? bySchema.data : null);
      }),
      { numRuns: 2000 },
    );
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(100);
  });
});
