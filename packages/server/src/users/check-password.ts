// What a new password has to be: long, and not what everybody tries first. No rules about digits and signs, which make passwords worse
// (NIST SP 800-63B, 3.1.1.2).
import { AppError, nameKey } from '@sallyport/core';

export const PASSWORD_MIN_CHARACTERS = 12;
export const PASSWORD_MAX_CHARACTERS = 1024;

/** Of those that are long enough, what people and lists of guesses begin with. */
const COMMON: ReadonlySet<string> = new Set([
  '123456789012',
  '1234567890123',
  '12345678901234',
  '123456789012345',
  '1234567890123456',
  '098765432109',
  '1q2w3e4r5t6y',
  '1q2w3e4r5t6y7u',
  '1qaz2wsx3edc',
  '1qaz2wsx3edc4rfv',
  'administrator',
  'administrator1',
  'changemechangeme',
  'changemeplease',
  'correcthorsebatterystaple',
  'iloveyou1234',
  'iloveyouforever',
  'letmeinletmein',
  'letmeinplease',
  'password1234',
  'password12345',
  'password123456',
  'password1234567890',
  'passwordpassword',
  'passw0rdpassw0rd',
  'qwerty123456',
  'qwertyqwerty',
  'qwertyuiop12',
  'qwertyuiop123',
  'qwertyuiopasdfgh',
  'qwertyuiopasdfghjkl',
  'asdfghjkl123',
  'sallyport123',
  'sallyport1234',
  'sallyportadmin',
  'secretsecret',
  'trustno1trustno1',
  'welcome12345',
  'welcome123456',
  'zaq12wsxcde3',
]);

/**
 * @param owner whose password it is to be
 * @throws {invalid-password}
 */
export function checkPassword(password: string, owner: { name: string; displayName: string }): void {
  const characters = Array.from(password.normalize('NFKC')).length;
  if (characters < PASSWORD_MIN_CHARACTERS || characters > PASSWORD_MAX_CHARACTERS) {
    throw refused(`A password has ${PASSWORD_MIN_CHARACTERS} to ${PASSWORD_MAX_CHARACTERS} characters.`);
  }
  const key = nameKey(password);
  const own = [owner.name, owner.displayName].map(nameKey);
  if (own.some((name) => key === name || key === name + name)) {
    throw refused('The password is the name of the user.');
  }
  if (COMMON.has(key) || new Set(key).size < 4) {
    throw refused('This password is among those that are tried first.');
  }
}

function refused(publicMessage: string): AppError {
  return new AppError('invalid-password', { publicMessage });
}
