// Public face of the envelope codec; Node only. The format: design §5 and docs/adr.
export { decryptEnvelope, EnvelopeDecryptor } from './decrypt-envelope.ts';
export type { DecryptEnvelopeOptions, EnvelopeDecryptorOptions } from './decrypt-envelope.ts';
export { encryptEnvelope, EnvelopeEncryptor } from './encrypt-envelope.ts';
export type { EncryptEnvelopeOptions } from './encrypt-envelope.ts';
export { parseEncryptionContext, serializeEncryptionContext } from './context-bytes.ts';
export { parseEnvelopeHeader } from './header.ts';
export type { EncryptedDataKey, EnvelopeFormat, EnvelopeHeader } from './header.ts';
export { ENVELOPE_MAX_ENCRYPTED_DATA_KEYS, FRAME_BYTES } from './message-format.ts';
export { unwrapRawAesDataKey, wrapRawAesDataKey } from './raw-aes-data-key.ts';
export type { RawAesWrappingKey } from './raw-aes-data-key.ts';
export type { EncryptionContext } from '../secrets-manager/encryption-context.ts';
