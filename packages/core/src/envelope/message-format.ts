// Constants of the envelope's format: AWS Encryption SDK message format 2.0 with the one suite that Sallyport reads and writes,
// 0x0478 (AES-256-GCM, HKDF-SHA512, key commitment, no signature). No code here, so that every number of the format has one home.
// Source: AWS Encryption SDK specification, data-format/message-header, message-body and message-body-aad.

/** Version byte of message format 2.0. */
export const MESSAGE_VERSION = 2;
/** Algorithm suite `AES_256_GCM_HKDF_SHA512_COMMIT_KEY`. */
export const SUITE_ID = 0x0478;
/** Length of a message id, in bytes; it is also the salt of the key derivation. */
export const MESSAGE_ID_BYTES = 32;
/** Length of the key commitment in the header, in bytes. */
export const COMMITMENT_BYTES = 32;
/** Length of a data key and of the content key derived from it, in bytes. */
export const DATA_KEY_BYTES = 32;

/**
 * Plaintext bytes per frame of every envelope that we write: one final frame up to it, full frames of it above. A constant, so
 * that an input cannot choose it. Envelopes of others are read with any frame length up to it.
 */
export const FRAME_BYTES = 1_048_576;
/** Most data keys that an envelope may carry; each one costs its reader a call. */
export const ENVELOPE_MAX_ENCRYPTED_DATA_KEYS = 4;
/** Longest serialized encryption context, in bytes: its length field has 16 bits. */
export const CONTEXT_MAX_BYTES = 65_535;
/** Longest variable field of a header (provider id, provider info, wrapped key), in bytes: length fields have 16 bits. */
export const FIELD_MAX_BYTES = 65_535;

/** Content type bytes of the header. */
export const CONTENT_TYPE = { unframed: 1, framed: 2 } as const;
/** In place of a sequence number: the frame that follows is the last one. So no frame has it as its number. */
export const FINAL_FRAME_MARK = 0xffff_ffff;

/** What a body's associated data calls each kind of content, between message id and sequence number. */
export const CONTENT_LABEL = {
  regular: Buffer.from('AWSKMSEncryptionClient Frame'),
  final: Buffer.from('AWSKMSEncryptionClient Final Frame'),
  unframed: Buffer.from('AWSKMSEncryptionClient Single Block'),
} as const;
