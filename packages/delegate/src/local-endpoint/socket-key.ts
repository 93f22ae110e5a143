// The API key of a Unix socket that was bound to a key file: whoever may open the socket reads as that key. The file is read again when
// it has changed, so that a key can be replaced without a restart.
import { stat } from 'node:fs/promises';
import { AppError } from '@sallyport/core';
import { readGivenFile } from '../data-folder/private-file.ts';
import type { Time } from '../time/time.ts';

/** Looking at the file costs little, but not nothing. */
const LOOK_EVERY_MS = 1000;

export class SocketKey {
  readonly #path: string;
  readonly #time: Time;
  #token: string | null = null;
  #stamp = '';
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(path: string, time: Time) {
    this.#path = path;
    this.#time = time;
  }

  /** The key. @throws {config-invalid} when the file is missing, unsafe or empty */
  async read(): Promise<string> {
    const nowMs = this.#time.monotonicMs();
    if (this.#token !== null && nowMs - this.#lookedAtMs < LOOK_EVERY_MS) return this.#token;
    const stamp = await stampOf(this.#path);
    if (this.#token === null || stamp === null || stamp !== this.#stamp)
      this.#token = await readKey(this.#path);
    this.#stamp = stamp ?? '';
    this.#lookedAtMs = nowMs;
    return this.#token;
  }
}

/** What changes whenever the file does; null: there is none. */
async function stampOf(path: string): Promise<string | null> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(path);
    return [ino, size, mtimeMs, ctimeMs].join(':');
  } catch {
    return null;
  }
}

async function readKey(path: string): Promise<string> {
  const content = await readGivenFile(path);
  const token = content?.toString('utf8').trim() ?? '';
  content?.fill(0);
  if (/^[\x21-\x7e]{1,512}$/.test(token)) return token;
  throw new AppError('config-invalid', {
    publicMessage: `The key file ${path} of a local endpoint ${content === null ? 'does not exist' : 'does not hold one API key in one line'}.`,
    data: { hint: `Write an API key into it: sallyport api-key create NAME > ${path}; chmod 600 ${path}` },
  });
}
