// Grants of local reads: what the server signs is exactly what a delegate takes for signed.
import { generateKeyPairSync, sign } from 'node:crypto';
import { assert, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LocalGrant } from '@sallyport/protocol';
import { callerHashOf, signLocalGrant, verifyLocalGrant } from '@sallyport/protocol/local-grants';

const KEYS = generateKeyPairSync('ed25519');
const API_KEY = `spk_${'a'.repeat(43)}`;

function grant(changes: Partial<LocalGrant> = {}): LocalGrant {
  return {
    format: 1,
    accountId: `acc_${'0'.repeat(32)}`,
    delegate: 'SHA256:abc',
    callerHash: callerHashOf(API_KEY),
    principal: { kind: 'api-key', id: 'key_01', name: 'till' },
    reference: 'db-password',
    secretId: `sec_01k5${'0'.repeat(22)}` as LocalGrant['secretId'],
    name: 'db-password',
    kind: 'text',
    version: 3,
    secretsManagerId: `sm_01k5${'0'.repeat(22)}` as LocalGrant['secretsManagerId'],
    place: null,
    availability: { mode: 'offline', maxAgeSeconds: 86_400 },
    envelopeHash: 'e'.repeat(43),
    issuedAtMs: 1_700_000_000_000,
    expiresAtMs: 1_700_086_400_000,
    ...changes,
  };
}

describe('a signed grant', () => {
  it('is read back as it was signed', () => {
    expect(verifyLocalGrant(signLocalGrant(grant(), KEYS.privateKey), KEYS.publicKey)).toStrictEqual(grant());
  });

  it('is refused after a flip of any one bit of its text', () => {
    const signed = signLocalGrant(grant(), KEYS.privateKey);
    const bytes = Buffer.from(signed.text);
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(verifyLocalGrant({ ...signed, text: changed.toString('latin1') }, KEYS.publicKey)).toBeNull();
    }
  });

  it('is refused after a flip of any one bit of its signature, and of any one bit of a character of it', () => {
    const signed = signLocalGrant(grant(), KEYS.privateKey);
    const raw = Buffer.from(signed.signature, 'base64url');
    const text = Buffer.from(signed.signature);
    for (let bit = 0; bit < raw.length * 8; bit += 1) {
      const changed = Buffer.from(raw);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(
        verifyLocalGrant({ ...signed, signature: changed.toString('base64url') }, KEYS.publicKey),
      ).toBeNull();
    }
    // The last character has bits that the signature does not use: another text for the same bytes is not taken either.
    for (let bit = 0; bit < text.length * 8; bit += 1) {
      const changed = Buffer.from(text);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(
        verifyLocalGrant({ ...signed, signature: changed.toString('latin1') }, KEYS.publicKey),
      ).toBeNull();
    }
  });

  it('is refused when it is cut anywhere', () => {
    const { text, signature } = signLocalGrant(grant(), KEYS.privateKey);
    for (let end = 0; end < text.length; end += 1) {
      expect(verifyLocalGrant({ text: text.slice(0, end), signature }, KEYS.publicKey)).toBeNull();
    }
    for (let end = 0; end < signature.length; end += 1) {
      expect(verifyLocalGrant({ text, signature: signature.slice(0, end) }, KEYS.publicKey)).toBeNull();
    }
  });

  it('is refused under any other key', () => {
    const other = generateKeyPairSync('ed25519').publicKey;
    expect(verifyLocalGrant(signLocalGrant(grant(), KEYS.privateKey), other)).toBeNull();
  });

  it('is refused when the text was signed for something else', () => {
    const text = JSON.stringify(grant());
    for (const label of [
      '',
      'sallyport audit checkpoint v1\0',
      'sallyport local grant v1',
      'sallyport local grant v2\0',
    ]) {
      const signature = sign(null, Buffer.from(label + text), KEYS.privateKey).toString('base64url');
      expect(verifyLocalGrant({ text, signature }, KEYS.publicKey)).toBeNull();
    }
  });

  it('is refused when it is properly signed and no grant', () => {
    for (const wrong of [
      {},
      { ...grant(), more: 1 },
      { ...grant(), format: 2 },
      { ...grant(), version: 0 },
    ]) {
      const signed = signLocalGrant(wrong as LocalGrant, KEYS.privateKey);
      expect(verifyLocalGrant(signed, KEYS.publicKey)).toBeNull();
    }
  });

  it('does not take a lone surrogate for the replacement character that it is encoded like', () => {
    const signed = signLocalGrant(grant({ name: '\ufffd' }), KEYS.privateKey);
    expect(verifyLocalGrant(signed, KEYS.publicKey)).not.toBeNull();
    const text = signed.text.replace('\ufffd', '\ud800');
    expect(verifyLocalGrant({ ...signed, text }, KEYS.publicKey)).toBeNull();
  });

  it('carries any names', () => {
    assert(
      property(string({ unit: 'grapheme' }), (name) => {
        const named = grant({ name, principal: { kind: 'user', id: 'usr_1', name } });
        expect(verifyLocalGrant(signLocalGrant(named, KEYS.privateKey), KEYS.publicKey)).toStrictEqual(named);
      }),
    );
  });
});

describe('the hash of a caller', () => {
  it('is the same for one key, another for another, and written once and for all', () => {
    expect(callerHashOf(API_KEY)).toBe(callerHashOf(API_KEY));
    expect(callerHashOf(API_KEY)).not.toBe(callerHashOf(`${API_KEY.slice(0, -1)}b`));
    expect(callerHashOf('spk_x')).toBe('ODsNqcbpFJTWAY7itSXkdVWFqhaf2098VHr_fjkFdtg');
  });
});
