// The delegate's identity: an Ed25519 key pair made at the first start and kept in the data folder. It signs the server's
// challenges and the sealing keys that clients trust. It encrypts nothing.
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { AppError } from '@sallyport/core';
import { fingerprintOf, rawPublicKeyOf } from '@sallyport/protocol/sealing';
import type { DataFolder } from '../data-folder/data-folder.ts';
import { createPrivateFile, readPrivateFile } from '../data-folder/private-file.ts';

const IDENTITY_FILE = 'identity.pem';

/** Who this delegate is. Shows no key when printed. */
export type Identity = {
  /** Ed25519. */
  readonly privateKey: KeyObject;
  /** Raw public key, 32 bytes. */
  readonly publicKey: Buffer;
  /** `SHA256:…`, what people compare. */
  readonly fingerprint: string;
  /** Ed25519 signature, 64 bytes. */
  sign(bytes: Uint8Array): Buffer;
};

/**
 * Reads the identity, or makes it when there is none yet.
 * @returns `isNew` true at the first start
 * @throws {config-invalid} when the file is readable to others or is no Ed25519 private key
 */
export async function loadIdentity(folder: DataFolder): Promise<{ identity: Identity; isNew: boolean }> {
  const path = folder.pathOf(IDENTITY_FILE);
  let pem = await readPrivateFile(path);
  let isNew = false;
  if (pem === null) {
    isNew = await createPrivateFile(path, newIdentityPem());
    pem = await readPrivateFile(path);
  }
  const privateKey = pem && parsePem(pem);
  pem?.fill(0);
  if (privateKey === null) {
    throw new AppError('config-invalid', {
      publicMessage: `The file ${path} does not hold an Ed25519 private key. Restore it from a backup; without it this is another delegate.`,
    });
  }
  return { identity: identityOf(privateKey), isNew };
}

function newIdentityPem(): Buffer {
  const { privateKey } = generateKeyPairSync('ed25519');
  return Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }));
}

function parsePem(pem: Buffer): KeyObject | null {
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === 'ed25519' ? key : null;
  } catch {
    return null;
  }
}

function identityOf(privateKey: KeyObject): Identity {
  const publicKey = rawPublicKeyOf(privateKey);
  return {
    privateKey,
    publicKey,
    fingerprint: fingerprintOf(publicKey),
    sign: (bytes) => sign(null, bytes, privateKey),
  };
}
