// Wrote `envelopes.json`, once. Golden vectors pin the format of what customers have stored: they are never regenerated, so this
// refuses to touch a file that is there. It stays to say exactly how each vector came about. Run with: node write-golden.ts
import { createHash, createSecretKey } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { encryptEnvelope, wrapRawAesDataKey } from '@sallyport/core/envelope';
import type { EncryptedDataKey, EnvelopeFormat } from '@sallyport/core/envelope';
import type { GoldenEnvelope } from './golden-envelopes.ts';
import { goldenPlaintext } from './golden-envelopes.ts';

const target = new URL('envelopes.json', import.meta.url);

const kms: EncryptedDataKey = {
  providerId: 'aws-kms',
  providerInfo: Buffer.from('arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'),
  ciphertext: seeded('kms ciphertext blob', 184),
};
const ours = {
  'sallyport:secrets-manager': 'smg_0000000000000000000001',
  'sallyport:secret': 'sec_0000000000000000000002',
  'sallyport:version': '3',
};

type Recipe = {
  name: string;
  plaintextBytes: number;
  context?: Record<string, string>;
  format?: EnvelopeFormat;
  rawAes?: boolean;
  copiesOfDataKey?: number;
};

const recipes: Recipe[] = [
  { name: 'one byte', plaintextBytes: 1 },
  { name: 'nothing', plaintextBytes: 0 },
  { name: '1 KiB', plaintextBytes: 1_024 },
  { name: '1 KiB unframed', plaintextBytes: 1_024, format: 'unframed' },
  { name: 'nothing unframed', plaintextBytes: 0, format: 'unframed' },
  { name: 'no context', plaintextBytes: 16, context: {} },
  {
    name: 'context beyond ASCII',
    plaintextBytes: 16,
    context: { '\u{1F600}': 'x', '\uFFFD': 'y', ä: 'é', Z: '' },
  },
  { name: 'four data keys', plaintextBytes: 16, copiesOfDataKey: 4 },
  { name: 'raw AES data key', plaintextBytes: 64, rawAes: true },
  { name: 'exactly one frame', plaintextBytes: 1_048_576 },
  { name: 'one byte above one frame', plaintextBytes: 1_048_577 },
  { name: 'three frames', plaintextBytes: 3 * 1_048_576 - 5, rawAes: true },
];

if (existsSync(target)) throw new Error('envelopes.json is there, and golden vectors are never regenerated');
writeFileSync(target, `${JSON.stringify(recipes.map(cook), null, 2)}\n`);

function cook(recipe: Recipe): GoldenEnvelope {
  const { name, plaintextBytes, context = ours, format = 'framed', copiesOfDataKey = 1 } = recipe;
  const dataKeyBytes = seeded(`${name}: data key`, 32);
  const dataKey = createSecretKey(dataKeyBytes);
  const messageId = seeded(`${name}: message id`, 32);
  const wrappingKey = recipe.rawAes === true ? seeded(`${name}: wrapping key`, 32) : null;
  const raw = wrappingKey && {
    namespace: 'sallyport',
    name: 'golden/1',
    wrappingKey: createSecretKey(wrappingKey),
    encryptionContext: context,
  };
  const encrypted = raw ? wrapRawAesDataKey(raw, dataKey) : kms;
  const encryptedDataKeys = Array.from({ length: copiesOfDataKey }, () => encrypted);
  const plaintext = goldenPlaintext(plaintextBytes);
  const envelope = encryptEnvelope(
    { dataKey, encryptedDataKeys, encryptionContext: context, format, messageId },
    plaintext,
  );
  return {
    name,
    format,
    dataKey: dataKeyBytes.toString('hex'),
    messageId: messageId.toString('hex'),
    context,
    encryptedDataKeys: encryptedDataKeys.map((one) => ({
      providerId: one.providerId,
      providerInfo: Buffer.from(one.providerInfo).toString('base64'),
      ciphertext: Buffer.from(one.ciphertext).toString('base64'),
    })),
    rawAes: raw && { namespace: raw.namespace, name: raw.name, wrappingKey: wrappingKey.toString('hex') },
    plaintextBytes,
    plaintextSha256: createHash('sha256').update(plaintext).digest('hex'),
    envelopeBytes: envelope.length,
    envelopeSha256: createHash('sha256').update(envelope).digest('hex'),
    // Large ones are kept by their hash alone.
    envelope: envelope.length <= 4_096 ? envelope.toString('base64') : null,
  };
}

function seeded(seed: string, bytes: number): Buffer {
  return createHash('shake256', { outputLength: bytes }).update(`sallyport golden vector, ${seed}`).digest();
}
