// The client's end of a session with one delegate: seals requests, opens their answers. It talks to nobody; sending, retrying
// and remembering which delegates are known belong to the SDK.
import { decodeBase64url } from './encoding.ts';
import { setupSender } from './hpke.ts';
import { answerMismatch, sealingKeyUnusable, sessionUnknown } from './rejections.ts';
import type { OfferExpectation } from './rejections.ts';
import { SealedMessage } from './sealed-message.ts';
import type {
  MessageForm,
  MessagePurpose,
  OpenedChunk,
  SealedRequest,
  StreamHeader,
} from './sealed-message.ts';
import { verifySealingOffer } from './sealing-offer.ts';
import type { SealingOffer } from './sealing-offer.ts';
import { deriveSessionKeys, sessionInfo } from './session-keys.ts';
import type { SessionKeys } from './session-keys.ts';
import { SESSION_MAX_AGE_MS, SESSION_MAX_MESSAGES } from './session-limits.ts';

/** Opens the answer to one request. Either `openAnswer` once, or `openAnswerChunk` until it says `final`. */
export type AnswerOpener = {
  /**
   * Opens an answer that came in one box.
   * @throws {answer-mismatch} for whatever is not the delegate's answer to this very request.
   */
  openAnswer(box: string): Buffer;
  /**
   * Opens the next chunk of a streamed answer; `final` ends it.
   * @throws {answer-mismatch} for whatever is not the next chunk of the answer to this very request.
   */
  openAnswerChunk(chunk: Uint8Array): OpenedChunk;
  /** Whether the whole answer was opened. A transport that ends while this is false has lost a part of it. */
  readonly ended: boolean;
};

/** A request that is sealed chunk by chunk; nothing can be sealed after the final one. */
export type ClientStream = AnswerOpener & {
  readonly header: StreamHeader;
  /** The next chunk as an opaque byte string for the transport. */
  sealChunk(content: Uint8Array, options: { final: boolean }): Buffer;
};

/** A sealed request, and the only thing that can open its answer. */
export type SealedExchange = AnswerOpener & { readonly sealed: SealedRequest };

/** A session as the client sees it. Holds keys; shows none when printed or serialised. */
export class ClientSession {
  /** Fingerprint of the delegate's identity key. */
  readonly delegateFingerprint: string;
  readonly #keys: SessionKeys;
  readonly #enc: string;
  readonly #openedAtMs: number;
  #nextCounter = 0;
  #answered = false;

  private constructor(input: { keys: SessionKeys; enc: string; openedAtMs: number; fingerprint: string }) {
    this.delegateFingerprint = input.fingerprint;
    this.#keys = input.keys;
    this.#enc = input.enc;
    this.#openedAtMs = input.openedAtMs;
  }

  /**
   * Checks the offer as `verifySealingOffer` does, and agrees on keys with the delegate that made it. Sends nothing.
   * @throws {delegate-untrusted} when the offer is malformed, wrongly signed, expired, or its sealing key is unusable.
   * @throws {delegate-key-changed} when `expected.fingerprint` is given and is another one.
   */
  static open(offer: SealingOffer, expected: OfferExpectation): ClientSession {
    const { fingerprint, keys } = verifySealingOffer(offer, expected);
    const sender = setupSender({ recipientPublicKey: keys.sealingKey, info: sessionInfo(keys) });
    if (sender === null) throw sealingKeyUnusable();
    return new ClientSession({
      keys: deriveSessionKeys(sender.context),
      enc: Buffer.from(sender.enc).toString('base64url'),
      openedAtMs: expected.nowMs,
      fingerprint,
    });
  }

  /** Whether another request may be sealed: young enough, and not all messages used. `nowMs` in milliseconds since 1970. */
  isUsable(nowMs: number): boolean {
    const ageMs = nowMs - this.#openedAtMs;
    // A clock that went backwards makes the age unknown: better a new session than one that lives too long.
    return ageMs >= 0 && ageMs < SESSION_MAX_AGE_MS && this.#nextCounter < SESSION_MAX_MESSAGES;
  }

  /**
   * Seals a request that fits into one box.
   * @throws {session-unknown} when all messages of the session are used.
   */
  sealRequest(purpose: MessagePurpose, content: Uint8Array): SealedExchange {
    const header = this.#nextHeader();
    const box = this.#requestMessage(purpose, { ...header, form: 'box' }).seal(content, { final: true });
    const answer = this.#answerTo(purpose, header.counter);
    return {
      sealed: { ...header, box: box.toString('base64url') },
      openAnswer: (text) => answer.open(text),
      openAnswerChunk: (chunk) => answer.openChunk(chunk),
      get ended() {
        return answer.ended;
      },
    };
  }

  /**
   * Starts a request that is sealed chunk by chunk.
   * @throws {session-unknown} when all messages of the session are used.
   */
  startStream(purpose: MessagePurpose): ClientStream {
    const header = this.#nextHeader();
    const message = this.#requestMessage(purpose, { ...header, form: 'chunks' });
    const answer = this.#answerTo(purpose, header.counter);
    return {
      header,
      sealChunk: (content, options) => message.seal(content, options),
      openAnswer: (text) => answer.open(text),
      openAnswerChunk: (chunk) => answer.openChunk(chunk),
      get ended() {
        return answer.ended;
      },
    };
  }

  #nextHeader(): StreamHeader {
    if (this.#nextCounter >= SESSION_MAX_MESSAGES) throw sessionUnknown();
    const counter = this.#nextCounter;
    this.#nextCounter += 1;
    return { session: this.#keys.id, enc: this.#answered ? null : this.#enc, counter };
  }

  #requestMessage(purpose: MessagePurpose, message: { counter: number; form: MessageForm }): SealedMessage {
    const { counter, form } = message;
    return new SealedMessage(this.#keys.toDelegate, { purpose, counter, form });
  }

  #answerTo(purpose: MessagePurpose, counter: number): Answer {
    const messageOf = (form: MessageForm): SealedMessage =>
      new SealedMessage(this.#keys.toClient, { purpose, counter, form });
    const onOpened = (): void => {
      this.#answered = true;
    };
    return new Answer(messageOf, onOpened);
  }
}

/** The answer to one request. The first box or chunk that opens decides in which form it comes; the other form opens no more. */
class Answer {
  readonly #messageOf: (form: MessageForm) => SealedMessage;
  readonly #onOpened: () => void;
  #message: SealedMessage | null = null;

  constructor(messageOf: (form: MessageForm) => SealedMessage, onOpened: () => void) {
    this.#messageOf = messageOf;
    this.#onOpened = onOpened;
  }

  get ended(): boolean {
    return this.#message?.ended ?? false;
  }

  open(box: string): Buffer {
    const bytes = decodeBase64url(box);
    if (bytes === null) throw answerMismatch();
    return this.#open('box', bytes).content;
  }

  openChunk(chunk: Uint8Array): OpenedChunk {
    return this.#open('chunks', chunk);
  }

  #open(form: MessageForm, bytes: Uint8Array): OpenedChunk {
    const message = this.#message ?? this.#messageOf(form);
    const opened = message.open(bytes);
    if (opened === null) throw answerMismatch();
    this.#message = message;
    this.#onOpened();
    return opened;
  }
}
