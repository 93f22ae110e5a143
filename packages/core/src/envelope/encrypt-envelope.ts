// Encrypts a value into an envelope: in one call for what is in memory anyway, or chunk by chunk for files of any size. Both write
// the same bytes. Where the data key comes from, and who wrapped it, is the caller's business (key-provider/).
import type { KeyObject } from 'node:crypto';
import { AppError, invariant } from '../errors/app-error.ts';
import type { EncryptionContext } from '../secrets-manager/encryption-context.ts';
import { writeFrame, writtenFrameBytes } from './body.ts';
import type { BodyKeys, FrameKind } from './body.ts';
import { ByteAccumulator } from './byte-accumulator.ts';
import { serializeEncryptionContext } from './context-bytes.ts';
import { writeHeader } from './header.ts';
import type { EncryptedDataKey, EnvelopeFormat } from './header.ts';
import { freshMessageId } from './message-id.ts';
import { deriveMessageKeys, isDataKey } from './message-keys.ts';
import { FRAME_BYTES, MESSAGE_ID_BYTES } from './message-format.ts';

/** What an envelope is written with. */
export type EncryptEnvelopeOptions = {
  /** 256-bit secret key. */
  dataKey: KeyObject;
  /** The same data key, wrapped: one to four times. */
  encryptedDataKeys: readonly EncryptedDataKey[];
  /** Authenticated, and stored in clear; opening demands exactly the same pairs. */
  encryptionContext: EncryptionContext;
  /** `framed` unless said otherwise. An `unframed` envelope holds at most 1 MiB. */
  format?: EnvelopeFormat;
  /** 32 bytes, for reproducible tests only. Random by default, and must be: with a data key, it makes the message's own key. */
  messageId?: Uint8Array;
};

/**
 * Encrypts `plaintext`, which may be empty, into an envelope (AWS Encryption SDK message format 2.0, suite 0x0478).
 * @throws {invalid-encryption-context} see `serializeEncryptionContext`
 * @throws {value-too-large} for more than 1 MiB unframed
 */
export function encryptEnvelope(options: EncryptEnvelopeOptions, plaintext: Uint8Array): Buffer {
  const { header, keys, format } = beginEnvelope(options);
  if (format === 'unframed') refuseAboveOneFrame(plaintext.length);
  const fullFrames = fullFramesIn(plaintext.length);
  const rest = plaintext.subarray(fullFrames * FRAME_BYTES);
  const kind = lastKind(format);
  const bodyBytes =
    fullFrames * writtenFrameBytes('regular', FRAME_BYTES) + writtenFrameBytes(kind, rest.length);
  const out = Buffer.allocUnsafe(header.length + bodyBytes);
  let at = header.copy(out);
  for (let frame = 0; frame < fullFrames; frame += 1) {
    const content = plaintext.subarray(frame * FRAME_BYTES, (frame + 1) * FRAME_BYTES);
    at = writeFrame(keys, { kind: 'regular', sequence: frame + 1, plaintext: content }, { out, at });
  }
  writeFrame(keys, { kind, sequence: fullFrames + 1, plaintext: rest }, { out, at });
  return out;
}

/**
 * `encryptEnvelope` for a stream: holds at most one frame of plaintext (1 MiB), however large the whole is. The envelope is what
 * all `update`s and `final` return, one after the other.
 */
export class EnvelopeEncryptor {
  readonly #format: EnvelopeFormat;
  readonly #keys: BodyKeys;
  readonly #pending = new ByteAccumulator();
  #header: Buffer | null;
  #sequence = 1;
  #isFinished = false;

  /** @throws {invalid-encryption-context} see `serializeEncryptionContext` */
  constructor(options: EncryptEnvelopeOptions) {
    const { header, keys, format } = beginEnvelope(options);
    this.#format = format;
    this.#keys = keys;
    this.#header = header;
  }

  /**
   * Takes plaintext of any length; returns what is ready of the envelope, which begins with the header at the first call. `chunk`
   * may be reused afterwards.
   * @throws {value-too-large} for more than 1 MiB unframed
   */
  update(chunk: Uint8Array): Buffer {
    invariant(!this.#isFinished, 'an encryptor is not used after final()');
    const length = this.#pending.length + chunk.length;
    if (this.#format === 'unframed') refuseAboveOneFrame(length);
    const fullFrames = fullFramesIn(length);
    const out = this.#begin(fullFrames * writtenFrameBytes('regular', FRAME_BYTES));
    let { at } = out;
    let taken = 0;
    for (let frame = 0; frame < fullFrames; frame += 1) {
      const missing = FRAME_BYTES - this.#pending.length;
      const part = chunk.subarray(taken, taken + missing);
      taken += missing;
      at = this.#writeFrame('regular', part, { out: out.bytes, at });
    }
    this.#pending.append(chunk.subarray(taken));
    return out.bytes;
  }

  /** Ends the envelope; returns the rest of it. */
  final(): Buffer {
    invariant(!this.#isFinished, 'final() is called once');
    this.#isFinished = true;
    const kind = lastKind(this.#format);
    const out = this.#begin(writtenFrameBytes(kind, this.#pending.length));
    this.#writeFrame(kind, Buffer.alloc(0), { out: out.bytes, at: out.at });
    this.#pending.release();
    return out.bytes;
  }

  /** A buffer for `bodyBytes` more of the body, after the header if that is still due. */
  #begin(bodyBytes: number): { bytes: Buffer; at: number } {
    const header = this.#header;
    this.#header = null;
    const bytes = Buffer.allocUnsafe((header?.length ?? 0) + bodyBytes);
    return { bytes, at: header?.copy(bytes) ?? 0 };
  }

  /** Writes a frame of what is pending and `part` after it. */
  #writeFrame(kind: FrameKind, part: Uint8Array, target: { out: Buffer; at: number }): number {
    const isDirect = this.#pending.length === 0;
    if (!isDirect) this.#pending.append(part);
    const plaintext = isDirect ? part : this.#pending.view();
    const at = writeFrame(this.#keys, { kind, sequence: this.#sequence, plaintext }, target);
    this.#pending.clear();
    this.#sequence += 1;
    return at;
  }
}

function beginEnvelope(options: EncryptEnvelopeOptions): {
  header: Buffer;
  keys: BodyKeys;
  format: EnvelopeFormat;
} {
  const { dataKey, encryptedDataKeys, encryptionContext, format = 'framed' } = options;
  const messageId = options.messageId ?? freshMessageId();
  invariant(messageId.length === MESSAGE_ID_BYTES, 'a message id has 32 bytes');
  invariant(isDataKey(dataKey), 'a data key is a secret key of 256 bits');
  const contextBytes = serializeEncryptionContext(encryptionContext);
  const { contentKey, commitment } = deriveMessageKeys(dataKey, messageId);
  const header = writeHeader({
    messageId,
    contextBytes,
    encryptedDataKeys,
    contentType: format,
    commitment,
    contentKey,
  });
  return { header, keys: { contentKey, messageId }, format };
}

/** All but the last frame are full; the last one is never empty unless the whole is. */
function fullFramesIn(plaintextBytes: number): number {
  return plaintextBytes === 0 ? 0 : Math.ceil(plaintextBytes / FRAME_BYTES) - 1;
}

function lastKind(format: EnvelopeFormat): FrameKind {
  return format === 'unframed' ? 'unframed' : 'final';
}

function refuseAboveOneFrame(plaintextBytes: number): void {
  if (plaintextBytes <= FRAME_BYTES) return;
  throw new AppError('value-too-large', {
    publicMessage: `An unframed envelope holds at most ${FRAME_BYTES} bytes.`,
  });
}
