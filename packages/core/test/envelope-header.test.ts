// What a header may say and what is refused without any key; the encryption context as bytes; what the writer refuses.
import * as fc from 'fast-check';
import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { AppError } from '@sallyport/core';
import type { EncryptionContext } from '@sallyport/core';
import {
  ENVELOPE_MAX_ENCRYPTED_DATA_KEYS,
  encryptEnvelope,
  EnvelopeEncryptor,
  FRAME_BYTES,
  parseEncryptionContext,
  parseEnvelopeHeader,
  serializeEncryptionContext,
} from '@sallyport/core/envelope';
import {
  context,
  dataKey,
  encryptOptions,
  expectRejected,
  kmsDataKey,
  thrownBy,
} from './envelope-fixtures.ts';

const envelope = encryptEnvelope(encryptOptions({ encryptionContext: { a: 'b' } }), Buffer.from('value'));
const CONTEXT_AT = 35;
const DATA_KEYS_AT = CONTEXT_AT + 2 + 8;
const LAYOUT_AT = parseEnvelopeHeader(envelope).headerBytes - 16 - 32 - 5;

function codeOf(run: () => unknown): string {
  const thrown = thrownBy(run);
  expect(thrown).toBeInstanceOf(AppError);
  return (thrown as AppError).code;
}

test('the limits are those of the design', () => {
  expect(FRAME_BYTES).toBe(1_048_576);
  expect(ENVELOPE_MAX_ENCRYPTED_DATA_KEYS).toBe(4);
});

test('a header reads back as it was written', () => {
  const messageId = Buffer.alloc(32, 9);
  const encryptedDataKeys = [
    kmsDataKey,
    { ...kmsDataKey, providerId: 'schlüssel', ciphertext: Buffer.alloc(0) },
  ];
  const options = encryptOptions({ messageId, encryptedDataKeys });
  for (const format of ['framed', 'unframed'] as const) {
    const header = parseEnvelopeHeader(encryptEnvelope({ ...options, format }, Buffer.from('value')));
    expect({ ...header.encryptionContext }).toEqual(context);
    expect(header.encryptedDataKeys).toEqual(encryptedDataKeys);
    expect(header.messageId).toEqual(messageId);
    expect(header.contentType).toBe(format);
    expect(header.frameBytes).toBe(format === 'framed' ? FRAME_BYTES : 0);
  }
});

test('every envelope has a message id of its own', () => {
  const ids = new Set<string>();
  for (let count = 0; count < 1_000; count += 1) {
    const { messageId } = parseEnvelopeHeader(encryptEnvelope(encryptOptions(), Buffer.alloc(0)));
    ids.add(Buffer.from(messageId).toString('hex'));
  }
  expect(ids.size).toBe(1_000);
});

describe('refused without a key', () => {
  const cases: { name: string; cause: string; change: (bytes: Buffer) => unknown }[] = [
    { name: 'format version 1', cause: 'version', change: (bytes) => bytes.writeUInt8(1, 0) },
    { name: 'format version 3', cause: 'version', change: (bytes) => bytes.writeUInt8(3, 0) },
    { name: 'the suite with a signature', cause: 'suite', change: (bytes) => bytes.writeUInt16BE(0x0578, 1) },
    { name: 'a suite without commitment', cause: 'suite', change: (bytes) => bytes.writeUInt16BE(0x0178, 1) },
    { name: 'no data key', cause: 'no data key', change: (bytes) => bytes.writeUInt16BE(0, DATA_KEYS_AT) },
    { name: 'five data keys', cause: 'too many', change: (bytes) => bytes.writeUInt16BE(5, DATA_KEYS_AT) },
    { name: 'content type 0', cause: 'content type', change: (bytes) => bytes.writeUInt8(0, LAYOUT_AT) },
    { name: 'content type 3', cause: 'content type', change: (bytes) => bytes.writeUInt8(3, LAYOUT_AT) },
    {
      name: 'frames of 0 bytes',
      cause: 'frame length',
      change: (bytes) => bytes.writeUInt32BE(0, LAYOUT_AT + 1),
    },
    {
      name: 'frames above 1 MiB',
      cause: 'frame length',
      change: (bytes) => bytes.writeUInt32BE(1_048_577, LAYOUT_AT + 1),
    },
    {
      name: 'unframed with a frame length',
      cause: 'frame length',
      change: (bytes) => bytes.writeUInt8(1, LAYOUT_AT),
    },
    {
      name: 'a provider id that is not UTF-8',
      cause: 'provider id',
      change: (bytes) => bytes.writeUInt8(0xff, DATA_KEYS_AT + 4),
    },
    {
      name: 'a context count of zero',
      cause: 'count',
      change: (bytes) => bytes.writeUInt16BE(0, CONTEXT_AT + 2),
    },
    {
      name: 'more pairs than there are',
      cause: 'context cut short',
      change: (bytes) => bytes.writeUInt16BE(2, CONTEXT_AT + 2),
    },
    {
      name: 'a context key longer than the context',
      cause: 'context cut short',
      change: (bytes) => bytes.writeUInt16BE(0xffff, CONTEXT_AT + 4),
    },
    {
      name: 'a context key that is not UTF-8',
      cause: 'context is not UTF-8',
      change: (bytes) => bytes.writeUInt8(0xff, CONTEXT_AT + 6),
    },
  ];
  test.each(cases)('$name', ({ cause, change }) => {
    const changed = Buffer.from(envelope);
    change(changed);
    expectRejected(
      thrownBy(() => parseEnvelopeHeader(changed)),
      cause,
    );
  });

  test('anything cut short, and any noise', () => {
    const { headerBytes } = parseEnvelopeHeader(envelope);
    for (let length = 0; length < headerBytes; length += 1)
      expectRejected(
        thrownBy(() => parseEnvelopeHeader(envelope.subarray(0, length))),
        'cut short',
      );
    const noise = fc
      .uint8Array({ maxLength: 400 })
      .map((tail) => Buffer.concat([Buffer.from([2, 4, 0x78]), tail]));
    fc.assert(fc.property(noise, (bytes) => expectRejected(thrownBy(() => parseEnvelopeHeader(bytes)))));
  });
});

describe('the encryption context as bytes', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 30 });
  const key = text.filter((candidate) => candidate !== '' && !candidate.startsWith('aws-crypto'));

  test('parses back to itself and is the same whatever the order of the pairs', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(key, text), { selector: ([name]) => name, maxLength: 8 }),
        (pairs) => {
          const serialized = serializeEncryptionContext(Object.fromEntries(pairs));
          expect(new Map(Object.entries(parseEncryptionContext(serialized)))).toEqual(new Map(pairs));
          expect(serializeEncryptionContext(Object.fromEntries(pairs.toReversed()))).toEqual(serialized);
        },
      ),
    );
  });

  test('is count, lengths and text, sorted by UTF-8 bytes; nothing for an empty context', () => {
    expect(serializeEncryptionContext({})).toHaveLength(0);
    expect(serializeEncryptionContext({ b: '2', a: '' }).toString('hex')).toBe('00020001610000000162000132');
    // In UTF-16, and so for `Array.prototype.sort`, the emoji comes first.
    const keys = Object.keys(
      parseEncryptionContext(serializeEncryptionContext({ '\u{1F600}': '', '\uFFFD': '' })),
    );
    expect(keys).toEqual(['\uFFFD', '\u{1F600}']);
  });

  test('a key called __proto__ is only a key', () => {
    const hostile = Object.fromEntries([['__proto__', 'x']]);
    const parsed = parseEncryptionContext(serializeEncryptionContext(hostile));
    expect(Object.entries(parsed)).toEqual([['__proto__', 'x']]);
  });

  test('pairs out of order, or twice, are refused', () => {
    const pair = (name: string) => Buffer.from([0, 1, name.charCodeAt(0), 0, 0]);
    const two = Buffer.from([0, 2]);
    expect(Object.keys(parseEncryptionContext(Buffer.concat([two, pair('a'), pair('b')])))).toEqual([
      'a',
      'b',
    ]);
    for (const pairs of [
      [pair('b'), pair('a')],
      [pair('a'), pair('a')],
    ])
      expectRejected(
        thrownBy(() => parseEncryptionContext(Buffer.concat([two, ...pairs]))),
        'ascending',
      );
    expectRejected(
      thrownBy(() => parseEncryptionContext(Buffer.concat([Buffer.from([0, 1]), pair('a'), pair('b')]))),
      'after the context',
    );
    expectRejected(thrownBy(() => parseEncryptionContext(Buffer.from([0]))));
    expectRejected(
      thrownBy(() => parseEncryptionContext(Buffer.from([0, 1, 0, 0, 0, 0]))),
      'empty or reserved',
    );
  });

  test('a reserved key in a header is refused although its bytes are well formed', () => {
    const name = Buffer.from('aws-crypto-public-key');
    const bytes = Buffer.concat([Buffer.from([0, 1, 0, name.length]), name, Buffer.from([0, 1, 0x78])]);
    expectRejected(
      thrownBy(() => parseEncryptionContext(bytes)),
      'reserved',
    );
  });

  test('exactly 65,535 bytes fit, one more does not', () => {
    const overhead = 2 + 2 + 1 + 2;
    expect(serializeEncryptionContext({ k: 'x'.repeat(65_535 - overhead) })).toHaveLength(65_535);
    expect(codeOf(() => serializeEncryptionContext({ k: 'x'.repeat(65_536 - overhead) }))).toBe(
      'invalid-encryption-context',
    );
    const long = { k: 'x'.repeat(65_535 - overhead) };
    const whole = encryptEnvelope(encryptOptions({ encryptionContext: long }), Buffer.from('value'));
    expect(parseEnvelopeHeader(whole).encryptionContext['k']).toHaveLength(65_535 - overhead);
  });
});

describe('the writer refuses', () => {
  const contexts: { name: string; encryptionContext: EncryptionContext }[] = [
    { name: 'a reserved context key', encryptionContext: { 'aws-crypto-public-key': 'x' } },
    { name: 'an empty context key', encryptionContext: { '': 'x' } },
    { name: 'a lone surrogate in a key', encryptionContext: { '\uDC00': 'x' } },
    { name: 'a lone surrogate in a value', encryptionContext: { x: '\uD800' } },
  ];
  test.each(contexts)('$name', ({ encryptionContext }) => {
    const options = encryptOptions({ encryptionContext });
    expect(codeOf(() => encryptEnvelope(options, Buffer.alloc(1)))).toBe('invalid-encryption-context');
    expect(codeOf(() => new EnvelopeEncryptor(options))).toBe('invalid-encryption-context');
  });

  test('more than 1 MiB unframed', () => {
    const options = encryptOptions({ format: 'unframed' });
    expect(codeOf(() => encryptEnvelope(options, Buffer.alloc(FRAME_BYTES + 1)))).toBe('value-too-large');
    const encryptor = new EnvelopeEncryptor(options);
    encryptor.update(Buffer.alloc(FRAME_BYTES));
    expect(codeOf(() => encryptor.update(Buffer.alloc(1)))).toBe('value-too-large');
  });

  test.each([
    { name: 'no data key', changes: { encryptedDataKeys: [] } },
    { name: 'five data keys', changes: { encryptedDataKeys: Array.from({ length: 5 }, () => kmsDataKey) } },
    {
      name: 'a wrapped key above 65,535 bytes',
      changes: { encryptedDataKeys: [{ ...kmsDataKey, ciphertext: Buffer.alloc(65_536) }] },
    },
    { name: 'a short message id', changes: { messageId: Buffer.alloc(31) } },
    { name: 'a key of 128 bits', changes: { dataKey: createSecretKey(Buffer.alloc(16)) } },
  ])('as our own mistake: $name', ({ changes }) => {
    expect(codeOf(() => encryptEnvelope(encryptOptions({ dataKey, ...changes }), Buffer.alloc(1)))).toBe(
      'internal',
    );
  });
});
