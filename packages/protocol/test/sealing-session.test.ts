// Requests and answers in one box: what the relay between client and delegate can and cannot do to them.
import { webcrypto } from 'node:crypto';
import { inspect } from 'node:util';
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { ClientSession } from '@sallyport/protocol/sealing';
import type { SealedRequest } from '@sallyport/protocol/sealing';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { generateKemKeyPair, setupReceiver, setupSender } from '../src/sealing/hpke.ts';
import { deriveSessionKeys, sessionInfo } from '../src/sealing/session-keys.ts';
import {
  bytes,
  codeOf,
  damagedIn,
  errorOf,
  exchangeOnce,
  makePair,
  PURPOSE,
  START_MS,
} from './sealing-fixture.ts';

const u32 = (value: number): Buffer => Buffer.from(value.toString(16).padStart(8, '0'), 'hex');
const u64 = (value: number): Buffer => Buffer.from(value.toString(16).padStart(16, '0'), 'hex');
const prefixed = (...fields: Uint8Array[]): Buffer =>
  Buffer.concat(fields.flatMap((field) => [u32(field.length), field]));

describe('a request and its answer', () => {
  test('come through as they were, whatever they hold, and in whatever order they are opened', () => {
    const message = fc.record({
      requestId: fc.string({ unit: 'grapheme', maxLength: 40 }),
      operation: fc.constantFrom('write', 'resolve', 'preflight'),
      question: fc.uint8Array({ maxLength: 2000 }),
      answer: fc.uint8Array({ maxLength: 2000 }),
      order: fc.nat(),
    });
    const property = fc.property(fc.array(message, { minLength: 1, maxLength: 12 }), (messages) => {
      const pair = makePair();
      const client = pair.openClient();
      const sent = messages.map((message) => ({
        message,
        exchange: client.sealRequest(message, message.question),
      }));
      const shuffled = sent.sort((one, other) => one.message.order - other.message.order);
      const answered = shuffled.map(({ message, exchange }) => {
        const opened = pair.sessions.openRequest(message, exchange.sealed);
        expect(opened.content).toEqual(Buffer.from(message.question));
        return { message, exchange, box: opened.sealAnswer(message.answer) };
      });
      for (const { message, exchange, box } of answered.reverse()) {
        expect(exchange.openAnswer(box)).toEqual(Buffer.from(message.answer));
        expect(exchange.ended).toBe(true);
      }
    });
    fc.assert(property, { numRuns: 50 });
  });

  test('carry the encapsulated key until the first answer came, and not afterwards', () => {
    const pair = makePair();
    const client = pair.openClient();
    const first = client.sealRequest(PURPOSE, bytes('1'));
    const second = client.sealRequest(PURPOSE, bytes('2'));
    expect(first.sealed.enc).toMatch(/^[\w-]{43}$/);
    expect(second.sealed.enc).toBe(first.sealed.enc);
    // A forged answer proves nothing about the delegate, so it must not stop the key from being sent.
    expect(codeOf(() => first.openAnswer(Buffer.alloc(40).toString('base64url')))).toBe('answer-mismatch');
    expect(client.sealRequest(PURPOSE, bytes('3')).sealed.enc).toBe(first.sealed.enc);
    second.openAnswer(pair.sessions.openRequest(PURPOSE, second.sealed).sealAnswer(bytes('ok')));
    const later = client.sealRequest(PURPOSE, bytes('4'));
    expect(later.sealed.enc).toBeNull();
    expect(pair.sessions.openRequest(PURPOSE, later.sealed).content).toEqual(bytes('4'));
    // The first request is still on its way and arrives last, with the key that is known by now.
    expect(pair.sessions.openRequest(PURPOSE, first.sealed).content).toEqual(bytes('1'));
  });
});

describe('the wire format is the documented one', () => {
  test('an end built only from @hpke/core and WebCrypto opens a request and seals its answer', async () => {
    const pair = makePair();
    const suite = new CipherSuite({
      kem: new DhkemX25519HkdfSha256(),
      kdf: new HkdfSha256(),
      aead: new Aes256Gcm(),
    });
    const offer = pair.sessions.currentOffer();
    const sealingKey = Buffer.from(offer.sealingKey, 'base64url');
    const info = prefixed(
      bytes('sallyport session v1'),
      Buffer.from(offer.identityKey, 'base64url'),
      sealingKey,
    );
    const recipientPublicKey = await suite.kem.deserializePublicKey(new Uint8Array(sealingKey));
    const context = await suite.createSenderContext({ recipientPublicKey, info: new Uint8Array(info) });
    const exported = async (name: string, length: number): Promise<Buffer<ArrayBuffer>> =>
      Buffer.from(await context.export(new Uint8Array(bytes(name)).buffer, length));
    const session = await exported('session id', 16);
    const aad = (direction: number): Buffer<ArrayBuffer> =>
      Buffer.concat([
        prefixed(bytes('sallyport sealed message v1'), session, Buffer.from([direction])),
        prefixed(
          bytes(PURPOSE.requestId),
          bytes(PURPOSE.operation),
          Buffer.concat([u64(7), Buffer.from([0])]),
        ),
        u32(0),
        Buffer.from([1]),
      ]);
    const parameters = (direction: number) => ({
      name: 'AES-GCM',
      iv: Buffer.concat([u32(0), u64(7)]),
      additionalData: aad(direction),
    });
    const keyOf = async (name: string) =>
      webcrypto.subtle.importKey('raw', await exported(name, 32), 'AES-GCM', false, ['encrypt', 'decrypt']);
    const toDelegate = await keyOf('client to delegate');
    const box = Buffer.from(
      await webcrypto.subtle.encrypt(parameters(1), toDelegate, new Uint8Array(bytes('from a browser'))),
    );
    const opened = pair.sessions.openRequest(PURPOSE, {
      session: session.toString('base64url'),
      enc: Buffer.from(context.enc).toString('base64url'),
      counter: 7,
      box: box.toString('base64url'),
    });
    expect(opened.content).toEqual(bytes('from a browser'));
    const answer = new Uint8Array(Buffer.from(opened.sealAnswer(bytes('to a browser')), 'base64url'));
    const toClient = await keyOf('delegate to client');
    const plaintext = await webcrypto.subtle.decrypt(parameters(2), toClient, answer);
    expect(Buffer.from(plaintext)).toEqual(bytes('to a browser'));
  });

  test('both ends export one session id and one key for each direction, and the two keys differ', () => {
    const recipient = generateKemKeyPair();
    const identityKey = Buffer.alloc(32, 1);
    const info = sessionInfo({ identityKey, sealingKey: Buffer.from(recipient.publicKey) });
    const sender = setupSender({ recipientPublicKey: recipient.publicKey, info });
    const receiver = sender && setupReceiver({ recipient, enc: sender.enc, info });
    if (!sender || !receiver) throw new Error('set-up refused good keys');
    const [client, delegate] = [deriveSessionKeys(sender.context), deriveSessionKeys(receiver)];
    expect(client.id).toBe(delegate.id);
    expect(client.toDelegate.key.equals(delegate.toDelegate.key)).toBe(true);
    expect(client.toClient.key.equals(delegate.toClient.key)).toBe(true);
    expect(client.toDelegate.key.equals(client.toClient.key)).toBe(false);
  });
});

describe('a delegate refuses a request', () => {
  const arrive = (): { pair: ReturnType<typeof makePair>; sealed: SealedRequest; known: boolean } => {
    const pair = makePair();
    const client = pair.openClient();
    const sealed = client.sealRequest(PURPOSE, bytes('db-password')).sealed;
    return { pair, sealed, known: false };
  };

  test.each(['box', 'enc', 'session'] as const)(
    'with any damage to its %s, known session or not',
    (field) => {
      const { pair, sealed } = arrive();
      for (const known of [false, true]) {
        const client = pair.openClient();
        const other = client.sealRequest(PURPOSE, bytes('first'));
        if (known) pair.sessions.openRequest(PURPOSE, other.sealed);
        const target = known ? client.sealRequest(PURPOSE, bytes('db-password')).sealed : sealed;
        for (const damaged of damagedIn(field, target)) {
          const code = codeOf(() => pair.sessions.openRequest(PURPOSE, damaged));
          // Damage to what selects the session looks like a session that is not there; the rest is a rejected message.
          if (field === 'box') expect(code).toBe('sealed-message-rejected');
          else expect(['sealed-message-rejected', 'session-unknown']).toContain(code);
        }
        expect(pair.sessions.openRequest(PURPOSE, target).content).toEqual(bytes('db-password'));
      }
    },
  );

  test('with another counter, or one that is no counter at all', () => {
    const { pair, sealed } = arrive();
    for (const counter of [1, 2, 9999, 10_000, -1, 0.5, Number.NaN, Infinity, 2 ** 53, 2 ** 70]) {
      expect(codeOf(() => pair.sessions.openRequest(PURPOSE, { ...sealed, counter }))).toBe(
        'sealed-message-rejected',
      );
    }
    expect(pair.sessions.openRequest(PURPOSE, sealed).content).toEqual(bytes('db-password'));
  });

  // The server dispatches tasks, so it could pass a client's request off as one for something else.
  test('that was sealed for another request or operation', () => {
    const { pair, sealed } = arrive();
    const others = [
      { ...PURPOSE, requestId: 'req_2' },
      { ...PURPOSE, operation: 'write' },
      { requestId: 'req_1r', operation: 'esolve' },
      { requestId: '', operation: '' },
      { ...PURPOSE, requestId: '\ud800' },
    ];
    for (const purpose of others) {
      expect(codeOf(() => pair.sessions.openRequest(purpose, sealed))).toBe('sealed-message-rejected');
    }
    expect(pair.sessions.openRequest(PURPOSE, sealed).content).toEqual(bytes('db-password'));
  });

  test('that it opened before, with the enc, without it, and as a stream', () => {
    const { pair, sealed } = arrive();
    pair.sessions.openRequest(PURPOSE, sealed);
    const replays = [
      () => pair.sessions.openRequest(PURPOSE, sealed),
      () => pair.sessions.openRequest(PURPOSE, { ...sealed, enc: null }),
      () => pair.sessions.openStream(PURPOSE, sealed),
    ];
    for (const replay of replays) expect(codeOf(replay)).toBe('sealed-message-rejected');
  });

  test('that another delegate should have had', () => {
    const { sealed } = arrive();
    expect(codeOf(() => makePair().sessions.openRequest(PURPOSE, sealed))).toBe('session-unknown');
  });

  test('that is its own answer sent back to it', () => {
    const { pair, sealed } = arrive();
    const box = pair.sessions.openRequest(PURPOSE, sealed).sealAnswer(bytes('an answer'));
    for (const counter of [0, 1]) {
      expect(codeOf(() => pair.sessions.openRequest(PURPOSE, { ...sealed, counter, box }))).toBe(
        'sealed-message-rejected',
      );
    }
  });

  test('with one message for every kind of forgery', () => {
    const { pair, sealed } = arrive();
    const box = Buffer.alloc(40).toString('base64url');
    const messages = new Set([
      errorOf(() => pair.sessions.openRequest(PURPOSE, { ...sealed, box })).publicMessage,
      errorOf(() => pair.sessions.openRequest(PURPOSE, { ...sealed, counter: 3 })).publicMessage,
      errorOf(() => pair.sessions.openRequest(PURPOSE, { ...sealed, box: '?' })).publicMessage,
    ]);
    expect(messages.size).toBe(1);
  });
});

describe('a client refuses an answer', () => {
  const ask = () => {
    const pair = makePair();
    const client = pair.openClient();
    const request = client.sealRequest(PURPOSE, bytes('db-password'));
    const box = pair.sessions.openRequest(PURPOSE, request.sealed).sealAnswer(bytes('hunter2'));
    return { pair, client, request, box };
  };

  test('with any damage', () => {
    const { request, box } = ask();
    for (const damaged of damagedIn('box', { ...request.sealed, box })) {
      expect(codeOf(() => request.openAnswer(damaged.box))).toBe('answer-mismatch');
    }
    expect(request.ended).toBe(false);
    expect(request.openAnswer(box)).toEqual(bytes('hunter2'));
  });

  test('to another request of the same session, even one that asks for the same', () => {
    const { pair, client, request, box } = ask();
    const second = client.sealRequest(PURPOSE, bytes('db-password'));
    const secondBox = pair.sessions.openRequest(PURPOSE, second.sealed).sealAnswer(bytes('old value'));
    expect(codeOf(() => request.openAnswer(secondBox))).toBe('answer-mismatch');
    expect(codeOf(() => second.openAnswer(box))).toBe('answer-mismatch');
    expect(second.openAnswer(secondBox)).toEqual(bytes('old value'));
  });

  test('to the same request in another session', () => {
    const { pair, request } = ask();
    const other = pair.openClient().sealRequest(PURPOSE, bytes('db-password'));
    const otherBox = pair.sessions.openRequest(PURPOSE, other.sealed).sealAnswer(bytes('hunter2'));
    expect(codeOf(() => request.openAnswer(otherBox))).toBe('answer-mismatch');
  });

  test('a second time', () => {
    const { request, box } = ask();
    request.openAnswer(box);
    expect(codeOf(() => request.openAnswer(box))).toBe('answer-mismatch');
  });

  test('that is its own request sent back to it', () => {
    const { request } = ask();
    expect(codeOf(() => request.openAnswer(request.sealed.box))).toBe('answer-mismatch');
  });

  // The server knows the public sealing key and everything on the wire, and may open sessions of its own.
  test('forged by somebody who opened a session of his own with the same delegate', () => {
    const { pair, request } = ask();
    const forger = ClientSession.open(pair.sessions.currentOffer(), { nowMs: START_MS });
    const forged = forger.sealRequest(PURPOSE, bytes('forged')).sealed.box;
    expect(codeOf(() => request.openAnswer(forged))).toBe('answer-mismatch');
  });
});

test('one request is answered once', () => {
  const pair = makePair();
  const request = pair.openClient().sealRequest(PURPOSE, bytes('x'));
  const opened = pair.sessions.openRequest(PURPOSE, request.sealed);
  opened.sealAnswer(bytes('one'));
  expect(codeOf(() => opened.sealAnswer(bytes('two')))).toBe('internal');
  expect(codeOf(() => opened.sealAnswerChunk(bytes('two'), { final: true }))).toBe('internal');
});

test('sessions, exchanges and offers show no key when printed or serialised', () => {
  const pair = makePair();
  const offerKeys = pair.sessions.currentOffer();
  const client = pair.openClient();
  exchangeOnce(pair, client);
  const exchange = client.sealRequest(PURPOSE, bytes('canary-plaintext'));
  const stream = client.startStream(PURPOSE);
  const delegateStream = pair.sessions.openStream(PURPOSE, stream.header);
  const shown = [client, pair.sessions, exchange, stream, delegateStream]
    .map(
      (value) => `${inspect(value, { depth: 10, showHidden: true, getters: true })} ${JSON.stringify(value)}`,
    )
    .join('\n');
  const publicFields = new Set([
    client.delegateFingerprint,
    exchange.sealed.session,
    exchange.sealed.box,
    stream.header.session,
  ]);
  // Whatever looks like 16 bytes or more of key material in hex, base64 or a byte dump is either public or a leak.
  const suspicious = shown.match(/[\w+/-]{22,}|(?:\b[0-9a-f]{2} ){8,}|(?:\d{1,3}, ?){16,}/g) ?? [];
  const leaks = suspicious.filter((text) => ![...publicFields].some((field) => field.includes(text)));
  expect(leaks).toEqual([]);
  expect(shown).not.toContain('canary-plaintext');
  expect(shown).toContain(client.delegateFingerprint);
  expect(offerKeys.sealingKey).toHaveLength(43);
});
