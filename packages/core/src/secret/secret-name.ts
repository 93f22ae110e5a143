// Names: of secrets, secrets managers, delegates, tokens and keys. Two names that differ only in letter case or in surrounding
// blanks would be read as one by a person, so uniqueness is judged on `nameKey`.
import { AppError } from '../errors/app-error.ts';

/** Longest name, in characters. */
export const NAME_MAX_CHARACTERS = 128;

const SECRET_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9_. -]{0,126}[A-Za-z0-9_-])?$/;
const DISPLAY_NAME = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N} _.,:;'’()!&+/#@=-]{0,126}[\p{L}\p{M}\p{N}_.)!+-])?$/u;

/**
 * Checks the name of a secret: letters, digits, `_`, `-`, `.` and inner spaces. It becomes a part of `sally://` references, so
 * `/` and `@` are not allowed.
 * @throws {invalid-name}
 */
export function checkSecretName(text: string): string {
  if (SECRET_NAME.test(text)) return text;
  throw new AppError('invalid-name', {
    publicMessage: `A secret's name has 1 to ${NAME_MAX_CHARACTERS} letters, digits, "_", "-", "." and inner spaces, and begins with a letter or digit.`,
  });
}

/**
 * Checks a display name (secrets managers, delegates, tokens, keys): starts with a letter or digit of any script.
 * @throws {invalid-name}
 */
export function checkDisplayName(text: string): string {
  if (DISPLAY_NAME.test(text)) return text;
  throw new AppError('invalid-name', {
    publicMessage: `A name has 1 to ${NAME_MAX_CHARACTERS} characters, begins with a letter or digit, and has no blanks at its ends.`,
  });
}

/** What uniqueness is judged on: Unicode-normalised, lower case, without outer blanks. */
export function nameKey(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase();
}
