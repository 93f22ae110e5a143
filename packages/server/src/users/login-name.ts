// Names that people sign in with.
import { AppError, isId } from '@sallyport/core';

const LOGIN_NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._@+-]{0,127}$/u;

/**
 * Checks a name to sign in with: letters, digits and `._@+-` without blanks, so that mail addresses fit. Ids are no names.
 * @throws {invalid-name}
 */
export function checkLoginName(text: string): string {
  if (LOGIN_NAME.test(text) && !isId('user', text)) return text;
  throw new AppError('invalid-name', {
    publicMessage:
      'A user name has 1 to 128 letters, digits and ".", "_", "@", "+", "-", begins with a letter or digit, and has no blanks.',
  });
}
