// The cryptographic operations: GenerateDataKey (with and without plaintext), Encrypt, Decrypt, ReEncrypt. The order of checks is
// KMS's: input, key, permission, usage, state, ciphertext; a dry run goes through all of them and then fails with
// DryRunOperationException.
import { randomBytes } from 'node:crypto';
import { openBlob, readBlobHeader, sealBlob } from './ciphertext-blob.ts';
import type { BlobHeader } from './ciphertext-blob.ts';
import { keyArn } from './key-store.ts';
import type { KeyRecord } from './key-store.ts';
import { authorizeKey, findKey, KEY_ID_BOUNDS } from './kms-call.ts';
import type { EncryptionContext, KmsCall } from './kms-call.ts';
import { ServiceError } from './service-error.ts';

const BLOB_BOUNDS = { min: 1, max: 6144 } as const;
const PLAINTEXT_BOUNDS = { min: 1, max: 4096, required: true } as const;
const ALGORITHM = 'SYMMETRIC_DEFAULT';
const ALGORITHMS = [ALGORITHM, 'RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256', 'SM2PKE'] as const;
const DATA_KEY_BYTES = { AES_256: 32, AES_128: 16 } as const;
const FOREIGN_CIPHERTEXT =
  'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.';

/** A reply on its way to JSON. */
export type KmsReply = Record<string, unknown>;

/** GenerateDataKey and GenerateDataKeyWithoutPlaintext. */
export function generateDataKey(call: KmsCall): KmsReply {
  const { input } = call;
  const keyIdText = input.required('KeyId', KEY_ID_BOUNDS);
  const keySpec = input.oneOf('KeySpec', ['AES_256', 'AES_128'] as const);
  const numberOfBytes = input.integer('NumberOfBytes', { min: 1, max: 1024 });
  const encryptionContext = readContext(call, 'EncryptionContext');
  readCommon(call);
  if ((keySpec === null) === (numberOfBytes === null)) {
    throw new ServiceError('ValidationException', {
      text: 'Please specify either number of bytes or key spec.',
    });
  }
  const key = usableKey(call, keyIdText, { encryptionContext });
  refuseDryRun(call);
  const bytes = keySpec === null ? (numberOfBytes ?? 0) : DATA_KEY_BYTES[keySpec];
  const plaintext = randomBytes(bytes);
  const { blob, keyMaterialId } = wrap(call, key, { plaintext, encryptionContext });
  return {
    KeyId: key.arn,
    CiphertextBlob: blob,
    ...(call.operation === 'GenerateDataKey' ? { Plaintext: plaintext.toString('base64') } : {}),
    KeyMaterialId: keyMaterialId,
  };
}

export function encrypt(call: KmsCall): KmsReply {
  const { input } = call;
  const keyIdText = input.required('KeyId', KEY_ID_BOUNDS);
  const plaintext = input.blob('Plaintext', PLAINTEXT_BOUNDS);
  input.oneOf('EncryptionAlgorithm', ALGORITHMS);
  const encryptionContext = readContext(call, 'EncryptionContext');
  readCommon(call);
  const key = usableKey(call, keyIdText, { encryptionContext });
  refuseOtherAlgorithm(call, key, 'EncryptionAlgorithm');
  refuseDryRun(call);
  const { blob } = wrap(call, key, { plaintext, encryptionContext });
  return { KeyId: key.arn, CiphertextBlob: blob, EncryptionAlgorithm: ALGORITHM };
}

export function decrypt(call: KmsCall): KmsReply {
  const { input } = call;
  const ignoreCiphertext = readDryRunModifiers(call);
  const blob = input.blob('CiphertextBlob', { ...BLOB_BOUNDS, required: !ignoreCiphertext });
  const keyIdText = input.optional('KeyId', { ...KEY_ID_BOUNDS, required: ignoreCiphertext });
  input.oneOf('EncryptionAlgorithm', ALGORITHMS);
  const encryptionContext = readContext(call, 'EncryptionContext');
  readCommon(call);
  if (ignoreCiphertext) {
    usableKey(call, keyIdText ?? '', { encryptionContext });
    throw dryRunSuccess();
  }
  const key = keyOfCiphertext(call, { blob, keyIdText, encryptionContext });
  refuseOtherAlgorithm(call, key, 'EncryptionAlgorithm');
  const { plaintext, keyMaterialId } = unwrap(call, key, { blob, encryptionContext });
  refuseDryRun(call);
  return {
    KeyId: key.arn,
    Plaintext: plaintext.toString('base64'),
    EncryptionAlgorithm: ALGORITHM,
    KeyMaterialId: keyMaterialId,
  };
}

export function reEncrypt(call: KmsCall): KmsReply {
  const { input } = call;
  const blob = input.blob('CiphertextBlob', { ...BLOB_BOUNDS, required: true });
  const sourceKeyIdText = input.optional('SourceKeyId', KEY_ID_BOUNDS);
  const destinationText = input.required('DestinationKeyId', KEY_ID_BOUNDS);
  const sourceContext = input.stringMap('SourceEncryptionContext');
  input.oneOf('SourceEncryptionAlgorithm', ALGORITHMS);
  input.oneOf('DestinationEncryptionAlgorithm', ALGORITHMS);
  const destinationContext = readContext(call, 'DestinationEncryptionContext');
  readCommon(call);
  const source = keyOfCiphertext(call, {
    blob,
    keyIdText: sourceKeyIdText,
    encryptionContext: sourceContext,
    action: 'kms:ReEncryptFrom',
  });
  const destination = usableKey(call, destinationText, {
    encryptionContext: destinationContext,
    action: 'kms:ReEncryptTo',
  });
  refuseOtherAlgorithm(call, source, 'SourceEncryptionAlgorithm');
  refuseOtherAlgorithm(call, destination, 'DestinationEncryptionAlgorithm');
  const opened = unwrap(call, source, { blob, encryptionContext: sourceContext });
  refuseDryRun(call);
  const wrapped = wrap(call, destination, {
    plaintext: opened.plaintext,
    encryptionContext: destinationContext,
  });
  return {
    CiphertextBlob: wrapped.blob,
    SourceKeyId: source.arn,
    KeyId: destination.arn,
    SourceEncryptionAlgorithm: ALGORITHM,
    DestinationEncryptionAlgorithm: ALGORITHM,
    SourceKeyMaterialId: opened.keyMaterialId,
    DestinationKeyMaterialId: wrapped.keyMaterialId,
  };
}

function readContext(call: KmsCall, name: string): EncryptionContext {
  const encryptionContext = call.input.stringMap(name);
  if (Object.keys(encryptionContext).length > 0) call.trace.encryptionContext = { ...encryptionContext };
  return encryptionContext;
}

/** The members that all of these operations share, then the verdict on all members. */
function readCommon(call: KmsCall): void {
  call.trace.dryRun = call.input.flag('DryRun');
  call.input.finish();
  call.input.noGrants();
  if (call.input.record('Recipient') !== null) {
    throw new ServiceError('UnsupportedOperationException', { text: 'The lab has no enclaves.' });
  }
}

function readDryRunModifiers(call: KmsCall): boolean {
  const modifiers = call.input.strings('DryRunModifiers');
  if (modifiers.length === 0) return false;
  if (modifiers.some((modifier) => modifier !== 'IGNORE_CIPHERTEXT') || !call.input.flag('DryRun')) {
    throw new ServiceError('ValidationException', {
      text: 'DryRunModifiers takes IGNORE_CIPHERTEXT, together with DryRun.',
    });
  }
  return true;
}

/** Finds the key, asks the policies, then checks usage and state. */
function usableKey(
  call: KmsCall,
  keyIdText: string,
  access: { encryptionContext: EncryptionContext; action?: string },
): KeyRecord {
  const key = findKey(call, keyIdText);
  authorizeKey(call, key, { ...access, keyIdText });
  checkUsable(call, key);
  return key;
}

/** The key that made a ciphertext, checked against the KeyId in the request if there is one. */
function keyOfCiphertext(
  call: KmsCall,
  request: { blob: Buffer; keyIdText: string | null; encryptionContext: EncryptionContext; action?: string },
): KeyRecord {
  const { blob, keyIdText, ...access } = request;
  const header = readBlobHeader(blob);
  if (keyIdText !== null) {
    const key = usableKey(call, keyIdText, access);
    if (header === null) throw new ServiceError('InvalidCiphertextException');
    if (header.keyId !== key.keyId || header.accountId !== key.accountId) {
      throw new ServiceError('IncorrectKeyException', {
        text: 'The key ID in the request does not identify a CMK that can perform this operation.',
      });
    }
    return key;
  }
  if (header === null) throw new ServiceError('InvalidCiphertextException');
  const key = call.keys.find(keyArn({ ...header, region: call.region }));
  if (key === undefined) throw new ServiceError('AccessDeniedException', { text: FOREIGN_CIPHERTEXT });
  call.trace.keyArn = key.arn;
  if (key.accountId === call.principal.accountId) authorizeKey(call, key, access);
  else authorizeForeign(call, key, access);
  checkUsable(call, key);
  return key;
}

/** A ciphertext of a closed key of another account answers like one of a key that does not exist. */
function authorizeForeign(
  call: KmsCall,
  key: KeyRecord,
  access: { encryptionContext: EncryptionContext; action?: string },
): void {
  try {
    authorizeKey(call, key, access);
  } catch (error) {
    if (error instanceof ServiceError) {
      throw new ServiceError('AccessDeniedException', { text: FOREIGN_CIPHERTEXT });
    }
    throw error;
  }
}

function checkUsable(call: KmsCall, key: KeyRecord): void {
  if (key.usage !== 'ENCRYPT_DECRYPT') {
    throw new ServiceError('InvalidKeyUsageException', {
      text: `${key.arn} key usage is ${key.usage} which is not valid for ${call.operation}.`,
    });
  }
  if (key.spec !== 'SYMMETRIC_DEFAULT') {
    throw call.operation.startsWith('GenerateDataKey')
      ? new ServiceError('InvalidKeyUsageException', {
          text: `${key.arn} key spec is ${key.spec} which is not valid for ${call.operation}.`,
        })
      : new ServiceError('UnsupportedOperationException', {
          text: 'The lab encrypts with symmetric keys only.',
        });
  }
  checkState(key);
}

const STATE_WORDS = {
  PendingDeletion: 'is pending deletion.',
  PendingReplicaDeletion: 'is pending replica deletion.',
  PendingImport: 'is pending import.',
  Unavailable: 'is unavailable.',
  Creating: 'is creating.',
  Updating: 'is updating.',
} as const;

/** Throws unless the key is enabled: DisabledException, or KMSInvalidStateException for every other state. */
export function checkState(key: KeyRecord): void {
  if (key.state === 'Enabled') return;
  if (key.state === 'Disabled')
    throw new ServiceError('DisabledException', { text: `${key.arn} is disabled.` });
  throw new ServiceError('KMSInvalidStateException', { text: `${key.arn} ${STATE_WORDS[key.state]}` });
}

function refuseOtherAlgorithm(call: KmsCall, key: KeyRecord, member: string): void {
  const algorithm = call.input.optional(member);
  if (algorithm !== null && algorithm !== ALGORITHM) {
    throw new ServiceError('InvalidKeyUsageException', {
      text: `Algorithm ${algorithm} is incompatible with key spec ${key.spec}.`,
    });
  }
}

function refuseDryRun(call: KmsCall): void {
  if (call.trace.dryRun === true) throw dryRunSuccess();
}

function dryRunSuccess(): ServiceError {
  return new ServiceError('DryRunOperationException', {
    status: 412,
    text: 'The request would have succeeded, but the DryRun option is set.',
  });
}

function wrap(
  call: KmsCall,
  key: KeyRecord,
  content: { plaintext: Buffer; encryptionContext: EncryptionContext },
): { blob: string; keyMaterialId: string } {
  const keyMaterialId = call.keys.currentMaterialId(key.lineage);
  const backingKey = call.keys.backingKey(key.lineage, keyMaterialId);
  if (backingKey === null) throw new ServiceError('KMSInternalException', { status: 500 });
  const header: BlobHeader = { keyId: key.keyId, accountId: key.accountId, keyMaterialId };
  const blob = sealBlob(
    { header, key: backingKey, encryptionContext: content.encryptionContext },
    content.plaintext,
  );
  return { blob: blob.toString('base64'), keyMaterialId };
}

function unwrap(
  call: KmsCall,
  key: KeyRecord,
  content: { blob: Buffer; encryptionContext: EncryptionContext },
): { plaintext: Buffer; keyMaterialId: string } {
  const keyMaterialId = readBlobHeader(content.blob)?.keyMaterialId ?? '';
  const backingKey = call.keys.backingKey(key.lineage, keyMaterialId);
  const plaintext =
    backingKey === null
      ? null
      : openBlob({ key: backingKey, encryptionContext: content.encryptionContext }, content.blob);
  if (plaintext === null) throw new ServiceError('InvalidCiphertextException');
  return { plaintext, keyMaterialId };
}
