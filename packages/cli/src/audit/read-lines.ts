// Lines of a file, one after the other, without holding the file in memory.
import { createReadStream } from 'node:fs';

const LINE_END = 0x0a;
/** No line of an export comes near this; whatever has longer ones is something else. */
const LINE_MAX_BYTES = 4 * 1_048_576;

export type FileLine = {
  text: string;
  /** From 1. */
  number: number;
  /** Where in the file the line after it begins, in bytes. */
  endBytes: number;
  /** False for a last line that nothing ends: it was only partly written. */
  isWhole: boolean;
};

/** @throws {RangeError} when a line is longer than any that can be meant */
export async function* readLines(path: string): AsyncGenerator<FileLine> {
  let rest: Buffer = Buffer.alloc(0);
  let number = 0;
  let endBytes = 0;
  for await (const part of createReadStream(path)) {
    rest = rest.length === 0 ? (part as Buffer) : Buffer.concat([rest, part as Buffer]);
    for (let end = rest.indexOf(LINE_END); end >= 0; end = rest.indexOf(LINE_END)) {
      number += 1;
      endBytes += end + 1;
      yield { text: rest.toString('utf8', 0, end), number, endBytes, isWhole: true };
      rest = rest.subarray(end + 1);
    }
    if (rest.length > LINE_MAX_BYTES) throw new RangeError(`line ${number + 1} is too long`);
  }
  if (rest.length === 0) return;
  yield { text: rest.toString('utf8'), number: number + 1, endBytes: endBytes + rest.length, isWhole: false };
}
