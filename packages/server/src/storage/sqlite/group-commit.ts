// The writer: many pieces of work share one durable commit. Whatever is queued when the writer is free goes into one transaction,
// each piece inside a savepoint, so that one that throws is undone alone. An answer is given only after the commit is on the disk.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError } from '@sallyport/core';
import { rollBack, whenFree } from './connection.ts';
import type { Connection } from './connection.ts';
import { faultOf, unavailable } from './faults.ts';
import type { Flush } from './log-flush.ts';
import { runInSession, Session } from './session.ts';

/** Bounds how long requests that wait for their turn stand behind one commit. */
const BATCH_MAX = 512;

type Outcome = { value: unknown } | { thrown: unknown };

type Job = {
  work: (session: Session) => Promise<unknown>;
  settle: (outcome: Outcome) => void;
};

/** Both in milliseconds. */
export type CommitLimits = {
  /** How long one piece of work may take. */
  deadlineMs: number;
  /** How long a commit waits for another process that is writing. */
  lockWaitMs: number;
};

/** The queue of writes of one store. */
export class GroupCommit {
  readonly #connection: Connection;
  readonly #limits: CommitLimits;
  readonly #flush: Flush;
  #queue: Job[] = [];
  #running: Promise<void> | null = null;
  #closed = false;
  #broken: AppError | null = null;

  constructor(connection: Connection, options: { limits: CommitLimits; flush: Flush }) {
    this.#connection = connection;
    this.#limits = options.limits;
    this.#flush = options.flush;
  }

  /** Queues `work`; resolves to its value once it is durable. */
  async write<T>(work: (session: Session) => Promise<T>): Promise<T> {
    if (this.#closed) {
      throw new AppError('shutting-down', { publicMessage: 'The server is shutting down.' });
    }
    if (this.#broken !== null) throw this.#broken;
    const settled = Promise.withResolvers<Outcome>();
    this.#queue.push({ work, settle: settled.resolve });
    this.#running ??= this.#drain();
    const outcome = await settled.promise;
    if ('thrown' in outcome) throw outcome.thrown;
    return outcome.value as T;
  }

  /** Refuses further work and waits for what is queued. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      // After the sockets that are readable now have been served: what they bring shares this commit.
      await nextTurn();
      const batch = this.#queue.splice(0, BATCH_MAX);
      await this.#connection.exclusive(() => this.#commit(batch));
    }
    this.#running = null;
  }

  /** Never throws: every job of the batch is settled. */
  async #commit(batch: readonly Job[]): Promise<void> {
    const outcomes: Outcome[] = [];
    try {
      await whenFree(this.#limits.lockWaitMs, () => this.#connection.control('BEGIN IMMEDIATE'));
      for (const job of batch) outcomes.push(await this.#runJob(job));
      this.#connection.control('COMMIT');
      // What is queued meanwhile shares the next commit.
      await this.#makeDurable();
    } catch (thrown) {
      rollBack(this.#connection);
      const fault = this.#broken ?? faultOf(thrown);
      const refusal =
        fault.code === 'storage-unavailable' ? fault : unavailable('the changes were not saved', fault);
      for (const job of batch) job.settle({ thrown: refusal });
      return;
    }
    for (const [index, outcome] of outcomes.entries()) batch[index]?.settle(outcome);
  }

  /**
   * After a failed flush the system may report the next one as done although the data are lost, so this store writes no more.
   * @throws {storage-unavailable}
   */
  async #makeDurable(): Promise<void> {
    try {
      await this.#flush();
    } catch (thrown) {
      this.#broken = unavailable(
        'flushing the disk failed; restart the server to find out what was saved',
        thrown,
      );
      throw this.#broken;
    }
  }

  /** @throws when the transaction as a whole is lost */
  async #runJob(job: Job): Promise<Outcome> {
    this.#connection.control('SAVEPOINT work');
    let outcome: Outcome;
    try {
      const session = new Session(this.#connection, { writable: true });
      outcome = { value: await runInSession(session, this.#limits.deadlineMs, job.work) };
    } catch (thrown) {
      // SQLite ends the transaction by itself on some errors (disk full, I/O, memory): then nothing of the batch is left.
      if (!this.#connection.inTransaction) throw thrown;
      this.#connection.control('ROLLBACK TO work');
      outcome = { thrown };
    }
    this.#connection.control('RELEASE work');
    return outcome;
  }
}
