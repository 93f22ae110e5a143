// Copies the audit trail to a file: JSON lines, flushed before they count as delivered. The file is followed by its name: when somebody
// moves or deletes it, a new one is begun there.
import { open, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from 'pino';
import { printItem } from './audit-sink.ts';
import type { AuditSink, SinkItem } from './audit-sink.ts';
import type { FileSinkSettings } from './sink-settings.ts';

const OWNER_ONLY = 0o600;
const LINE_END = 0x0a;

type Opened = { handle: FileHandle; device: number; inode: number };

export class FileSink implements AuditSink {
  readonly kind = 'file';
  readonly batchMax = 500;
  readonly #settings: Pick<FileSinkSettings, 'path' | 'maxBytes' | 'keepFiles'>;
  readonly #logger: Logger;
  #opened: Opened | null = null;

  constructor(settings: Pick<FileSinkSettings, 'path' | 'maxBytes' | 'keepFiles'>, logger: Logger) {
    this.#settings = settings;
    this.#logger = logger;
  }

  async deliver(items: readonly SinkItem[]): Promise<void> {
    const bytes = Buffer.from(items.map((item) => `${printItem(item)}\n`).join(''));
    const { handle } = await this.#ready(bytes.length);
    try {
      await handle.appendFile(bytes);
      await handle.datasync();
    } catch (thrown) {
      // Opening it again looks after a line that was only half written.
      await this.close();
      throw thrown;
    }
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = null;
    await opened?.handle.close();
  }

  /** The file to append to, with room for so many bytes. */
  async #ready(bytes: number): Promise<Opened> {
    const { path, maxBytes } = this.#settings;
    const there = await statOf(path);
    const opened = this.#opened;
    if (opened !== null && (there?.ino !== opened.inode || there.dev !== opened.device)) {
      this.#logger.warn({ path }, 'the audit file was moved or deleted; a new one is begun');
      await this.close();
    }
    const size = there?.size ?? 0;
    if (size > 0 && size + bytes > maxBytes) await this.#rotate();
    this.#opened ??= await openToAppend(path);
    return this.#opened;
  }

  async #rotate(): Promise<void> {
    const { path, keepFiles } = this.#settings;
    await this.close();
    for (let number = keepFiles - 1; number >= 1; number--) {
      await renameIfThere(`${path}.${number}`, `${path}.${number + 1}`);
    }
    if (keepFiles > 0) await renameIfThere(path, `${path}.1`);
    else await rm(path, { force: true });
    this.#logger.info({ path }, 'the audit file has reached its size; a new one is begun');
  }
}

async function openToAppend(path: string): Promise<Opened> {
  const handle = await open(path, 'a+', OWNER_ONLY);
  try {
    const { size, dev: device, ino: inode } = await handle.stat();
    if (size === 0) await syncFolder(dirname(path));
    else await endLastLine(handle, size);
    return { handle, device, inode };
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
}

/** A process that died while it was writing has left a part of a line, which is delivered again as a whole. */
async function endLastLine(handle: FileHandle, size: number): Promise<void> {
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  if (buffer[0] !== LINE_END) await handle.appendFile('\n');
}

async function statOf(path: string) {
  return stat(path).catch(nullIfNotThere);
}

async function renameIfThere(from: string, to: string): Promise<void> {
  await rename(from, to).catch(nullIfNotThere);
}

function nullIfNotThere(thrown: unknown): null {
  if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return null;
  throw thrown;
}

/** So that a new file is still there after a power loss, not only what was written to it. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
