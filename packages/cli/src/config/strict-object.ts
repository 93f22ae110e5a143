// Reads an object out of JSON by the fields that it may have. For the few files that every command reads before anything else: loading a
// schema library for them would be the longest part of starting a program with its secrets. Unknown fields are refused, as everywhere.

/** What a field holds: a text that is not empty, a yes or no, or a whole number from 0. */
export type FieldKind = 'text' | 'flag' | 'count';
type ValueOf<K extends FieldKind> = K extends 'text' ? string : K extends 'flag' ? boolean : number;
type Fields = Readonly<Record<string, FieldKind>>;

/** An object of these fields; those that are not there are null. */
export type StrictObject<F extends Fields> = { [N in keyof F]: ValueOf<F[N]> | null };

/** The object, or what is wrong with it in words that repeat no value. */
export function readStrictObject<F extends Fields>(
  json: unknown,
  fields: F,
): { object: StrictObject<F> } | { problem: string } {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return { problem: 'it is not a JSON object' };
  }
  const unknown = Object.keys(json).filter((name) => !Object.hasOwn(fields, name));
  if (unknown.length > 0)
    return { problem: `unknown field ${unknown.map((name) => `"${name}"`).join(', ')}` };
  const given = new Map<string, unknown>(Object.entries(json));
  const object: Record<string, string | boolean | number | null> = {};
  for (const [name, kind] of Object.entries(fields)) {
    const value = given.get(name);
    if (value === undefined) object[name] = null;
    else if (isOf(kind, value)) object[name] = value;
    else return { problem: `${name} must be ${WORDS[kind]}` };
  }
  return { object: object as StrictObject<F> };
}

const WORDS: Readonly<Record<FieldKind, string>> = {
  text: 'a text that is not empty',
  flag: 'true or false',
  count: 'a whole number',
};

function isOf(kind: FieldKind, value: unknown): value is string | boolean | number {
  if (kind === 'text') return typeof value === 'string' && value !== '';
  if (kind === 'flag') return typeof value === 'boolean';
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
