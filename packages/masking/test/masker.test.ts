// What maskers promise, on examples: E12, E18, E24 and what cannot be masked.
import { describe, expect, test } from 'vitest';
import { createMasker, ENCODED_MAX_BYTES, MASKED_MAX_BYTES } from '@sallyport/masking';
import type { Masker, MaskingStream } from '@sallyport/masking';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function maskerOf(...values: readonly (string | Uint8Array)[]): Masker {
  return createMasker({
    values: values.map((value, index) => ({
      name: `value-${index}`,
      value: typeof value === 'string' ? encode(value) : value,
    })),
  });
}

function masked(masker: Masker, text: string): string {
  return decode(masker.mask(encode(text)));
}

/** Everything that comes out when the text arrives in these pieces. */
function through(stream: MaskingStream, ...pieces: readonly string[]): string {
  return [...pieces.map((piece) => decode(stream.push(encode(piece)))), decode(stream.flush())].join('');
}

describe('a value is masked', () => {
  test('also when another value is its beginning and both are split over two writes (E12)', () => {
    const masker = maskerOf('abc', 'abcdef');
    for (const text of ['<abc>', '<abcdef>', '<abcabcdef>', '<abcdefabc>', '<ababcdef>']) {
      for (let at = 0; at <= text.length; at += 1) {
        const output = through(masker.stream(), text.slice(0, at), text.slice(at));
        expect(output, `split at ${at}`).toBe(text === '<ababcdef>' ? '<ab[masked]>' : '<[masked]>');
      }
    }
  });

  test('where it overlaps itself or another value', () => {
    expect(masked(maskerOf('abab'), '<ababab>')).toBe('<[masked]>');
    expect(masked(maskerOf('hunter2-', '2-secrets'), '<hunter2-secrets>')).toBe('<[masked]>');
    expect(masked(maskerOf('middle-part', 'one middle-part two'), '<one middle-part two>')).toBe(
      '<[masked]>',
    );
  });

  test('by the same mask, whatever its length and however often it stands there', () => {
    const masker = maskerOf('first-value', 'second-value-that-is-longer');
    expect(masked(masker, 'a first-value b')).toBe('a [masked] b');
    expect(masked(masker, 'a second-value-that-is-longerfirst-value b')).toBe('a [masked] b');
  });

  test('line by line, trimmed, and with the other line ends (E18)', () => {
    const masker = maskerOf('-----BEGIN KEY-----\n  c2VjcmV0LWtleQ\n  bGluZS10d28\n-----END KEY-----\n');
    expect(masked(masker, 'log: c2VjcmV0LWtleQ and bGluZS10d28.')).toBe('log: [masked] and [masked].');
    const all = '-----BEGIN KEY-----\r\n  c2VjcmV0LWtleQ\r\n  bGluZS10d28\r\n-----END KEY-----';
    expect(masked(masker, `<${all}>`)).toBe('<[masked]>');
    expect(masked(masker, '-----BEGIN KEY-----'), 'says nothing of the value').toBe('-----BEGIN KEY-----');
  });

  test('when it is not UTF-8, as bytes and as most programs print it (E18)', () => {
    const bytes = Uint8Array.of(0x73, 0x65, 0xff, 0x00, 0xfe, 0x63, 0x72);
    const masker = maskerOf(bytes);
    expect(decode(masker.mask(Uint8Array.of(0x3c, ...bytes, 0x3e)))).toBe('<[masked]>');
    expect(masked(masker, `<${decode(bytes)}>`)).toBe('<[masked]>');
    expect(masked(masker, `<${Buffer.from(bytes).toString('base64')}>`)).toBe('<[masked]>');
  });

  test('in a base64 log line, also within something larger, but for bits shared with neighbours (E24)', () => {
    const value = 'hunter2-correct-horse';
    const masker = maskerOf(value);
    for (const before of ['', 'a', 'ab', 'user:']) {
      for (const after of ['', '\n', '!', '!?']) {
        const line = Buffer.from(before + value + after).toString('base64');
        const output = masked(masker, line);
        expect(output).toContain('[masked]');
        const rest = output.replace('[masked]', '');
        // At each edge one character, which holds at most four bits of the value.
        expect(rest.length).toBeLessThanOrEqual(Buffer.from(before).toString('base64').length + 1 + 4);
      }
    }
    expect(masked(masker, Buffer.from(value).toString('base64'))).toBe('[masked]');
    expect(masked(masker, Buffer.from(`${value}\n`).toString('base64'))).toBe('[masked]');
  });

  test('in base64 and hex that is broken into lines', () => {
    const value = 'correct horse battery staple; '.repeat(8).trimEnd();
    const masker = maskerOf(value);
    for (const columns of [60, 64, 76]) {
      for (let before = 0; before < 90; before += 1) {
        const encoded = Buffer.from('-'.repeat(before) + value + '-'.repeat(60)).toString('base64');
        const lines = encoded.match(new RegExp(`.{1,${columns}}`, 'g')) ?? [];
        const output = masked(masker, lines.join('\n')).replaceAll('\n', '');
        const expected = Math.ceil((before * 4) / 3) + 80 + 8;
        // Two characters may stand before a break, and one at each edge.
        expect(output.replace('[masked]', '').length, `${before} before`).toBeLessThanOrEqual(expected + 4);
      }
    }
    const hex =
      Buffer.from(value)
        .toString('hex')
        .match(/.{1,60}/g) ?? [];
    expect(masked(masker, hex.join('\n'))).toBe('[masked]');
  });

  test('when it is long, piece by piece, and nobody waits for its end', () => {
    const value = Array.from({ length: 3000 }, (_, at) => (at * 7919).toString(36)).join('');
    const masker = maskerOf(value);
    expect(masked(masker, `<${value}>`)).toBe('<[masked]>');
    const stream = masker.stream();
    expect(decode(stream.push(encode(`<${value.slice(0, 9000)}`)))).toBe('<[masked]');
    expect(stream.heldBytes).toBeLessThanOrEqual(131);
    expect(decode(stream.push(encode(`${value.slice(9000)}>`)))).toBe('>');
  });
});

describe('what waits', () => {
  test('is only what may still become a value', () => {
    const stream = maskerOf('hunter2-correct').stream();
    expect(decode(stream.push(encode('one line\n')))).toBe('one line\n');
    expect(decode(stream.push(encode('Password: hunt')))).toBe('Password: ');
    expect(stream.heldBytes).toBe(4);
    expect(decode(stream.push(encode('ing\n')))).toBe('hunting\n');
    expect(stream.heldBytes).toBe(0);
  });

  test('is shown when the text ends', () => {
    const stream = maskerOf('hunter2-correct').stream();
    stream.push(encode('go hunter'));
    expect(decode(stream.flush())).toBe('hunter');
  });

  test('is shown when the output is idle and hardly anything of a value would show', () => {
    const stream = maskerOf('$ecret-value-1').stream();
    expect(decode(stream.push(encode('user@host:~$')))).toBe('user@host:~');
    expect(decode(stream.idle())).toBe('$');
    expect(decode(stream.idle())).toBe('');
    expect(stream.heldBytes).toBe(0);
    expect(decode(stream.push(encode('ecret-value-1 is what follows')))).toBe('[masked] is what follows');
  });

  test('stays hidden when more of a value would show, however often the output is idle', () => {
    const stream = maskerOf('hunter2-correct').stream();
    const output = [];
    for (const char of 'hunter2-correc')
      output.push(decode(stream.push(encode(char))), decode(stream.idle()));
    expect(output.join('')).toBe('hun');
    expect(decode(stream.push(encode('t')))).toBe('[masked]');
  });

  test('of a short value is even less', () => {
    const stream = maskerOf('q7z').stream();
    stream.push(encode('q7'));
    expect(decode(stream.idle())).toBe('');
  });

  test('is already masked when it may only become more of a value', () => {
    const stream = maskerOf('hunter2', 'hunter2-and-more').stream();
    expect(decode(stream.push(encode('hunter2')))).toBe('');
    expect(decode(stream.idle())).toBe('[masked]');
    expect(decode(stream.push(encode('-and-more.')))).toBe('.');
  });
});

describe('what cannot be masked is reported', () => {
  const problemOf = (value: string | Uint8Array): string | undefined => maskerOf(value).report[0]?.problem;

  test.each([
    ['', 'empty'],
    [' \n\t', 'empty'],
    ['x', 'too-short'],
    [' ab ', 'too-short'],
    ['443', 'too-short'],
    ['true', 'too-common'],
    ['Admin', 'too-common'],
    ['8080', 'too-common'],
    ['--------', 'too-common'],
    ['ask', 'too-common'],
    ['four\nab\nlines', 'short-lines'],
  ])('%j: %s', (value, problem) => {
    expect(problemOf(value)).toBe(problem);
  });

  test('and what can be, is not', () => {
    for (const value of ['abc', '4711', 'hunter2', '!!?', 'é', '{\n  "key": "value-1"\n}\n']) {
      expect(problemOf(value), value).toBe(value === 'é' ? 'too-short' : undefined);
    }
  });

  test('long values are masked as they are, very long ones not', () => {
    const noise = (bytes: number): Uint8Array =>
      Uint8Array.from({ length: bytes }, (_, at) => 33 + ((at * at * 31 + at * 7) % 90));
    expect(problemOf(noise(ENCODED_MAX_BYTES + 1))).toBe('not-encoded');
    expect(problemOf(noise(ENCODED_MAX_BYTES))).toBeUndefined();
    expect(problemOf(noise(MASKED_MAX_BYTES + 1))).toBe('too-long');
  });

  test('in the order in which the values were given, by name', () => {
    expect(maskerOf('hunter2-correct', 'no', 'x', 'something-else', '').report).toEqual([
      { name: 'value-1', problem: 'too-short' },
      { name: 'value-2', problem: 'too-short' },
      { name: 'value-4', problem: 'empty' },
    ]);
  });

  test('without any value, everything passes as it is', () => {
    expect(masked(maskerOf(), 'a\0b\n')).toBe('a\0b\n');
  });
});
