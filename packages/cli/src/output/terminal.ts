// Standard streams as commands use them: data on stdout, everything for people on stderr, colour only where a person looks.
import type { Readable, Writable } from 'node:stream';

export type Terminal = {
  readonly stdin: Readable & { isTTY?: boolean | undefined; setRawMode?: (raw: boolean) => unknown };
  readonly stdout: Writable & { isTTY?: boolean | undefined };
  readonly stderr: Writable & { isTTY?: boolean | undefined };
  /** NO_COLOR is set, or the terminal is one that knows no colours (TERM=dumb). */
  readonly noColour: boolean;
  /** Whether standard output or error, where it is no terminal, was opened by this process; left out: not known. */
  readonly wasUsed?: () => boolean;
};

/** Colours by what they mean. */
export type Meaning = 'good' | 'bad' | 'dim' | 'strong';
const SEQUENCES: Record<Meaning, readonly [on: number, off: number]> = {
  good: [32, 39],
  bad: [31, 39],
  dim: [2, 22],
  strong: [1, 22],
};

/** Writes data to stdout and waits until it is taken. */
export async function writeData(terminal: Terminal, data: string | Uint8Array): Promise<void> {
  await written(terminal.stdout, data);
}

/** Writes a line for a person to stderr. That it cannot be written changes nothing: there is nobody to be told. */
export async function note(terminal: Terminal, text: string): Promise<void> {
  await written(terminal.stderr, `${text}\n`).catch(() => undefined);
}

/** Writes JSON to stdout, with line breaks. */
export async function writeJson(terminal: Terminal, value: unknown): Promise<void> {
  await writeData(terminal, `${JSON.stringify(value, null, 2)}\n`);
}

/** Colours `text` if `stream` is a terminal whose user wants colour. */
export function coloured(
  terminal: Terminal,
  paint: { stream: 'stdout' | 'stderr'; meaning: Meaning },
  text: string,
): string {
  if (terminal[paint.stream].isTTY !== true || terminal.noColour) return text;
  const [on, off] = SEQUENCES[paint.meaning];
  return `\u001B[${on}m${text}\u001B[${off}m`;
}

/** Writes to one of the streams and waits until it is taken. */
export function written(stream: Writable, data: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(data, (error) => (error ? reject(error) : resolve()));
  });
}
