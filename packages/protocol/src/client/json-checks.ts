// What sealed answers are checked for, piece by piece, without a schema library.
import { isId } from '@sallyport/core';
import type { IdKind } from '@sallyport/core';

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

const REFERENCE_MAX_CHARACTERS = 900;

/** Whether it is an id of this kind. */
export function isIdOf(kind: IdKind, value: unknown): boolean {
  return typeof value === 'string' && isId(kind, value);
}

/** Whether it can be a reference to a secret. */
export function isReference(value: unknown): boolean {
  return typeof value === 'string' && value.length >= 1 && value.length <= REFERENCE_MAX_CHARACTERS;
}

/** A whole number from 1. */
export function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

/** An object with these fields and no others; those in `optional` may be missing. */
export function hasExactly(
  value: unknown,
  fields: readonly string[],
  optional: readonly string[] = [],
): value is Json {
  if (!isObject(value)) return false;
  if (!Object.keys(value).every((name) => fields.includes(name))) return false;
  return fields.every((name) => optional.includes(name) || Object.hasOwn(value, name));
}

/** Whether it is a JSON object. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
