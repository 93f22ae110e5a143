// CSV (RFC 4180): name, value and, in a third column, a path that the name is put below. A first line that says so is passed over.
import { AppError } from '@sallyport/core';
import type { ImportRow } from './import-row.ts';

const NAME_HEADINGS = ['name', 'key', 'secret', 'secretkey', 'secret name'];
const VALUE_HEADINGS = ['value', 'secretvalue', 'secret value'];

/** @throws {config-invalid} with the line */
export function parseCsv(text: string, what: string): ImportRow[] {
  const records = recordsOf(text, what);
  const [first] = records;
  const isHeading =
    first !== undefined &&
    NAME_HEADINGS.includes(first.cells[0]?.trim().toLowerCase() ?? '') &&
    VALUE_HEADINGS.includes(first.cells[1]?.trim().toLowerCase() ?? '');
  return records.slice(isHeading ? 1 : 0).map(({ cells, line }) => {
    const [name = '', value, path = ''] = cells;
    if (value === undefined) throw damaged(what, line, 'it has no value');
    const above = isHeading ? [] : path.split('/').filter((part) => part !== '');
    return { path: [...above, name.trim()], value: Buffer.from(value) };
  });
}

type CsvRecord = { cells: string[]; line: number };

function recordsOf(text: string, what: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let [at, line] = [0, 1];
  while (at < text.length) {
    const record: CsvRecord = { cells: [], line };
    for (let isLast = false; !isLast;) {
      const cell = cellAt(text, at);
      if (cell === null) throw damaged(what, line, 'its quotes do not match');
      record.cells.push(cell.text);
      line += text.slice(at, cell.end).split('\n').length - 1;
      isLast = text[cell.end] !== ',';
      at = cell.end + (isLast ? 0 : 1);
    }
    const lineEnd = /^\r?\n/.exec(text.slice(at, at + 2))?.[0].length ?? 0;
    if (lineEnd === 0 && at < text.length) throw damaged(what, line, 'something follows its quote');
    at += lineEnd;
    line += 1;
    if (record.cells.length > 1 || record.cells[0] !== '') records.push(record);
  }
  return records;
}

/** null: a quote is not closed. */
function cellAt(text: string, at: number): { text: string; end: number } | null {
  if (text[at] !== '"') {
    const rest = /[^,\r\n]*/y;
    rest.lastIndex = at;
    const found = rest.exec(text)?.[0] ?? '';
    return { text: found, end: at + found.length };
  }
  for (let end = at + 1; end < text.length; end++) {
    if (text[end] !== '"') continue;
    if (text[end + 1] !== '"') return { text: text.slice(at + 1, end).replaceAll('""', '"'), end: end + 1 };
    end += 1;
  }
  return null;
}

function damaged(what: string, line: number, why: string): AppError {
  return new AppError('config-invalid', {
    publicMessage: `Line ${line} of ${what} cannot be read: ${why}.`,
    data: {
      hint: 'A line is name,value or name,value,path; a cell with a comma, quote or line break is quoted.',
    },
  });
}
