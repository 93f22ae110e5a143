// A client's end of a session in a browser: agrees on keys with one delegate, seals requests, opens their answers. The counterpart of
// ../sealing/client-session.ts, with promises. It talks to nobody.
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { utf8 } from '../sealing/encoding.ts';
import { answerMismatch, sealingKeyUnusable, sessionUnknown } from '../sealing/rejections.ts';
import type { OfferExpectation } from '../sealing/rejections.ts';
import type { MessageForm, MessagePurpose, SealedRequest, StreamHeader } from '../sealing/sealed-message.ts';
import type { SealingOffer } from '../sealing/sealing-offer.ts';
import {
  MESSAGE_LABEL,
  SESSION_EXPORTS,
  SESSION_ID_BYTES,
  SESSION_LABEL,
  SESSION_MAX_AGE_MS,
  SESSION_MAX_MESSAGES,
} from '../sealing/session-limits.ts';
import { base64urlOf, bytesOfBase64url, lengthPrefixedFields } from './web-bytes.ts';
import type { Bytes } from './web-bytes.ts';
import { WebSealedMessage } from './web-message.ts';
import type { WebDirectionKey, WebOpenedChunk } from './web-message.ts';
import { verifyWebSealingOffer } from './web-offer.ts';
import type { WebOfferedKeys } from './web-offer.ts';

/** Opens the answer to one request. Either `openAnswer` once, or `openAnswerChunk` until it says `final`. */
export type WebAnswerOpener = {
  /** @throws {answer-mismatch} for whatever is not the delegate's answer to this very request. */
  openAnswer(box: string): Promise<Uint8Array>;
  /** @throws {answer-mismatch} for whatever is not the next chunk of the answer to this very request. */
  openAnswerChunk(chunk: Uint8Array): Promise<WebOpenedChunk>;
  /** Whether the whole answer was opened. A transport that ends while this is false has lost a part of it. */
  readonly ended: boolean;
};

/** A request that is sealed chunk by chunk; nothing can be sealed after the final one. */
export type WebClientStream = WebAnswerOpener & {
  readonly header: StreamHeader;
  sealChunk(content: Uint8Array, options: { final: boolean }): Promise<Uint8Array>;
};

/** A sealed request, and the only thing that can open its answer. */
export type WebSealedExchange = WebAnswerOpener & { readonly sealed: SealedRequest };

const AEAD_KEY_BYTES = 32;

type WebSessionKeys = { id: string; toDelegate: WebDirectionKey; toClient: WebDirectionKey };
type SenderContext = Awaited<ReturnType<CipherSuite['createSenderContext']>>;

/** A session as the client sees it. Its keys stay inside WebCrypto. */
export class WebClientSession {
  /** Fingerprint of the delegate's identity key. */
  readonly delegateFingerprint: string;
  readonly #keys: WebSessionKeys;
  readonly #enc: string;
  readonly #openedAtMs: number;
  #nextCounter = 0;
  #answered = false;

  private constructor(input: { keys: WebSessionKeys; enc: string; openedAtMs: number; fingerprint: string }) {
    this.delegateFingerprint = input.fingerprint;
    this.#keys = input.keys;
    this.#enc = input.enc;
    this.#openedAtMs = input.openedAtMs;
  }

  /**
   * Checks the offer as `verifyWebSealingOffer` does, and agrees on keys with the delegate that made it. Sends nothing.
   * @throws {delegate-untrusted} when the offer is malformed, wrongly signed, expired, or its sealing key is unusable.
   * @throws {delegate-key-changed} when `expected.fingerprint` is given and is another one.
   */
  static async open(offer: SealingOffer, expected: OfferExpectation): Promise<WebClientSession> {
    const { fingerprint, keys } = await verifyWebSealingOffer(offer, expected);
    const context = await senderContext(keys);
    return new WebClientSession({
      keys: await deriveKeys(context),
      enc: base64urlOf(new Uint8Array(context.enc)),
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
  async sealRequest(purpose: MessagePurpose, content: Uint8Array): Promise<WebSealedExchange> {
    const header = this.#nextHeader();
    const { counter } = header;
    const message = new WebSealedMessage(this.#keys.toDelegate, { purpose, counter, form: 'box' });
    const box = base64urlOf(await message.seal(content, { final: true }));
    return withAnswer({ sealed: { ...header, box } }, this.#answerTo(purpose, counter));
  }

  /**
   * Starts a request that is sealed chunk by chunk.
   * @throws {session-unknown} when all messages of the session are used.
   */
  startStream(purpose: MessagePurpose): WebClientStream {
    const header = this.#nextHeader();
    const { counter } = header;
    const message = new WebSealedMessage(this.#keys.toDelegate, { purpose, counter, form: 'chunks' });
    const sealChunk: WebClientStream['sealChunk'] = async (content, options) =>
      message.seal(content, options);
    return withAnswer({ header, sealChunk }, this.#answerTo(purpose, counter));
  }

  #nextHeader(): StreamHeader {
    if (this.#nextCounter >= SESSION_MAX_MESSAGES) throw sessionUnknown();
    const counter = this.#nextCounter;
    this.#nextCounter += 1;
    return { session: this.#keys.id, enc: this.#answered ? null : this.#enc, counter };
  }

  #answerTo(purpose: MessagePurpose, counter: number): Answer {
    const messageOf = (form: MessageForm): WebSealedMessage =>
      new WebSealedMessage(this.#keys.toClient, { purpose, counter, form });
    const onOpened = (): void => {
      this.#answered = true;
    };
    return new Answer(messageOf, onOpened);
  }
}

function withAnswer<T extends object>(request: T, answer: Answer): T & WebAnswerOpener {
  return Object.defineProperty(
    {
      ...request,
      openAnswer: async (box: string) => answer.open(box),
      openAnswerChunk: async (chunk: Uint8Array) => answer.openChunk(chunk),
    } as T & WebAnswerOpener,
    'ended',
    { get: () => answer.ended, enumerable: true },
  );
}

/** The answer to one request. The first box or chunk that opens decides in which form it comes; the other form opens no more. */
class Answer {
  readonly #messageOf: (form: MessageForm) => WebSealedMessage;
  readonly #onOpened: () => void;
  #message: WebSealedMessage | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(messageOf: (form: MessageForm) => WebSealedMessage, onOpened: () => void) {
    this.#messageOf = messageOf;
    this.#onOpened = onOpened;
  }

  get ended(): boolean {
    return this.#message?.ended ?? false;
  }

  async open(box: string): Promise<Uint8Array> {
    const bytes = bytesOfBase64url(box);
    if (bytes === null) throw answerMismatch();
    return (await this.#inTurn('box', bytes)).content;
  }

  async openChunk(chunk: Uint8Array): Promise<WebOpenedChunk> {
    return this.#inTurn('chunks', chunk);
  }

  /** One after the other, so that which form comes first is decided once. */
  async #inTurn(form: MessageForm, bytes: Uint8Array): Promise<WebOpenedChunk> {
    const opened = this.#turn.then(async () => this.#open(form, bytes));
    this.#turn = opened.catch(() => undefined);
    return opened;
  }

  async #open(form: MessageForm, bytes: Uint8Array): Promise<WebOpenedChunk> {
    const message = this.#message ?? this.#messageOf(form);
    const opened = await message.open(bytes);
    if (opened === null) throw answerMismatch();
    this.#message = message;
    this.#onOpened();
    return opened;
  }
}

/** HPKE in base mode to the offered key. @throws {delegate-untrusted} when nobody can seal for it */
async function senderContext(keys: WebOfferedKeys): Promise<SenderContext> {
  const suite = new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Aes256Gcm(),
  });
  const info = lengthPrefixedFields([utf8(SESSION_LABEL), keys.identityKey, keys.sealingKey]);
  try {
    const recipientPublicKey = await suite.kem.deserializePublicKey(keys.sealingKey);
    return await suite.createSenderContext({ recipientPublicKey, info });
  } catch {
    throw sealingKeyUnusable();
  }
}

async function deriveKeys(context: SenderContext): Promise<WebSessionKeys> {
  const exported = async (label: string, length: number): Promise<Bytes> =>
    new Uint8Array(await context.export(utf8(label).slice().buffer, length));
  const id = await exported(SESSION_EXPORTS.id, SESSION_ID_BYTES);
  const directionKey = async (named: {
    exporterContext: string;
    direction: number;
  }): Promise<WebDirectionKey> => {
    const bytes = await exported(named.exporterContext, AEAD_KEY_BYTES);
    const key = await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
    // Best effort: the runtime may hold copies.
    bytes.fill(0);
    return {
      key,
      aadPrefix: lengthPrefixedFields([utf8(MESSAGE_LABEL), id, Uint8Array.of(named.direction)]),
    };
  };
  return {
    id: base64urlOf(id),
    toDelegate: await directionKey(SESSION_EXPORTS.toDelegate),
    toClient: await directionKey(SESSION_EXPORTS.toClient),
  };
}
