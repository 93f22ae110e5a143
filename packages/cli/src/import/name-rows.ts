// From rows of a source to secrets: what each is called, and which cannot be. Pure.
import { isUtf8 } from 'node:buffer';
import { checkSecretName, isAppError, nameKey, TEXT_MAX_BYTES } from '@sallyport/core';
import type { SecretKind } from '@sallyport/core';
import type { Absence, ImportRow } from './import-row.ts';

export type Naming = {
  /** What stands between the keys of a path. */
  join: string;
  /** Put in front. */
  prefix: string;
  /** Taken away from the front of the joined name, before the prefix comes. */
  strip: string;
};

/** A secret to be. `problem` null: nothing speaks against it so far. */
export type NamedRow = {
  /** As the source has it. */
  source: string;
  name: string;
  value: Uint8Array;
  /** Text unless it must be a file: not UTF-8, or larger than a text may be. */
  kind: SecretKind;
  problem: string | null;
  /** Why it has no value to store; null: it has one. */
  absence: Absence | null;
};

/** Rows with the same name are a problem, all of them: which one is meant is not for us to say. */
export function nameRows(rows: readonly ImportRow[], naming: Naming): NamedRow[] {
  const named = rows.map(({ path, value, absence = null }): NamedRow => {
    const source = path.join('/');
    const name = nameOf(path, naming);
    if (absence !== null) return { source, name, value, kind: 'text', problem: null, absence };
    const isText = isUtf8(value) && value.length <= TEXT_MAX_BYTES;
    return { source, name, value, kind: isText ? 'text' : 'file', problem: problemOf(name, value), absence };
  });
  const byKey = Map.groupBy(
    named.filter(({ absence }) => absence === null),
    ({ name }) => nameKey(name),
  );
  return named.map((row) => {
    if (row.absence !== null) return row;
    const others = (byKey.get(nameKey(row.name)) ?? []).filter((other) => other !== row);
    if (others.length === 0 || row.problem !== null) return row;
    const sources = others.map(({ source }) => source).join(', ');
    return { ...row, problem: `the source has this name more than once, see ${sources}` };
  });
}

function nameOf(path: readonly string[], { join, prefix, strip }: Naming): string {
  const joined = path.join(join);
  return prefix + (strip !== '' && joined.startsWith(strip) ? joined.slice(strip.length) : joined);
}

function problemOf(name: string, value: Uint8Array): string | null {
  if (value.length === 0) return 'its value is empty';
  try {
    checkSecretName(name);
    return null;
  } catch (thrown) {
    if (isAppError(thrown, 'invalid-name')) return `its name is not valid: ${thrown.publicMessage}`;
    throw thrown;
  }
}
