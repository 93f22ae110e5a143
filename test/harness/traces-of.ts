// Looks for a value in bytes: as it is, as UTF-16, and in the encodings that programs put values into. Also reads the memory of
// another process, where the system lets us (Linux).
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** The forms of `value` that are searched for, by name. Base64 in all three alignments, without the characters at its ends. */
export function formsOf(value: Buffer): { form: string; bytes: Buffer }[] {
  const forms = [
    { form: 'plain', bytes: value },
    { form: 'utf-16', bytes: Buffer.from(value.toString('latin1'), 'utf16le') },
    { form: 'hex', bytes: Buffer.from(value.toString('hex')) },
    { form: 'HEX', bytes: Buffer.from(value.toString('hex').toUpperCase()) },
    { form: 'percent', bytes: Buffer.from(encodeURIComponent(value.toString('latin1'))) },
  ];
  for (const shift of [0, 1, 2]) {
    const shifted = Buffer.concat([Buffer.alloc(shift), value]);
    for (const encoding of ['base64', 'base64url'] as const) {
      const text = shifted.toString(encoding).replace(/=+$/, '');
      forms.push({
        form: `${encoding} shifted by ${shift}`,
        bytes: Buffer.from(text.slice(shift === 0 ? 0 : 4, -4)),
      });
    }
  }
  return forms;
}

/** Names of the forms in which `value` is found in `haystack`. */
export function tracesOf(value: Buffer, haystack: Buffer): string[] {
  return formsOf(value)
    .filter(({ bytes }) => haystack.includes(bytes))
    .map(({ form }) => form);
}

const BLOCK_BYTES = 16 * 1_048_576;

/** Names of the forms in which `value` is found in the writable memory of a process. Linux only; needs the right to trace it. */
export function tracesInMemory(pid: number, value: Buffer): string[] {
  const found = new Set<string>();
  for (const [start, end] of writableRegions(pid)) {
    for (const block of readRegion(pid, { start, end }))
      for (const form of tracesOf(value, block)) found.add(form);
  }
  return [...found];
}

function writableRegions(pid: number): [number, number][] {
  const regions: [number, number][] = [];
  for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(line);
    if (match === null || !match[3]?.startsWith('rw')) continue;
    regions.push([Number.parseInt(match[1] ?? '', 16), Number.parseInt(match[2] ?? '', 16)]);
  }
  return regions;
}

/** Overlapping blocks, so that a value across a border is seen. Parts that cannot be read are passed over. */
function* readRegion(pid: number, region: { start: number; end: number }): Generator<Buffer> {
  const file = openSync(`/proc/${pid}/mem`, 'r');
  const block = Buffer.alloc(BLOCK_BYTES);
  try {
    for (let at = region.start; at < region.end; at += BLOCK_BYTES - 4096) {
      try {
        const length = readSync(file, block, 0, Math.min(BLOCK_BYTES, region.end - at), at);
        yield block.subarray(0, length);
      } catch {
        // Guard pages and reserved ranges answer with an I/O error.
      }
    }
  } finally {
    closeSync(file);
  }
}
