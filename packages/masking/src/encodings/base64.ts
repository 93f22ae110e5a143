// Base64 of a value inside something larger: what is encoded before it decides which of three alignments it has, so the characters that
// only the value determines are computed for each. The character at either edge may hold bits of a neighbour and is left out of the
// core; where nothing follows, the last character and the padding are known as well.
import { breakable } from './breakable.ts';
import type { BreakablePattern } from './breakable.ts';

/** Fewer characters than this would be found in too much that is not the value. */
const CORE_MIN = 4;

/** All forms of one value, base64 and base64url, at all three alignments, with and without padding. */
export function base64Forms(value: string): BreakablePattern[] {
  // What comes of `echo "$VALUE" | base64`: the line break shares a character with the value.
  return [...alignedForms(value), ...alignedForms(`${value}\n`)].flatMap((form) => {
    const urlSafe = form.text.replaceAll('+', '-').replaceAll('/', '_');
    return urlSafe === form.text ? [form] : [form, { ...form, text: urlSafe }];
  });
}

function alignedForms(value: string): BreakablePattern[] {
  return [0, 1, 2].flatMap((alignment) => {
    const encoded = btoa('\0'.repeat(alignment) + value);
    const end = encoded.indexOf('=') === -1 ? encoded.length : encoded.indexOf('=');
    const start = alignment === 0 ? 0 : alignment + 1;
    const isWhole = end === encoded.length;
    const core = encoded.slice(start, isWhole ? end : end - 1);
    if (core.length < CORE_MIN) return [];
    // Lines of encoded text are broken after whole groups of four, so up to this many characters may stand alone before a break.
    const strayStart = (4 - (start % 4)) % 4;
    const texts = isWhole ? [core] : [core, encoded.slice(start, end), encoded.slice(start)];
    return texts.map((text) => breakable(text, strayStart));
  });
}
