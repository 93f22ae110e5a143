// The vendor's own Encryption SDK, set up as our oracle: the same suite, commitment required, at most four data keys, and a raw-AES
// keyring that sorts the context by UTF-8 bytes as the format demands. Not a test itself, and never part of the product.
import {
  AlgorithmSuiteIdentifier,
  buildClient,
  CommitmentPolicy,
  RawAesKeyringNode,
  RawAesWrappingSuiteIdentifier,
} from '@aws-crypto/client-node';
import { createSecretKey } from 'node:crypto';
import type { RawAesWrappingKey } from '@sallyport/core/envelope';

const { encrypt, decrypt } = buildClient({
  commitmentPolicy: CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
  maxEncryptedDataKeys: 4,
});
const wrappingKeyBytes = Buffer.alloc(32, 0x5a);

/** The wrapping key that both sides hold. */
export const oracleKey: Omit<RawAesWrappingKey, 'encryptionContext'> = {
  namespace: 'sallyport',
  name: 'schlüssel/1',
  wrappingKey: createSecretKey(wrappingKeyBytes),
};

// The keyring insists on an isolated copy of its key, and keeps it.
const keyring = new RawAesKeyringNode({
  keyNamespace: oracleKey.namespace,
  keyName: oracleKey.name,
  unencryptedMasterKey: new Uint8Array(wrappingKeyBytes),
  wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
  utf8Sorting: true,
});

/** An envelope written by the stock library. */
export async function oracleEncrypt(
  request: { encryptionContext: Record<string, string>; frameLength?: number },
  plaintext: Uint8Array,
): Promise<Buffer> {
  const { result } = await encrypt(keyring, Buffer.from(plaintext), {
    suiteId: AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY,
    ...request,
  });
  return result;
}

/** What the stock library reads: plaintext, and the context that it found and did not check. */
export async function oracleDecrypt(
  envelope: Uint8Array,
): Promise<{ plaintext: Buffer; encryptionContext: Record<string, string> }> {
  const { plaintext, messageHeader } = await decrypt(keyring, Buffer.from(envelope));
  return { plaintext, encryptionContext: { ...messageHeader.encryptionContext } };
}
