// Makes a masker from values: judges each at once, and makes patterns within limits of memory and the matchers' tables when the first
// text comes, since many programs never write any. Streams share the tables. The values stay in memory, as they are in that of the
// process whose output is masked.
import { toByteString } from '../encodings/bytes.ts';
import { buildTables, STRIDE_PATTERN_MIN_BYTES } from '../matcher/build-tables.ts';
import type { MatcherTables } from '../matcher/build-tables.ts';
import { judgeValue, trimBlanks } from './judge-value.ts';
import type { ValueProblem } from './judge-value.ts';
import { MaskingStream } from './masking-stream.ts';
import type { SharedMasking } from './masking-stream.ts';
import { addPatterns, hasShortLines } from './patterns-of.ts';
import type { Coverage, Patterns } from './patterns-of.ts';

/** What stands in the output instead of a value, whatever its length. */
export const DEFAULT_MASK = '[masked]';
/** Longer values are masked as they are, and line by line, but not encoded. */
export const ENCODED_MAX_BYTES = 16_384;
/** Longer values are not masked. */
export const MASKED_MAX_BYTES = 4_194_304;
/** Of all patterns together; eight bytes of tables each. */
const ENCODED_PATTERN_BYTES_MAX = 4_194_304;
const PATTERN_BYTES_MAX = 16_777_216;
/** Bytes of patterns that an encoded value brings along for each of its own, roughly. */
const ENCODED_FACTOR = 24;

/** Why a value is masked in part or not at all. Not at all: `empty`, `too-short`, `too-common`, `too-long`. */
export type MaskingProblem = ValueProblem | 'too-long' | 'not-encoded' | 'short-lines';

/** A value that is not masked in all its forms. */
export type MaskingReport = { name: string; problem: MaskingProblem };

export type MaskedValue = {
  /** What the value is called in reports. */
  name: string;
  value: Uint8Array;
};

export type MaskerOptions = {
  values: Iterable<MaskedValue>;
  /** Instead of `[masked]`. */
  mask?: string;
};

export type Masker = {
  /** One per output, since a value may be split over several writes to it. */
  stream: () => MaskingStream;
  /** A whole text at once. */
  mask: (bytes: Uint8Array) => Uint8Array;
  /** Does now what the first stream, or `mask`, would take the time for: some milliseconds for tens of values, a third of a second for a thousand. */
  prepare: () => void;
  /** Values that are not masked, or only in some forms, in the order in which they were given. */
  report: readonly MaskingReport[];
};

/** What is looked for of one value. */
type Sought = { value: Uint8Array; coverage: Coverage };

/** Makes a masker. The values must stay as they are as long as it is used. */
export function createMasker({ values, mask = DEFAULT_MASK }: MaskerOptions): Masker {
  const { sought, report } = judgeAll([...values], mask);
  let made: SharedMasking | null = null;
  const shared = (): SharedMasking => (made ??= sharedOf(sought, mask));
  const stream = (): MaskingStream => new MaskingStream(shared());
  return {
    stream,
    mask: (bytes) => {
      const whole = stream();
      const parts = [whole.push(bytes), whole.flush()];
      return joinBytes(parts);
    },
    prepare: () => void shared(),
    report,
  };
}

/** Decides what is looked for, and what has to be reported. */
function judgeAll(
  values: readonly MaskedValue[],
  mask: string,
): { sought: readonly Sought[]; report: readonly MaskingReport[] } {
  const sought: Sought[] = [];
  const found: (MaskingReport & { index: number })[] = [];
  let patternBytes = 0;
  // The short ones first: what there is no room for are the encodings of the longest.
  for (const { name, value, index } of values
    .map((one, index) => ({ ...one, index }))
    .toSorted((left, right) => left.value.length - right.value.length)) {
    const note = (problem: MaskingProblem): unknown => found.push({ name, problem, index });
    const problem = judgeValue(value) ?? judgeBeside(value, mask) ?? judgeRoom(value, patternBytes);
    if (problem !== null) note(problem);
    if (problem !== null && problem !== 'not-encoded') continue;
    if (hasShortLines(value)) note('short-lines');
    sought.push({ value, coverage: problem === null ? 'all' : 'plain' });
    patternBytes += value.length * (problem === null ? ENCODED_FACTOR : 2);
  }
  const report = found
    .toSorted((left, right) => left.index - right.index)
    .map(({ name, problem }) => ({ name, problem }));
  return { sought, report };
}

function sharedOf(sought: readonly Sought[], mask: string): SharedMasking {
  const patterns: Patterns = { plain: new Set(), breakable: new Set() };
  let shortestBytes = Infinity;
  for (const { value, coverage } of sought) {
    addPatterns(patterns, value, coverage);
    shortestBytes = Math.min(shortestBytes, trimBlanks(value).length);
  }
  return {
    tables: tablesOf(patterns),
    mask: new TextEncoder().encode(mask),
    idleBytes: Math.max(1, Math.min(3, Math.floor(shortestBytes / 3))),
  };
}

/** A value that the mask contains would be put into the output by masking. */
function judgeBeside(value: Uint8Array, mask: string): MaskingProblem | null {
  const maskBytes = new TextEncoder().encode(mask);
  const start = trimBlanks(value).subarray(0, maskBytes.length + 1);
  return toByteString(maskBytes).includes(toByteString(start)) ? 'too-common' : null;
}

function judgeRoom({ length }: Uint8Array, usedBytes: number): MaskingProblem | null {
  if (length > MASKED_MAX_BYTES || usedBytes + length * 2 > PATTERN_BYTES_MAX) return 'too-long';
  return length > ENCODED_MAX_BYTES || usedBytes + length * ENCODED_FACTOR > ENCODED_PATTERN_BYTES_MAX
    ? 'not-encoded'
    : null;
}

/** Short patterns have tables of their own: with them, every byte has to be looked at. */
function tablesOf({ plain, breakable }: Patterns): MatcherTables[] {
  const isLong = (pattern: string): boolean => pattern.length >= STRIDE_PATTERN_MIN_BYTES;
  return [plain, breakable].flatMap((all) => {
    const patterns = [...all];
    return [patterns.filter(isLong), patterns.filter((pattern) => !isLong(pattern))]
      .filter((some) => some.length > 0)
      .map((some) => buildTables(some, all === breakable));
  });
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
