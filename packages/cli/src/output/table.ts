// Tables for people: columns aligned by blanks, nothing that a script should parse (that is what `-o json` is for).
import { printableLine } from './printable.ts';

/** Lays rows out under their headings. Cells are made printable; the last column is not padded. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [headings, ...rows].map((row) => row.map((cell) => printableLine(cell)));
  const widths = headings.map((_, column) =>
    Math.max(...cells.map((row) => charactersIn(row[column] ?? ''))),
  );
  return cells.map((row) => `${line(row, widths)}\n`).join('');
}

/** Names and values below each other. */
export function fields(pairs: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length)) + 1;
  return pairs.map(([name, value]) => `${`${name}:`.padEnd(width)} ${printableLine(value)}\n`).join('');
}

function line(row: readonly string[], widths: readonly number[]): string {
  const padded = row.map((cell, column) =>
    column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - charactersIn(cell)),
  );
  return padded.join('  ').trimEnd();
}

function charactersIn(text: string): number {
  return Array.from(text).length;
}
