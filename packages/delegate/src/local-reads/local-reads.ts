// Decides each read of a program beside the delegate: from memory while the server has confirmed it a moment ago; else the server is
// asked; and while the server is away, from memory or disk as long as the secret allows. What is served without asking is in the journal
// before it is released. Decided in docs/adr/0018-local-endpoint.md.
import { AppError, isAppError } from '@sallyport/core';
import type { Journal } from '../journal/journal.ts';
import type { Time } from '../time/time.ts';
import type { Confirmations, Confirmed } from './confirmations.ts';
import type { GrantKey } from './grant-book.ts';
import type { HeldGrant } from './held-grant.ts';
import type { KeyGate } from './key-gate.ts';
import type { Question, ServerAsks } from './server-asks.ts';
import { unavailable } from './unavailable.ts';

/** A value that is released. Whoever gets it wipes it. */
export type LocalValue = {
  value: Buffer;
  from: 'server' | 'memory' | 'disk';
  held: HeldGrant;
};

export type LocalReadsParts = {
  confirmations: Confirmations;
  asks: ServerAsks;
  gate: KeyGate;
  journal: Journal;
  time: Time;
};

/** How long a reader waits for the server when something could be served without it, and when nothing could. */
const WAIT_MS = { withSpare: 2000, without: 10_000 } as const;
/** How long a reader waits for the key service. */
const OPEN_MAX_MS = 10_000;

export class LocalReads {
  readonly #parts: LocalReadsParts;

  constructor(parts: LocalReadsParts) {
    this.#parts = parts;
  }

  /**
   * One read by one caller.
   * @throws what the server refuses it with; {unreachable} while the server is away and the secret is not to be served without it;
   * {storage-unavailable} when the use cannot be written down; {rate-limited} for keys not known here while others are being guessed
   * @throws {delegate-refused} {answer-mismatch} {envelope-rejected}, and what the key service fails with
   */
  async read(question: Question): Promise<LocalValue> {
    const { confirmations, journal } = this.#parts;
    const key = { callerHash: question.caller.hash, reference: question.reference };
    const held = confirmations.held(key);
    if (held !== null && confirmations.isFresh(held) && journal.isWritable) {
      if (confirmations.isAging(held)) this.#renew(question, key);
      return this.#serve(question, held).catch(async (thrown: unknown) => {
        // The server can write down what the journal here cannot.
        if (!isAppError(thrown, 'storage-unavailable') || !this.#serverIsThere) throw thrown;
        return this.#readAsking(question, { key, held });
      });
    }
    return this.#readAsking(question, { key, held });
  }

  get #serverIsThere(): boolean {
    return this.#parts.asks.absence === null;
  }

  async #readAsking(
    question: Question,
    known: { key: GrantKey; held: HeldGrant | null },
  ): Promise<LocalValue> {
    const { confirmations, asks, gate } = this.#parts;
    const { key, held } = known;
    gate.require(key.callerHash);
    const spare = this.#serverIsThere ? null : await confirmations.spare(key, held);
    if (spare !== null) {
      if (asks.mayProbe()) this.#renew(question, key);
      return this.#serve(question, spare);
    }
    if (!asks.isConnected) await this.#firstTry();
    const waitMs = confirmations.hasSpare(key, held) ? WAIT_MS.withSpare : WAIT_MS.without;
    const { answer, shared } = confirmations.ask(question, { renewal: false });
    const confirmed = await this.#withinTime(answer, waitMs);
    if (confirmed.is === 'granted' && !shared) return this.#release(question, confirmed.held);
    if (confirmed.is === 'granted') return this.#readShared(question, confirmed.held);
    if (confirmed.is === 'refused') throw confirmed.error;
    return this.#readWithout(question, key);
  }

  /** Somebody else had asked. What they got may be served from memory, unless each read of it has to be asked for. */
  async #readShared(question: Question, held: HeldGrant): Promise<LocalValue> {
    const { confirmations, time, journal } = this.#parts;
    if (held.isWithinAge(time) && journal.isWritable) return this.#serve(question, held);
    const { answer } = confirmations.ask(question, { renewal: false, alone: true });
    const confirmed = await this.#withinTime(answer, WAIT_MS.without);
    if (confirmed.is === 'granted') return this.#release(question, confirmed.held);
    if (confirmed.is === 'refused') throw confirmed.error;
    return this.#readWithout(question, { callerHash: question.caller.hash, reference: question.reference });
  }

  /** The server is away. */
  async #readWithout(question: Question, key: GrantKey): Promise<LocalValue> {
    const { confirmations, asks } = this.#parts;
    const spare = await confirmations.spare(key, confirmations.held(key));
    if (spare !== null) return this.#serve(question, spare);
    throw unavailable(asks.absence, confirmations.lastKnown(key));
  }

  /** Released on the server's word: it has recorded this read. */
  async #release(question: Question, held: HeldGrant): Promise<LocalValue> {
    return { value: await this.#open(question, held), from: 'server', held };
  }

  /** Released by this delegate alone: the use is written down first. */
  async #serve(question: Question, held: HeldGrant): Promise<LocalValue> {
    const { from } = held;
    const value = await this.#open(question, held);
    try {
      const { purpose } = question;
      await this.#parts.journal.record({ grant: held.signed, from, purpose, refusedWith: null });
      return { value, from, held };
    } catch (thrown) {
      value.fill(0);
      throw thrown;
    }
  }

  async #open(question: Question, held: HeldGrant): Promise<Buffer> {
    const { time, journal } = this.#parts;
    let cancel: () => void = () => undefined;
    const signal = (): AbortSignal => {
      const abort = new AbortController();
      cancel = time.after(OPEN_MAX_MS, () => abort.abort(keyServiceSilent()));
      return abort.signal;
    };
    try {
      return await held.version.open(signal);
    } catch (thrown) {
      const { purpose } = question;
      const refusedWith = isAppError(thrown) ? thrown.code : 'internal';
      // Nothing is released, so nobody waits for it.
      void journal
        .record({ grant: held.signed, from: held.from, purpose, refusedWith })
        .catch(() => undefined);
      throw thrown;
    } finally {
      cancel();
    }
  }

  async #firstTry(): Promise<void> {
    const { asks, time } = this.#parts;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const cancel = time.after(WAIT_MS.without, resolve);
    await Promise.race([asks.firstTry, late]);
    cancel();
  }

  /** In the background; whoever reads now is served from what there is. */
  #renew(question: Question, key: GrantKey): void {
    const { confirmations } = this.#parts;
    if (confirmations.isBeingAsked(key)) return;
    const { answer } = confirmations.ask(question, { renewal: true });
    void this.#withinTime(answer, WAIT_MS.withSpare).catch(() => undefined);
  }

  /** The server's answer, or `away` when it takes too long; an answer that comes later still counts for others. */
  async #withinTime(answer: Promise<Confirmed>, waitMs: number): Promise<Confirmed> {
    const { time, asks } = this.#parts;
    const askedAtMs = time.nowMs();
    const { promise: late, resolve } = Promise.withResolvers<Confirmed>();
    const cancel = time.after(waitMs, () => {
      asks.silent(askedAtMs);
      resolve({ is: 'away' });
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      cancel();
    }
  }
}

function keyServiceSilent(): AppError {
  return new AppError('aws-unreachable', {
    publicMessage: `The key service did not answer within ${OPEN_MAX_MS / 1000} s.`,
  });
}
