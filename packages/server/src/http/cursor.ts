// Cursors of paged lists: opaque to callers, where the next page begins to us.
import { AppError } from '@sallyport/core';

/** Rows on one page unless asked otherwise. */
export const PAGE_ROWS = 100;

/** @param list names the list, so that a cursor of another one is refused */
export function printCursor(list: string, position: string): string {
  return Buffer.from(`${list}:${position}`, 'utf8').toString('base64url');
}

/** null when no cursor is given. @throws {invalid-request} when it is not one of this list */
export function parseCursor(list: string, cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  if (text.startsWith(`${list}:`)) return text.slice(list.length + 1);
  throw new AppError('invalid-request', { publicMessage: 'The cursor is not one of this list.' });
}

/** The sequence below which the next page begins; null when no cursor is given. @throws {invalid-request} */
export function parseSequenceCursor(list: string, cursor: string | undefined): number | null {
  const position = parseCursor(list, cursor);
  if (position === null) return null;
  if (/^[1-9]\d{0,14}$/.test(position)) return Number(position);
  throw new AppError('invalid-request', { publicMessage: 'The cursor is not one of this list.' });
}
