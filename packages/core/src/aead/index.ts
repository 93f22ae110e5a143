// Public face of the AEAD module; Node only (the browser uses WebCrypto).
export { AEAD_KEY_BYTES, AEAD_NONCE_BYTES, AEAD_TAG_BYTES, openAead, sealAead } from './aes-gcm.ts';
export type { AeadInput } from './aes-gcm.ts';
