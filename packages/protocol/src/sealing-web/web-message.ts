// One message in one direction of a session, over WebCrypto: the chunks, nonces and associated data of ../sealing/sealed-message.ts.
// WebCrypto answers later, so positions are taken before it is asked: two calls at a time never share a nonce.
import { invariant } from '@sallyport/core';
import { utf8 } from '../sealing/encoding.ts';
import type { MessageForm, MessagePurpose } from '../sealing/sealed-message.ts';
import { CHUNK_FLAG, FORM_BYTE } from '../sealing/session-limits.ts';
import { joinBytes, lengthPrefixedFields, u64 } from './web-bytes.ts';
import type { Bytes } from './web-bytes.ts';

/** The key of one direction, which cannot be exported, and the associated data that all its messages start with. */
export type WebDirectionKey = { key: CryptoKey; aadPrefix: Uint8Array };

/** A chunk as opened; `final` ends the message. */
export type WebOpenedChunk = { content: Uint8Array; final: boolean };

type GcmParameters = { name: 'AES-GCM'; iv: Bytes; additionalData: Bytes; tagLength: number };

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals or opens the chunks of one message in order. Its key is not reachable from outside. */
export class WebSealedMessage {
  readonly #direction: WebDirectionKey;
  readonly #form: MessageForm;
  readonly #aadHead: Uint8Array;
  readonly #counter: Uint8Array;
  #chunkIndex = 0;
  #ended = false;

  constructor(
    direction: WebDirectionKey,
    message: { purpose: MessagePurpose; counter: number; form: MessageForm },
  ) {
    const { purpose, counter, form } = message;
    this.#direction = direction;
    this.#form = form;
    this.#counter = u64(counter);
    const place = joinBytes([this.#counter, Uint8Array.of(FORM_BYTE[form])]);
    const named = lengthPrefixedFields([utf8(purpose.requestId), utf8(purpose.operation), place]);
    this.#aadHead = joinBytes([direction.aadPrefix, named]);
  }

  /** Whether the final chunk was sealed or opened. A stream that stops before is truncated. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Seals the next chunk. For the form `chunks` the result starts with the flag byte, else it is ciphertext and tag. */
  async seal(content: Uint8Array, { final }: { final: boolean }): Promise<Uint8Array> {
    invariant(!this.#ended, 'nothing is sealed after the final chunk');
    const parameters = this.#parameters(final);
    this.#advance(final);
    const sealed = await crypto.subtle.encrypt(parameters, this.#direction.key, content as Bytes);
    if (this.#form === 'box') return new Uint8Array(sealed);
    return joinBytes([Uint8Array.of(final ? CHUNK_FLAG.final : CHUNK_FLAG.more), new Uint8Array(sealed)]);
  }

  /**
   * Opens the next chunk, of the shape that `seal` makes. One call at a time.
   * `null` for whatever is not exactly that chunk; nothing is used up then.
   */
  async open(sealed: Uint8Array): Promise<WebOpenedChunk | null> {
    const flag = this.#form === 'box' ? CHUNK_FLAG.final : sealed[0];
    const body = this.#form === 'box' ? sealed : sealed.subarray(1);
    const final = flag === CHUNK_FLAG.final;
    if (this.#ended || body.length < TAG_BYTES || (!final && flag !== CHUNK_FLAG.more)) return null;
    const content = await this.#decrypt(body, final);
    if (content === null) return null;
    this.#advance(final);
    return { content, final };
  }

  async #decrypt(body: Uint8Array, final: boolean): Promise<Uint8Array | null> {
    try {
      const { key } = this.#direction;
      return new Uint8Array(await crypto.subtle.decrypt(this.#parameters(final), key, body as Bytes));
    } catch {
      return null;
    }
  }

  /** Nonce: chunk index (u32) and message counter (u64), big endian. Associated data ends with chunk index and flag. */
  #parameters(final: boolean): GcmParameters {
    const index = new Uint8Array(4);
    new DataView(index.buffer).setUint32(0, this.#chunkIndex);
    const iv = joinBytes([index, this.#counter]);
    invariant(iv.length === NONCE_BYTES, 'a nonce has 12 bytes');
    const flag = Uint8Array.of(final ? CHUNK_FLAG.final : CHUNK_FLAG.more);
    return {
      name: 'AES-GCM',
      iv,
      additionalData: joinBytes([this.#aadHead, index, flag]),
      tagLength: TAG_BYTES * 8,
    };
  }

  #advance(final: boolean): void {
    this.#chunkIndex += 1;
    this.#ended = final;
    invariant(this.#chunkIndex < 0xffff_ffff, 'a message has fewer than 2^32 chunks');
  }
}
