// What a journal of uses says, read from its first line to its last: uses that still have to be put into a batch, and batches that
// still have to be recorded by the server. The same lines always give the same batches, so that a batch that was sent before a crash is
// sent again as it was.
import { invariant } from '@sallyport/core';
import type { LocalUse, SignedLocalGrant } from '@sallyport/protocol';
import { printLine } from './journal-lines.ts';
import type { JournalLine, UseLine } from './journal-lines.ts';

/** A batch that the server has not confirmed yet. */
export type Batch = { readonly sequence: number; readonly uses: readonly UseLine[] };

/** Spans within which equal uses are counted together. */
export const BUCKET_MS = { fine: 60_000, coarse: 3_600_000 } as const;

/** Pure; the file is somebody else's. */
export class JournalState {
  readonly id: string;
  #nextSequence: number;
  #bucketMs: number;
  readonly #grants = new Map<number, SignedLocalGrant>();
  readonly #numbers = new Map<string, number>();
  #nextGrant = 1;
  /** In the order in which they came; a key per grant, purpose, outcome and span. */
  #waiting = new Map<string, UseLine>();
  #batches: Batch[] = [];

  constructor(head: Extract<JournalLine, { is: 'journal' }>) {
    this.id = head.id;
    this.#nextSequence = head.nextSequence;
    this.#bucketMs = head.bucketMs;
  }

  /** Uses in no batch yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Oldest first. */
  get batches(): readonly Batch[] {
    return this.#batches;
  }

  get nextSequence(): number {
    return this.#nextSequence;
  }

  /** Nothing is left to be told. */
  get isEmpty(): boolean {
    return this.#waiting.size === 0 && this.#batches.length === 0;
  }

  /** The number of a grant; null: no line has named it yet. */
  numberOf(grant: SignedLocalGrant): number | null {
    return this.#numbers.get(grant.signature) ?? null;
  }

  /** The number that the next grant gets. */
  get nextGrant(): number {
    return this.#nextGrant;
  }

  /** Takes a line in. False: it does not fit to those before, so the journal is damaged here. */
  apply(line: JournalLine): boolean {
    if (line.is === 'grant') return this.#addGrant(line);
    if (line.is === 'use') return this.#count(line);
    if (line.is === 'batch') return this.#closeBatch(line);
    if (line.is === 'journal') return false;
    this.#batches = this.#batches.filter((batch) => batch.sequence > line.sequence);
    return true;
  }

  /** The uses of a batch as they are told to the server. */
  usesOf(batch: Batch): LocalUse[] {
    return batch.uses.map(({ grant, from, refusedWith, purpose, firstAtMs, lastAtMs, count }) => {
      const signed = this.#grants.get(grant);
      invariant(signed !== undefined, 'a use has its grant');
      const outcome = refusedWith === null ? ('released' as const) : { refusedWith };
      return { grant: signed, from, outcome, purpose, firstAtMs, lastAtMs, count };
    });
  }

  /**
   * The shortest journal that says the same, and its text. `coarse` counts by the hour. `newId` makes it another journal, whose numbers
   * begin anew; what was in a batch is put into a new one.
   */
  compacted(options: { coarse: boolean; newId?: string }): { state: JournalState; text: string } {
    const bucketMs = options.coarse ? BUCKET_MS.coarse : this.isEmpty ? BUCKET_MS.fine : this.#bucketMs;
    const { newId } = options;
    const nextSequence = newId === undefined ? this.#firstSequence() : 1;
    const head = { is: 'journal' as const, id: newId ?? this.id, nextSequence, bucketMs };
    const next = new JournalState(head);
    const lines: string[] = [printLine(head)];
    const add = (line: JournalLine): void => {
      invariant(next.apply(line), 'a compacted journal continues itself');
      lines.push(printLine(line));
    };
    const addUse = (use: UseLine): void => {
      const grant = this.#grants.get(use.grant);
      invariant(grant !== undefined, 'a use has its grant');
      const known = next.numberOf(grant);
      if (known === null) add({ is: 'grant', number: next.nextGrant, grant });
      add({ ...use, grant: known ?? next.nextGrant - 1 });
    };
    for (const { sequence, uses } of this.#batches) {
      for (const use of uses) addUse(use);
      // Fewer than before, when they are counted by the hour now; together they say the same.
      if (newId === undefined) add({ is: 'batch', sequence, uses: next.waiting });
    }
    for (const use of mergedBy(bucketMs, this.#waiting.values())) addUse(use);
    return { state: next, text: lines.join('') };
  }

  #firstSequence(): number {
    return this.#batches[0]?.sequence ?? this.#nextSequence;
  }

  #addGrant({ number, grant }: Extract<JournalLine, { is: 'grant' }>): boolean {
    if (number !== this.#nextGrant) return false;
    this.#nextGrant += 1;
    this.#grants.set(number, grant);
    this.#numbers.set(grant.signature, number);
    return true;
  }

  #count(use: UseLine): boolean {
    if (!this.#grants.has(use.grant)) return false;
    const key = keyOf(use, this.#bucketMs);
    const known = this.#waiting.get(key);
    this.#waiting.set(key, known === undefined ? use : merged(known, use));
    return true;
  }

  #closeBatch(line: Extract<JournalLine, { is: 'batch' }>): boolean {
    if (line.sequence !== this.#nextSequence || line.uses > this.#waiting.size) return false;
    this.#nextSequence += 1;
    const taken = [...this.#waiting].slice(0, line.uses);
    for (const [key] of taken) this.#waiting.delete(key);
    this.#batches.push({ sequence: line.sequence, uses: taken.map(([, use]) => use) });
    return true;
  }
}

function keyOf(use: UseLine, bucketMs: number): string {
  const { grant, from, refusedWith, purpose, firstAtMs } = use;
  return JSON.stringify([grant, from, refusedWith, purpose, Math.floor(firstAtMs / bucketMs)]);
}

function mergedBy(bucketMs: number, uses: Iterable<UseLine>): Iterable<UseLine> {
  const byKey = new Map<string, UseLine>();
  for (const use of uses) {
    const key = keyOf(use, bucketMs);
    const known = byKey.get(key);
    byKey.set(key, known === undefined ? use : merged(known, use));
  }
  return byKey.values();
}

function merged(a: UseLine, b: UseLine): UseLine {
  return {
    ...a,
    firstAtMs: Math.min(a.firstAtMs, b.firstAtMs),
    lastAtMs: Math.max(a.lastAtMs, b.lastAtMs),
    count: a.count + b.count,
  };
}
