// The body of an envelope, frame by frame: how one frame is written, and how the next one is opened. Shared by the one-shot and
// the streaming codec, so that they cannot differ. Integers are big-endian.
//   regular frame: sequence 4 | nonce 12 | content | tag 16            (exactly the header's frame length)
//   final frame:   FFFFFFFF | sequence 4 | nonce 12 | length 4 | content | tag 16
//   unframed:      nonce 12 | length 8 | content | tag 16
// Source: AWS Encryption SDK specification, data-format/message-body and message-body-aad.
import type { KeyObject } from 'node:crypto';
import { AEAD_NONCE_BYTES, AEAD_TAG_BYTES, openAead, sealAead } from '../aead/aes-gcm.ts';
import { invariant } from '../errors/app-error.ts';
import type { HeaderLayout } from './header.ts';
import { CONTENT_LABEL, FINAL_FRAME_MARK, FRAME_BYTES, MESSAGE_ID_BYTES } from './message-format.ts';
import { envelopeRejected } from './rejection.ts';

/** What a piece of content is: its associated data names it, so that none passes for another. */
export type FrameKind = keyof typeof CONTENT_LABEL;

/** Bytes before the content of each kind. */
const HEAD_BYTES = { regular: 4 + 12, final: 4 + 4 + 12 + 4, unframed: 12 + 8 } as const;
const SEQUENCE_IN_NONCE_AT = AEAD_NONCE_BYTES - 4;

/** The key and id of one message; every frame is bound to both. */
export type BodyKeys = { contentKey: KeyObject; messageId: Uint8Array };

/** One piece of content to be written. */
export type Frame = { kind: FrameKind; sequence: number; plaintext: Uint8Array };

/** Length of a written frame whose content has `contentBytes`. */
export function writtenFrameBytes(kind: FrameKind, contentBytes: number): number {
  return HEAD_BYTES[kind] + contentBytes + AEAD_TAG_BYTES;
}

/** Encrypts one frame into `target.out` at `target.at`; returns where it ends. */
export function writeFrame(keys: BodyKeys, frame: Frame, target: { out: Buffer; at: number }): number {
  const { kind, sequence, plaintext } = frame;
  const { out } = target;
  invariant(sequence >= 1 && sequence < FINAL_FRAME_MARK, 'frame sequence numbers fit below the mark');
  let { at } = target;
  if (kind === 'final') at = out.writeUInt32BE(FINAL_FRAME_MARK, at);
  if (kind !== 'unframed') at = out.writeUInt32BE(sequence, at);
  const nonce = out.subarray(at, at + AEAD_NONCE_BYTES).fill(0);
  at = out.writeUInt32BE(sequence, at + SEQUENCE_IN_NONCE_AT);
  if (kind === 'unframed') at = out.writeUInt32BE(0, at);
  if (kind !== 'regular') at = out.writeUInt32BE(plaintext.length, at);
  const aad = frameAad(keys.messageId, { kind, sequence, contentBytes: plaintext.length });
  const { ciphertext, tag } = sealAead({ key: keys.contentKey, nonce, aad }, plaintext);
  out.set(ciphertext, at);
  out.set(tag, at + ciphertext.length);
  return at + ciphertext.length + AEAD_TAG_BYTES;
}

/** What `BodyOpener.next` found: more bytes needed, or one authenticated frame. */
export type OpenedFrame =
  | { neededBytes: number }
  | { consumedBytes: number; isLast: boolean; plaintext: Buffer };

/** Opens the frames of one body in order. Returns plaintext only after its tag has been checked. */
export class BodyOpener {
  readonly #keys: BodyKeys;
  readonly #header: HeaderLayout;
  #sequence = 1;

  /** `header` has been authenticated under `contentKey`. */
  constructor(contentKey: KeyObject, header: HeaderLayout) {
    this.#keys = { contentKey, messageId: header.messageId };
    this.#header = header;
  }

  /**
   * Opens the frame at the start of `bytes`. `neededBytes`: how many there must be at least before a next attempt; never more than
   * one frame of 1 MiB and its framing.
   * @throws {envelope-rejected}
   */
  next(bytes: Buffer): OpenedFrame {
    const framed = this.#header.contentType === 'framed';
    if (framed && bytes.length < 4) return { neededBytes: 4 };
    const kind = framed ? (bytes.readUInt32BE(0) === FINAL_FRAME_MARK ? 'final' : 'regular') : 'unframed';
    const headBytes = HEAD_BYTES[kind];
    if (bytes.length < headBytes) return { neededBytes: headBytes };
    const { contentBytes, nonce } = this.#readHead(kind, bytes);
    const endAt = headBytes + contentBytes + AEAD_TAG_BYTES;
    if (bytes.length < endAt) return { neededBytes: endAt };
    const aad = frameAad(this.#keys.messageId, { kind, sequence: this.#sequence, contentBytes });
    const tagAt = endAt - AEAD_TAG_BYTES;
    const sealed = { ciphertext: bytes.subarray(headBytes, tagAt), tag: bytes.subarray(tagAt, endAt) };
    const plaintext = openAead({ key: this.#keys.contentKey, nonce, aad }, sealed);
    if (plaintext === null) throw envelopeRejected('frame does not authenticate');
    this.#sequence += 1;
    return { consumedBytes: endAt, isLast: kind !== 'regular', plaintext };
  }

  #readHead(kind: FrameKind, bytes: Buffer): { contentBytes: number; nonce: Buffer } {
    const nonceAt = kind === 'unframed' ? 0 : kind === 'final' ? 8 : 4;
    const nonce = bytes.subarray(nonceAt, nonceAt + AEAD_NONCE_BYTES);
    // Frames that are missing, doubled or swapped show here. The number has to end the nonce as well: no two frames share one, and
    // none has the header's. The eight bytes before it are zero by the specification, yet not in all of AWS's own test vectors;
    // they are covered by the tag like every nonce.
    const stated = kind === 'unframed' ? this.#sequence : bytes.readUInt32BE(nonceAt - 4);
    if (stated !== this.#sequence || nonce.readUInt32BE(SEQUENCE_IN_NONCE_AT) !== this.#sequence)
      throw envelopeRejected('frame out of sequence');
    const limit = kind === 'unframed' ? FRAME_BYTES : this.#header.frameBytes;
    const contentBytes = kind === 'regular' ? limit : statedContentBytes(kind, bytes);
    if (contentBytes > limit) throw envelopeRejected('frame longer than the limit');
    return { contentBytes, nonce };
  }
}

function statedContentBytes(kind: 'final' | 'unframed', bytes: Buffer): number {
  if (kind === 'final') return bytes.readUInt32BE(HEAD_BYTES.final - 4);
  const lengthAt = HEAD_BYTES.unframed - 8;
  return bytes.readUInt32BE(lengthAt) * 0x1_0000_0000 + bytes.readUInt32BE(lengthAt + 4);
}

/** Message id | label | sequence 4 | content length 8. */
function frameAad(
  messageId: Uint8Array,
  frame: { kind: FrameKind; sequence: number; contentBytes: number },
): Buffer {
  const label = CONTENT_LABEL[frame.kind];
  const aad = Buffer.allocUnsafe(MESSAGE_ID_BYTES + label.length + 4 + 8);
  aad.set(messageId, 0);
  aad.set(label, MESSAGE_ID_BYTES);
  let at = aad.writeUInt32BE(frame.sequence, MESSAGE_ID_BYTES + label.length);
  // Contents stay below 4 GiB, so that the upper half of the length is zero.
  at = aad.writeUInt32BE(0, at);
  aad.writeUInt32BE(frame.contentBytes, at);
  return aad;
}
