// The streaming codec: the same bytes as the one-shot codec whatever the chunks, flat memory, and no plaintext before its tag.
import * as fc from 'fast-check';
import { createHash, randomBytes } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { AppError } from '@sallyport/core';
import {
  decryptEnvelope,
  encryptEnvelope,
  EnvelopeDecryptor,
  EnvelopeEncryptor,
} from '@sallyport/core/envelope';
import type { EnvelopeHeader } from '@sallyport/core/envelope';
import {
  context,
  dataKey,
  decryptInChunks,
  encryptInChunks,
  encryptOptions,
  expectRejected,
  kmsDataKey,
  otherDataKey,
  thrownBy,
} from './envelope-fixtures.ts';

const MIB = 1_048_576;
const opening = { dataKey, expectedContext: context };
const messageId = Buffer.alloc(32, 3);
const material = randomBytes(3 * MIB + 100);

function decryptor(key = dataKey, seen: EnvelopeHeader[] = []): EnvelopeDecryptor {
  return new EnvelopeDecryptor({
    unwrap: (header) => {
      seen.push(header);
      return Promise.resolve(key);
    },
    expectedContext: context,
  });
}

describe('streaming equals one-shot', () => {
  const chunkSizes = fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 5 });

  test('for small values cut anywhere, framed and unframed', async () => {
    const formats = fc.constantFrom('framed' as const, 'unframed' as const);
    await fc.assert(
      fc.asyncProperty(fc.nat(6_000), chunkSizes, formats, async (bytes, sizes, format) => {
        const plaintext = material.subarray(0, bytes);
        const options = encryptOptions({ messageId, format });
        const envelope = encryptEnvelope(options, plaintext);
        expect(encryptInChunks(options, plaintext, sizes).equals(envelope)).toBe(true);
        const streamed = await decryptInChunks(opening, envelope, sizes);
        expect(streamed.error).toBeNull();
        expect(streamed.released.equals(plaintext)).toBe(true);
        expect(decryptEnvelope(opening, envelope).equals(plaintext)).toBe(true);
      }),
    );
  });

  test('around the borders of frames', async () => {
    const options = encryptOptions({ messageId });
    for (const bytes of [MIB - 1, MIB, MIB + 1, 2 * MIB, 2 * MIB + 1, 3 * MIB + 100]) {
      const plaintext = material.subarray(0, bytes);
      const envelope = encryptEnvelope(options, plaintext);
      for (const sizes of [[MIB], [MIB - 1, 2], [65_536], [3 * MIB + 100], [5, MIB, 300_000]]) {
        expect(
          encryptInChunks(options, plaintext, sizes).equals(envelope),
          `${bytes} by ${sizes.join()}`,
        ).toBe(true);
        const streamed = await decryptInChunks(opening, envelope, sizes);
        expect(streamed.error).toBeNull();
        expect(streamed.released.equals(plaintext), `${bytes} by ${sizes.join()}`).toBe(true);
      }
    }
  });

  test('also for empty chunks and for no chunk at all', async () => {
    const options = encryptOptions({ messageId });
    expect(new EnvelopeEncryptor(options).final()).toEqual(encryptEnvelope(options, Buffer.alloc(0)));
    const encryptor = new EnvelopeEncryptor(options);
    const parts = [Buffer.alloc(0), Buffer.from('a'), Buffer.alloc(0)].map((chunk) =>
      encryptor.update(chunk),
    );
    const envelope = Buffer.concat([...parts, encryptor.final()]);
    expect(envelope).toEqual(encryptEnvelope(options, Buffer.from('a')));
    const opener = decryptor();
    expect(await opener.update(Buffer.alloc(0))).toHaveLength(0);
    expect(await opener.update(envelope)).toHaveLength(0);
    expect(await opener.update(Buffer.alloc(0))).toHaveLength(0);
    expect(opener.final().toString()).toBe('a');
  });
});

test('the first bytes of a streamed envelope are its header', () => {
  const first = new EnvelopeEncryptor(encryptOptions({ messageId })).update(Buffer.from('a'));
  expect(
    first.equals(encryptEnvelope(encryptOptions({ messageId }), Buffer.from('a')).subarray(0, first.length)),
  ).toBe(true);
  expect(first.length).toBeGreaterThan(64);
});

test('frames come out one by one, the last one only from final', async () => {
  const plaintext = material.subarray(0, 2 * MIB + 10);
  const envelope = encryptEnvelope(encryptOptions(), plaintext);
  const opener = decryptor();
  const released = await opener.update(envelope);
  expect(released.equals(plaintext.subarray(0, 2 * MIB))).toBe(true);
  expect(opener.final().equals(plaintext.subarray(2 * MIB))).toBe(true);
});

test('a damaged frame releases nothing of itself or of what came with it, and ends the stream', async () => {
  const plaintext = material.subarray(0, 2 * MIB + 10);
  const envelope = encryptEnvelope(encryptOptions(), plaintext);
  envelope[envelope.length - MIB]! ^= 1;
  const opener = decryptor();
  const rejection = await opener.update(envelope).catch((thrown: unknown) => thrown);
  expectRejected(rejection, 'authenticate');
  expectRejected(await opener.update(Buffer.from('x')).catch((thrown: unknown) => thrown));
  expectRejected(thrownBy(() => opener.final()));
});

describe('unwrapping', () => {
  test('happens once, with the parsed header, before any plaintext', async () => {
    const envelope = encryptEnvelope(encryptOptions(), Buffer.from('value'));
    const seen: EnvelopeHeader[] = [];
    const opener = decryptor(dataKey, seen);
    for (const byte of envelope) await opener.update(Buffer.from([byte]));
    expect(opener.final().toString()).toBe('value');
    expect(seen).toHaveLength(1);
    expect(seen[0]?.encryptedDataKeys).toEqual([kmsDataKey]);
  });

  test('does not happen for another context, so that no call to KMS is spent on it', async () => {
    const other = encryptOptions({ encryptionContext: { ...context, 'sallyport:version': '2' } });
    const seen: EnvelopeHeader[] = [];
    const opener = decryptor(dataKey, seen);
    const envelope = encryptEnvelope(other, Buffer.from('value'));
    expectRejected(await opener.update(envelope).catch((thrown: unknown) => thrown), 'context');
    expect(seen).toHaveLength(0);
  });

  test('to another key is refused, and an error of its own passes through unchanged', async () => {
    const envelope = encryptEnvelope(encryptOptions(), Buffer.from('value'));
    const wrongKey = decryptor(otherDataKey);
    expectRejected(await wrongKey.update(envelope).catch((thrown: unknown) => thrown), 'commitment');
    const denied = new AppError('access-denied', { publicMessage: 'kms:Decrypt is not allowed.' });
    const failing = new EnvelopeDecryptor({ unwrap: () => Promise.reject(denied), expectedContext: context });
    await expect(failing.update(envelope)).rejects.toBe(denied);
    expectRejected(thrownBy(() => failing.final()));
  });

  test('a stream that is ended meanwhile releases nothing when the key arrives', async () => {
    const envelope = encryptEnvelope(encryptOptions(), material.subarray(0, MIB + 1));
    const { promise, resolve } = Promise.withResolvers<typeof dataKey>();
    const opener = new EnvelopeDecryptor({ unwrap: () => promise, expectedContext: context });
    const update = opener.update(envelope).catch((thrown: unknown) => thrown);
    expectRejected(thrownBy(() => opener.final()));
    resolve(dataKey);
    expectRejected(await update);
  });

  test('one update at a time', async () => {
    const envelope = encryptEnvelope(encryptOptions(), Buffer.from('value'));
    const { promise, resolve } = Promise.withResolvers<typeof dataKey>();
    const opener = new EnvelopeDecryptor({ unwrap: () => promise, expectedContext: context });
    const first = opener.update(envelope);
    await expect(opener.update(Buffer.from('x'))).rejects.toMatchObject({ code: 'internal' });
    resolve(dataKey);
    await first;
    expect(opener.final().toString()).toBe('value');
  });
});

test('an encryptor is finished once', () => {
  const encryptor = new EnvelopeEncryptor(encryptOptions());
  encryptor.final();
  expect(thrownBy(() => encryptor.update(Buffer.from('x')))).toMatchObject({ code: 'internal' });
  expect(thrownBy(() => encryptor.final())).toMatchObject({ code: 'internal' });
});

test('64 MiB pass through both streams in flat memory', { timeout: 30_000 }, async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const heldBytes = () => {
    collectGarbage();
    // What is garbage is given back beside the program; a second collection waits until the first has done so.
    collectGarbage();
    const { arrayBuffers, external } = process.memoryUsage();
    return Math.max(arrayBuffers, external);
  };
  const chunk = randomBytes(65_536);
  const encryptor = new EnvelopeEncryptor(encryptOptions());
  const opener = decryptor();
  const before = heldBytes();
  const sent = createHash('sha256');
  const received = createHash('sha256');
  let mostHeldBytes = 0;
  const startedAt = performance.now();
  for (let count = 0; count < 1_024; count += 1) {
    chunk.writeUInt32BE(count, 0);
    sent.update(chunk);
    received.update(await opener.update(encryptor.update(chunk)));
    if (count % 100 === 99) mostHeldBytes = Math.max(mostHeldBytes, heldBytes() - before);
  }
  received.update(await opener.update(encryptor.final()));
  received.update(opener.final());
  const elapsedMs = performance.now() - startedAt;
  expect(received.digest('hex')).toBe(sent.digest('hex'));
  expect(mostHeldBytes).toBeLessThan(16 * MIB);
  // About 0.3 s on a quiet machine; the bound says that nothing here is quadratic.
  expect(elapsedMs).toBeLessThan(3_000);
});
