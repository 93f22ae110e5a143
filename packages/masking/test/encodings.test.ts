// No value survives, in any encoding that is promised, wherever the output is cut and whatever other values are around. The encoders here
// are Node's and the shell's own, not ours.
import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMasker, judgeValue } from '@sallyport/masking';

type Encoder = (value: Buffer) => string;

const percentAll = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
const lowerDigits = (text: string): string => text.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
const asciiOnly = (json: string): string =>
  json.replaceAll(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
const inJson = (value: Buffer): string => JSON.stringify(value.toString()).slice(1, -1);

/** What becomes of a whole value, by name. */
const ENCODERS: Readonly<Record<string, Encoder>> = {
  'as it is': (value) => value.toString('latin1'),
  base64: (value) => value.toString('base64'),
  'base64 with a line break': (value) => Buffer.concat([value, Buffer.from('\n')]).toString('base64'),
  base64url: (value) => value.toString('base64url'),
  'base64url, padded': (value) => value.toString('base64').replaceAll('+', '-').replaceAll('/', '_'),
  hex: (value) => value.toString('hex'),
  'upper-case hex': (value) => value.toString('hex').toUpperCase(),
};
const TEXT_ENCODERS: Readonly<Record<string, Encoder>> = {
  encodeURIComponent: (value) => encodeURIComponent(value.toString()),
  encodeURI: (value) => encodeURI(value.toString()),
  'percent, all reserved': (value) => percentAll(value.toString()),
  'percent, lower case': (value) => lowerDigits(percentAll(value.toString())),
  form: (value) => new URLSearchParams({ x: value.toString() }).toString().slice(2),
  JSON: inJson,
  'JSON, ASCII only': (value) => asciiOnly(inJson(value)),
  'JSON, slashes escaped': (value) => inJson(value).replaceAll('/', String.raw`\/`),
  'JSON in JSON': (value) => JSON.stringify(inJson(value)).slice(1, -1),
  "shell, '...'": (value) => value.toString().replaceAll("'", String.raw`'\''`),
  'shell, "..."': (value) => value.toString().replaceAll(/["\\$`]/g, String.raw`\$&`),
};

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const utf8 = (text: string): string => Buffer.from(text).toString('latin1');
const isMaskable = (value: Uint8Array): boolean => value.length >= 4 && judgeValue(value) === null;
// Blanks around are left alone, so a value with some would stand there but for them.
const isTrimmed = (value: Uint8Array): boolean =>
  Buffer.from(value).toString('latin1').trim().length === value.length;
const texts = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 4, maxLength: 24 }),
    fc.string({
      unit: fc.constantFrom('a', 'B', '7', '+', '/', ' ', '"', "'", '\\', '$', '%', 'é', '<', '\n'),
      minLength: 4,
      maxLength: 24,
    }),
  )
  .map((text) => Buffer.from(text.trim()))
  .filter((value) => isMaskable(value) && isTrimmed(value));
const blobs = fc
  .uint8Array({ minLength: 4, maxLength: 40 })
  .map((bytes) => Buffer.from(bytes))
  .filter((value) => isMaskable(value) && isTrimmed(value));
const cuts = fc.array(fc.nat(), { maxLength: 6 });

function maskerOf(values: readonly Uint8Array[]): ReturnType<typeof createMasker> {
  return createMasker({
    values: values.map((value, index) => ({ name: String(index), value })),
    mask: '\u0001',
  });
}

/** What comes out when the text is cut at these places; one character per byte. */
function through(
  masker: ReturnType<typeof createMasker>,
  text: string,
  places: readonly number[] = [],
): string {
  const ends = [...places.map((place) => place % (text.length + 1)).toSorted((a, b) => a - b), text.length];
  const stream = masker.stream();
  let from = 0;
  let output = '';
  for (const end of ends) {
    output += Buffer.from(stream.push(latin1(text.slice(from, end)))).toString('latin1');
    from = end;
  }
  return output + Buffer.from(stream.flush()).toString('latin1');
}

describe('a value does not survive', () => {
  test.each(Object.entries(ENCODERS))('%s', (_name, encode) => {
    fc.assert(
      fc.property(
        fc.oneof(texts, blobs),
        fc.array(texts, { maxLength: 3 }),
        cuts,
        (value, others, places) => {
          const masker = maskerOf([...others, value]);
          const encoded = encode(value);
          expect(through(masker, `\u0002${encoded}\u0002`, places)).toBe('\u0002\u0001\u0002');
        },
      ),
      { numRuns: 50 },
    );
  });

  test.each(Object.entries(TEXT_ENCODERS))('%s', (_name, encode) => {
    fc.assert(
      fc.property(texts, fc.array(texts, { maxLength: 3 }), cuts, (value, others, places) => {
        fc.pre(value.toString().isWellFormed());
        const masker = maskerOf([...others, value]);
        expect(through(masker, `\u0002${utf8(encode(value))}\u0002`, places)).toBe('\u0002\u0001\u0002');
      }),
      { numRuns: 50 },
    );
  });

  test('base64 within something larger: all characters that are of the value alone', () => {
    fc.assert(
      fc.property(
        fc.oneof(texts, blobs),
        fc.uint8Array({ maxLength: 6 }),
        fc.uint8Array({ maxLength: 6 }),
        cuts,
        (value, before, after, places) => {
          const encoded = Buffer.concat([before, value, after]).toString('base64').replaceAll('=', '');
          const first = Math.ceil((before.length * 8) / 6);
          const last = Math.floor(((before.length + value.length) * 8) / 6);
          const output = through(maskerOf([value]), encoded, places);
          expect(output).toContain('\u0001');
          // Nothing is left but what lies outside of those characters, one cut in the middle at either end.
          expect(output.length - 1).toBeLessThanOrEqual(first + (encoded.length - last));
        },
      ),
      { numRuns: 100 },
    );
  });

  test.each(['%q', '%s'])('as bash prints it with %s, and under set -x', (format) => {
    const values = [
      'it\'s "quoted" $HOME `x` \\ !',
      'two\nlines and\ttab',
      'naïve café ~#',
      'a,b;c&d|e(f)*?[g]{h}',
    ];
    const script = `for v in "$@"; do printf '<${format}>\\n' "$v"; done; set -x; for v in "$@"; do : "$v"; done`;
    const output = execFileSync('bash', ['-c', `{ ${script}; } 2>&1`, '-', ...values], {
      encoding: 'latin1',
    });
    const masked = through(maskerOf(values.map((value) => Buffer.from(value))), output);
    for (const part of ['quoted', 'HOME', 'lines', 'and', 'caf', 'b;c', 'c\\&d', 'e\\(f'])
      expect(masked).not.toContain(part);
    expect(masked.split('\u0001').length - 1).toBeGreaterThanOrEqual(8);
  });
});

test('what comes out does not depend on how the text was cut', () => {
  const words = fc.constantFrom('abc', 'abcdef', 'cab', 'YWJj', 'ZGVm', '616263', '\n', ' ', '%61', 'x');
  fc.assert(
    fc.property(
      fc.array(texts, { maxLength: 2 }),
      fc.array(words, { maxLength: 30 }),
      cuts,
      (values, parts, places) => {
        const masker = maskerOf([
          ...values,
          Buffer.from('abcdefcab'),
          Buffer.from('abc'),
          Buffer.from('fab'),
        ]);
        const text = parts.join('');
        expect(through(masker, text, places)).toBe(through(masker, text));
      },
    ),
    { numRuns: 200 },
  );
});

test('however often the output is idle, hardly anything of a value shows, and nothing else is changed', () => {
  const words = fc.constantFrom(
    'hunter2-correct',
    'hunt',
    'correct',
    'er2',
    'h',
    ' ',
    '\n',
    'aHVudGVyMi1jb3JyZWN0',
    'aHVud',
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 12 }), cuts, (parts, places) => {
      const text = parts.join('');
      const stream = maskerOf([Buffer.from('hunter2-correct')]).stream();
      const ends = [
        ...places.map((place) => place % (text.length + 1)).toSorted((a, b) => a - b),
        text.length,
      ];
      const shown: string[] = [];
      let from = 0;
      for (const end of ends) {
        shown.push(Buffer.from(stream.push(latin1(text.slice(from, end)))).toString('latin1'));
        shown.push(Buffer.from(stream.idle()).toString('latin1'));
        from = end;
      }
      shown.push(Buffer.from(stream.flush()).toString('latin1'));
      const output = shown.join('');
      expect(output).not.toMatch(/hunter2-correct|aHVudGVyMi1jb3JyZWN0/);
      const masked = through(maskerOf([Buffer.from('hunter2-correct')]), text);
      // Before a mask, at most three bytes of what it stands for were shown, each time the output was idle, and after them the mask again.
      const rest = (of: string): string =>
        of
          .replaceAll(/[hunaHV]/g, '')
          .split('\u0001')
          .filter((part, at) => at === 0 || part !== '')
          .join('\u0001');
      expect(rest(output)).toBe(rest(masked));
      expect(output.length - masked.length).toBeLessThanOrEqual(4 * ends.length);
    }),
    { numRuns: 300 },
  );
});
