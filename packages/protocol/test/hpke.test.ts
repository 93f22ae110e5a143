// HPKE against RFC 9180's published vectors and, both ways, against an independent implementation.
import { createDecipheriv, createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decapsulate,
  encapsulate,
  generateKemKeyPair,
  HPKE_AES_128_GCM,
  HPKE_AES_256_GCM,
  HpkeContext,
  keySchedule,
  setupReceiver,
  setupSender,
} from '../src/sealing/hpke.ts';
import type { HpkeAead, KemKeyPair } from '../src/sealing/hpke.ts';
import { rawPublicKeyOf } from '../src/sealing/raw-key.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const secretHex = (key: KeyObject | null): string | undefined => key?.export().toString('hex');

const INFO = hex('4f6465206f6e2061204772656369616e2055726e');
const PLAINTEXT = Buffer.from('Beauty is truth, truth beauty');

type Vector = {
  name: string;
  aead: HpkeAead;
  senderPrivate: string;
  recipientPrivate: string;
  recipientPublic: string;
  enc: string;
  sharedSecret: string;
  key: string;
  baseNonce: string;
  exporterSecret: string;
  ciphertext: string;
  exports: [context: string, value: string][];
};

// RFC 9180 appendix A.1.1, and the same suite with AES-256-GCM from the vectors that the RFC's repository publishes (test-vectors.json).
const VECTORS: Vector[] = [
  {
    name: 'A.1.1, AES-128-GCM',
    aead: HPKE_AES_128_GCM,
    senderPrivate: '52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736',
    recipientPrivate: '4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8',
    recipientPublic: '3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d',
    enc: '37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431',
    sharedSecret: 'fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc',
    key: '4531685d41d65f03dc48f6b8302c05b0',
    baseNonce: '56d890e5accaaf011cff4b7d',
    exporterSecret: '45ff1c2e220db587171952c0592d5f5ebe103f1561a2614e38f2ffd47e99e3f8',
    ciphertext: 'f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a',
    exports: [
      ['', '3853fe2b4035195a573ffc53856e77058e15d9ea064de3e59f4961d0095250ee'],
      ['00', '2e8f0b54673c7029649d4eb9d5e33bf1872cf76d623ff164ac185da9e88c21a5'],
      ['54657374436f6e74657874', 'e9e43065102c3836401bed8c3c3c75ae46be1639869391d62c61f1ec7af54931'],
    ],
  },
  {
    name: 'test-vectors.json, AES-256-GCM',
    aead: HPKE_AES_256_GCM,
    senderPrivate: '179d4b53b6365c45b600c4163b61d95cbc2f4d9e36f1695558dce265ab8bab11',
    recipientPrivate: '497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d',
    recipientPublic: '430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c',
    enc: '6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256',
    sharedSecret: '3101c54c3a4f87439eaac080699ed9bbcc726ffe44e860c0424ccb7e3e2ead7b',
    key: 'f50b0609186798729ed0564b36ef2ef8044f1f9d05636874d1f46c819c7a669f',
    baseNonce: '151d9929e2449747889bc923',
    exporterSecret: '86017151bbff6a1940e8abae2ac9e0e7032e33df1eaaecc02ca6259b130d62df',
    ciphertext: 'e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de125a925cdad859d5b7a',
    exports: [
      ['', 'ded6cffafaea6b812cbf3e241e88332adbc077aca81512914213810ee291770a'],
      ['00', '04d3cb6cc116b28ffd22ad5bc276c60d31fec71ceb87ae24db811c64b7507339'],
      ['54657374436f6e74657874', '7c5ded445732c14fe09727d29b4251c0fd38455fe8440571e687f0886aac94d2'],
    ],
  },
];

function pairOf(privateHex: string): KemKeyPair {
  const key = Buffer.concat([hex('302e020100300506032b656e04220420'), hex(privateHex)]);
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: rawPublicKeyOf(privateKey) };
}

describe.each(VECTORS)('RFC 9180 vector $name', (vector) => {
  const sender = pairOf(vector.senderPrivate);
  const recipient = pairOf(vector.recipientPrivate);

  test('both ends arrive at the published shared secret', () => {
    expect(Buffer.from(sender.publicKey)).toEqual(hex(vector.enc));
    expect(Buffer.from(recipient.publicKey)).toEqual(hex(vector.recipientPublic));
    expect(secretHex(encapsulate(sender, recipient.publicKey))).toBe(vector.sharedSecret);
    expect(secretHex(decapsulate(recipient, sender.publicKey))).toBe(vector.sharedSecret);
  });

  test('the key schedule gives the published key, nonce and exporter secret, and opens the published ciphertext', () => {
    const sharedSecret = decapsulate(recipient, sender.publicKey);
    if (sharedSecret === null) throw new Error('the vector has no shared secret');
    const schedule = keySchedule({ sharedSecret, info: INFO, aead: vector.aead });
    expect(secretHex(schedule.key)).toBe(vector.key);
    expect(schedule.baseNonce.toString('hex')).toBe(vector.baseNonce);
    expect(secretHex(schedule.exporterSecret)).toBe(vector.exporterSecret);
    const cipher = vector.aead.keyBytes === 16 ? 'aes-128-gcm' : 'aes-256-gcm';
    const decipher = createDecipheriv(cipher, schedule.key, schedule.baseNonce, { authTagLength: 16 });
    decipher.setAAD(Buffer.from('Count-0')).setAuthTag(hex(vector.ciphertext).subarray(-16));
    const opened = Buffer.concat([
      decipher.update(hex(vector.ciphertext).subarray(0, -16)),
      decipher.final(),
    ]);
    expect(opened).toEqual(PLAINTEXT);
  });

  test('exports are the published ones', () => {
    const sharedSecret = decapsulate(recipient, sender.publicKey);
    if (sharedSecret === null) throw new Error('the vector has no shared secret');
    const context = new HpkeContext(
      keySchedule({ sharedSecret, info: INFO, aead: vector.aead }),
      vector.aead,
    );
    const exported = vector.exports.map(([name]) => [name, context.export(hex(name), 32).toString('hex')]);
    expect(exported).toEqual(vector.exports);
  });
});

test('a context seals and opens the published AES-256-GCM messages in sequence', () => {
  const vector = VECTORS[1];
  if (vector === undefined) throw new Error('the AES-256-GCM vector is missing');
  const recipient = pairOf(vector.recipientPrivate);
  const receiver = setupReceiver({ recipient, enc: hex(vector.enc), info: INFO });
  const sharedSecret = encapsulate(pairOf(vector.senderPrivate), recipient.publicKey);
  if (sharedSecret === null) throw new Error('the vector has no shared secret');
  const sender = new HpkeContext(keySchedule({ sharedSecret, info: INFO, aead: vector.aead }));
  const ciphertexts = [
    vector.ciphertext,
    '2c43aff25343fdbff864506f0818b9d87df84ea01b1a2144d23b4d40c26bf655fdf197fe40297a8aebeed5cc2d',
  ];
  for (const [sequence, ciphertext] of ciphertexts.entries()) {
    const aad = Buffer.from(`Count-${sequence}`);
    expect(sender.seal(PLAINTEXT, { aad }).toString('hex')).toBe(ciphertext);
    expect(receiver?.open(hex(ciphertext), { aad })).toEqual(PLAINTEXT);
  }
});

describe('against @hpke/core', () => {
  const suite = new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Aes256Gcm(),
  });
  const exported = async (context: { export(name: ArrayBuffer, bytes: number): Promise<ArrayBuffer> }) =>
    Buffer.from(await context.export(new Uint8Array(Buffer.from('a name')).buffer, 100)).toString('hex');

  test('what we set up and seal, the library opens, and both export the same', async () => {
    const property = fc.asyncProperty(
      fc.uint8Array({ maxLength: 100 }),
      fc.uint8Array({ maxLength: 100 }),
      fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 4 }),
      async (info, aad, plaintexts) => {
        const recipientKey = await suite.kem.generateKeyPair();
        const raw = new Uint8Array(await suite.kem.serializePublicKey(recipientKey.publicKey));
        const ours = setupSender({ recipientPublicKey: raw, info });
        if (ours === null) throw new Error('setupSender refused a good key');
        const theirs = await suite.createRecipientContext({ recipientKey, enc: ours.enc, info });
        for (const plaintext of plaintexts) {
          const opened = await theirs.open(ours.context.seal(plaintext, { aad }), aad);
          expect(Buffer.from(opened)).toEqual(Buffer.from(plaintext));
        }
        expect(ours.context.export(Buffer.from('a name'), 100).toString('hex')).toBe(await exported(theirs));
      },
    );
    await fc.assert(property, { numRuns: 30 });
  });

  test('what the library sets up and seals, we open, and both export the same', async () => {
    const property = fc.asyncProperty(
      fc.uint8Array({ maxLength: 100 }),
      fc.uint8Array({ maxLength: 100 }),
      fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 4 }),
      async (info, aad, plaintexts) => {
        const recipient = generateKemKeyPair();
        const recipientPublicKey = await suite.kem.deserializePublicKey(recipient.publicKey);
        const theirs = await suite.createSenderContext({ recipientPublicKey, info });
        const ours = setupReceiver({ recipient, enc: new Uint8Array(theirs.enc), info });
        if (ours === null) throw new Error('setupReceiver refused a good enc');
        for (const plaintext of plaintexts) {
          const sealed = new Uint8Array(await theirs.seal(plaintext, aad));
          expect(ours.open(sealed, { aad })).toEqual(Buffer.from(plaintext));
        }
        expect(ours.export(Buffer.from('a name'), 100).toString('hex')).toBe(await exported(theirs));
      },
    );
    await fc.assert(property, { numRuns: 30 });
  });
});

describe('what is refused', () => {
  // The points of small order on Curve25519 and its twist, and their non-canonical spellings: with these as a "public key"
  // the shared secret is all zero, whatever the private key.
  const SMALL_ORDER = [
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ];

  test.each(SMALL_ORDER)('a public key that makes the shared secret all zero: %s', (point) => {
    expect(setupSender({ recipientPublicKey: hex(point), info: INFO })).toBeNull();
    expect(setupReceiver({ recipient: generateKemKeyPair(), enc: hex(point), info: INFO })).toBeNull();
  });

  test.each([0, 31, 33])('a public key of %i bytes', (length) => {
    const key = Buffer.alloc(length, 9);
    expect(setupSender({ recipientPublicKey: key, info: INFO })).toBeNull();
    expect(setupReceiver({ recipient: generateKemKeyPair(), enc: key, info: INFO })).toBeNull();
  });

  test('a message whose ciphertext, aad, info or position is another one does not open', () => {
    const recipient = generateKemKeyPair();
    const sender = setupSender({ recipientPublicKey: recipient.publicKey, info: INFO });
    if (sender === null) throw new Error('setupSender refused a good key');
    const aad = Buffer.from('aad');
    const [first, second] = [
      sender.context.seal(PLAINTEXT, { aad }),
      sender.context.seal(PLAINTEXT, { aad }),
    ];
    const receiver = setupReceiver({ recipient, enc: sender.enc, info: INFO });
    const other = setupReceiver({ recipient, enc: sender.enc, info: Buffer.from('other') });
    expect(other?.open(first, { aad })).toBeNull();
    expect(receiver?.open(second, { aad })).toBeNull();
    expect(receiver?.open(first, { aad: Buffer.from('other') })).toBeNull();
    expect(receiver?.open(first.subarray(0, 15), { aad })).toBeNull();
    expect(receiver?.open(first, { aad })).toEqual(PLAINTEXT);
    expect(receiver?.open(second, { aad })).toEqual(PLAINTEXT);
  });
});
