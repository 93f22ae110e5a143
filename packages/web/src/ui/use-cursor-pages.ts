// Long lists one page at a time, by the server's cursors: whatever the list's length, one page is asked for, kept and shown. Going back
// asks again for what was shown before, so nothing on a page is older than it looks.
import { useState } from 'react';
import type { UseQueryResult } from '@tanstack/react-query';
import type { CallOutput } from '@sallyport/sdk/browser';
import { useOperation } from '../client/operations.ts';
import type { OperationInput, PagedOperationId } from '../client/operations.ts';

export type CursorPages<T> = {
  /** The page that is shown; while another is on its way, the one before it, with `isPlaceholderData`. */
  query: UseQueryResult<T>;
  /** Counted from 1. */
  pageNumber: number;
  hasNext: boolean;
  hasPrevious: boolean;
  isMoving: boolean;
  next: () => void;
  previous: () => void;
};

/** @param input as for `useOperation`, its query without `cursor`; another input begins at the first page */
export function useCursorPages<O extends PagedOperationId>(
  operation: O,
  input: OperationInput<O>,
  {
    enabled = true,
    everyMs,
  }: { enabled?: boolean; /** The first page is asked for again after so long. */ everyMs?: number } = {},
): CursorPages<CallOutput<O>> {
  const list = JSON.stringify([operation, input]);
  const [position, setPosition] = useState<{ list: string; cursors: readonly string[] }>({
    list,
    cursors: [],
  });
  const cursors = position.list === list ? position.cursors : [];
  const cursor = cursors.at(-1);
  const { query: asked } = input as { query?: object };
  const page = { ...input, query: { ...asked, ...(cursor === undefined ? {} : { cursor }) } };
  const isLive = everyMs !== undefined && cursor === undefined;
  const query = useOperation(operation, page, {
    enabled,
    keepsPrevious: true,
    ...(isLive ? { everyMs } : {}),
  });
  const nextCursor = (query.data as { nextCursor: string | null } | undefined)?.nextCursor ?? null;
  const isMoving = query.isPlaceholderData;
  return {
    query,
    pageNumber: cursors.length + 1,
    hasNext: nextCursor !== null && !isMoving,
    hasPrevious: cursors.length > 0,
    isMoving,
    next: () => {
      if (nextCursor !== null && !isMoving) setPosition({ list, cursors: [...cursors, nextCursor] });
    },
    previous: () => setPosition({ list, cursors: cursors.slice(0, -1) }),
  };
}
