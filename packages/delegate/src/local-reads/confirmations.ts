// What the server has confirmed: asks it, verifies what it grants, and keeps that in memory and on disk as far as the secret allows. What
// it refuses is forgotten in both.
import { AppError, isAppError } from '@sallyport/core';
import type { LocalReadItem } from '@sallyport/protocol';
import type { ConfiguredManagers } from '../key-providers/configured-managers.ts';
import type { OpeningParts } from '../secret-versions/open-version.ts';
import type { Time } from '../time/time.ts';
import type { GrantBook, GrantKey } from './grant-book.ts';
import { HeldGrant, verifyGrant } from './held-grant.ts';
import type { KeyGate } from './key-gate.ts';
import type { OfflineStore, StoredGrant } from './offline-store.ts';
import type { AskOptions, Question, ServerAsks, ServerWord } from './server-asks.ts';
import type { ServerGrantKey } from './server-grant-key.ts';
import type { LastKnown } from './unavailable.ts';

/** How a question ended. */
export type Confirmed =
  | { is: 'granted'; held: HeldGrant }
  | { is: 'refused'; error: AppError }
  | { is: 'away' };

export type ConfirmationsParts = {
  asks: ServerAsks;
  book: GrantBook;
  offline: OfflineStore;
  gate: KeyGate;
  grantKey: ServerGrantKey;
  managers: ConfiguredManagers;
  opening: OpeningParts;
  /** Fingerprint of this delegate. */
  delegate: string;
  time: Time;
};

/** A confirmation counts for so long while the server is there: what it has to say in between may have been lost. */
const GOOD_FOR_MS = 15_000;
const LAST_KNOWN_MAX = 10_000;

export class Confirmations {
  readonly #parts: ConfirmationsParts;
  /** Questions under way that readers may share. */
  readonly #flights = new Map<string, Promise<Confirmed>>();
  /** What was last confirmed, for the words of a refusal; and which secrets are fresh, so that nobody shares an answer about one. */
  readonly #lastKnown = new Map<string, NonNullable<LastKnown>>();
  #epoch = 1;

  constructor(parts: ConfirmationsParts) {
    this.#parts = parts;
  }

  /** Rights, scopes or secrets have changed, or may have changed unheard: everything is asked for again before it is next served. */
  recheck(): void {
    this.#epoch += 1;
  }

  /** In memory, whatever its age. */
  held(key: GrantKey): HeldGrant | null {
    return this.#parts.book.get(key);
  }

  /** Whether a held grant needs no asking while the server is there. */
  isFresh(held: HeldGrant): boolean {
    const ageMs = this.#ageMs(held);
    return ageMs !== null && ageMs < GOOD_FOR_MS && held.isWithinAge(this.#parts.time);
  }

  /** Whether it is time to renew it, so that nobody ever waits for that. */
  isAging(held: HeldGrant): boolean {
    const ageMs = this.#ageMs(held);
    const { availability } = held.grant;
    if (ageMs === null || availability.mode === 'fresh') return false;
    return ageMs >= Math.min(GOOD_FOR_MS, availability.maxAgeSeconds * 1000) / 2;
  }

  /** What may be served without the server: from memory, or else from disk. Null: nothing. */
  async spare(key: GrantKey, held: HeldGrant | null): Promise<HeldGrant | null> {
    const { time, offline } = this.#parts;
    if (held !== null) return held.isWithinAge(time) ? held : null;
    if (!offline.has(key)) return null;
    const stored = await offline.read(key);
    const restored = stored === null ? null : this.#restored(stored, key);
    if (stored !== null && restored === null) await offline.forget(key);
    return restored?.isWithinAge(time) === true ? restored : null;
  }

  /** Whether `spare` would find something, without reading it. */
  hasSpare(key: GrantKey, held: HeldGrant | null): boolean {
    return held === null ? this.#parts.offline.has(key) : held.isWithinAge(this.#parts.time);
  }

  lastKnown(key: GrantKey): LastKnown {
    return this.#lastKnown.get(nameOf(key)) ?? null;
  }

  /**
   * Asks the server. Reads of the same secret by the same caller at the same time share one question, unless the secret is fresh or
   * `alone` says so: `shared` tells that somebody else had asked already, so that the server has not recorded this read.
   */
  ask(
    question: Question,
    options: AskOptions & { alone?: boolean },
  ): { answer: Promise<Confirmed>; shared: boolean } {
    const key = { callerHash: question.caller.hash, reference: question.reference };
    const name = nameOf(key);
    if (options.alone || this.lastKnown(key)?.availability.mode === 'fresh') {
      return { answer: this.#ask(question, key, options), shared: false };
    }
    const underWay = this.#flights.get(name);
    if (underWay !== undefined) return { answer: underWay, shared: true };
    const answer = this.#ask(question, key, options).finally(() => this.#flights.delete(name));
    this.#flights.set(name, answer);
    return { answer, shared: false };
  }

  /** Whether somebody is asking for it now. */
  isBeingAsked(key: GrantKey): boolean {
    return this.#flights.has(nameOf(key));
  }

  async #ask(question: Question, key: GrantKey, options: AskOptions): Promise<Confirmed> {
    const askedIn = this.#epoch;
    const word = await this.#parts.asks.ask(question, options);
    if (word.is === 'away') return word;
    if (word.is === 'refused') return this.#refused(word, key);
    try {
      return { is: 'granted', held: await this.#granted(word.item, key, askedIn) };
    } catch (thrown) {
      if (isAppError(thrown)) return { is: 'refused', error: thrown };
      throw thrown;
    }
  }

  async #granted(
    item: Extract<LocalReadItem, { outcome: 'granted' }>,
    key: GrantKey,
    epoch: number,
  ): Promise<HeldGrant> {
    const { gate, book, offline, managers, time, opening } = this.#parts;
    const envelope = Buffer.from(item.envelope, 'base64');
    const verified = {
      signed: item.grant,
      grant: this.#verify({ signed: item.grant, envelope }, key),
      envelope,
    };
    const confirmation = { atMs: time.nowMs(), atMonotonicMs: time.monotonicMs(), epoch };
    const held = new HeldGrant(verified, confirmation, opening);
    gate.accepted(key.callerHash);
    const { availability, secretsManagerId } = held.grant;
    this.#remember(key, { availability, confirmedAtMs: confirmation.atMs });
    if (availability.mode === 'fresh') book.forget(key);
    else book.put(key, held);
    if (availability.mode === 'offline') {
      void offline.keep(key, held, managers.require(secretsManagerId)).catch(() => undefined);
    } else if (offline.has(key)) await offline.forget(key);
    return held;
  }

  async #refused(word: Extract<ServerWord, { is: 'refused' }>, key: GrantKey): Promise<Confirmed> {
    const { gate, book, offline } = this.#parts;
    const { error, about } = word;
    if (about === 'delegate') {
      book.forgetAll();
      await offline.forgetAll();
    } else if (about === 'caller') {
      if (error.code === 'unauthenticated') gate.refused(key.callerHash, error);
      book.forgetCaller(key.callerHash);
      await offline.forgetCaller(key.callerHash);
    } else if (error.code !== 'answer-mismatch') {
      gate.accepted(key.callerHash);
      book.forget(key);
      this.#lastKnown.delete(nameOf(key));
      await offline.forget(key);
    }
    return { is: 'refused', error };
  }

  #restored(stored: StoredGrant, key: GrantKey): HeldGrant | null {
    try {
      const verified = { ...stored, grant: this.#verify(stored, key) };
      const confirmation = { atMs: stored.confirmedAtMs, atMonotonicMs: null, epoch: null };
      const held = new HeldGrant(verified, confirmation, this.#parts.opening);
      this.#parts.book.put(key, held);
      this.#remember(key, { availability: held.grant.availability, confirmedAtMs: stored.confirmedAtMs });
      return held;
    } catch (thrown) {
      if (isAppError(thrown)) return null;
      throw thrown;
    }
  }

  /** @throws {answer-mismatch} */
  #verify(
    shown: { signed: StoredGrant['signed']; envelope: Buffer },
    key: GrantKey,
  ): ReturnType<typeof verifyGrant> {
    const { grantKey, delegate } = this.#parts;
    const { signer } = grantKey;
    if (signer === null)
      throw new AppError('answer-mismatch', { publicMessage: 'No server has signed grants here.' });
    return verifyGrant(shown, { signer, delegate, ...key });
  }

  /** Null: the server has told of changes since, or the confirmation is from another process. */
  #ageMs({ confirmation }: HeldGrant): number | null {
    if (confirmation.epoch !== this.#epoch || confirmation.atMonotonicMs === null) return null;
    return this.#parts.time.monotonicMs() - confirmation.atMonotonicMs;
  }

  #remember(key: GrantKey, known: NonNullable<LastKnown>): void {
    const name = nameOf(key);
    this.#lastKnown.delete(name);
    this.#lastKnown.set(name, known);
    if (this.#lastKnown.size > LAST_KNOWN_MAX) {
      this.#lastKnown.delete(this.#lastKnown.keys().next().value ?? '');
    }
  }
}

function nameOf({ callerHash, reference }: GrantKey): string {
  return callerHash + reference;
}
