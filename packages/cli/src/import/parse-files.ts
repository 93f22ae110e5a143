// Files of other tools as rows: dotenv, JSON, YAML and CSV, and what AWS's command line prints. Errors name lines and keys, never values.
import { isUtf8 } from 'node:buffer';
import { basename } from 'node:path';
import { parseDotenv } from '../run/parse-dotenv.ts';
import { awsRows } from './aws-output.ts';
import { parseCsv } from './parse-csv.ts';
import { parseJson, unreadable } from './parse-json.ts';
import { rowsOf } from './import-row.ts';
import type { ImportRow, SourceTree } from './import-row.ts';

export const FILE_FORMATS = ['dotenv', 'json', 'yaml', 'csv', 'aws'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

/** By the name of the file; null: it does not tell. */
export function formatOf(path: string): FileFormat | null {
  const name = basename(path).toLowerCase();
  if (/^\.env(\.|$)|\.env$/.test(name)) return 'dotenv';
  if (name.endsWith('.json')) return 'json';
  if (/\.ya?ml$/.test(name)) return 'yaml';
  return name.endsWith('.csv') ? 'csv' : null;
}

/**
 * @param what names the file in errors
 * @throws {config-invalid} when it is not of this format, or is still encrypted
 */
export async function parseFile(
  bytes: Uint8Array,
  { format, what, expand }: { format: FileFormat; what: string; expand: boolean },
): Promise<ImportRow[]> {
  if (!isUtf8(bytes)) throw unreadable(what, 'it is not text in UTF-8');
  const text = Buffer.from(bytes)
    .toString('utf8')
    .replace(/^\uFEFF/, '');
  const rows = await rowsIn(text, { format, what, expand });
  if (rows.some(({ value }) => Buffer.from(value).toString('latin1').startsWith('ENC[AES256_GCM,'))) {
    throw unreadable(what, 'sops has encrypted it. Decrypt it first: sops -d FILE | sallyport import -');
  }
  return rows;
}

async function rowsIn(
  text: string,
  { format, what, expand }: { format: FileFormat; what: string; expand: boolean },
): Promise<ImportRow[]> {
  if (format === 'dotenv') {
    return parseDotenv(text, what).map(({ variable, text: value }) => ({
      path: [variable],
      value: Buffer.from(value),
    }));
  }
  if (format === 'csv') return parseCsv(text, what);
  if (format === 'aws') return awsRows(parseJson(text, what), { what, expand });
  const tree = format === 'json' ? parseJson(text, what) : await parseYaml(text, what);
  if (tree === null || typeof tree !== 'object' || tree instanceof Uint8Array) {
    throw unreadable(what, 'it is not a mapping of names to values');
  }
  return rowsOf(dopplerValues(tree));
}

/** `doppler secrets --json` has an object for each value; `doppler secrets download` has the values themselves. */
function dopplerValues(tree: SourceTree): SourceTree {
  if (tree === null || typeof tree !== 'object' || tree instanceof Uint8Array || Array.isArray(tree))
    return tree;
  const entries = Object.entries(tree).map(([key, value]): [string, SourceTree] | null => {
    if (value === null || typeof value !== 'object' || !('computed' in value) || !('raw' in value))
      return null;
    return [key, value.computed];
  });
  if (entries.length === 0 || !entries.every((entry) => entry !== null)) return tree;
  return Object.fromEntries(entries);
}

async function parseYaml(text: string, what: string): Promise<SourceTree> {
  const { isAlias, isMap, isScalar, isSeq, parseDocument } = await import('yaml');
  const document = parseDocument(text, { prettyErrors: false, merge: true });
  const [error] = document.errors;
  if (error !== undefined) {
    const line = text.slice(0, error.pos[0]).split('\n').length;
    throw unreadable(what, `line ${line} is not YAML (${error.code})`);
  }
  const treeOf = (node: unknown, depth: number): SourceTree => {
    if (depth > 64) throw unreadable(what, 'it is nested too deeply, or refers to itself');
    if (isAlias(node)) return treeOf(node.resolve(document), depth + 1);
    if (isSeq(node)) return node.items.map((item) => treeOf(item, depth + 1));
    if (isMap(node)) {
      const entries = node.items.map(({ key, value }): [string, SourceTree] => [
        isScalar(key) ? (key.source ?? String(key.value)) : String(key),
        treeOf(value, depth + 1),
      ]);
      return Object.fromEntries(entries);
    }
    if (!isScalar(node)) return null;
    const { value, source } = node;
    if (typeof value === 'string' || value instanceof Uint8Array) return value;
    return value === null || value === undefined ? null : (source ?? JSON.stringify(value));
  };
  return treeOf(document.contents, 0);
}
