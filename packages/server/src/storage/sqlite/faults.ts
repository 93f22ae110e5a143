// What SQLite's result codes mean to us (sqlite.org/rescode.html): which failures say that the database cannot work now, and
// which are a broken promise of our own.
import { AppError, isAppError } from '@sallyport/core';

const PRIMARY_CODE_MASK = 0xff;
const BUSY = 5;
const NOT_A_DATABASE = 26;
const CONSTRAINT_UNIQUE = 2067;

/** Locked, no memory, read-only, interrupted, I/O, corrupt, full, cannot open, lock protocol. */
const UNAVAILABLE: Readonly<Record<number, string>> = {
  5: 'it is locked by another process',
  6: 'it is locked',
  7: 'there is not enough memory',
  8: 'it is read-only',
  10: 'reading or writing the disk failed',
  11: 'the file is damaged',
  13: 'the disk is full',
  14: 'the file cannot be opened',
  15: 'the lock protocol failed',
};

function resultCode(thrown: unknown): number | null {
  if (!(thrown instanceof Error) || !('errcode' in thrown)) return null;
  return typeof thrown.errcode === 'number' ? thrown.errcode : null;
}

/** Tells whether another connection holds the lock that was asked for. */
export function isBusy(thrown: unknown): boolean {
  const code = resultCode(isAppError(thrown) ? thrown.cause : thrown);
  return code !== null && (code & PRIMARY_CODE_MASK) === BUSY;
}

/**
 * Tells whether a statement violated a unique index.
 * @param column of that index, as `table.column`
 */
export function violatesUnique(thrown: unknown, column: string): boolean {
  const cause = isAppError(thrown) ? thrown.cause : thrown;
  return resultCode(cause) === CONSTRAINT_UNIQUE && (cause as Error).message.endsWith(`: ${column}`);
}

/** The error to show for anything that the database driver throws. An `AppError` stays as it is. */
export function faultOf(thrown: unknown): AppError {
  if (isAppError(thrown)) return thrown;
  const code = resultCode(thrown);
  const primary = code === null ? null : code & PRIMARY_CODE_MASK;
  if (primary === NOT_A_DATABASE) {
    return new AppError('config-invalid', {
      publicMessage: 'The database file is not a SQLite database.',
      cause: thrown,
    });
  }
  const why = primary === null ? undefined : UNAVAILABLE[primary];
  if (why === undefined) {
    return new AppError('internal', {
      publicMessage: 'An internal error occurred.',
      message: `The database refused a statement: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      cause: thrown,
    });
  }
  return unavailable(why, thrown);
}

/** @param why follows "The database cannot be used now: " */
export function unavailable(why: string, cause?: unknown): AppError {
  const code = resultCode(cause);
  return new AppError('storage-unavailable', {
    publicMessage: `The database cannot be used now: ${why}.`,
    message: `The database cannot be used now: ${why}${code === null ? '' : ` (SQLite result code ${code})`}.`,
    cause,
  });
}
