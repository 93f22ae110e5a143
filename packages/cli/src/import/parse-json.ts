// JSON of other tools, as a tree of texts.
import { AppError } from '@sallyport/core';
import type { SourceTree } from './import-row.ts';

/** Numbers as they stand there: parsed, those of more than 15 digits would be others. @throws {config-invalid} */
export function parseJson(text: string, what: string): SourceTree {
  try {
    return JSON.parse(text, ((_: string, value: unknown, context?: { source?: string }) =>
      typeof value === 'number' || typeof value === 'boolean'
        ? (context?.source ?? String(value))
        : value) as (key: string, value: unknown) => unknown) as SourceTree;
  } catch {
    // Not the parser's own words: they repeat what is in the file.
    throw unreadable(what, 'it is not JSON');
  }
}

/** A source that is not what it should be. @param what names it */
export function unreadable(what: string, why: string): AppError {
  return new AppError('config-invalid', {
    publicMessage: `${what} cannot be imported: ${why}.`,
    data: { hint: 'Say what it is with --from: dotenv, json, yaml, csv or aws.' },
  });
}
