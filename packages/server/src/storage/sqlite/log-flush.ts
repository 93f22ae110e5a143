// Makes commits durable without holding up the process: flushes the write-ahead log in libuv's thread pool instead of inside COMMIT.
// Why that is the same as `synchronous=FULL`, and what it brings: docs/adr/0010-flush-outside-commit.md.
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** Resolves when everything committed before the call is on the disk. */
export type Flush = () => Promise<void>;

/** Flushes the write-ahead log of one database file. */
export class LogFlush {
  readonly #path: string;
  #file: Promise<FileHandle> | null = null;

  /** @param databasePath of the database; its log exists as long as a connection has written */
  constructor(databasePath: string) {
    this.#path = `${databasePath}-wal`;
  }

  /** @throws when the log cannot be opened or flushed: then nobody knows what of it is durable */
  async flush(): Promise<void> {
    // The log stays the same file for as long as a connection is open, so one handle serves for all of it.
    this.#file ??= open(this.#path, 'r+');
    await (await this.#file).datasync();
  }

  async close(): Promise<void> {
    const file = await this.#file?.catch(() => null);
    this.#file = null;
    await file?.close();
  }
}
