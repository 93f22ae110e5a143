// Filters: how a value is written so that what reads the text later gets exactly the value. Without a filter, it is inserted as it is.

const encoder = new TextEncoder();

type Filter = (value: Uint8Array, text: string) => string;

/** Each makes a whole word, string or scalar, quotes included. `base64` alone takes bytes that are not UTF-8. */
export const FILTERS = {
  /** One word for a POSIX shell. */
  shell: (_value, text) => `'${text.replaceAll("'", String.raw`'\''`)}'`,
  /** A string, ASCII only. */
  json: (_value, text) => asciiJson(text),
  /** A double-quoted scalar; JSON's strings are YAML's, too. */
  yaml: (_value, text) => asciiJson(text),
  /** The value of a line of a .env file. */
  dotenv: (_value, text) => dotenvQuoted(text),
  base64: (value) => btoa(Array.from(value, (byte) => String.fromCharCode(byte)).join('')),
} as const satisfies Record<string, Filter>;

export type FilterName = keyof typeof FILTERS;

export function isFilterName(text: string): text is FilterName {
  return Object.hasOwn(FILTERS, text);
}

/** The value after all filters; `null`: it is not UTF-8 where it has to be. */
export function applyFilters(value: Uint8Array, filters: readonly FilterName[]): Uint8Array | null {
  let bytes = value;
  for (const name of filters) {
    const text = decode(bytes);
    if (text === null && name !== 'base64') return null;
    bytes = encoder.encode(FILTERS[name](bytes, text ?? ''));
  }
  return decode(bytes) === null ? null : bytes;
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Nothing but ASCII, so that no reader can take another line end or direction for part of the syntax. */
function asciiJson(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Single quotes where nothing inside needs escaping: all readers take those literally. */
function dotenvQuoted(text: string): string {
  if (!/['\r\n]/.test(text)) return `'${text}'`;
  const escaped = text
    .replaceAll(/["\\$`]/g, String.raw`\$&`)
    .replaceAll('\n', String.raw`\n`)
    .replaceAll('\r', String.raw`\r`);
  return `"${escaped}"`;
}
