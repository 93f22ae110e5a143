// A hash that says whether two values are equal to whoever reads the audit trail, and nothing else: without the server's root key nobody
// can try out what it might be a hash of.
import type { RootKey } from '../root-key/root-key.ts';

const CHARACTERS = 22;

/**
 * `hmac:` and 22 characters of base64url (132 bits).
 * @param field the name of the field, so that equal values of different fields do not show as equal
 */
export function keyedHash(rootKey: Pick<RootKey, 'mac'>, field: string, text: string): string {
  const mac = rootKey.mac('audit details', `${field}\0${text}`);
  return `hmac:${mac.toString('base64url').slice(0, CHARACTERS)}`;
}
