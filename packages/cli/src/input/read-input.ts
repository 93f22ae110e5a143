// Values that come from standard input or from a file instead of a person.
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { TEXT_MAX_BYTES } from '@sallyport/core';
import { SCRIPT_MAX_BYTES } from '@sallyport/protocol/client';
import { usageError } from '../command-line/usage-error.ts';
import type { Terminal } from '../output/terminal.ts';

/**
 * All of standard input, byte for byte, at most `maxBytes`.
 * @throws {invalid-request} when there is more
 */
export async function readStdin(terminal: Terminal, maxBytes: number = TEXT_MAX_BYTES): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of terminal.stdin) {
    const bytes = part as Buffer;
    size += bytes.length;
    if (size > maxBytes) {
      throw usageError(
        `Standard input has more than ${maxBytes} bytes.`,
        'Store larger values as a file: --file PATH, or --file - for standard input.',
      );
    }
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

/**
 * The text of a script from a file, or from standard input (`-`).
 * @throws {invalid-request} when it cannot be read, is too long or is not UTF-8
 */
export async function readScript(terminal: Terminal, source: string): Promise<string> {
  const bytes =
    source === '-'
      ? await readStdin(terminal, SCRIPT_MAX_BYTES)
      : await readSmallFile(source, SCRIPT_MAX_BYTES);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw usageError('The script is not text in UTF-8.');
  }
}

/** The first line of a small file or of standard input (`-`), without its line end; for keys and tokens. */
export async function readSecretLine(terminal: Terminal, source: string): Promise<string> {
  const bytes = source === '-' ? await readStdin(terminal, 65_536) : await readSmallFile(source);
  const line = bytes.toString('utf8').split(/\r?\n/, 1)[0] ?? '';
  if (line === '') throw usageError('The first line of the input is empty.');
  return line;
}

/** The content of a small JSON file. @throws {invalid-request} when it cannot be read, or holds something else */
export async function readJsonFile(path: string): Promise<unknown> {
  const text = (await readSmallFile(path)).toString('utf8');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw usageError(`The file ${path} does not hold JSON.`);
  }
}

/**
 * A file as a stream that can be opened again, or standard input (`-`) as one that cannot.
 * @throws {invalid-request} when it is not a file that can be read
 */
export async function openUpload(
  terminal: Terminal,
  source: string,
): Promise<AsyncIterable<Uint8Array> | (() => AsyncIterable<Uint8Array>)> {
  if (source === '-') return terminal.stdin;
  const found = await stat(source).catch((error: NodeJS.ErrnoException) => {
    throw usageError(`The file ${source} cannot be read: ${error.code ?? 'unknown reason'}.`);
  });
  if (found.isDirectory()) throw usageError(`${source} is a folder.`);
  // A pipe or device gives its bytes once.
  if (!found.isFile()) return createReadStream(source);
  return () => createReadStream(source, { highWaterMark: 262_144 });
}

async function readSmallFile(path: string, maxBytes = 65_536): Promise<Buffer> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw usageError(`The file ${path} cannot be read: ${error.code ?? 'unknown reason'}.`);
  });
  try {
    const found = await file.stat();
    if (found.isDirectory()) throw usageError(`${path} is a folder.`);
    if (found.size > maxBytes) throw usageError(`The file ${path} has more than ${maxBytes} bytes.`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
