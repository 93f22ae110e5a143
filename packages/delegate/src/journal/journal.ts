// The journal of uses that a delegate served by itself: each one is in the file before its value is released, and is told to the server,
// in numbered batches, until the server has recorded it. It survives the end of the process at any moment; the server records each
// number once.
//
// What "in the file" means: while the server is away, on the disk (fdatasync). While it is there, handed to the operating system, which
// outlives this process but not a power failure; it is with the server a fraction of a second later.
import { randomBytes } from 'node:crypto';
import { AppError, isAppError } from '@sallyport/core';
import type { LocalUse, LocalUses, SignedLocalGrant } from '@sallyport/protocol';
import { codeOf } from '../data-folder/private-file.ts';
import type { Logger } from '../log/logger.ts';
import type { Time } from '../time/time.ts';
import { BatchSender } from './batch-sender.ts';
import { JournalFile } from './journal-file.ts';
import { printLine, readLines } from './journal-lines.ts';
import type { JournalLine, UseLine } from './journal-lines.ts';
import { BUCKET_MS, JournalState } from './journal-state.ts';

/** A use that is happening now. */
export type Use = {
  grant: SignedLocalGrant;
  from: LocalUse['from'];
  purpose: string | null;
  /** Code of the error; null: the value is about to be released. */
  refusedWith: string | null;
};

/** What a journal is written to. */
export type JournalStorage = Pick<JournalFile, 'append' | 'replace' | 'close' | 'bytes'>;

export type JournalOptions = {
  path: string;
  maxBytes: number;
  time: Time;
  logger: Logger;
  /** What makes the file; for tests. */
  createFile?: (path: string, content: string) => Promise<JournalStorage>;
};

type Group = {
  readonly uses: Map<string, UseNow>;
  readonly written: PromiseWithResolvers<void>;
};
type UseNow = Use & { firstAtMs: number; lastAtMs: number; count: number };

/** Below this size, or a quarter of what it may have, a journal is not made shorter: whoever reads waits meanwhile. */
const COMPACT_FROM_BYTES = 4_194_304;
/** How long a journal that could not be written is left alone by those who can do without it. */
const REST_MS = 1000;
/** Kept free for the lines by which a full journal becomes empty again. */
const RESERVE_BYTES = 16_384;

export class Journal {
  readonly #options: JournalOptions;
  readonly #file: JournalStorage;
  #state: JournalState;
  #group: Group | null = null;
  #isFull = false;
  /** Why the last attempt to write failed; null: it did not. */
  #failure: string | null = null;
  #failedAtMs = Number.NEGATIVE_INFINITY;
  #compactFromBytes: number;
  /** Whatever touches the file, one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #sender: BatchSender;
  #syncsEachGroup = true;

  private constructor(options: JournalOptions, opened: { file: JournalStorage; state: JournalState }) {
    this.#options = options;
    this.#compactFromBytes = leastLong(options);
    this.#file = opened.file;
    this.#state = opened.state;
    this.#sender = new BatchSender({
      time: options.time,
      nextBatch: () => this.#nextBatch(),
      describeFailure: (thrown) =>
        options.logger.error({ reason: reasonOf(thrown) }, 'no batch of uses could be made'),
    });
  }

  /** Opens the journal, or begins one. @throws {config-invalid} when its file may be used by others or cannot be written */
  static async open(options: JournalOptions): Promise<Journal> {
    const { path, logger } = options;
    const content = await JournalFile.read(path);
    const read = content === null ? null : stateOf(content);
    if (content !== null && (read === null || read.goodBytes < content.length)) {
      // A torn end is what a crash leaves, of a use that was never released. More than that is damage: it is kept to be looked at.
      const isTornEnd = read !== null && content.indexOf('\n', read.goodBytes) < 0;
      const aside = isTornEnd ? null : await JournalFile.setAside(path);
      if (aside !== null)
        logger.error({ file: aside }, 'the journal of uses was damaged; what could be read of it goes on');
    }
    const state = read?.state ?? new JournalState(newHead());
    const compacted = state.compacted({ coarse: false });
    try {
      const file = await (options.createFile ?? JournalFile.create)(path, compacted.text);
      return new Journal(options, { file, state: compacted.state });
    } catch (thrown) {
      throw new AppError('config-invalid', {
        publicMessage: `The journal of uses ${path} cannot be written (${reasonOf(thrown)}).`,
        cause: thrown,
      });
    }
  }

  /** Whether it is worth trying to write a use down: not for a moment after that has failed, and not while it is full. */
  get isWritable(): boolean {
    const isResting = this.#failure !== null && this.#options.time.monotonicMs() - this.#failedAtMs < REST_MS;
    return !this.#isFull && !isResting;
  }

  /** How it stands, for people. */
  get condition(): 'ok' | 'full' | 'failing' {
    return this.#failure !== null ? 'failing' : this.#isFull ? 'full' : 'ok';
  }

  /** Uses and batches that the server has not recorded yet; those being written now not among them. */
  get isDelivered(): boolean {
    return this.#state.isEmpty && this.#group === null;
  }

  /**
   * Writes a use down. Returns as soon as it is in the file; only then may the value be released.
   * @throws {storage-unavailable} when it could not be written, or the journal is full
   */
  async record(use: Use): Promise<void> {
    if (this.#isFull) throw full(this.#options);
    const group = (this.#group ??= this.#newGroup());
    const nowMs = this.#options.time.nowMs();
    const key = `${use.grant.signature}${use.from}${use.refusedWith ?? ''}\0${use.purpose ?? '\0'}`;
    const known = group.uses.get(key);
    if (known === undefined) group.uses.set(key, { ...use, firstAtMs: nowMs, lastAtMs: nowMs, count: 1 });
    else {
      known.lastAtMs = Math.max(known.lastAtMs, nowMs);
      known.count += 1;
    }
    return group.written.promise;
  }

  /** The server is there: what is in the journal goes to it. `send` drops messages when the connection has ended. */
  connected(send: (message: LocalUses) => void): void {
    this.#syncsEachGroup = false;
    this.#sender.connected(send);
  }

  /** The server is away: from now on a use is on the disk before it is released. */
  disconnected(): void {
    this.#syncsEachGroup = true;
    this.#sender.disconnected();
  }

  /** The server has recorded batches of a journal up to a number. */
  async seen(message: { journal: string; sequence: number }): Promise<void> {
    if (message.journal !== this.#state.id) return;
    await this.#inTurn(async () => {
      const { sequence } = message;
      if (sequence >= this.#state.nextSequence) return this.#beginAnew();
      if (!this.#state.batches.some((batch) => batch.sequence <= sequence)) return;
      await this.#write([{ is: 'seen', sequence }]);
      this.#isFull = false;
      if (this.#file.bytes >= this.#compactFromBytes) await this.#compact();
    });
    this.#sender.seen(message.sequence);
  }

  /** Waits until everything is recorded, or the time is over. */
  async deliver(atMostMs: number): Promise<void> {
    if (this.isDelivered) return;
    await this.#sender.idle(atMostMs);
  }

  /** Ends sending, writes what is being written, and closes the file. */
  async close(): Promise<void> {
    this.#sender.close();
    await this.#group?.written.promise.catch(() => undefined);
    await this.#inTurn(async () => this.#file.close());
  }

  #newGroup(): Group {
    const group: Group = { uses: new Map(), written: Promise.withResolvers() };
    // A refusal is written down without anybody waiting for it.
    group.written.promise.catch(() => undefined);
    // Whatever arrives in the same round of the event loop, or while the group before is being written, goes along.
    setImmediate(() => {
      void this.#inTurn(async () => this.#flush()).catch(() => undefined);
    });
    return group;
  }

  /** Writes the group that is open by now. */
  async #flush(): Promise<void> {
    const group = this.#group;
    this.#group = null;
    if (group === null) return;
    try {
      await this.#makeRoom();
      await this.#write(this.#linesOf(group));
      group.written.resolve();
    } catch (thrown) {
      group.written.reject(isAppError(thrown) ? thrown : unwritable(thrown, this.#options));
      return;
    }
    this.#sender.wake();
  }

  #linesOf(group: Group): JournalLine[] {
    const lines: JournalLine[] = [];
    const added = new Map<string, number>();
    let nextGrant = this.#state.nextGrant;
    for (const { grant, firstAtMs, lastAtMs, count, ...use } of group.uses.values()) {
      let number = this.#state.numberOf(grant) ?? added.get(grant.signature) ?? null;
      if (number === null) {
        number = nextGrant++;
        added.set(grant.signature, number);
        lines.push({ is: 'grant', number, grant });
      }
      lines.push({ is: 'use', grant: number, ...use, firstAtMs, lastAtMs, count } satisfies UseLine);
    }
    return lines;
  }

  async #makeRoom(): Promise<void> {
    const { maxBytes } = this.#options;
    const isTight = this.#file.bytes > maxBytes - RESERVE_BYTES;
    if (!isTight && this.#file.bytes < this.#compactFromBytes) return;
    await this.#compact();
    if (this.#file.bytes <= maxBytes - RESERVE_BYTES) return;
    this.#isFull = true;
    this.#options.logger.error(
      { maxBytes },
      'the journal of uses is full; nothing more is served without the server',
    );
    throw full(this.#options);
  }

  async #compact(): Promise<void> {
    const fine = this.#state.compacted({ coarse: false });
    const isLarge = Buffer.byteLength(fine.text) > this.#options.maxBytes / 2;
    const { text, state } = isLarge ? this.#state.compacted({ coarse: true }) : fine;
    await this.#attempt(async () => this.#file.replace(text));
    this.#state = state;
    // Twice what cannot be made shorter: so the work of shortening stays in proportion to what is written.
    this.#compactFromBytes = Math.max(leastLong(this.#options), this.#file.bytes * 2);
  }

  /** The server has recorded more than this journal has told it: the folder is an older copy. Numbers that are taken are of no use. */
  async #beginAnew(): Promise<void> {
    const newId = randomBytes(16).toString('base64url');
    const { text, state } = this.#state.compacted({ coarse: false, newId });
    await this.#attempt(async () => this.#file.replace(text));
    this.#state = state;
    this.#options.logger.warn(
      'the journal of uses is an older copy of what the server knows; a new one begins',
    );
  }

  async #write(lines: readonly JournalLine[]): Promise<void> {
    const text = lines.map(printLine).join('');
    await this.#attempt(async () => this.#file.append(text, { synced: this.#syncsEachGroup }));
    for (const line of lines) this.#state.apply(line);
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#failure = null;
    } catch (thrown) {
      const reason = reasonOf(thrown);
      if (this.#failure !== reason)
        this.#options.logger.error({ reason }, 'the journal of uses cannot be written');
      this.#failure = reason;
      this.#failedAtMs = this.#options.time.monotonicMs();
      throw thrown;
    }
  }

  /** The oldest batch that is not recorded; makes one when uses are waiting. */
  async #nextBatch(): Promise<LocalUses | null> {
    return this.#inTurn(async () => {
      const { waiting, nextSequence } = this.#state;
      if (this.#state.batches.length === 0) {
        if (waiting === 0) return null;
        // In the file before it is sent: after a crash the same number means the same uses.
        await this.#write([{ is: 'batch', sequence: nextSequence, uses: Math.min(waiting, BATCH_MAX_USES) }]);
      }
      const [batch] = this.#state.batches;
      if (batch === undefined) return null;
      const { id } = this.#state;
      return { type: 'local-uses', journal: id, sequence: batch.sequence, uses: this.#state.usesOf(batch) };
    });
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work, work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}

/** Uses in one message, by the protocol. */
const BATCH_MAX_USES = 1000;

function newHead(): Extract<JournalLine, { is: 'journal' }> {
  return {
    is: 'journal',
    id: randomBytes(16).toString('base64url'),
    nextSequence: 1,
    bucketMs: BUCKET_MS.fine,
  };
}

function leastLong({ maxBytes }: JournalOptions): number {
  return Math.min(COMPACT_FROM_BYTES, maxBytes / 4);
}

/** Null: not even the first line can be read. */
function stateOf(content: Buffer): { state: JournalState; goodBytes: number } | null {
  const { lines, goodBytes } = readLines(content);
  const [head, ...rest] = lines;
  if (head?.is !== 'journal') return null;
  const state = new JournalState(head);
  return rest.every((line) => state.apply(line)) ? { state, goodBytes } : { state, goodBytes: 0 };
}

function reasonOf(thrown: unknown): string {
  return codeOf(thrown) ?? (thrown instanceof Error ? thrown.name : 'unknown reason');
}

function unwritable(thrown: unknown, options: JournalOptions): AppError {
  return new AppError('storage-unavailable', {
    publicMessage: `The delegate cannot write its journal of uses (${reasonOf(thrown)}), so it releases nothing by itself.`,
    data: { hint: `Check disk space and permissions of ${options.path} on the delegate's host.` },
    cause: thrown,
  });
}

function full(options: JournalOptions): AppError {
  return new AppError('storage-unavailable', {
    publicMessage: `The delegate's journal of uses is full (${options.maxBytes} bytes), so it releases nothing without the server.`,
    data: {
      hint: 'It empties itself as soon as the server is back. For longer absences give the delegate a larger one (--local-journal-max).',
    },
  });
}
