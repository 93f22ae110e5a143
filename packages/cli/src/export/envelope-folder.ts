// The folder of an export: whose it is, and files that are there as a whole or not at all. A folder that holds something else is refused.
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '@sallyport/core';
import { readStrictObject } from '../config/strict-object.ts';
import { contentOf, writePrivateFile } from '../output/write-file.ts';

const HEAD_FILE = 'export.json';
const INDEX_FILE = 'index.jsonl';
/** What the first run may leave before it has written its head. */
const DRAFT = /^export\.json\.[0-9a-f]+\.part$/;

const FORMAT = 'sallyport-envelopes';
const FIELDS = {
  format: 'text',
  version: 'count',
  accountId: 'text',
  server: 'text',
  newestOnly: 'flag',
  startedAt: 'text',
  finishedAt: 'text',
  envelopes: 'count',
} as const;
/** What `export.json` says. */
export type ExportHead = {
  accountId: string;
  server: string;
  newestOnly: boolean;
  startedAt: string;
  /** Missing while the export is not complete. */
  finishedAt?: string;
  envelopes?: number;
};

export class EnvelopeFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Makes the folder if it is not there.
   * @throws {config-invalid} when it holds something else than an export of this account
   */
  async prepare(accountId: string): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    const head = await this.#readHead();
    if (head === null) {
      const others = (await readdir(this.path)).filter((name) => !DRAFT.test(name));
      if (others.length > 0) throw this.#unusable('it is not empty, and not an export of envelopes');
    } else if (head.accountId !== accountId) {
      throw this.#unusable(`it is an export of ${head.server}, whose account is ${head.accountId}`);
    }
  }

  async writeHead(head: ExportHead): Promise<void> {
    const text = JSON.stringify({ format: FORMAT, version: 1, ...head }, null, 2);
    await this.writeText(HEAD_FILE, `${text}\n`);
  }

  async writeText(name: string, text: string): Promise<void> {
    await writePrivateFile(join(this.path, name), contentOf(text));
  }

  /** Whether the file is there with just this content. */
  async has(file: string, expected: { bytes: number; sha256: string }): Promise<boolean> {
    const path = join(this.path, file);
    const found = await stat(path).catch(() => null);
    if (found === null || !found.isFile() || found.size !== expected.bytes) return false;
    const hash = createHash('sha256');
    for await (const part of createReadStream(path)) hash.update(part as Buffer);
    return hash.digest('hex') === expected.sha256;
  }

  /** @throws what `content` throws, and nothing is left of the file then */
  async write(file: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    const path = join(this.path, file);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writePrivateFile(path, content);
  }

  /** A new index, beside the old one until it is finished. */
  async startIndex(): Promise<IndexWriter> {
    const draft = join(this.path, `${INDEX_FILE}.${randomBytes(6).toString('hex')}.part`);
    return new IndexWriter(await open(draft, 'wx', 0o600), {
      draft,
      path: join(this.path, INDEX_FILE),
    });
  }

  async #readHead(): Promise<Pick<ExportHead, 'accountId' | 'server'> | null> {
    const text = await readFile(join(this.path, HEAD_FILE), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (text === null) return null;
    const read = readStrictObject(jsonIn(text), FIELDS);
    const head = 'object' in read ? read.object : null;
    if (head?.format !== FORMAT || head.version !== 1 || head.accountId === null || head.server === null) {
      throw this.#unusable(`its ${HEAD_FILE} is not one of an export of envelopes`);
    }
    return { accountId: head.accountId, server: head.server };
  }

  #unusable(why: string): AppError {
    return new AppError('config-invalid', {
      publicMessage: `The folder ${this.path} cannot take the export: ${why}.`,
      data: {
        hint: 'Give a folder that is empty or not there yet, or one that an earlier export was written to.',
      },
    });
  }
}

/** Lines of the index, each as soon as its file is there. */
export class IndexWriter {
  readonly #file: FileHandle;
  readonly #names: { draft: string; path: string };

  constructor(file: FileHandle, names: { draft: string; path: string }) {
    this.#file = file;
    this.#names = names;
  }

  async add(entries: readonly object[]): Promise<void> {
    await this.#file.appendFile(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  }

  /** Puts it in the place of the old one. */
  async finish(): Promise<void> {
    await this.#file.sync();
    await this.#file.close();
    await rename(this.#names.draft, this.#names.path);
  }

  async abandon(): Promise<void> {
    await this.#file.close().catch(() => undefined);
    await rm(this.#names.draft, { force: true });
  }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
