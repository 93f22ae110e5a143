// JSON with one spelling per value, so that what was hashed can be hashed again from its parsed form.
import { AppError } from '@sallyport/core';

/**
 * JSON with one spelling per value: keys sorted by UTF-16 code units, no blanks, numbers and strings as ECMAScript prints them
 * (RFC 8785). Properties that are undefined are left out, as `JSON.stringify` does.
 * @throws {internal} for what JSON cannot say: NaN, infinities, undefined, functions, symbols, big integers
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && isPlain(value)) return canonicalObject(value as Record<string, unknown>);
  throw new AppError('internal', {
    publicMessage: 'An internal error occurred.',
    message: `A ${typeof value} has no canonical JSON.`,
  });
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function canonicalObject(value: Record<string, unknown>): string {
  let text = '';
  for (const key of Object.keys(value).sort()) {
    const inner = value[key];
    if (inner === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(inner)}`;
  }
  return `{${text}}`;
}
