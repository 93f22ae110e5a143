// When sessions and sealing keys end, and that nothing that has ended comes back.
import {
  SEALING_KEY_LIFETIME_MS,
  SESSION_MAX_AGE_MS,
  SESSION_MAX_MESSAGES,
  verifySealingOffer,
} from '@sallyport/protocol/sealing';
import type { SealingOffer } from '@sallyport/protocol/sealing';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ReplayWindow } from '../src/sealing/replay-window.ts';
import { bytes, codeOf, exchangeOnce, makePair, MINUTE_MS, PURPOSE, START_MS } from './sealing-fixture.ts';

describe('a session', () => {
  test('ends after ten minutes, on both sides', () => {
    expect(SESSION_MAX_AGE_MS).toBe(10 * MINUTE_MS);
    const pair = makePair();
    const client = pair.openClient();
    exchangeOnce(pair, client);
    const [inTime, late] = [client.sealRequest(PURPOSE, bytes('a')), client.sealRequest(PURPOSE, bytes('b'))];
    pair.advance(SESSION_MAX_AGE_MS - 1);
    expect(client.isUsable(pair.nowMs())).toBe(true);
    expect(pair.sessions.openRequest(PURPOSE, inTime.sealed).content).toEqual(bytes('a'));
    pair.advance(1);
    expect(client.isUsable(pair.nowMs())).toBe(false);
    expect(codeOf(() => pair.sessions.openRequest(PURPOSE, late.sealed))).toBe('session-unknown');
  });

  test('ends after 10,000 messages, on both sides, each of them usable once', () => {
    expect(SESSION_MAX_MESSAGES).toBe(10_000);
    const pair = makePair();
    const client = pair.openClient();
    const sent = Array.from({ length: SESSION_MAX_MESSAGES }, () => {
      expect(client.isUsable(START_MS)).toBe(true);
      return client.sealRequest(PURPOSE, bytes('x')).sealed;
    });
    expect(client.isUsable(START_MS)).toBe(false);
    expect(codeOf(() => client.sealRequest(PURPOSE, bytes('x')))).toBe('session-unknown');
    expect(codeOf(() => client.startStream(PURPOSE))).toBe('session-unknown');
    for (const sealed of sent.reverse()) pair.sessions.openRequest(PURPOSE, sealed);
    for (const sealed of sent.slice(0, 3)) {
      expect(codeOf(() => pair.sessions.openRequest(PURPOSE, sealed))).toBe('session-unknown');
    }
  });

  test('ends when a clock goes back, rather than to live on for an unknown time', () => {
    const pair = makePair();
    const client = pair.openClient();
    exchangeOnce(pair, client);
    const request = client.sealRequest(PURPOSE, bytes('a'));
    pair.advance(-1);
    expect(client.isUsable(pair.nowMs())).toBe(false);
    expect(codeOf(() => pair.sessions.openRequest(PURPOSE, request.sealed))).toBe('session-unknown');
  });

  // The relay kept the first request, with its enc. It must not start the session a second time: the counters would be forgotten.
  test.each([
    ['made room for another', { maxSessions: 1 }, 0],
    ['ended by age', {}, SESSION_MAX_AGE_MS],
  ])('that %s cannot be started again by replaying its first message', (_how, options, ageMs) => {
    const pair = makePair(options);
    const client = pair.openClient();
    const first = client.sealRequest(PURPOSE, bytes('first'));
    const second = client.sealRequest(PURPOSE, bytes('second'));
    const stream = client.startStream(PURPOSE);
    const waiting = pair.sessions.openStream(PURPOSE, stream.header);
    pair.sessions.openRequest(PURPOSE, first.sealed);
    pair.advance(ageMs);
    exchangeOnce(pair, pair.openClient());
    for (const sealed of [first.sealed, second.sealed, { ...second.sealed, enc: null }]) {
      expect(codeOf(() => pair.sessions.openRequest(PURPOSE, sealed))).toBe('session-unknown');
    }
    expect(codeOf(() => pair.sessions.openStream(PURPOSE, stream.header))).toBe('session-unknown');
    // Nor by a stream whose header came while the session was alive.
    const chunk = stream.sealChunk(bytes('x'), { final: true });
    expect(codeOf(() => waiting.openChunk(chunk))).toBe('session-unknown');
  });

  test('that is full of others keeps the youngest', () => {
    const pair = makePair({ maxSessions: 2 });
    const clients = [pair.openClient(), pair.openClient(), pair.openClient()];
    for (const client of clients) exchangeOnce(pair, client);
    const codes = clients.map((client) => {
      const { sealed } = client.sealRequest(PURPOSE, bytes('again'));
      try {
        return pair.sessions.openRequest(PURPOSE, sealed).content.toString();
      } catch (thrown) {
        return (thrown as { code: string }).code;
      }
    });
    expect(codes).toEqual(['session-unknown', 'again', 'again']);
  });

  test('that a delegate has never seen needs an enc', () => {
    const pair = makePair();
    const { sealed } = pair.openClient().sealRequest(PURPOSE, bytes('x'));
    expect(codeOf(() => pair.sessions.openRequest(PURPOSE, { ...sealed, enc: null }))).toBe(
      'session-unknown',
    );
  });

  test('is unknown to the same delegate after a restart', () => {
    const before = makePair();
    const client = before.openClient();
    const first = client.sealRequest(PURPOSE, bytes('x'));
    before.sessions.openRequest(PURPOSE, first.sealed);
    const after = makePair({ identityPrivateKey: before.identityPrivateKey });
    expect(codeOf(() => after.sessions.openRequest(PURPOSE, first.sealed))).toBe('session-unknown');
  });

  test('is not started, and no memory of it kept, by a message that does not open', () => {
    const pair = makePair({ maxSessions: 1, maxSessionsPerSealingKey: 2 });
    const client = pair.openClient();
    exchangeOnce(pair, client);
    const offer = pair.sessions.currentOffer();
    for (let count = 0; count < 5; count += 1) {
      const { sealed } = pair.openClient().sealRequest(PURPOSE, bytes('x'));
      const box = Buffer.alloc(17).toString('base64url');
      expect(codeOf(() => pair.sessions.openRequest(PURPOSE, { ...sealed, box }))).toBe(
        'sealed-message-rejected',
      );
    }
    expect(pair.sessions.currentOffer()).toBe(offer);
    exchangeOnce(pair, client);
  });
});

describe('a sealing key', () => {
  test('is offered for half of its life, and accepts new sessions for all of it and no longer', () => {
    const offers: SealingOffer[] = [];
    const pair = makePair({ onOffer: (offer) => offers.push(offer) });
    const first = pair.sessions.currentOffer();
    expect(first.expiresAtMs).toBe(START_MS + SEALING_KEY_LIFETIME_MS);
    const [early, late, tooLate] = [pair.openClient(), pair.openClient(), pair.openClient()] as const;
    exchangeOnce(pair, early);

    pair.advance(SEALING_KEY_LIFETIME_MS / 2 - 1);
    expect(pair.sessions.currentOffer()).toBe(first);
    expect(offers).toEqual([]);
    pair.advance(1);
    const second = pair.sessions.currentOffer();
    expect(second.sealingKey).not.toBe(first.sealingKey);
    expect(second.identityKey).toBe(first.identityKey);
    expect(offers).toEqual([second]);
    expect(verifySealingOffer(second, { nowMs: pair.nowMs() }).fingerprint).toBe(early.delegateFingerprint);

    pair.advance(SEALING_KEY_LIFETIME_MS / 2 - 1);
    exchangeOnce(pair, late);
    pair.advance(1);
    expect(codeOf(() => exchangeOnce(pair, tooLate))).toBe('session-unknown');
    expect(codeOf(() => verifySealingOffer(first, { nowMs: pair.nowMs() }))).toBe('delegate-untrusted');
    // A session that began in time goes on under its own keys.
    exchangeOnce(pair, late);
  });

  test('that expired takes with it any chance to replay what came under it', () => {
    const pair = makePair();
    const first = pair.openClient().sealRequest(PURPOSE, bytes('x'));
    pair.sessions.openRequest(PURPOSE, first.sealed);
    pair.advance(SEALING_KEY_LIFETIME_MS);
    pair.sessions.currentOffer();
    expect(codeOf(() => pair.sessions.openRequest(PURPOSE, first.sealed))).toBe('session-unknown');
  });

  test('does not accept the first chunk of a stream that waited until it expired', () => {
    const pair = makePair();
    const stream = pair.openClient().startStream(PURPOSE);
    const waiting = pair.sessions.openStream(PURPOSE, stream.header);
    pair.advance(SEALING_KEY_LIFETIME_MS);
    const chunk = stream.sealChunk(bytes('x'), { final: true });
    expect(codeOf(() => waiting.openChunk(chunk))).toBe('session-unknown');
  });

  test('that has had its number of sessions is replaced at once, and its sessions go on', () => {
    const offers: SealingOffer[] = [];
    const pair = makePair({ maxSessionsPerSealingKey: 2, onOffer: (offer) => offers.push(offer) });
    const first = pair.sessions.currentOffer();
    const [one, two, three] = [pair.openClient(), pair.openClient(), pair.openClient()] as const;
    const replayed = one.sealRequest(PURPOSE, bytes('replayed'));
    pair.sessions.openRequest(PURPOSE, replayed.sealed);
    exchangeOnce(pair, two);
    expect(offers).toHaveLength(1);
    expect(pair.sessions.currentOffer()).toBe(offers[0]);
    expect(offers[0]?.sealingKey).not.toBe(first.sealingKey);
    exchangeOnce(pair, one);
    expect(codeOf(() => exchangeOnce(pair, three))).toBe('session-unknown');
    pair.advance(SESSION_MAX_AGE_MS);
    expect(codeOf(() => pair.sessions.openRequest(PURPOSE, replayed.sealed))).toBe('session-unknown');
  });

  test('made by an explicit rotation leaves the ones before it good', () => {
    const pair = makePair();
    const before = pair.openClient();
    const rotated = pair.sessions.rotate();
    expect(pair.sessions.currentOffer()).toBe(rotated);
    exchangeOnce(pair, before);
    exchangeOnce(pair, pair.openClient());
  });

  test('is dropped before its expiry when four others came after it', () => {
    const pair = makePair();
    const [oldest, secondOldest, ...younger] = [0, 1, 2, 3, 4].map(() => {
      const client = pair.openClient();
      pair.sessions.rotate();
      return client;
    });
    for (const client of [oldest, secondOldest]) {
      expect(codeOf(() => client && exchangeOnce(pair, client))).toBe('session-unknown');
    }
    for (const client of younger) exchangeOnce(pair, client);
  });

  test('does not live longer because a clock went back', () => {
    const pair = makePair();
    const first = pair.sessions.currentOffer();
    pair.advance(-MINUTE_MS);
    expect(pair.sessions.currentOffer().sealingKey).not.toBe(first.sealingKey);
  });
});

test('the last counter is the one before the limit', () => {
  const replayWindow = new ReplayWindow();
  expect(replayWindow.accepts(SESSION_MAX_MESSAGES - 1)).toBe(true);
  expect(replayWindow.accepts(SESSION_MAX_MESSAGES)).toBe(false);
});

test('counters are accepted in any order, each of them once', () => {
  const counters = fc.array(fc.integer({ min: -2, max: SESSION_MAX_MESSAGES + 2 }), { maxLength: 200 });
  const property = fc.property(counters, (sequence) => {
    const replayWindow = new ReplayWindow();
    const used = new Set<number>();
    for (const counter of sequence) {
      const expected = counter >= 0 && counter < SESSION_MAX_MESSAGES && !used.has(counter);
      expect(replayWindow.accepts(counter)).toBe(expected);
      if (!expected) continue;
      replayWindow.use(counter);
      used.add(counter);
    }
  });
  fc.assert(property);
});
