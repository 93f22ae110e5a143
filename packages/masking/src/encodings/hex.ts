// Hexadecimal, in lower and upper case, as `xxd -p`, `openssl` and most libraries print it: without separators.
import { breakable } from './breakable.ts';
import type { BreakablePattern } from './breakable.ts';

/** Both forms of one value. */
export function hexForms(value: string): BreakablePattern[] {
  let lower = '';
  for (let at = 0; at < value.length; at += 1) lower += value.charCodeAt(at).toString(16).padStart(2, '0');
  // Lines are broken between bytes, so two characters may stand alone before a break.
  return [breakable(lower, 2), breakable(lower.toUpperCase(), 2)];
}
