// What an attacker can do to a stored envelope without its data key, and what a writer with the data key could try: all of it ends in
// the one refusal, and nothing is released.
import * as fc from 'fast-check';
import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  decryptEnvelope,
  encryptEnvelope,
  parseEnvelopeHeader,
  unwrapRawAesDataKey,
} from '@sallyport/core/envelope';
import { writeFrame, writtenFrameBytes } from '../src/envelope/body.ts';
import type { Frame } from '../src/envelope/body.ts';
import { deriveMessageKeys } from '../src/envelope/message-keys.ts';
import {
  context,
  dataKey,
  decryptInChunks,
  encryptOptions,
  expectRejected,
  otherDataKey,
  thrownBy,
} from './envelope-fixtures.ts';
import { oracleEncrypt, oracleKey } from './oracle-keyring.ts';

const opening = { dataKey, expectedContext: context };
const plaintext = Buffer.from('correct horse battery staple');

/** Our writer makes frames of 1 MiB; small frames, to flip every bit of several, come from the stock library. */
async function fiveSmallFrames() {
  const envelope = await oracleEncrypt({ encryptionContext: { ...context }, frameLength: 6 }, plaintext);
  const [encrypted] = parseEnvelopeHeader(envelope).encryptedDataKeys;
  const key = unwrapRawAesDataKey({ ...oracleKey, encryptionContext: context }, encrypted!);
  return { envelope, opening: { dataKey: key!, expectedContext: context } };
}

const subjects = [
  {
    name: 'one frame',
    make: () => Promise.resolve({ envelope: encryptEnvelope(encryptOptions(), plaintext), opening }),
  },
  {
    name: 'unframed',
    make: () =>
      Promise.resolve({
        envelope: encryptEnvelope(encryptOptions({ format: 'unframed' }), plaintext),
        opening,
      }),
  },
  { name: 'five small frames', make: fiveSmallFrames },
];

describe.each(subjects)('$name', ({ make }) => {
  test('every single flipped bit is refused', async () => {
    const { envelope, opening } = await make();
    expect(decryptEnvelope(opening, envelope).equals(plaintext)).toBe(true);
    for (let bit = 0; bit < envelope.length * 8; bit += 1) {
      const flipped = Buffer.from(envelope);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expectRejected(thrownBy(() => decryptEnvelope(opening, flipped)));
    }
  });

  test('every single flipped bit is refused in a stream, which releases authentic frames at most and never all', async () => {
    const { envelope, opening } = await make();
    for (let bit = 0; bit < envelope.length * 8; bit += 1) {
      const flipped = Buffer.from(envelope);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const { released, error } = await decryptInChunks(opening, flipped, [97]);
      expectRejected(error);
      expect(released.length).toBeLessThan(plaintext.length);
      expect(released.equals(plaintext.subarray(0, released.length))).toBe(true);
    }
  });

  test('every truncation is refused, and so is anything after the end', async () => {
    const { envelope, opening } = await make();
    for (let length = 0; length < envelope.length; length += 1) {
      const cut = envelope.subarray(0, length);
      expectRejected(thrownBy(() => decryptEnvelope(opening, cut)));
      const streamed = await decryptInChunks(opening, cut, [64]);
      expectRejected(streamed.error);
      expect(streamed.released.length).toBeLessThan(plaintext.length);
    }
    for (const extra of [Buffer.from([0]), Buffer.alloc(64), envelope]) {
      const longer = Buffer.concat([envelope, extra]);
      expectRejected(
        thrownBy(() => decryptEnvelope(opening, longer)),
        'bytes after',
      );
      for (const sizes of [[1], [envelope.length], [longer.length]]) {
        const streamed = await decryptInChunks(opening, longer, sizes);
        expectRejected(streamed.error, 'bytes after');
        expect(streamed.released.length).toBeLessThan(plaintext.length);
      }
    }
  });

  test('two parts of it swapped are refused', async () => {
    const { envelope, opening } = await make();
    const parts = fc
      .uniqueArray(fc.nat(envelope.length), { minLength: 3, maxLength: 3 })
      .map((cuts) => cuts.toSorted((left, right) => left - right));
    fc.assert(
      fc.property(parts, ([first, second, third]) => {
        const swapped = Buffer.concat([
          envelope.subarray(0, first),
          envelope.subarray(second, third),
          envelope.subarray(first, second),
          envelope.subarray(third),
        ]);
        fc.pre(!swapped.equals(envelope));
        expectRejected(thrownBy(() => decryptEnvelope(opening, swapped)));
      }),
      { numRuns: 300 },
    );
  });

  test('any context but exactly the one it was written with is refused', async () => {
    const { envelope, opening } = await make();
    const { 'sallyport:version': _version, ...fewer } = context;
    const contexts = [
      {},
      fewer,
      { ...context, extra: 'pair' },
      { ...context, 'sallyport:secret': 'sec_2' },
      { ...context, 'sallyport:version': '01' },
      { ...fewer, 'sallyport:Version': '1' },
      { ...context, 'aws-crypto-public-key': 'x' },
      { ...context, '': 'x' },
      { ...context, lone: '\uD800' },
    ];
    for (const expectedContext of contexts) {
      expectRejected(
        thrownBy(() => decryptEnvelope({ ...opening, expectedContext }, envelope)),
        'context',
      );
      const streamed = await decryptInChunks({ ...opening, expectedContext }, envelope, [50]);
      expectRejected(streamed.error, 'context');
      expect(streamed.released).toHaveLength(0);
    }
    // The order in which the pairs are given means nothing.
    const reversed = Object.fromEntries(Object.entries(context).toReversed());
    expect(decryptEnvelope({ ...opening, expectedContext: reversed }, envelope).equals(plaintext)).toBe(true);
  });

  test('another data key, or one of another size, is refused before anything is decrypted', async () => {
    const { envelope, opening } = await make();
    expectRejected(
      thrownBy(() => decryptEnvelope({ ...opening, dataKey: otherDataKey }, envelope)),
      'commitment',
    );
    const short = createSecretKey(Buffer.alloc(16, 7));
    expectRejected(
      thrownBy(() => decryptEnvelope({ ...opening, dataKey: short }, envelope)),
      '256 bits',
    );
  });
});

test('an envelope whose ciphertext is moved under another header is refused', () => {
  // Attack: the data key is shared, so both headers are authentic; only the message id tells the bodies apart.
  const mine = encryptEnvelope(encryptOptions(), Buffer.from('mine'));
  const yours = encryptEnvelope(encryptOptions(), Buffer.from('your'));
  const { headerBytes } = parseEnvelopeHeader(mine);
  const mixed = Buffer.concat([mine.subarray(0, headerBytes), yours.subarray(headerBytes)]);
  expectRejected(
    thrownBy(() => decryptEnvelope(opening, mixed)),
    'frame does not authenticate',
  );
});

test('opening two messages of one data key in turn never confuses them', () => {
  const options = encryptOptions();
  const first = encryptEnvelope(options, Buffer.from('first'));
  const second = encryptEnvelope(options, Buffer.from('second'));
  for (let round = 0; round < 3; round += 1) {
    expect(decryptEnvelope(opening, first).toString()).toBe('first');
    expect(decryptEnvelope(opening, first).toString()).toBe('first');
    expect(decryptEnvelope(opening, second).toString()).toBe('second');
  }
  // Nor does a message id that is known already lend its keys to a header that is not authentic.
  const forged = Buffer.from(second);
  forged[parseEnvelopeHeader(second).headerBytes - 1]! ^= 1;
  expectRejected(
    thrownBy(() => decryptEnvelope(opening, forged)),
    'header does not authenticate',
  );
});

describe('a writer who has the data key', () => {
  /** A valid header, then exactly these frames, each with a valid tag. */
  function written(frames: readonly Frame[], format: 'framed' | 'unframed' = 'framed'): Buffer {
    const whole = encryptEnvelope(encryptOptions({ format }), Buffer.alloc(0));
    const header = parseEnvelopeHeader(whole);
    const { contentKey } = deriveMessageKeys(dataKey, header.messageId);
    const bodies = frames.map((frame) => {
      const out = Buffer.alloc(writtenFrameBytes(frame.kind, frame.plaintext.length));
      writeFrame({ contentKey, messageId: header.messageId }, frame, { out, at: 0 });
      return out;
    });
    return Buffer.concat([whole.subarray(0, header.headerBytes), ...bodies]);
  }

  const full = Buffer.alloc(1_048_576, 0x61);
  const tail = Buffer.from('tail');

  test('opens what is in order, which shows that the refusals below are about the order', () => {
    const envelope = written([
      { kind: 'regular', sequence: 1, plaintext: full },
      { kind: 'final', sequence: 2, plaintext: tail },
    ]);
    expect(decryptEnvelope(opening, envelope).equals(Buffer.concat([full, tail]))).toBe(true);
    const emptyEnd = written([
      { kind: 'regular', sequence: 1, plaintext: full },
      { kind: 'final', sequence: 2, plaintext: Buffer.alloc(0) },
    ]);
    expect(decryptEnvelope(opening, emptyEnd).equals(full)).toBe(true);
  });

  const cases: { name: string; cause: string; frames: Frame[]; format?: 'framed' | 'unframed' }[] = [
    {
      name: 'begin at frame 2',
      cause: 'sequence',
      frames: [{ kind: 'final', sequence: 2, plaintext: tail }],
    },
    {
      name: 'leave a frame out',
      cause: 'sequence',
      frames: [
        { kind: 'regular', sequence: 1, plaintext: full },
        { kind: 'final', sequence: 3, plaintext: tail },
      ],
    },
    {
      name: 'repeat a frame',
      cause: 'sequence',
      frames: [
        { kind: 'regular', sequence: 1, plaintext: full },
        { kind: 'regular', sequence: 1, plaintext: full },
        { kind: 'final', sequence: 2, plaintext: tail },
      ],
    },
    {
      name: 'swap frames',
      cause: 'sequence',
      frames: [
        { kind: 'regular', sequence: 2, plaintext: full },
        { kind: 'regular', sequence: 1, plaintext: full },
        { kind: 'final', sequence: 3, plaintext: tail },
      ],
    },
    {
      name: 'never end',
      cause: 'cut short',
      frames: [{ kind: 'regular', sequence: 1, plaintext: full }],
    },
    {
      name: 'go on after the end',
      cause: 'after the last frame',
      frames: [
        { kind: 'final', sequence: 1, plaintext: tail },
        { kind: 'final', sequence: 2, plaintext: tail },
      ],
    },
    {
      name: 'end with more than a frame',
      cause: 'longer than the limit',
      frames: [{ kind: 'final', sequence: 1, plaintext: Buffer.alloc(1_048_577) }],
    },
    {
      name: 'write more than 1 MiB unframed',
      cause: 'longer than the limit',
      format: 'unframed',
      frames: [{ kind: 'unframed', sequence: 1, plaintext: Buffer.alloc(1_048_577) }],
    },
    {
      name: 'number an unframed body 2',
      cause: 'sequence',
      format: 'unframed',
      frames: [{ kind: 'unframed', sequence: 2, plaintext: tail }],
    },
  ];
  test.each(cases)('cannot $name', async ({ cause, frames, format }) => {
    const envelope = written(frames, format);
    expectRejected(
      thrownBy(() => decryptEnvelope(opening, envelope)),
      cause,
    );
    const streamed = await decryptInChunks(opening, envelope, [65_536]);
    expectRejected(streamed.error, cause);
  });

  test('cannot make a reader allocate by a length that it merely states', async () => {
    const envelope = written([{ kind: 'final', sequence: 1, plaintext: tail }]);
    const { headerBytes } = parseEnvelopeHeader(envelope);
    const lengthAt = headerBytes + 4 + 4 + 12;
    for (const stated of [5, 1_048_576, 1_048_577, 0xffff_ffff]) {
      const lying = Buffer.from(envelope);
      lying.writeUInt32BE(stated, lengthAt);
      expectRejected(thrownBy(() => decryptEnvelope(opening, lying)));
      expectRejected((await decryptInChunks(opening, lying, [32])).error);
    }
    const unframed = written([{ kind: 'unframed', sequence: 1, plaintext: tail }], 'unframed');
    const lengthAtUnframed = parseEnvelopeHeader(unframed).headerBytes + 12;
    for (const stated of [5n, 1_048_577n, 1n << 32n, (1n << 53n) + 1n, (1n << 64n) - 1n]) {
      const lying = Buffer.from(unframed);
      lying.writeBigUInt64BE(stated, lengthAtUnframed);
      expectRejected(thrownBy(() => decryptEnvelope(opening, lying)));
      expectRejected((await decryptInChunks(opening, lying, [32])).error);
    }
  });
});
