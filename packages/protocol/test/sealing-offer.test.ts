// What a client believes of a delegate's published sealing key.
import { createHash, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import {
  ClientSession,
  createSealingKey,
  fingerprintOf,
  publicKeyFromRaw,
  rawPublicKeyOf,
  verifySealingOffer,
} from '@sallyport/protocol/sealing';
import type { SealingOffer } from '@sallyport/protocol/sealing';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lengthPrefixed } from '../src/sealing/encoding.ts';
import { bitFlips, codeOf, errorOf, START_MS } from './sealing-fixture.ts';

const identity = generateKeyPairSync('ed25519').privateKey;
const identityRaw = rawPublicKeyOf(identity);
const expiresAtMs = START_MS + 1000;
const { offer } = createSealingKey({ identityPrivateKey: identity, name: 'vpc-1 · Zürich', expiresAtMs });
const nowMs = START_MS;

test('a fingerprint is SHA256: and the base64url digest of the raw key, without padding', () => {
  const key = Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex');
  const digest = createHash('sha256').update(key).digest('base64').replaceAll('+', '-').replaceAll('/', '_');
  expect(fingerprintOf(key)).toBe(`SHA256:${digest.replace('=', '')}`);
  expect(fingerprintOf(key)).toMatch(/^SHA256:[A-Za-z0-9_-]{43}$/);
});

test('raw public keys are those of RFC 8032 and come back as they were', () => {
  // RFC 8032 section 7.1, test 1.
  const seed = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
  const key = Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex');
  const raw = rawPublicKeyOf(createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
  expect(raw.toString('hex')).toBe('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
  const publicKey = publicKeyFromRaw('ed25519', raw);
  expect(publicKey && rawPublicKeyOf(publicKey)).toEqual(raw);
  expect(publicKeyFromRaw('ed25519', raw.subarray(1))).toBeNull();
});

test('a genuine offer is accepted until the moment it expires, and names the delegate that signed it', () => {
  const fingerprint = fingerprintOf(identityRaw);
  expect(verifySealingOffer(offer, { nowMs }).fingerprint).toBe(fingerprint);
  expect(verifySealingOffer(offer, { nowMs: expiresAtMs - 1, fingerprint }).fingerprint).toBe(fingerprint);
  expect(codeOf(() => verifySealingOffer(offer, { nowMs: expiresAtMs }))).toBe('delegate-untrusted');
});

test('the signature is over label, identity, name, sealing key and expiry, each behind its length', () => {
  const fields = [
    Buffer.from('sallyport sealing key v1'),
    identityRaw,
    Buffer.from(offer.name),
    Buffer.from(offer.sealingKey, 'base64url'),
    Buffer.from(expiresAtMs.toString(16).padStart(16, '0'), 'hex'),
  ];
  const layout = fields.flatMap((field) => [
    Buffer.from(field.length.toString(16).padStart(8, '0'), 'hex'),
    field,
  ]);
  const signature = sign(null, Buffer.concat(layout), identity).toString('base64url');
  expect(offer.signature).toBe(signature);
});

test('two different lists of fields never have one encoding', () => {
  const fields = fc.array(fc.uint8Array({ maxLength: 6 }), { maxLength: 5 });
  const property = fc.property(fields, fields, (one, other) => {
    const same = one.map((field) => Buffer.from(field).toString('hex')).join();
    const sameAsOther = other.map((field) => Buffer.from(field).toString('hex')).join();
    const equal = one.length === other.length && same === sameAsOther;
    expect(lengthPrefixed(one).equals(lengthPrefixed(other))).toBe(equal);
  });
  fc.assert(property);
});

describe('an offer is not trusted', () => {
  test('when any bit of a key or of the signature is another one', () => {
    for (const field of ['identityKey', 'sealingKey', 'signature'] as const) {
      for (const flipped of bitFlips(Buffer.from(offer[field], 'base64url'))) {
        const changed = { ...offer, [field]: flipped.toString('base64url') };
        expect(codeOf(() => verifySealingOffer(changed, { nowMs }))).toBe('delegate-untrusted');
      }
    }
  });

  // The server passes offers on, so it could try to stretch one, or to put one delegate's key under another's name.
  const changes: [string, Partial<Record<keyof SealingOffer, unknown>>][] = [
    ['a later expiry', { expiresAtMs: expiresAtMs + 1 }],
    ['another name', { name: 'vpc-2' }],
    ['a name of another type', { name: 7 }],
    ['a name with a lone surrogate', { name: '\ud800' }],
    ['a fractional expiry', { expiresAtMs: expiresAtMs + 0.5 }],
    ['a negative expiry', { expiresAtMs: -1 }],
    ['an expiry that is no number', { expiresAtMs: Number.NaN }],
    ['an expiry beyond exact integers', { expiresAtMs: 2 ** 60 }],
    ['a missing signature', { signature: undefined }],
    ['a padded signature', { signature: `${offer.signature}==` }],
    ['a short sealing key', { sealingKey: offer.sealingKey.slice(0, -4) }],
    ['an empty identity key', { identityKey: '' }],
  ];
  test.each(changes)('when it has %s', (_what, change) => {
    const changed = { ...offer, ...change } as SealingOffer;
    expect(codeOf(() => verifySealingOffer(changed, { nowMs }))).toBe('delegate-untrusted');
    expect(codeOf(() => ClientSession.open(changed, { nowMs }))).toBe('delegate-untrusted');
  });

  test('when its signed sealing key makes a shared secret that everybody knows', () => {
    const sealingKey = Buffer.alloc(32);
    const expiry = Buffer.from(expiresAtMs.toString(16).padStart(16, '0'), 'hex');
    const signed = lengthPrefixed([
      Buffer.from('sallyport sealing key v1'),
      identityRaw,
      Buffer.from('vpc-1'),
      sealingKey,
      expiry,
    ]);
    const weak = {
      ...offer,
      name: 'vpc-1',
      sealingKey: sealingKey.toString('base64url'),
      signature: sign(null, signed, identity).toString('base64url'),
    };
    expect(verifySealingOffer(weak, { nowMs }).fingerprint).toBe(fingerprintOf(identityRaw));
    expect(codeOf(() => ClientSession.open(weak, { nowMs }))).toBe('delegate-untrusted');
  });
});

describe('a client that knows a delegate', () => {
  test('refuses the properly signed offer of another one in its place, and says both fingerprints', () => {
    const impostor = generateKeyPairSync('ed25519').privateKey;
    const offered = createSealingKey({ identityPrivateKey: impostor, name: offer.name, expiresAtMs }).offer;
    const fingerprint = fingerprintOf(identityRaw);
    const offeredFingerprint = fingerprintOf(rawPublicKeyOf(impostor));
    for (const attempt of [
      () => verifySealingOffer(offered, { nowMs, fingerprint }),
      () => ClientSession.open(offered, { nowMs, fingerprint }),
    ]) {
      const error = errorOf(attempt);
      expect(error.code).toBe('delegate-key-changed');
      expect(error.publicMessage).toContain(fingerprint);
      expect(error.publicMessage).toContain(offeredFingerprint);
      expect(error.data).toMatchObject({ knownFingerprint: fingerprint, offeredFingerprint });
    }
  });

  test("does not hear of a changed key from somebody who cannot sign, only that the offer isn't to be trusted", () => {
    const unsigned = { ...offer, signature: Buffer.alloc(64).toString('base64url') };
    expect(codeOf(() => verifySealingOffer(unsigned, { nowMs, fingerprint: 'SHA256:other' }))).toBe(
      'delegate-untrusted',
    );
  });
});
