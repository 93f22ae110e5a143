// A browser's end of sealing against the delegate's: the same bytes, the same refusals, and no nonce twice although WebCrypto answers later.
import { generateKeyPairSync, sign } from 'node:crypto';
import { inspect } from 'node:util';
import { AppError } from '@sallyport/core';
import {
  createSealingKey,
  fingerprintOf,
  rawPublicKeyOf,
  verifySealingOffer,
} from '@sallyport/protocol/sealing';
import type { SealingOffer } from '@sallyport/protocol/sealing';
import { verifyWebSealingOffer, WebClientSession } from '@sallyport/protocol/sealing-web';
import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { decodeBase64url, lengthPrefixed } from '../src/sealing/encoding.ts';
import { base64urlOf, bytesOfBase64url, lengthPrefixedFields } from '../src/sealing-web/web-bytes.ts';
import { bitFlips, bytes, damagedIn, makePair, PURPOSE, START_MS, truncations } from './sealing-fixture.ts';
import type { Pair } from './sealing-fixture.ts';

const more = { final: false };
const final = { final: true };
const plain = (content: Uint8Array): Uint8Array => new Uint8Array(content);

async function openWebClient(pair: Pair): Promise<WebClientSession> {
  return WebClientSession.open(pair.sessions.currentOffer(), { nowMs: pair.nowMs() });
}

/** The code with which `act` fails; fails the test when it returns. */
async function codeOf(act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown.code;
    throw thrown;
  }
  throw new Error('expected a refusal, but it was accepted');
}

describe('a browser and a delegate', () => {
  test('understand each other in boxes, whatever they hold, in whatever order answers come', async () => {
    const message = fc.record({
      requestId: fc.string({ unit: 'grapheme', maxLength: 40 }),
      operation: fc.constantFrom('write', 'resolve', 'upload'),
      question: fc.uint8Array({ maxLength: 2000 }),
      answer: fc.uint8Array({ maxLength: 2000 }),
      order: fc.nat(),
    });
    const property = fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 8 }), async (messages) => {
      const pair = makePair();
      const client = await openWebClient(pair);
      const sent = await Promise.all(
        messages.map(async (message) => ({
          message,
          exchange: await client.sealRequest(message, message.question),
        })),
      );
      for (const { message, exchange } of sent.sort(
        (one, other) => one.message.order - other.message.order,
      )) {
        const opened = pair.sessions.openRequest(message, exchange.sealed);
        expect(plain(opened.content)).toEqual(message.question);
        expect(await exchange.openAnswer(opened.sealAnswer(message.answer))).toEqual(message.answer);
        expect(exchange.ended).toBe(true);
      }
    });
    await fc.assert(property, { numRuns: 30 });
  });

  test('understand each other in chunks, both ways', async () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 8 });
    const property = fc.asyncProperty(chunks, chunks, async (upload, download) => {
      const pair = makePair();
      const up = (await openWebClient(pair)).startStream(PURPOSE);
      const down = pair.sessions.openStream(PURPOSE, up.header);
      for (const [index, content] of upload.entries()) {
        const last = index === upload.length - 1;
        const opened = down.openChunk(await up.sealChunk(content, { final: last }));
        expect({ ...opened, content: plain(opened.content) }).toEqual({ content, final: last });
      }
      for (const [index, content] of download.entries()) {
        const last = index === download.length - 1;
        expect(up.ended).toBe(false);
        const opened = await up.openAnswerChunk(down.sealAnswerChunk(content, { final: last }));
        expect(opened).toEqual({ content, final: last });
      }
      expect(up.ended).toBe(true);
    });
    await fc.assert(property, { numRuns: 30 });
  });

  test('carry the encapsulated key until the first genuine answer came, and not afterwards', async () => {
    const pair = makePair();
    const client = await openWebClient(pair);
    const first = await client.sealRequest(PURPOSE, bytes('1'));
    expect(first.sealed.enc).toMatch(/^[\w-]{43}$/);
    const forged = Buffer.alloc(40).toString('base64url');
    expect(await codeOf(() => first.openAnswer(forged))).toBe('answer-mismatch');
    expect((await client.sealRequest(PURPOSE, bytes('2'))).sealed.enc).toBe(first.sealed.enc);
    await first.openAnswer(pair.sessions.openRequest(PURPOSE, first.sealed).sealAnswer(bytes('ok')));
    const later = await client.sealRequest(PURPOSE, bytes('3'));
    expect(later.sealed.enc).toBeNull();
    expect(pair.sessions.openRequest(PURPOSE, later.sealed).content).toEqual(bytes('3'));
  });
});

describe('calls at the same time', () => {
  test('never seal two chunks under one nonce', async () => {
    const nonces: string[] = [];
    const encrypt = crypto.subtle.encrypt.bind(crypto.subtle);
    const watched = vi.spyOn(crypto.subtle, 'encrypt').mockImplementation(async (parameters, key, data) => {
      nonces.push(Buffer.from((parameters as { iv: Uint8Array }).iv).toString('hex'));
      return encrypt(parameters, key, data);
    });
    try {
      const pair = makePair();
      const client = await openWebClient(pair);
      const stream = client.startStream(PURPOSE);
      await Promise.all([
        ...Array.from({ length: 20 }, async () => client.sealRequest(PURPOSE, bytes('whole'))),
        ...Array.from({ length: 20 }, async () => stream.sealChunk(bytes('part'), more)),
      ]);
    } finally {
      watched.mockRestore();
    }
    expect(nonces).toHaveLength(40);
    expect(new Set(nonces).size).toBe(40);
  });

  test('open the chunks of an answer in their order', async () => {
    const pair = makePair();
    const exchange = await (await openWebClient(pair)).sealRequest(PURPOSE, bytes('get'));
    const answer = pair.sessions.openRequest(PURPOSE, exchange.sealed);
    const parts = ['a', 'b', 'c'].map((text) => answer.sealAnswerChunk(bytes(text), { final: text === 'c' }));
    const opened = await Promise.all(parts.map(async (part) => exchange.openAnswerChunk(part)));
    expect(opened.map(({ content }) => Buffer.from(content).toString())).toEqual(['a', 'b', 'c']);
  });
});

describe('a browser refuses an answer', () => {
  const ask = async () => {
    const pair = makePair();
    const client = await openWebClient(pair);
    const request = await client.sealRequest(PURPOSE, bytes('db-password'));
    const box = pair.sessions.openRequest(PURPOSE, request.sealed).sealAnswer(bytes('hunter2'));
    return { pair, client, request, box };
  };

  test('with any damage, and one that comes a second time', async () => {
    const { request, box } = await ask();
    for (const damaged of damagedIn('box', { ...request.sealed, box })) {
      expect(await codeOf(() => request.openAnswer(damaged.box))).toBe('answer-mismatch');
    }
    expect(request.ended).toBe(false);
    expect(await request.openAnswer(box)).toEqual(plain(bytes('hunter2')));
    expect(await codeOf(() => request.openAnswer(box))).toBe('answer-mismatch');
  });

  test('to another request of the session, to the same one in another session, and its own request sent back', async () => {
    const { pair, client, request, box } = await ask();
    const second = await client.sealRequest(PURPOSE, bytes('db-password'));
    expect(await codeOf(() => second.openAnswer(box))).toBe('answer-mismatch');
    const other = await (await openWebClient(pair)).sealRequest(PURPOSE, bytes('db-password'));
    const otherBox = pair.sessions.openRequest(PURPOSE, other.sealed).sealAnswer(bytes('hunter2'));
    expect(await codeOf(() => request.openAnswer(otherBox))).toBe('answer-mismatch');
    expect(await codeOf(() => request.openAnswer(request.sealed.box))).toBe('answer-mismatch');
  });

  test('in chunks that are damaged, cut, left out or in the wrong place', async () => {
    const { pair, client } = await ask();
    const request = await client.sealRequest(PURPOSE, bytes('file'));
    const answer = pair.sessions.openRequest(PURPOSE, request.sealed);
    const one = answer.sealAnswerChunk(bytes('one'), more);
    const two = answer.sealAnswerChunk(bytes('two'), final);
    for (const damaged of [two, ...bitFlips(one), ...truncations(one)]) {
      expect(await codeOf(() => request.openAnswerChunk(damaged))).toBe('answer-mismatch');
    }
    expect(Buffer.from((await request.openAnswerChunk(one)).content).toString()).toBe('one');
    expect(await codeOf(() => request.openAnswerChunk(one))).toBe('answer-mismatch');
    expect(request.ended).toBe(false);
    expect((await request.openAnswerChunk(two)).final).toBe(true);
    expect(request.ended).toBe(true);
  });
});

test('a session ends after its messages and its time, as it does in Node', async () => {
  const pair = makePair();
  const [web, node] = [await openWebClient(pair), pair.openClient()];
  for (const ageMs of [0, 599_999, 600_000, -1]) {
    expect(web.isUsable(START_MS + ageMs)).toBe(node.isUsable(START_MS + ageMs));
  }
  for (let sealed = 0; sealed < 10_000; sealed += 1) web.startStream(PURPOSE);
  expect(web.isUsable(START_MS)).toBe(false);
  expect(await codeOf(() => web.sealRequest(PURPOSE, bytes('one more')))).toBe('session-unknown');
  expect(await codeOf(() => web.startStream(PURPOSE))).toBe('session-unknown');
});

describe('a delegate’s offer', () => {
  const identity = generateKeyPairSync('ed25519').privateKey;
  const expiresAtMs = START_MS + 1000;
  const { offer } = createSealingKey({ identityPrivateKey: identity, name: 'vpc-1 · Zürich', expiresAtMs });
  const fingerprint = fingerprintOf(rawPublicKeyOf(identity));

  /** What Node makes of it; the browser has to make the same. */
  async function expectSameVerdict(given: SealingOffer, expected: { nowMs: number; fingerprint?: string }) {
    const inNode = await codeOf(() => verifySealingOffer(given, expected));
    expect(await codeOf(async () => verifyWebSealingOffer(given, expected))).toBe(inNode);
    expect(await codeOf(async () => WebClientSession.open(given, expected))).toBe(inNode);
  }

  test('is accepted when genuine, under its fingerprint, until it expires', async () => {
    expect((await verifyWebSealingOffer(offer, { nowMs: expiresAtMs - 1 })).fingerprint).toBe(fingerprint);
    expect((await WebClientSession.open(offer, { nowMs: START_MS, fingerprint })).delegateFingerprint).toBe(
      fingerprint,
    );
    await expectSameVerdict(offer, { nowMs: expiresAtMs });
  });

  test('is refused with any other bit in a key or the signature', async () => {
    for (const field of ['identityKey', 'sealingKey', 'signature'] as const) {
      for (const flipped of bitFlips(Buffer.from(offer[field], 'base64url'))) {
        const changed = { ...offer, [field]: flipped.toString('base64url') };
        expect(await codeOf(async () => verifyWebSealingOffer(changed, { nowMs: START_MS }))).toBe(
          'delegate-untrusted',
        );
      }
    }
  });

  test.each([
    { expiresAtMs: expiresAtMs + 1 },
    { expiresAtMs: expiresAtMs + 0.5 },
    { expiresAtMs: -1 },
    { expiresAtMs: 2 ** 60 },
    { name: 'vpc-2' },
    { name: 7 },
    { name: '\ud800' },
    { signature: undefined },
    { signature: `${offer.signature}==` },
    { sealingKey: offer.sealingKey.slice(0, -4) },
    { identityKey: '' },
  ])('is refused when changed to %o, as it is in Node', async (change) => {
    await expectSameVerdict({ ...offer, ...change } as SealingOffer, { nowMs: START_MS });
  });

  test('is refused when another identity than the known one signed it, and says both fingerprints', async () => {
    const known = `SHA256:${'A'.repeat(43)}`;
    await expectSameVerdict(offer, { nowMs: START_MS, fingerprint: known });
    const opened = WebClientSession.open(offer, { nowMs: START_MS, fingerprint: known });
    await expect(opened).rejects.toMatchObject({
      code: 'delegate-key-changed',
      data: { knownFingerprint: known, offeredFingerprint: fingerprint },
    });
  });

  // A point of small order: everybody knows the shared secret, so whoever can have it signed could read along.
  test('is refused when its signed sealing key makes a shared secret that everybody knows', async () => {
    const sealingKey = Buffer.alloc(32);
    const expiry = Buffer.from(expiresAtMs.toString(16).padStart(16, '0'), 'hex');
    const fields = [bytes('sallyport sealing key v1'), rawPublicKeyOf(identity), bytes('vpc-1')];
    const signed = lengthPrefixed([...fields, sealingKey, expiry]);
    const weak = {
      ...offer,
      name: 'vpc-1',
      sealingKey: sealingKey.toString('base64url'),
      signature: sign(null, signed, identity).toString('base64url'),
    };
    expect((await verifyWebSealingOffer(weak, { nowMs: START_MS })).fingerprint).toBe(fingerprint);
    expect(await codeOf(async () => WebClientSession.open(weak, { nowMs: START_MS }))).toBe(
      'delegate-untrusted',
    );
  });
});

test('byte encodings are those of Node, for every text and every list of fields', () => {
  const texts = fc.oneof(
    fc.base64String(),
    fc.string({ maxLength: 20 }),
    fc.stringMatching(/^[\w-]{0,20}={0,2}$/),
  );
  const base64url = fc.property(texts, fc.uint8Array({ maxLength: 64 }), (text, raw) => {
    const inNode = decodeBase64url(text);
    expect(bytesOfBase64url(text)).toEqual(inNode === null ? null : plain(inNode));
    expect(base64urlOf(raw)).toBe(Buffer.from(raw).toString('base64url'));
    expect(bytesOfBase64url(base64urlOf(raw), raw.length)).toEqual(raw);
    expect(bytesOfBase64url(base64urlOf(raw), raw.length + 1)).toBeNull();
  });
  fc.assert(base64url, { numRuns: 500 });
  const fields = fc.property(fc.array(fc.uint8Array({ maxLength: 6 }), { maxLength: 5 }), (list) => {
    expect(lengthPrefixedFields(list)).toEqual(plain(lengthPrefixed(list)));
  });
  fc.assert(fields);
  const large = new Uint8Array(1_048_576).fill(0xa5);
  expect(base64urlOf(large)).toBe(Buffer.from(large).toString('base64url'));
});

test('no key can be exported, and none shows when a session is printed', async () => {
  const pair = makePair();
  const importKey = vi.spyOn(crypto.subtle, 'importKey');
  const client = await openWebClient(pair);
  const aesKeys = importKey.mock.calls.filter(([, , algorithm]) => algorithm === 'AES-GCM');
  importKey.mockRestore();
  expect(aesKeys).toHaveLength(2);
  for (const [, , , extractable] of aesKeys) expect(extractable).toBe(false);
  const exchange = await client.sealRequest(PURPOSE, bytes('canary-plaintext'));
  const shown = inspect([client, exchange], { depth: 10, showHidden: true, getters: true });
  expect(shown).toContain(client.delegateFingerprint);
  expect(shown).not.toContain('canary-plaintext');
  expect(shown).not.toContain('CryptoKey');
});
