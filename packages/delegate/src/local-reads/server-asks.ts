// Asks the server about reads: what one caller wants at one moment travels in one message. Knows whether the server is there: connected,
// answering, and able to record.
import { randomBytes } from 'node:crypto';
import { AppError, ID_RANDOM_BYTES, makeId } from '@sallyport/core';
import { fromWireError, RESOLVE_MAX_ITEMS } from '@sallyport/protocol';
import type { LocalRead, LocalReadAnswer, LocalReadItem } from '@sallyport/protocol';
import type { Time } from '../time/time.ts';

/** A program that asks. */
export type Caller = { readonly token: string; readonly hash: string };

/** What is asked for. */
export type Question = { caller: Caller; reference: string; purpose: string | null };

/** How it is asked. `renewal`: no program waits for the value. */
export type AskOptions = { renewal: boolean };

/** What the server said about one reference. */
export type ServerWord =
  | { is: 'granted'; item: Extract<LocalReadItem, { outcome: 'granted' }> }
  /** `about`: this one thing; the caller, whatever it asks for; or this delegate, whoever asks. */
  | { is: 'refused'; error: AppError; about: 'item' | 'caller' | 'delegate' }
  | { is: 'away' };

/** Since when the server is away, by this host's clock, and why; for people. */
export type Absence = { sinceMs: number; why: string; hint?: string };

type Waiting = { reference: string; settle: (word: ServerWord) => void };
type Batch = {
  readonly caller: Caller;
  readonly purpose: string | null;
  readonly renewal: boolean;
  readonly waiting: Waiting[];
  readonly references: Set<string>;
  readonly askedAtMs: number;
};

const NOT_YET = 'this delegate has only just started';
/** Questions without an answer; more are as good as a server that does not answer. */
const PENDING_MAX = 20_000;
/** While the server is there but of no use, one question a second finds out whether that has changed. */
const PROBE_EVERY_MS = 1000;

export class ServerAsks {
  readonly #time: Time;
  #send: ((message: LocalRead) => void) | null = null;
  #isAway = true;
  #absence: Absence;
  #probedAtMs = Number.NEGATIVE_INFINITY;
  readonly #pending = new Map<string, Batch>();
  #pendingCount = 0;
  #next: Batch[] = [];
  readonly #firstTry = Promise.withResolvers<void>();

  constructor(time: Time) {
    this.#time = time;
    this.#absence = { sinceMs: time.nowMs(), why: NOT_YET };
  }

  get isConnected(): boolean {
    return this.#send !== null;
  }

  /** Null: the server is there, as far as is known. */
  get absence(): Absence | null {
    return this.#isAway ? this.#absence : null;
  }

  /** Settles when the first attempt to connect has ended, either way: programs that start together with their delegate wait for it. */
  get firstTry(): Promise<void> {
    return this.#firstTry.promise;
  }

  connected(send: (message: LocalRead) => void): void {
    this.#firstTry.resolve();
    this.#send = send;
    this.#isAway = false;
    this.#probedAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Whatever is not answered yet will not be. `hint`: what to do, where somebody has to do something. */
  disconnected(why: string, hint?: string): void {
    this.#firstTry.resolve();
    this.#send = null;
    this.#leave(why);
    if (hint !== undefined) this.#absence = { sinceMs: this.#absence.sinceMs, why, hint };
    const lost = [...this.#pending.values(), ...this.#next];
    this.#pending.clear();
    this.#next = [];
    for (const batch of lost) this.#settleAll(batch, { is: 'away' });
  }

  /** Nobody has heard an answer to what was asked at `askedAtMs`. */
  silent(askedAtMs: number): void {
    if (this.#send !== null) this.#leave('it is connected but does not answer', askedAtMs);
  }

  /** Whether it is time to find out if a server that was away is back. */
  mayProbe(): boolean {
    if (this.#send === null) return false;
    const nowMs = this.#time.monotonicMs();
    if (nowMs - this.#probedAtMs < PROBE_EVERY_MS) return false;
    this.#probedAtMs = nowMs;
    return true;
  }

  /** Asks. Resolves when the server has spoken or the connection has ended; how long to wait is the caller's affair. */
  async ask(question: Question, { renewal }: AskOptions): Promise<ServerWord> {
    if (this.#send === null || this.#pendingCount >= PENDING_MAX) return { is: 'away' };
    const { promise, resolve } = Promise.withResolvers<ServerWord>();
    this.#pendingCount += 1;
    const batch = this.#batchFor(question, renewal);
    batch.waiting.push({ reference: question.reference, settle: resolve });
    batch.references.add(question.reference);
    return promise;
  }

  /** The server's answer to one message. */
  answered(answer: LocalReadAnswer): void {
    const batch = this.#pending.get(answer.readId);
    if (batch === undefined) return;
    this.#pending.delete(answer.readId);
    const { outcome } = answer;
    if ('error' in outcome) {
      return this.#settleAll(batch, this.#wholeRefusal(fromWireError(outcome.error)));
    }
    const items = new Map(outcome.items.map((item) => [item.reference, item]));
    for (const waiting of batch.waiting.splice(0))
      this.#settle(waiting, this.#wordOf(items.get(waiting.reference)));
  }

  #wordOf(item: LocalReadItem | undefined): ServerWord {
    if (item === undefined) {
      const publicMessage = 'The server did not answer everything that was asked.';
      return { is: 'refused', error: new AppError('answer-mismatch', { publicMessage }), about: 'item' };
    }
    this.#isAway = false;
    if (item.outcome === 'granted') return { is: 'granted', item };
    return { is: 'refused', error: fromWireError(item.error), about: 'item' };
  }

  /** Of a read as a whole. A server that cannot decide, record or keep up has said nothing about anybody's rights. */
  #wholeRefusal(error: AppError): ServerWord {
    if (error.code === 'delegate-not-eligible') return { is: 'refused', error, about: 'delegate' };
    if (error.retryable || error.code === 'internal') {
      this.#leave(error.publicMessage);
      return { is: 'away' };
    }
    this.#isAway = false;
    return { is: 'refused', error: error.code === 'unauthenticated' ? invalidKey() : error, about: 'caller' };
  }

  #leave(why: string, sinceMs = this.#time.nowMs()): void {
    // Away is away: how that began is what people want to know.
    if (!this.#isAway) this.#absence = { sinceMs, why };
    else if (this.#absence.why === NOT_YET) this.#absence = { sinceMs: this.#absence.sinceMs, why };
    this.#isAway = true;
  }

  /** The message that a question goes into; one reference is in a message once, so that each read is recorded. */
  #batchFor({ caller, reference, purpose }: Question, renewal: boolean): Batch {
    const open = this.#next.find(
      (batch) =>
        batch.caller.hash === caller.hash &&
        batch.purpose === purpose &&
        batch.renewal === renewal &&
        batch.waiting.length < RESOLVE_MAX_ITEMS &&
        !batch.references.has(reference),
    );
    if (open !== undefined) return open;
    const batch: Batch = {
      caller,
      purpose,
      renewal,
      waiting: [],
      references: new Set(),
      askedAtMs: this.#time.nowMs(),
    };
    if (this.#next.push(batch) === 1) setImmediate(() => this.#sendAll());
    return batch;
  }

  #sendAll(): void {
    for (const batch of this.#next.splice(0)) {
      const readId = makeId('request', { nowMs: batch.askedAtMs, random: randomBytes(ID_RANDOM_BYTES) });
      this.#pending.set(readId, batch);
      const items = batch.waiting.map((waiting) => waiting.reference);
      const { caller, purpose, renewal } = batch;
      this.#send?.({ type: 'local-read', readId, callerToken: caller.token, purpose, renewal, items });
    }
  }

  #settleAll(batch: Batch, word: ServerWord): void {
    for (const waiting of batch.waiting.splice(0)) this.#settle(waiting, word);
  }

  #settle(waiting: Waiting, word: ServerWord): void {
    this.#pendingCount -= 1;
    waiting.settle(word);
  }
}

/** In words for a program beside a delegate, which signs in nowhere. */
function invalidKey(): AppError {
  return new AppError('unauthenticated', {
    publicMessage: 'The API key is not valid: it is mistyped, expired or revoked.',
    data: { hint: 'Make one for this program with `sallyport api-key create NAME`.' },
  });
}
