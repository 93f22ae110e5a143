// Files that say which variables a program gets: plain values, and references to secrets in place of values.
import { readFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { AppError, parseSecretReference, printSecretReference } from '@sallyport/core';
import type { PlaceReference } from '@sallyport/core';
import { usageError } from '../command-line/usage-error.ts';
import { parseDotenv } from './parse-dotenv.ts';
import type { MappingEntry } from './parse-dotenv.ts';
import { isVariableName } from './variable-name.ts';

const SCHEME = 'sally://';
/** `sally:///name`: at the application and environment that the command is run for. */
const HERE = 'sally:///';

/** A variable with its value, or with what the value is read by. */
export type MappedVariable = { variable: string; origin: string } & (
  | { plain: string }
  | { reference: string }
);

/** @throws {config-invalid} {invalid-name} {invalid-request}; messages name file and line, never a value */
export async function readMappingFile(
  path: string,
  around: { folder: string; place: PlaceReference | null },
): Promise<MappedVariable[]> {
  const content = readText(resolve(around.folder, path), path);
  const seen = new Map<string, number>();
  const entries = await entriesIn(content, path);
  return entries.map(({ variable, text, line }) => {
    const origin = `line ${line} of ${path}`;
    const before = seen.get(variable);
    if (before !== undefined) {
      throw usageError(
        `${variable} is in ${path} twice, in lines ${before} and ${line}.`,
        'Remove one of them.',
      );
    }
    seen.set(variable, line);
    return mappedVariable({ variable, text, origin }, around.place);
  });
}

/** `--set NAME=sally://…` or `--set NAME=text`. */
export function readSetFlag(given: string, place: PlaceReference | null): MappedVariable {
  const equals = given.indexOf('=');
  if (equals < 1) throw usageError('--set takes NAME=sally://application/environment/secret.');
  return mappedVariable(
    { variable: given.slice(0, equals), text: given.slice(equals + 1), origin: '--set' },
    place,
  );
}

function mappedVariable(
  { variable, text, origin }: { variable: string; text: string; origin: string },
  place: PlaceReference | null,
): MappedVariable {
  if (!isVariableName(variable)) {
    throw usageError(
      `${origin} names a variable that cannot be one.`,
      'Variables have letters, digits and "_", and do not begin with a digit.',
    );
  }
  if (!text.startsWith(SCHEME)) return { variable, origin, plain: text };
  try {
    return { variable, origin, reference: referenceIn(text, place) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError(error.code, {
      publicMessage: `${variable} (${origin}): ${error.publicMessage}`,
      data: error.data,
    });
  }
}

function referenceIn(text: string, place: PlaceReference | null): string {
  if (!text.startsWith(HERE)) {
    parseSecretReference(text);
    return text;
  }
  // Without a place it is what `sallyport get NAME` reads: the one secret of that name.
  const named = parseSecretReference(`${SCHEME}here/here/${text.slice(HERE.length)}`);
  return printSecretReference({ ...named, place });
}

async function entriesIn(content: string, path: string): Promise<MappingEntry[]> {
  const format = formatOf(content, path);
  if (format === 'json') return jsonEntries(content, path);
  return format === 'dotenv' ? parseDotenv(content, path) : parseFlat(content, path);
}

/** By the file's ending; without one that says it, by the first line that gives a variable. */
function formatOf(content: string, path: string): 'dotenv' | 'yaml' | 'json' {
  const ending = extname(path).toLowerCase();
  if (ending === '.json' || content.trimStart().startsWith('{')) return 'json';
  if (ending === '.yaml' || ending === '.yml') return 'yaml';
  const first = content.split('\n').find((line) => /^\s*[^\s#-]/.test(line)) ?? '';
  return /^\s*[\w"'.-]+\s*:(\s|$)/.test(first) ? 'yaml' : 'dotenv';
}

/** JSON is YAML, too, and the reader of that has lines, keys that stand twice, and numbers as they are written. */
async function jsonEntries(content: string, path: string): Promise<MappingEntry[]> {
  try {
    JSON.parse(content);
  } catch {
    throw new AppError('config-invalid', { publicMessage: `${path} is not JSON.` });
  }
  return parseFlat(content, path);
}

async function parseFlat(content: string, path: string): Promise<MappingEntry[]> {
  const { parseFlatYaml } = await import('./parse-flat-yaml.ts');
  return parseFlatYaml(content, path);
}

function readText(path: string, named: string): string {
  const bytes = readBytes(path, named);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new AppError('config-invalid', { publicMessage: `The file ${named} is not UTF-8 text.` });
  }
}

function readBytes(path: string, named: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new AppError('config-invalid', {
      publicMessage: `The file ${named} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}.`,
      data: { hint: 'Check its path, and that you may read it.' },
      cause: error,
    });
  }
}
