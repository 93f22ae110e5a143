// What one piece of work sees of a connection: it may run queries until it has ended. Afterwards every call fails, so that work
// that was given up cannot write into somebody else's transaction.
import { AppError, invariant } from '@sallyport/core';
import type { Connection } from './connection.ts';
import { violatesUnique } from './faults.ts';
import type { Query } from './query.ts';

/** Which unique index guards a name, and what to say when it is taken. */
export type UniqueName = {
  /** `table.column` of the index. */
  column: string;
  /** What has the name, e.g. `secret`. */
  thing: string;
  name: string;
};

/** The right to run queries in one transaction, until `end`. */
export class Session {
  readonly #connection: Connection;
  readonly #writable: boolean;
  #open = true;

  constructor(connection: Connection, options: { writable: boolean }) {
    this.#connection = connection;
    this.#writable = options.writable;
  }

  all<Row>(query: Query<Row>): Row[] {
    invariant(this.#open, 'tables are used after their transaction has ended');
    return this.#connection.all<Row>(query.sql, query.parameters);
  }

  /** The first row; null when there is none. */
  first<Row>(query: Query<Row>): Row | null {
    return this.all(query)[0] ?? null;
  }

  /**
   * Runs a statement that changes rows; returns how many.
   * @throws {name-taken} when `unique` is given and its index is violated
   */
  run(query: Query<unknown>, unique?: UniqueName): number {
    invariant(this.#open, 'tables are used after their transaction has ended');
    invariant(this.#writable, 'a read wants to change something');
    try {
      return this.#connection.run(query.sql, query.parameters);
    } catch (thrown) {
      if (unique === undefined || !violatesUnique(thrown, unique.column)) throw thrown;
      throw new AppError('name-taken', {
        publicMessage: `There is another ${unique.thing} named "${unique.name}". Names that differ only in letter case count as one.`,
        cause: thrown,
      });
    }
  }

  end(): void {
    this.#open = false;
  }
}

/**
 * Runs `work` with a session of its own, for at most `deadlineMs`.
 * @throws {internal} when it takes longer: it waits for something else than its tables, and would block everybody
 */
export async function runInSession<T>(
  session: Session,
  deadlineMs: number,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(
      new AppError('internal', {
        publicMessage: 'An internal error occurred.',
        message: `Work held its transaction for more than ${deadlineMs} ms and was given up.`,
      }),
    );
  }, deadlineMs);
  try {
    return await Promise.race([work(session), late.promise]);
  } finally {
    clearTimeout(timer);
    session.end();
  }
}
