// The matcher against a plain search for every pattern at every place, on texts of few letters, where everything overlaps everything.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildTables } from '../src/matcher/build-tables.ts';
import { Matcher } from '../src/matcher/matcher.ts';
import { SpanList } from '../src/matcher/span-list.ts';

const letters = (alphabet: string, lengths: { minLength: number; maxLength: number }): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...alphabet.split('')), ...lengths });
const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** One character per byte of the text: `#` where some pattern lies over it. */
function coverBySearch(patterns: readonly string[], text: string): string {
  const cover = Array.from(text, () => '.');
  for (const pattern of patterns) {
    for (let at = text.indexOf(pattern); at !== -1; at = text.indexOf(pattern, at + 1)) {
      cover.fill('#', at, at + pattern.length);
    }
  }
  return cover.join('');
}

/** The same by the matcher, which reads the text in pieces and forgets what it calls decided. */
function coverByMatcher(patterns: readonly string[], pieces: readonly string[], skipsBreaks = false): string {
  const matcher = new Matcher(buildTables(patterns, skipsBreaks));
  const found = new SpanList();
  const cover = Array.from(pieces.join(''), () => '.');
  let window = '';
  let base = 0;
  for (const piece of pieces) {
    window += piece;
    const bytes = bytesOf(window);
    matcher.read(bytes, found);
    for (const { start, end } of SpanList.union([found])) cover.fill('#', base + start, base + end);
    const open = matcher.openFrom(bytes);
    matcher.shift(open);
    found.dropBefore(open);
    base += open;
    window = window.slice(open);
  }
  return cover.join('');
}

const piecesOf = (text: string, cuts: readonly number[]): string[] => {
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].toSorted(
    (left, right) => left - right,
  );
  return [0, ...places].map((from, index) => text.slice(from, places[index] ?? text.length));
};

describe('the matcher finds what a search at every place finds', () => {
  test.each([
    { title: 'of two letters', alphabet: 'ab', minLength: 1 },
    { title: 'of two letters, no pattern shorter than a gram', alphabet: 'ab', minLength: 4 },
    { title: 'of four letters', alphabet: 'abcd', minLength: 3 },
    { title: 'of bytes at the ends of their range', alphabet: '\0\x01\x7f\x80\xfe\xff', minLength: 2 },
    { title: 'long ones', alphabet: 'ab', minLength: 9 },
  ])('patterns $title', ({ alphabet, minLength }) => {
    fc.assert(
      fc.property(
        fc.uniqueArray(letters(alphabet, { minLength, maxLength: minLength + 9 }), {
          minLength: 1,
          maxLength: 12,
        }),
        letters(alphabet, { minLength: 0, maxLength: 80 }),
        fc.array(fc.nat(), { maxLength: 8 }),
        (patterns, text, cuts) => {
          // Patterns inside the text, too: long random ones would never be found.
          const all = [
            ...new Set([
              ...patterns,
              ...(text.length > 30 ? [text.slice(7, 7 + minLength), text.slice(3, 29)] : []),
            ]),
          ];
          expect(coverByMatcher(all, piecesOf(text, cuts))).toBe(coverBySearch(all, text));
        },
      ),
      { numRuns: 400 },
    );
  });

  test('with line breaks inside, once the first characters stand in one line', () => {
    fc.assert(
      fc.property(
        letters('abc', { minLength: 8, maxLength: 40 }),
        fc.array(fc.record({ at: fc.nat(), text: fc.constantFrom('\n', '\r\n', '\n  ', '\n\t') }), {
          maxLength: 4,
        }),
        fc.array(fc.nat(), { maxLength: 8 }),
        (pattern, breaks, cuts) => {
          let broken = pattern;
          for (const { at, text } of breaks) {
            const place = 4 + (at % (broken.length - 3));
            broken = broken.slice(0, place) + text + broken.slice(place);
          }
          const inner = broken.trimEnd();
          const cover = coverByMatcher([pattern], piecesOf(`-${inner}-`, cuts), true);
          expect(cover).toBe(`.${'#'.repeat(inner.length)}.`);
        },
      ),
      { numRuns: 400 },
    );
  });

  test('what waits for a match never grows beyond the longest pattern', () => {
    const matcher = new Matcher(buildTables(['aaaaaaab', 'abababac'], true));
    const found = new SpanList();
    let window = '';
    let longest = 0;
    for (const piece of [
      ...'aaaaaaaaaaaaaaaaaaaaababababab'.repeat(4).split(''),
      '\n'.repeat(500),
      ...'aaaaaaa'.split(''),
      ...'\n'.repeat(500).split(''),
    ]) {
      window += piece;
      const bytes = bytesOf(window);
      matcher.read(bytes, found);
      const open = matcher.openFrom(bytes);
      matcher.shift(open);
      window = window.slice(open);
      longest = Math.max(longest, window.length);
    }
    expect(longest).toBeGreaterThan(7);
    // Eight characters and the breaks after one of them.
    expect(longest).toBeLessThanOrEqual(8 + 64);
  });
});
