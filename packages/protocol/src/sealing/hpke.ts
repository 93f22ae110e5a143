// HPKE (RFC 9180) in base mode on node:crypto: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. Written once, straight from
// the RFC, because the library for browsers is several times slower in Node. It knows nothing of sessions or of delegates.
import { createHmac, createSecretKey, diffieHellman, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { invariant } from '@sallyport/core';
import { AEAD_NONCE_BYTES, AEAD_TAG_BYTES, openAead, sealAead } from '@sallyport/core/aead';
import { publicKeyFromRaw, rawPublicKeyOf } from './raw-key.ts';

/** An AEAD of RFC 9180 section 7.3. The key schedule runs for both; sealing is for AES-256-GCM only. */
export type HpkeAead = { id: 0x0001 | 0x0002; keyBytes: 16 | 32 };
/** AES-128-GCM, for the RFC's own test vector A.1. */
export const HPKE_AES_128_GCM: HpkeAead = { id: 0x0001, keyBytes: 16 };
/** AES-256-GCM, the one that the product uses. */
export const HPKE_AES_256_GCM: HpkeAead = { id: 0x0002, keyBytes: 32 };

const HASH_BYTES = 32;
const MODE_BASE = 0x00;
const KEM_SUITE = suiteId('KEM', [0x0020]);

/** An X25519 key pair; `publicKey` is raw, 32 bytes. */
export type KemKeyPair = { privateKey: KeyObject; publicKey: Uint8Array };

/** A new X25519 key pair. */
export function generateKemKeyPair(): KemKeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  return { privateKey, publicKey: rawPublicKeyOf(publicKey) };
}

/**
 * SetupBaseS (RFC 9180 section 5.1.1). `recipientPublicKey` is raw; `info` binds the context to its use.
 * `null` when the public key cannot be used: wrong length, or a point that makes the shared secret all zero (section 7.1.4).
 */
export function setupSender(input: {
  recipientPublicKey: Uint8Array;
  info: Uint8Array;
}): { enc: Uint8Array; context: HpkeContext } | null {
  const ephemeral = generateKemKeyPair();
  const sharedSecret = encapsulate(ephemeral, input.recipientPublicKey);
  if (sharedSecret === null) return null;
  return { enc: ephemeral.publicKey, context: openContext(sharedSecret, input.info) };
}

/** SetupBaseR (RFC 9180 section 5.1.1). `null` when `enc` cannot be used, as in `setupSender`. */
export function setupReceiver(input: {
  recipient: KemKeyPair;
  enc: Uint8Array;
  info: Uint8Array;
}): HpkeContext | null {
  const sharedSecret = decapsulate(input.recipient, input.enc);
  return sharedSecret === null ? null : openContext(sharedSecret, input.info);
}

/** Encap of section 4.1 with the ephemeral key pair given, which must be fresh for every call outside of tests. */
export function encapsulate(ephemeral: KemKeyPair, recipientPublicKey: Uint8Array): KeyObject | null {
  const agreed = agree(ephemeral.privateKey, recipientPublicKey);
  return agreed && extractSharedSecret(agreed, [ephemeral.publicKey, recipientPublicKey]);
}

/** Decap of section 4.1. */
export function decapsulate(recipient: KemKeyPair, enc: Uint8Array): KeyObject | null {
  const agreed = agree(recipient.privateKey, enc);
  return agreed && extractSharedSecret(agreed, [enc, recipient.publicKey]);
}

/** What the key schedule yields; the AEAD key and the exporter secret as `KeyObject`s. */
export type HpkeKeySchedule = { key: KeyObject; baseNonce: Buffer; exporterSecret: KeyObject };

/** KeySchedule of section 5.1 in base mode, that is, with empty `psk` and `psk_id`. */
export function keySchedule(input: {
  sharedSecret: KeyObject;
  info: Uint8Array;
  aead: HpkeAead;
}): HpkeKeySchedule {
  const suite = hpkeSuite(input.aead);
  const none = new Uint8Array(0);
  const context = Buffer.concat([
    Uint8Array.of(MODE_BASE),
    labeledExtract({ suite, salt: emptySalt(), label: 'psk_id_hash', material: none }),
    labeledExtract({ suite, salt: emptySalt(), label: 'info_hash', material: input.info }),
  ]);
  const salt = input.sharedSecret;
  const secret = asSecretKey(labeledExtract({ suite, salt, label: 'secret', material: none }));
  const expand = (label: string, bytes: number): Buffer =>
    labeledExpand({ suite, secret, label, context, bytes });
  return {
    key: asSecretKey(expand('key', input.aead.keyBytes)),
    baseNonce: expand('base_nonce', AEAD_NONCE_BYTES),
    exporterSecret: asSecretKey(expand('exp', HASH_BYTES)),
  };
}

/** One direction of an HPKE context (section 5.2): the sender only seals, the receiver only opens; both export the same. */
export class HpkeContext {
  readonly #schedule: HpkeKeySchedule;
  readonly #suite: Buffer;
  #sequence = 0;

  constructor(schedule: HpkeKeySchedule, aead = HPKE_AES_256_GCM) {
    this.#schedule = schedule;
    this.#suite = hpkeSuite(aead);
  }

  /** Context.Export (section 5.3): `bytes` ≤ 8160 of key material that only the two ends can derive. */
  export(exporterContext: Uint8Array, bytes: number): Buffer {
    const secret = this.#schedule.exporterSecret;
    return labeledExpand({ suite: this.#suite, secret, label: 'sec', context: exporterContext, bytes });
  }

  /** Context.Seal: ciphertext and tag of the next message in sequence. */
  seal(plaintext: Uint8Array, { aad }: { aad: Uint8Array }): Buffer {
    const { ciphertext, tag } = sealAead(
      { key: this.#schedule.key, nonce: this.#nextNonce(), aad },
      plaintext,
    );
    this.#sequence += 1;
    return Buffer.concat([ciphertext, tag]);
  }

  /** Context.Open: the next message in sequence, or `null`, after which the same position can be tried again. */
  open(sealed: Uint8Array, { aad }: { aad: Uint8Array }): Buffer | null {
    if (sealed.length < AEAD_TAG_BYTES) return null;
    const parts = { ciphertext: sealed.subarray(0, -AEAD_TAG_BYTES), tag: sealed.subarray(-AEAD_TAG_BYTES) };
    const plaintext = openAead({ key: this.#schedule.key, nonce: this.#nextNonce(), aad }, parts);
    if (plaintext !== null) this.#sequence += 1;
    return plaintext;
  }

  #nextNonce(): Buffer {
    // Far below the limit of 2^96 messages; 2^32 is where the arithmetic below would end.
    invariant(this.#sequence < 0xffff_ffff, 'HPKE message limit not reached');
    const nonce = Buffer.from(this.#schedule.baseNonce);
    const tail = AEAD_NONCE_BYTES - 4;
    nonce.writeUInt32BE((nonce.readUInt32BE(tail) ^ this.#sequence) >>> 0, tail);
    return nonce;
  }
}

function openContext(sharedSecret: KeyObject, info: Uint8Array): HpkeContext {
  return new HpkeContext(keySchedule({ sharedSecret, info, aead: HPKE_AES_256_GCM }));
}

function agree(privateKey: KeyObject, rawPublicKey: Uint8Array): Buffer | null {
  const publicKey = publicKeyFromRaw('x25519', rawPublicKey);
  if (publicKey === null) return null;
  try {
    const shared = diffieHellman({ privateKey, publicKey });
    // OpenSSL throws here by itself; the RFC demands the check of whoever implements it, so it does not rest on OpenSSL.
    return shared.some((byte) => byte !== 0) ? shared : null;
  } catch {
    return null;
  }
}

function extractSharedSecret(agreed: Buffer, kemContext: readonly Uint8Array[]): KeyObject {
  const suite = KEM_SUITE;
  const extracted = labeledExtract({ suite, salt: emptySalt(), label: 'eae_prk', material: agreed });
  agreed.fill(0);
  const secret = asSecretKey(extracted);
  const context = Buffer.concat(kemContext);
  return asSecretKey(labeledExpand({ suite, secret, label: 'shared_secret', context, bytes: HASH_BYTES }));
}

function labeledExtract(input: {
  suite: Buffer;
  salt: KeyObject;
  label: string;
  material: Uint8Array;
}): Buffer {
  const hmac = createHmac('sha256', input.salt);
  return hmac.update('HPKE-v1').update(input.suite).update(input.label).update(input.material).digest();
}

function labeledExpand(input: {
  suite: Buffer;
  secret: KeyObject;
  label: string;
  context: Uint8Array;
  bytes: number;
}): Buffer {
  const blocks = Math.ceil(input.bytes / HASH_BYTES);
  invariant(Number.isInteger(input.bytes) && input.bytes >= 0 && blocks <= 255, 'HKDF output length');
  const length = Uint8Array.of(input.bytes >>> 8, input.bytes & 0xff);
  const info = Buffer.concat([
    length,
    Buffer.from('HPKE-v1'),
    input.suite,
    Buffer.from(input.label),
    input.context,
  ]);
  const output = Buffer.alloc(blocks * HASH_BYTES);
  let previous = Buffer.alloc(0);
  for (let block = 1; block <= blocks; block += 1) {
    const hmac = createHmac('sha256', input.secret);
    previous = hmac.update(previous).update(info).update(Uint8Array.of(block)).digest();
    output.set(previous, (block - 1) * HASH_BYTES);
  }
  return output.subarray(0, input.bytes);
}

function hpkeSuite(aead: HpkeAead): Buffer {
  return suiteId('HPKE', [0x0020, 0x0001, aead.id]);
}

function suiteId(name: string, ids: readonly number[]): Buffer {
  return Buffer.concat([Buffer.from(name), ...ids.map((id) => Uint8Array.of(id >>> 8, id & 0xff))]);
}

function emptySalt(): KeyObject {
  return createSecretKey(new Uint8Array(0));
}

/** Moves key bytes into a `KeyObject` and zeroes what it was given (best effort: the runtime may hold copies). */
function asSecretKey(bytes: Buffer): KeyObject {
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return key;
}
