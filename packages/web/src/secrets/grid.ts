// Which secrets exist in which environments of an application. The server lists the secrets of one environment at a time, by name; here those
// lists are put side by side. Each is read page by page, and rows are shown only as far as every list has been read, so that what looks
// missing is missing.
import { nameKey } from '@sallyport/core';
import type { SecretMetadata } from '@sallyport/protocol';

export type GridSecret = Pick<SecretMetadata, 'id' | 'name' | 'kind' | 'version' | 'updatedAtMs'>;

/** One page of one environment's list. */
export type ListPart = { secrets: readonly GridSecret[]; nextCursor: string | null };
/** What was read at once: a part of the list of some environments, by id. */
export type GridPart = Readonly<Record<string, ListPart>>;

export type GridRow = {
  key: string;
  name: string;
  kind: SecretMetadata['kind'];
  /** By environment, in the order asked for; null: there is none of this name. */
  cells: readonly (GridSecret | null)[];
  isIncomplete: boolean;
};

export type Grid = { rows: readonly GridRow[]; isWhole: boolean };

/** @param environmentIds the columns */
export function gridOf(parts: readonly GridPart[], environmentIds: readonly string[]): Grid {
  const horizon = horizonOf(parts, environmentIds);
  const rows = new Map<string, (GridSecret | null)[]>();
  environmentIds.forEach((id, column) => {
    for (const secret of parts.flatMap((part) => part[id]?.secrets ?? [])) {
      const key = nameKey(secret.name);
      if (horizon !== null && key > horizon) continue;
      const cells = rows.get(key) ?? environmentIds.map(() => null);
      cells[column] = secret;
      rows.set(key, cells);
    }
  });
  const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
  return { rows: sorted.map(([key, cells]) => rowOf(key, cells)), isWhole: horizon === null };
}

function rowOf(key: string, cells: readonly (GridSecret | null)[]): GridRow {
  const [first] = cells.filter((cell) => cell !== null);
  return {
    key,
    name: first?.name ?? key,
    kind: first?.kind ?? 'text',
    cells,
    isIncomplete: cells.includes(null),
  };
}

/** The last name up to which all lists are known; null: they are known to their ends. */
function horizonOf(parts: readonly GridPart[], environmentIds: readonly string[]): string | null {
  const ends = environmentIds.flatMap((id) => endOf(parts, id) ?? []);
  return ends.length === 0 ? null : ends.reduce((a, b) => (a < b ? a : b));
}

/** The last name read of a list that goes on; null: there is no more of it. */
function endOf(parts: readonly GridPart[], id: string): string | null {
  const read = parts.flatMap((part) => part[id] ?? []);
  const last = read.at(-1);
  if (last === undefined || last.nextCursor === null) return null;
  return nameKey(read.flatMap(({ secrets }) => secrets).at(-1)?.name ?? '');
}

/** Where to read on: the lists that hold the others up, with their cursors. null: all are read to their ends. */
export function readOn(
  parts: readonly GridPart[],
  environmentIds: readonly string[],
): Readonly<Record<string, string>> | null {
  const horizon = horizonOf(parts, environmentIds);
  if (horizon === null) return null;
  const behind = environmentIds.filter((id) => endOf(parts, id) === horizon);
  return Object.fromEntries(
    behind.flatMap((id) => {
      const cursor = parts.flatMap((part) => part[id] ?? []).at(-1)?.nextCursor ?? null;
      return cursor === null ? [] : [[id, cursor] as const];
    }),
  );
}

/** Whether two rows have the very same secrets in the same cells. */
export function isSameRow(a: GridRow, b: GridRow): boolean {
  return a.key === b.key && a.cells.every((cell, column) => cell === b.cells[column]);
}

/** Whether the same secret stands in other columns of the row too: it is shared, and a change of it counts for all of them. */
export function isShared({ cells }: GridRow, secret: GridSecret): boolean {
  return cells.filter((cell) => cell?.id === secret.id).length > 1;
}
