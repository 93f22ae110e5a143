// Filters: how a value is written so that what reads the text later gets exactly the value. Without a filter, it is inserted as it is.

import { dotenvValue } from './dotenv-value.ts';
import { yamlText } from './yaml-text.ts';

const encoder = new TextEncoder();

/** null: there is no form for this text. */
type Filter = (value: Uint8Array, text: string) => string | null;

/** Each makes a whole word, string or scalar, quotes included. `base64` alone takes bytes that are not UTF-8. */
export const FILTERS = {
  /** One word for a POSIX shell. */
  shell: (_value, text) =>
    // A shell leaves zero bytes out.
    text.includes('\0') ? null : `'${text.replaceAll("'", String.raw`'\''`)}'`,
  /** A string, ASCII only. */
  json: (_value, text) => asciiJson(text),
  /** A double-quoted scalar. */
  yaml: (_value, text) => yamlText(text),
  /** The value of a line of a .env file. */
  dotenv: (_value, text) => dotenvValue(text),
  base64: (value) => btoa(Array.from(value, (byte) => String.fromCharCode(byte)).join('')),
} as const satisfies Record<string, Filter>;

export type FilterName = keyof typeof FILTERS;

export function isFilterName(text: string): text is FilterName {
  return Object.hasOwn(FILTERS, text);
}

/** Why a value cannot be inserted: it is not UTF-8 where it has to be, has a zero byte, or is one that a .env file cannot hold. */
export type FilterObstacle = 'not-text' | 'not-shell' | 'not-dotenv';

/** The value after all filters, or what is in the way. */
export function applyFilters(value: Uint8Array, filters: readonly FilterName[]): Uint8Array | FilterObstacle {
  let bytes = value;
  for (const name of filters) {
    const text = decode(bytes);
    if (text === null && name !== 'base64') return 'not-text';
    const filtered = FILTERS[name](bytes, text ?? '');
    if (filtered === null) return name === 'shell' ? 'not-shell' : 'not-dotenv';
    bytes = encoder.encode(filtered);
  }
  return decode(bytes) === null ? 'not-text' : bytes;
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
