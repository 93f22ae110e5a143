// What a client reads of a script's sealed answer without schemas is exactly what the schemas describe: no more, no less.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeId } from '@sallyport/core';
import { SealedScriptEvent } from '@sallyport/protocol';
import { readSealedScriptEvent } from '@sallyport/protocol/client';

const secretId = makeId('secret', { nowMs: 1, random: new Uint8Array(16).fill(7) });

/** Values that are right for some field, or nearly. */
const odd = fc.constantFrom<unknown>(
  secretId,
  'stdout',
  'exited',
  'alive',
  '',
  'x'.repeat(32),
  'x'.repeat(33),
  'x'.repeat(301),
  0,
  1,
  -1,
  1.5,
  255,
  256,
  2 ** 53,
  null,
  true,
  [],
  {},
);
/** Mostly the value, now and then something odd. */
const mostly = (value: unknown): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 20, arbitrary: fc.constant(value) }, odd);
const record = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> =>
  fc
    .tuple(fc.record(fields), fc.nat(30), fc.constantFrom(...Object.keys(fields)))
    .map(([whole, dice, name]) => {
      const { [name]: _, ...rest } = whole;
      if (dice === 0) return rest;
      return dice === 1 ? { ...whole, more: 1 } : whole;
    });

const secret = record({
  reference: mostly('db-password@3'),
  secretId: mostly(secretId),
  name: mostly('db-password'),
  version: mostly(3),
});
const unmasked = record({ reference: mostly('db-password'), why: mostly('is too short') });
const end = record({
  reason: mostly('time-limit'),
  exitCode: fc.oneof(mostly(255), mostly(null)),
  signal: fc.oneof(mostly('SIGTERM'), mostly(null)),
  elapsedMs: mostly(12),
  outputBytes: mostly(0),
});
const event = fc.oneof(
  record({
    is: mostly('ready'),
    secrets: fc.array(secret, { maxLength: 3 }),
    unmasked: fc.array(unmasked, { maxLength: 2 }),
  }),
  record({ is: mostly('output'), stream: fc.oneof(mostly('stdout'), mostly('stderr')) }),
  record({ is: mostly('alive') }),
  record({ is: mostly('ended'), end }),
  odd,
);

test("headers of a script's answer: the reader and the schema accept the same", () => {
  const seen = { accepted: 0, refused: 0 };
  fc.assert(
    fc.property(event, (content) => {
      const header: unknown = JSON.parse(JSON.stringify(content));
      const bySchema = SealedScriptEvent.safeParse(header);
      seen[bySchema.success ? 'accepted' : 'refused'] += 1;
      expect(readSealedScriptEvent(header)).toEqual(bySchema.success ? bySchema.data : null);
    }),
    { numRuns: 3000 },
  );
  expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(300);
});
