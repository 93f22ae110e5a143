// Reads any number of values in as few calls as possible: one per group of delegates, under one seal each. Values above 1 MiB do not
// fit and are left to download-secret.ts.
import { AppError, isAppError, parseSecretReference, Plaintext, TEXT_MAX_BYTES } from '@sallyport/core';
import type { ErrorCode, SecretId, SecretKind } from '@sallyport/core';
import { encodeContent, fromWireError, RESOLVE_MAX_ITEMS } from '@sallyport/protocol/client';
import type { DelegateOffer } from '@sallyport/protocol';
import { newRequestId } from '../client/wiring.ts';
import type { Wiring } from '../client/wiring.ts';
import { mayWorkElsewhere, mayWorkLater, withFailOver } from '../delegates/fail-over.ts';
import type { SealingPartner } from '../delegates/session-pool.ts';
import { checkReadAnswer } from './check-answer.ts';
import type { CheckedEntry } from './check-answer.ts';
import type { ReadGroup } from './read-offers.ts';

/** A value and what it is the value of. */
export type ResolvedSecret = {
  /** As it was asked for. */
  reference: string;
  secretId: SecretId;
  name: string;
  version: number;
  kind: SecretKind;
  value: Plaintext;
};

/** A reference that could not be read, and why. */
export type UnreadSecret = { reference: string; error: AppError };

/** Outcome per reference. */
export type ReadOutcome = ResolvedSecret | UnreadSecret;

// An answer is one box of at most 16 MiB; the rest is for headers, and for values that grew since the server told their size.
const CALL_MAX_VALUE_BYTES = 12 * 1_048_576;

/**
 * Reads small values. Each reference is in the result once, with a value or an error.
 * Those that are too large for a sealed box come with `value-too-large`.
 * @throws what concerns the call as a whole: {unreachable} {unauthenticated} {protocol-version-unsupported} …
 */
export async function resolveSecrets(
  wiring: Wiring,
  references: readonly string[],
  signal: AbortSignal | null,
): Promise<Map<string, ReadOutcome>> {
  const unique = [...new Set(references)];
  for (const reference of unique) parseSecretReference(reference);
  const reading = new Reading(wiring, signal);
  for (let from = 0; from < unique.length; from += RESOLVE_MAX_ITEMS) {
    await reading.read(unique.slice(from, from + RESOLVE_MAX_ITEMS));
  }
  return reading.outcomes;
}

/** References that go into one sealed call, and who may answer it, or why nobody can for the moment. */
type PlannedCall = { references: readonly string[]; delegates: readonly DelegateOffer[] | AppError };

/** One run over many references. */
class Reading {
  readonly outcomes = new Map<string, ReadOutcome>();
  readonly #wiring: Wiring;
  readonly #signal: AbortSignal | null;

  constructor(wiring: Wiring, signal: AbortSignal | null) {
    this.#wiring = wiring;
    this.#signal = signal;
  }

  async read(references: readonly string[]): Promise<void> {
    const remembered = this.#wiring.readOffers.groupsFor(references);
    const calls =
      remembered === null
        ? await this.#askPatiently(references)
        : remembered.flatMap((group) => this.#callsOf(group));
    await Promise.all(calls.map((call) => this.#settle(call)));
  }

  /** As `#ask`; when nobody can for the moment, that becomes a call that is asked for again after a pause. */
  async #askPatiently(references: readonly string[]): Promise<PlannedCall[]> {
    try {
      return await this.#ask(references, this.#signal);
    } catch (error) {
      if (!isAppError(error) || !mayWorkLater(error.code)) throw error;
      return [{ references, delegates: error }];
    }
  }

  /** Asks who can decrypt these. What cannot be read, and will not be by waiting, is settled with the server's reason. */
  async #ask(references: readonly string[], signal: AbortSignal | null): Promise<PlannedCall[]> {
    const offers = await this.#wiring.call('offersToRead', {
      body: { items: [...references] },
      ...(signal === null ? {} : { signal }),
    });
    const open = new Set(references);
    const groups = offers.groups.map(({ items, delegates }) => ({
      delegates,
      items: items.filter((item) => open.delete(item.reference)),
    }));
    this.#wiring.readOffers.remember(groups);
    const calls = groups.flatMap((group) => this.#callsOf(group));
    for (const { reference, error } of offers.unresolved) {
      if (!open.delete(reference)) continue;
      const failure = fromWireError(error);
      if (mayWorkLater(failure.code)) calls.push({ references: [reference], delegates: failure });
      else this.#fail(reference, failure);
    }
    // A server that forgets an item must not make it look as if there was nothing to read.
    for (const reference of open) this.#fail(reference, leftOut());
    return calls;
  }

  /** Cuts a group into calls whose answers fit into one box. */
  #callsOf(group: ReadGroup): PlannedCall[] {
    const calls: string[][] = [];
    let bytes = Infinity;
    for (const { reference, valueBytes } of group.items) {
      if (valueBytes > TEXT_MAX_BYTES) {
        this.#fail(reference, tooLarge());
        continue;
      }
      if (bytes + valueBytes > CALL_MAX_VALUE_BYTES) {
        calls.push([]);
        bytes = 0;
      }
      calls.at(-1)?.push(reference);
      bytes += valueBytes;
    }
    return calls.map((references) => ({ references, delegates: group.delegates }));
  }

  /** Sees to it that every reference of a call has an outcome. */
  async #settle(call: PlannedCall): Promise<void> {
    let planned = [call];
    while (planned.length > 0) {
      const [current = call, ...later] = planned;
      planned = [...later, ...(await this.#settleOne(current))];
    }
  }

  /** @returns calls that became necessary because delegates changed meanwhile */
  async #settleOne(call: PlannedCall): Promise<PlannedCall[]> {
    const { pool, limits, readOffers } = this.#wiring;
    const curable = new Map<string, AppError>();
    let current = call;
    let later: PlannedCall[] = [];
    try {
      await withFailOver(
        pool,
        {
          offers: async ({ fresh, signal }) => {
            if (fresh) {
              const [next, ...others] = await this.#askAgain(call, signal);
              current = next ?? { references: [], delegates: [] };
              later = others;
            }
            if (current.delegates instanceof AppError) throw current.delegates;
            return current.references.length === 0 ? null : current.delegates;
          },
          attempt: async (partner, signal) => {
            const failed = await this.#resolveAt(partner, { references: current.references, signal });
            for (const { reference, error } of failed) curable.set(reference, error);
            const [first] = failed;
            if (first !== undefined) throw first.error;
          },
          repeatable: () => true,
          onlyOnce: false,
          signal: this.#signal,
        },
        limits,
      );
    } catch (error) {
      readOffers.forget(call.references);
      if (!isAppError(error) || this.#signal?.aborted === true || concernsTheCall(error)) throw error;
      for (const reference of current.references) {
        if (!this.outcomes.has(reference)) this.#fail(reference, curable.get(reference) ?? error);
      }
    }
    return later;
  }

  #askAgain(call: PlannedCall, signal: AbortSignal | null): Promise<PlannedCall[]> {
    const open = call.references.filter((reference) => !this.outcomes.has(reference));
    this.#wiring.readOffers.forget(open);
    return open.length === 0 ? Promise.resolve([]) : this.#ask(open, signal);
  }

  /** One sealed call. @returns the items that failed in a way that another delegate may cure; all others are settled */
  async #resolveAt(
    partner: SealingPartner,
    asked: { references: readonly string[]; signal: AbortSignal | null },
  ): Promise<UnreadSecret[]> {
    const references = asked.references.filter((reference) => !this.outcomes.has(reference));
    const requestId = newRequestId(this.#wiring);
    const exchange = await partner.session.sealRequest(
      { requestId, operation: 'resolve' },
      encodeContent({ items: references }, []),
    );
    const { delegateId } = partner.delegate;
    const answer = await this.#wiring.call('resolveSecrets', {
      body: { requestId, delegateId, items: references, sealed: exchange.sealed },
      ...(asked.signal === null ? {} : { signal: asked.signal }),
    });
    const unresolved = answer.unresolved.map((item) => item.reference);
    const entries = checkReadAnswer(await exchange.openAnswer(answer.answer), { references, unresolved });
    for (const { reference, error } of answer.unresolved) this.#fail(reference, fromWireError(error));
    return entries.flatMap((entry) => this.#take(entry));
  }

  #take({ entry, value }: CheckedEntry): UnreadSecret[] {
    const { reference } = entry;
    if (entry.outcome === 'value') {
      const { secretId, name, version, kind } = entry;
      this.outcomes.set(reference, {
        reference,
        secretId,
        name,
        version,
        kind,
        value: new Plaintext(value ?? new Uint8Array()),
      });
      return [];
    }
    const error = fromWireError(entry.error);
    if (mayWorkElsewhere(error.code)) return [{ reference, error }];
    this.#fail(reference, error);
    return [];
  }

  #fail(reference: string, error: AppError): void {
    this.outcomes.set(reference, { reference, error });
  }
}

/** Faults that no other item would escape. */
function concernsTheCall(error: AppError): boolean {
  const codes: readonly ErrorCode[] = [
    'unauthenticated',
    'unreachable',
    'protocol-version-unsupported',
    'rate-limited',
    'invalid-request',
    'internal',
  ];
  return codes.includes(error.code);
}

function leftOut(): AppError {
  return new AppError('answer-mismatch', {
    publicMessage: 'The server left this secret out of its answer, without a reason.',
  });
}

function tooLarge(): AppError {
  return new AppError('value-too-large', {
    publicMessage: 'The value is above 1 MiB and is read as a stream.',
  });
}
