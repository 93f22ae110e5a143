// What scripted delegates encrypt with: real envelopes under real data keys, whose wrapped form is a random handle that all delegates
// of the test process can look up. Sealing is left out: the "sealed" box of a test is the value itself in base64url.
import { createSecretKey, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { encryptionContextOf } from '@sallyport/core';
import { decryptEnvelope, encryptEnvelope, parseEnvelopeHeader } from '@sallyport/core/envelope';
import type { EncryptedDataKey } from '@sallyport/core/envelope';
import type { SecretsManagerAccess } from '@sallyport/protocol';

const dataKeys = new Map<string, KeyObject>();

type Access = ReturnType<(typeof SecretsManagerAccess)['parse']>;
export type Binding = Parameters<typeof encryptionContextOf>[0];

export function newDataKey(access: Access): { dataKey: KeyObject; encryptedDataKeys: EncryptedDataKey[] } {
  const dataKey = createSecretKey(randomBytes(32));
  const ciphertext = randomBytes(48);
  dataKeys.set(ciphertext.toString('hex'), dataKey);
  const { settings } = access;
  const isKms = settings.kind === 'aws-kms';
  const encrypted = {
    providerId: isKms ? 'aws-kms' : 'sallyport-test',
    providerInfo: Buffer.from(isKms ? settings.pinnedKeyArn : 'test-key'),
    ciphertext,
  };
  return { dataKey, encryptedDataKeys: [encrypted] };
}

export function dataKeyOf(encrypted: readonly { ciphertext: Uint8Array }[]): KeyObject {
  const handle = Buffer.from(encrypted[0]?.ciphertext ?? []).toString('hex');
  const key = dataKeys.get(handle);
  if (key === undefined) throw new Error('unknown data key');
  return key;
}

export function knowsDataKey(ciphertext: Uint8Array): boolean {
  return dataKeys.has(Buffer.from(ciphertext).toString('hex'));
}

export function encryptFor(binding: Binding, access: Access, value: Uint8Array): Buffer {
  const encryptionContext = encryptionContextOf(binding, access.settings.context);
  return encryptEnvelope({ ...newDataKey(access), encryptionContext }, value);
}

export function decryptFor(binding: Binding, access: Access, envelope: Uint8Array): Buffer {
  const expectedContext = encryptionContextOf(binding, access.settings.context);
  const dataKey = dataKeyOf(parseEnvelopeHeader(envelope).encryptedDataKeys);
  return decryptEnvelope({ dataKey, expectedContext }, envelope);
}
