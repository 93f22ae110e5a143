// The answer of a delegate to one request. It uses the request's counter under the other key, and exists once per request,
// which is what keeps a nonce from being used twice.
import { invariant } from '@sallyport/core';
import { SealedMessage } from './sealed-message.ts';
import type { MessageForm, MessagePurpose } from './sealed-message.ts';
import type { DirectionKey } from './session-keys.ts';

/** Seals the one answer to a request: either `sealAnswer` once, or `sealAnswerChunk` up to the final chunk. */
export type AnswerSealer = {
  /** The whole answer in one box, base64url. */
  sealAnswer(content: Uint8Array): string;
  /** The next chunk of a streamed answer, as an opaque byte string for the transport. */
  sealAnswerChunk(content: Uint8Array, options: { final: boolean }): Buffer;
};

/** Seals one answer, in one form. */
export class DelegateAnswer {
  readonly #direction: DirectionKey;
  readonly #request: { purpose: MessagePurpose; counter: number };
  #started: { form: MessageForm; message: SealedMessage } | null = null;

  constructor(direction: DirectionKey, request: { purpose: MessagePurpose; counter: number }) {
    this.#direction = direction;
    this.#request = request;
  }

  /** @throws {internal} when anything of the answer was sealed before. */
  seal(content: Uint8Array): string {
    return this.#messageIn('box').seal(content, { final: true }).toString('base64url');
  }

  /** @throws {internal} when the answer was sealed in a box, or its final chunk was sealed. */
  sealChunk(content: Uint8Array, options: { final: boolean }): Buffer {
    return this.#messageIn('chunks').seal(content, options);
  }

  #messageIn(form: MessageForm): SealedMessage {
    this.#started ??= { form, message: new SealedMessage(this.#direction, { ...this.#request, form }) };
    invariant(this.#started.form === form, 'a request has one answer, in one form');
    return this.#started.message;
  }
}
