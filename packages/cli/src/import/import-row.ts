// One value of a source on its way in: where it stood there, and its bytes. What name it gets is decided apart (name-rows.ts).

export type ImportRow = {
  /** Keys from the outermost to the innermost, e.g. `['shop', 'prod', 'db-password']`. */
  path: readonly string[];
  value: Uint8Array;
  /** Why there is no value; left out: there is one. */
  absence?: Absence;
};

/** A thing of the source that has no value to store. `skip`: nothing is amiss. `unreadable`: there is one, and it could not be had. */
export type Absence = { action: 'skip' | 'unreadable'; reason: string };

/** A tree of values as files and services hold them. Numbers are the text that stood there: `1.10` stays `1.10`. */
export type SourceTree =
  | string
  | Uint8Array
  | null
  | readonly SourceTree[]
  | { readonly [key: string]: SourceTree };

/** Every leaf of the tree; a mapping or list of nothing is an empty one. Lists of objects with key and value, as some exports are, count as the mapping that they stand for. */
export function rowsOf(tree: SourceTree, path: readonly string[] = []): ImportRow[] {
  if (tree === null) return [{ path, value: new Uint8Array() }];
  if (typeof tree === 'string') return [{ path, value: Buffer.from(tree) }];
  if (tree instanceof Uint8Array) return [{ path, value: tree }];
  if (Object.keys(tree).length === 0 && path.length > 0) return [{ path, value: new Uint8Array() }];
  if (isList(tree)) {
    const pairs = pairsOf(tree);
    if (pairs !== null) return pairs.flatMap(([key, value]) => rowsOf(value, [...path, key]));
    return tree.flatMap((item, index) => rowsOf(item, [...path, String(index)]));
  }
  return Object.entries(tree).flatMap(([key, value]) => rowsOf(value, [...path, key]));
}

function isList(tree: SourceTree): tree is readonly SourceTree[] {
  return Array.isArray(tree);
}

/** `[{ "key": …, "value": … }]`, as Infisical exports JSON; null: another list. */
function pairsOf(list: readonly SourceTree[]): [string, SourceTree][] | null {
  const pairs = list.map((item): [string, SourceTree] | null => {
    if (item === null || typeof item !== 'object' || item instanceof Uint8Array || isList(item)) return null;
    const key = item['key'] ?? item['secretKey'] ?? item['name'];
    const value = item['value'] ?? item['secretValue'];
    return typeof key === 'string' && value !== undefined ? [key, value] : null;
  });
  return list.length > 0 && pairs.every((pair) => pair !== null) ? pairs : null;
}
