// All byte strings that stand for one value: itself, its lines, and its common encodings. What is long is cut into overlapping blocks, so
// that the matcher never has to hold back more than one block, and so that a part of a long value is found as well.
import { decodeLossily, decodeUtf8, toByteString, utf8ByteString } from '../encodings/bytes.ts';
import { base64Forms } from '../encodings/base64.ts';
import { withBrokenStart } from '../encodings/breakable.ts';
import { jsonForms, quoteForms, shellForms } from '../encodings/escapes.ts';
import { hexForms } from '../encodings/hex.ts';
import { percentForms } from '../encodings/percent.ts';
import { judgeValue, trimBlanks } from './judge-value.ts';

/** What the matcher looks for, one character per byte. */
export type Patterns = {
  /** Found only as they are. */
  plain: Set<string>;
  /** Found with line breaks in them, too. */
  breakable: Set<string>;
};

/** Bytes that a match may have at most, and so what a stream holds back at most. */
export const BLOCK_BYTES = 128;
/** Blocks overlap, so that a line break inside the first characters of one is inside the one before as well. */
const BLOCK_OVERLAP_BYTES = 4;
/** The shortest breakable pattern: what the matcher has to see in one line. */
const BREAKABLE_MIN = 4;
/** Encodings of anything shorter have too few characters of their own. */
const ENCODED_MIN_BYTES = 4;
const ARMOUR = /^-----(BEGIN|END) [A-Z0-9 ]+-----$/;

/** How much of a value is looked for. */
export type Coverage = 'all' | 'plain';

/** Adds the patterns of a value that can be masked. */
export function addPatterns(patterns: Patterns, value: Uint8Array, coverage: Coverage): void {
  const trimmed = trimBlanks(value);
  addForms(patterns, trimmed, coverage);
  const text = toByteString(trimmed);
  const lines = linesOf(text);
  if (lines.length === 1) return;
  addPlain(patterns, text.replaceAll(/\r?\n/g, '\n'));
  addPlain(patterns, text.replaceAll(/\r?\n/g, '\r\n'));
  for (const line of lines) {
    const bytes = bytesOf(line);
    if (!isOrnament(line) && judgeValue(bytes) === null) addForms(patterns, bytes, coverage);
  }
}

/** Whether some lines of a value can be masked only together with the others. */
export function hasShortLines(value: Uint8Array): boolean {
  const lines = linesOf(toByteString(trimBlanks(value)));
  return lines.length > 1 && lines.some((line) => !isOrnament(line) && judgeValue(bytesOf(line)) !== null);
}

function linesOf(text: string): string[] {
  const lines = text.split(/[\r\n]+/);
  return lines.length === 1 ? lines : lines.map((line) => line.trim());
}

function bytesOf(line: string): Uint8Array {
  return Uint8Array.from(line, (char) => char.charCodeAt(0));
}

/** Lines that say nothing of a value: brackets, rules, and the first and last line of a PEM block. */
function isOrnament(line: string): boolean {
  return !/[A-Za-z0-9\x80-\xff]/.test(line) || ARMOUR.test(line);
}

function addForms(patterns: Patterns, bytes: Uint8Array, coverage: Coverage): void {
  const value = toByteString(bytes);
  addPlain(patterns, value);
  const text = decodeUtf8(bytes);
  if (text === null) addPlain(patterns, utf8ByteString(decodeLossily(bytes)));
  if (coverage === 'plain' || bytes.length < ENCODED_MIN_BYTES) return;
  const forms = [
    ...(text === null ? [] : jsonForms(text)),
    ...shellForms(value),
    ...quoteForms(value),
    ...percentForms(value),
  ];
  for (const form of new Set(forms)) addPlain(patterns, form);
  for (const form of [...base64Forms(value), ...hexForms(value)]) {
    for (const text of blocksOf(form.text)) {
      for (const start of withBrokenStart({ ...form, text }, BREAKABLE_MIN)) patterns.breakable.add(start);
    }
  }
}

function addPlain(patterns: Patterns, text: string): void {
  for (const block of blocksOf(text)) patterns.plain.add(block);
}

/** The text itself when it is short; else blocks that cover it. All start at multiples of four, as encoders count. */
function blocksOf(text: string): string[] {
  if (text.length <= BLOCK_BYTES) return [text];
  const blocks: string[] = [];
  const stride = BLOCK_BYTES - BLOCK_OVERLAP_BYTES;
  for (let at = 0; at + BLOCK_BYTES < text.length; at += stride)
    blocks.push(text.slice(at, at + BLOCK_BYTES));
  blocks.push(text.slice(4 * Math.floor((text.length - BLOCK_BYTES) / 4)));
  return blocks;
}
