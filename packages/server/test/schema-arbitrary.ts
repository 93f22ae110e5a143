// Turns the API's zod schemas into generators of inputs: mostly valid ones, and on request ones that are damaged in one place. Covers
// the kinds of schema that the API uses, and fails on any other, so that a new kind is not silently left out.
import * as fc from 'fast-check';
import { z } from 'zod';

/** Junk of every kind of JSON, with the strings that break things most often. */
export const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(
    null,
    true,
    0,
    -1,
    1.5,
    1e308,
    '',
    ' ',
    '\u0000',
    '\ud800',
    '../..',
    '__proto__',
    'constructor',
    '%',
    "' or 1=1 --",
    'x@0',
    '@',
    'é'.repeat(300),
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.jsonValue({ maxDepth: 2 }),
);

export type Examples = {
  /** Values that exist in the account under test: ids, names, references. */
  strings: readonly string[];
};

/** Inputs that the schema takes, for the most part: custom checks are met by examples where they can be. */
export function arbitraryOf(schema: z.ZodType, examples: Examples): fc.Arbitrary<unknown> {
  const of = (inner: unknown) => arbitraryOf(inner as z.ZodType, examples);
  if (schema instanceof z.ZodObject) return objectOf(schema, of);
  if (schema instanceof z.ZodUnion) return fc.oneof(...schema.options.map(of));
  if (schema instanceof z.ZodArray) return fc.array(of(schema.element), { maxLength: 4 });
  if (schema instanceof z.ZodRecord)
    return fc.dictionary(fc.string({ maxLength: 8 }), of(schema.valueType), { maxKeys: 4 });
  if (schema instanceof z.ZodNullable) return fc.option(of(schema.unwrap()), { nil: null, freq: 1 });
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return of(schema.unwrap());
  if (schema instanceof z.ZodLiteral) return fc.constantFrom(...schema.values);
  if (schema instanceof z.ZodEnum) return fc.constantFrom(...schema.options);
  if (schema instanceof z.ZodBoolean) return fc.boolean();
  if (schema instanceof z.ZodNumber) return numberOf(schema);
  if (schema instanceof z.ZodString) return stringOf(schema, examples);
  if (schema instanceof z.ZodCustom) return customOf(schema, examples);
  // Any JSON.
  if (schema instanceof z.ZodLazy) return fc.jsonValue({ maxDepth: 2 });
  if (schema instanceof z.ZodPipe) return of(schema.in);
  throw new Error(`no generator for a schema of kind ${schema.def.type}`);
}

/** The same, damaged in one place: a field more, a field less, or junk for a value. */
export function damaged(valid: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .tuple(valid, fc.nat(), junk, fc.constantFrom('replace', 'add', 'drop'))
    .map(([value, at, what, how]) => {
      const copy: unknown = structuredClone(value);
      const places: { parent: Record<string, unknown>; key: string }[] = [];
      const collect = (node: unknown): void => {
        if (typeof node !== 'object' || node === null) return;
        for (const key of Object.keys(node)) {
          const parent = node as Record<string, unknown>;
          places.push({ parent, key });
          collect(parent[key]);
        }
      };
      collect(copy);
      const place = places[at % Math.max(1, places.length)];
      if (place === undefined) return what;
      if (how === 'drop') delete place.parent[place.key];
      else if (how === 'add') place.parent[`${place.key}2`] = what;
      else place.parent[place.key] = what;
      return copy;
    });
}

function objectOf(schema: z.ZodObject, of: (inner: unknown) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const entries = Object.entries(schema.shape);
  const fields = Object.fromEntries(entries.map(([name, field]) => [name, of(field)]));
  const isOptional = (field: unknown) => field instanceof z.ZodOptional || field instanceof z.ZodDefault;
  const requiredKeys = entries.filter(([, field]) => !isOptional(field)).map(([name]) => name);
  return fc.record(fields, { requiredKeys });
}

function numberOf(schema: z.ZodNumber): fc.Arbitrary<unknown> {
  const min = Math.max(schema.minValue ?? -1000, -1000);
  const max = Math.min(schema.maxValue ?? 2 ** 40, 2 ** 40);
  if (schema.format === null) return fc.double({ min, max, noNaN: true });
  const least = Math.ceil(min);
  const most = Math.min(Math.floor(max), 2 ** 31 - 1);
  return fc.oneof(
    fc.integer({ min: least, max: Math.min(most, least + 3) }),
    fc.integer({ min: least, max: most }),
  );
}

/** Ids: mostly of the right kind. */
function customOf(schema: z.ZodCustom, examples: Examples): fc.Arbitrary<unknown> {
  const fitting = examples.strings.filter((text) => schema.safeParse(text).success);
  return fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...fitting) },
    { weight: 1, arbitrary: fc.constantFrom(...examples.strings) },
  );
}

const SAMPLES = [
  'eu-west-1',
  'AKIAIOSFODNN7EXAMPLE',
  'prod-vpc',
  'arn:aws:iam::111122223333:role/r',
  'AAAA',
  'x@1',
];

function stringOf(schema: z.ZodString, examples: Examples): fc.Arbitrary<unknown> {
  const minLength = schema.minLength ?? 0;
  const maxLength = Math.min(schema.maxLength ?? 60, 60);
  const { patterns } = schema._zod.bag as { patterns?: Set<RegExp> };
  // The patterns of the API are hashes in hex and base64url.
  if (!schema.safeParse('f'.repeat(63)).success && schema.safeParse('f'.repeat(64)).success) {
    return fc.stringMatching(/^[0-9a-f]{64}$/);
  }
  if (patterns !== undefined) return fc.stringMatching(/^[A-Za-z0-9_-]{0,20}$/);
  return fc.oneof(
    fc.constantFrom(...examples.strings, ...SAMPLES),
    fc.string({ minLength, maxLength: Math.max(minLength, maxLength), unit: 'grapheme' }),
    fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/),
  );
}
