// One message in one direction of a session: a row of chunks, each under AES-256-GCM with its own nonce and with associated
// data that says which session, direction, request, operation, counter, form, position and end it belongs to.
// It keeps the order of chunks. Who may seal or open which message, and how often, is the session's business.
import { invariant } from '@sallyport/core';
import { AEAD_NONCE_BYTES, AEAD_TAG_BYTES, openAead, sealAead } from '@sallyport/core/aead';
import { lengthPrefixed, utf8 } from './encoding.ts';
import type { DirectionKey } from './session-keys.ts';
import { CHUNK_FLAG, FORM_BYTE } from './session-limits.ts';

/** What a message belongs to; both ends must name the same. */
export type MessagePurpose = {
  /** The API's id of the request. */
  requestId: string;
  /** What is asked for, e.g. `write`, `resolve`, `upload`. */
  operation: string;
};

/** A small request as sent. */
export type SealedRequest = StreamHeader & {
  /** Base64url of ciphertext and 16-byte tag. */
  box: string;
};

/** What goes ahead of the chunks of a streamed request. */
export type StreamHeader = {
  /** Base64url of the 16-byte session id. */
  session: string;
  /** Base64url of HPKE's 32-byte `enc`; sent until the first answer of the session arrived, `null` afterwards. */
  enc: string | null;
  /** Position of the request in its session, from 0. */
  counter: number;
};

/** How a message travels: whole in one box, or as chunks with a flag byte in front. Authenticated, so a relay cannot turn one into the other. */
export type MessageForm = 'box' | 'chunks';

/** A chunk as opened; `final` ends the message. */
export type OpenedChunk = { content: Buffer; final: boolean };

// Chunk index (u32) and final flag: the part of the associated data that differs between chunks of one message.
const AAD_TAIL_BYTES = 5;

/** Seals or opens the chunks of one message in order. Its key is not reachable from outside. */
export class SealedMessage {
  readonly #direction: DirectionKey;
  readonly #form: MessageForm;
  readonly #aad: Buffer;
  readonly #nonce = Buffer.alloc(AEAD_NONCE_BYTES);
  #chunkIndex = 0;
  #ended = false;

  constructor(
    direction: DirectionKey,
    message: { purpose: MessagePurpose; counter: number; form: MessageForm },
  ) {
    const { purpose, counter, form } = message;
    const place = Buffer.alloc(9);
    place.writeBigUInt64BE(BigInt(counter));
    place.writeUInt8(FORM_BYTE[form], 8);
    const named = lengthPrefixed([utf8(purpose.requestId), utf8(purpose.operation), place]);
    this.#direction = direction;
    this.#form = form;
    this.#aad = Buffer.concat([direction.aadPrefix, named, Buffer.alloc(AAD_TAIL_BYTES)]);
    place.copy(this.#nonce, 4, 0, 8);
  }

  /** Whether the final chunk was sealed or opened. A stream that stops before is truncated. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Seals the next chunk. For the form `chunks` the result starts with the flag byte, else it is ciphertext and tag. */
  seal(content: Uint8Array, { final }: { final: boolean }): Buffer {
    invariant(!this.#ended, 'nothing is sealed after the final chunk');
    const { ciphertext, tag } = sealAead(this.#aeadInput(final), content);
    this.#advance(final);
    if (this.#form === 'box') return Buffer.concat([ciphertext, tag]);
    return Buffer.concat([Uint8Array.of(final ? CHUNK_FLAG.final : CHUNK_FLAG.more), ciphertext, tag]);
  }

  /** Opens the next chunk, of the shape that `seal` makes. `null` for whatever is not exactly that chunk; nothing is used up then. */
  open(sealed: Uint8Array): OpenedChunk | null {
    const flag = this.#form === 'box' ? CHUNK_FLAG.final : sealed[0];
    const body = this.#form === 'box' ? sealed : sealed.subarray(1);
    const final = flag === CHUNK_FLAG.final;
    if (this.#ended || body.length < AEAD_TAG_BYTES || (!final && flag !== CHUNK_FLAG.more)) return null;
    const parts = { ciphertext: body.subarray(0, -AEAD_TAG_BYTES), tag: body.subarray(-AEAD_TAG_BYTES) };
    const content = openAead(this.#aeadInput(final), parts);
    if (content === null) return null;
    this.#advance(final);
    return { content, final };
  }

  /** Nonce: chunk index (u32) and message counter (u64), big endian. Reused buffers: AEAD takes them in before it returns. */
  #aeadInput(final: boolean): { key: DirectionKey['key']; nonce: Buffer; aad: Buffer } {
    const tail = this.#aad.length - AAD_TAIL_BYTES;
    this.#nonce.writeUInt32BE(this.#chunkIndex, 0);
    this.#aad.writeUInt32BE(this.#chunkIndex, tail);
    this.#aad.writeUInt8(final ? CHUNK_FLAG.final : CHUNK_FLAG.more, tail + 4);
    return { key: this.#direction.key, nonce: this.#nonce, aad: this.#aad };
  }

  #advance(final: boolean): void {
    this.#chunkIndex += 1;
    this.#ended = final;
    invariant(this.#chunkIndex < 0xffff_ffff, 'a message has fewer than 2^32 chunks');
  }
}
