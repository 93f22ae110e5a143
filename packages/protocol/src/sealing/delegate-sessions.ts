// The delegate's end of all sessions: opens requests, seals their answers, refuses replays, and forgets sessions in time.
// It does not judge what is asked for; comparing the request with the task and the envelope is the task executor's work.
import { invariant } from '@sallyport/core';
import { DelegateAnswer } from './delegate-answer.ts';
import type { AnswerSealer } from './delegate-answer.ts';
import { decodeBase64url } from './encoding.ts';
import { ReplayWindow } from './replay-window.ts';
import { sealedMessageRejected, sessionUnknown } from './rejections.ts';
import { SealedMessage } from './sealed-message.ts';
import type {
  MessageForm,
  MessagePurpose,
  OpenedChunk,
  SealedRequest,
  StreamHeader,
} from './sealed-message.ts';
import { SealingKeyRing } from './sealing-key-ring.ts';
import type { SealingKey, SealingKeyRingOptions } from './sealing-key-ring.ts';
import type { SealingOffer } from './sealing-offer.ts';
import type { SessionKeys } from './session-keys.ts';
import { SESSION_MAX_AGE_MS } from './session-limits.ts';
import { RAW_PUBLIC_KEY_BYTES } from './raw-key.ts';

/** Sessions that a delegate holds at a time unless told otherwise; the oldest makes room. */
export const MAX_LIVE_SESSIONS = 10_000;

export type DelegateSessionsOptions = SealingKeyRingOptions & {
  /** Sessions held at a time; default 10,000. A client whose session made room opens a new one. */
  maxSessions?: number | undefined;
};

/** A request in one box as opened, with the means to answer it once. */
export type OpenedRequest = AnswerSealer & { readonly content: Buffer };

/** A request that arrives in chunks. It can be answered as soon as its first chunk was opened. */
export type DelegateStream = AnswerSealer & {
  /**
   * Opens the next chunk; `final` ends the request.
   * @throws {sealed-message-rejected} for whatever is not exactly the next chunk, replays included.
   * @throws {session-unknown} when the session ended before its first chunk came.
   */
  openChunk(chunk: Uint8Array): OpenedChunk;
  /** Whether the whole request was opened. A transport that ends while this is false has lost a part of it. */
  readonly ended: boolean;
};

type Session = {
  readonly keys: SessionKeys;
  readonly enc: string;
  readonly sealingKey: SealingKey;
  readonly replayWindow: ReplayWindow;
};

type LiveSession = Session & { readonly startedAtMs: number };

/** All sessions of one delegate process. Holds keys; shows none when printed or serialised. */
export class DelegateSessions {
  readonly #clock: () => number;
  readonly #maxSessions: number;
  readonly #keyRing: SealingKeyRing;
  // In the order in which they started, so the first one is the first to end.
  readonly #sessions = new Map<string, LiveSession>();

  constructor(options: DelegateSessionsOptions) {
    this.#clock = options.clock;
    this.#maxSessions = options.maxSessions ?? MAX_LIVE_SESSIONS;
    invariant(this.#maxSessions > 0, 'at least one session can be held');
    this.#keyRing = new SealingKeyRing(options);
  }

  /** The offer to publish. Ask regularly: it is replaced when half of its life is over. */
  currentOffer(): SealingOffer {
    return this.#keyRing.currentOffer();
  }

  /** Puts a new sealing key on offer at once. Sessions and offers before it stay good until they end. */
  rotate(): SealingOffer {
    return this.#keyRing.rotate();
  }

  /**
   * Opens a request that came in one box. `purpose` is what the server's task says; the client must have sealed for the same.
   * @throws {session-unknown} when the session was never opened here, has ended, or would start under a key that is gone.
   * @throws {sealed-message-rejected} for everything else that is wrong with it, replays included.
   */
  openRequest(purpose: MessagePurpose, sealed: SealedRequest): OpenedRequest {
    const session = this.#sessionOf(purpose, sealed);
    const box = decodeBase64url(sealed.box);
    const opened = box && requestMessage(session, { ...sealed, purpose, form: 'box' }).open(box);
    if (opened === null) throw sealedMessageRejected();
    this.#claim(session, sealed.counter);
    const answer = new DelegateAnswer(session.keys.toClient, { purpose, counter: sealed.counter });
    return {
      content: opened.content,
      sealAnswer: (content) => answer.seal(content),
      sealAnswerChunk: (content, options) => answer.sealChunk(content, options),
    };
  }

  /**
   * Starts a request that comes in chunks. Nothing is proven until its first chunk opens.
   * @throws {session-unknown} as `openRequest`.
   * @throws {sealed-message-rejected} when the header alone is wrong, or its counter was used.
   */
  openStream(purpose: MessagePurpose, header: StreamHeader): DelegateStream {
    const { counter } = header;
    const session = this.#sessionOf(purpose, header);
    const message = requestMessage(session, { purpose, counter, form: 'chunks' });
    const answer = new DelegateAnswer(session.keys.toClient, { purpose, counter });
    let state: 'unproven' | 'claimed' | 'refused' = 'unproven';
    const answerOnceClaimed = (): DelegateAnswer => {
      // Two streams may start with one counter, and only one of them gets to claim it: the other must not seal under its nonce.
      invariant(state === 'claimed', 'a stream is answered after its first chunk was opened');
      return answer;
    };
    return {
      openChunk: (chunk) => {
        const opened = state === 'refused' ? null : message.open(chunk);
        if (opened === null) throw sealedMessageRejected();
        if (state === 'unproven') {
          // For good: its first chunk is used up, so a later one must not pass for the beginning.
          state = 'refused';
          this.#claim(session, counter);
          state = 'claimed';
        }
        return opened;
      },
      get ended() {
        return state === 'claimed' && message.ended;
      },
      sealAnswer: (content) => answerOnceClaimed().seal(content),
      sealAnswerChunk: (content, options) => answerOnceClaimed().sealChunk(content, options),
    };
  }

  /** The session that a header names: a live one, or one that would start with this message and is not yet kept. */
  #sessionOf(purpose: MessagePurpose, header: StreamHeader): Session {
    if (!purpose.requestId.isWellFormed() || !purpose.operation.isWellFormed()) throw sealedMessageRejected();
    const enc = header.enc === null ? null : decodeBase64url(header.enc, RAW_PUBLIC_KEY_BYTES);
    if (enc === null && header.enc !== null) throw sealedMessageRejected();
    const live = this.#liveSession(header.session);
    if (live !== undefined && header.enc !== null && header.enc !== live.enc) throw sealedMessageRejected();
    const session = live ?? (enc && this.#newSession(header.session, enc));
    if (session === null) throw sessionUnknown();
    if (!session.replayWindow.accepts(header.counter)) throw sealedMessageRejected();
    return session;
  }

  #newSession(id: string, enc: Buffer): Session | null {
    const found = this.#keyRing.findSession(id, enc);
    return found && { ...found, enc: enc.toString('base64url'), replayWindow: new ReplayWindow() };
  }

  /** Uses up the counter of a message that was proven genuine, and keeps its session if it is the first. */
  #claim(session: Session, counter: number): void {
    const { id } = session.keys;
    // A stream may have waited for its first chunk while the session started by another message, or ended.
    const live = this.#liveSession(id) ?? this.#start(session);
    if (!live.replayWindow.accepts(counter)) throw sealedMessageRejected();
    live.replayWindow.use(counter);
    if (live.replayWindow.exhausted) this.#sessions.delete(id);
  }

  #start(session: Session): LiveSession {
    const { id } = session.keys;
    if (!this.#keyRing.admitSession(id, session.sealingKey)) throw sessionUnknown();
    const live = { ...session, startedAtMs: this.#clock() };
    this.#makeRoom();
    this.#sessions.set(id, live);
    return live;
  }

  #liveSession(id: string): LiveSession | undefined {
    const session = this.#sessions.get(id);
    if (session === undefined || !this.#hasEnded(session)) return session;
    this.#sessions.delete(id);
    return undefined;
  }

  #hasEnded(session: LiveSession): boolean {
    const ageMs = this.#clock() - session.startedAtMs;
    // A clock that went backwards makes the age unknown; such a session ends as well.
    return ageMs < 0 || ageMs >= SESSION_MAX_AGE_MS;
  }

  /** Drops what has ended, and then the oldest while there is no room for one more. */
  #makeRoom(): void {
    for (const [id, session] of this.#sessions) {
      if (this.#sessions.size < this.#maxSessions && !this.#hasEnded(session)) return;
      this.#sessions.delete(id);
    }
  }
}

function requestMessage(
  session: Session,
  message: { purpose: MessagePurpose; counter: number; form: MessageForm },
): SealedMessage {
  return new SealedMessage(session.keys.toDelegate, message);
}
