// One connection to the database: runs SQL text, keeps prepared statements, turns driver errors into ours, and gives one caller
// at a time the right to use it. It knows neither tables nor transactions' contents.
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf, isBusy } from './faults.ts';

/** More distinct SQL texts than the store has; the oldest goes first. */
const STATEMENTS_MAX = 256;
const LOCK_POLL_MAX_MS = 20;

/** A connection with its prepared statements; see `exclusive` for who may use it when. */
export class Connection {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #tail: Promise<unknown> = Promise.resolve();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** @throws {storage-unavailable} {internal} like all methods that run SQL */
  all<Row>(sql: string, parameters: readonly unknown[]): Row[] {
    try {
      return this.#statement(sql).all(...(parameters as SQLInputValue[])) as Row[];
    } catch (thrown) {
      throw faultOf(thrown);
    }
  }

  /** Returns the number of rows that the statement changed itself (cascades not counted). */
  run(sql: string, parameters: readonly unknown[]): number {
    try {
      return Number(this.#statement(sql).run(...(parameters as SQLInputValue[])).changes);
    } catch (thrown) {
      throw faultOf(thrown);
    }
  }

  /** Begins, commits, sets savepoints. */
  control(sql: string): void {
    this.run(sql, []);
  }

  /** Runs several statements that take no parameters. */
  script(sql: string): void {
    try {
      this.#database.exec(sql);
    } catch (thrown) {
      throw faultOf(thrown);
    }
  }

  /** False too after SQLite has rolled a transaction back by itself, as it may when the disk is full. */
  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  /** Waits until those that came before have finished, then runs `work` alone. */
  async exclusive<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(work);
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    if (this.#statements.size >= STATEMENTS_MAX) {
      for (const oldest of this.#statements.keys()) {
        this.#statements.delete(oldest);
        break;
      }
    }
    this.#statements.set(sql, statement);
    return statement;
  }
}

/**
 * Tries `attempt` until no other connection holds the lock. SQLite's own busy time-out is not used for this: it blocks the whole
 * process, so a lock held by another store of this process could never be given back.
 * @throws {storage-unavailable} after `waitMs`
 */
export async function whenFree<T>(waitMs: number, attempt: () => T): Promise<T> {
  const startedAtMs = performance.now();
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, LOCK_POLL_MAX_MS)) {
    try {
      return attempt();
    } catch (thrown) {
      if (!isBusy(thrown) || performance.now() - startedAtMs > waitMs) throw faultOf(thrown);
    }
    await sleep(pauseMs);
  }
}

/** Ends the transaction, if there still is one. Never throws: what led here is the error to report. */
export function rollBack(connection: Connection): void {
  if (!connection.inTransaction) return;
  try {
    connection.control('ROLLBACK');
  } catch {
    // The next transaction fails to begin and says so.
  }
}
