// Writes all envelopes of a server to a folder, page after page and with flat memory. What is there already, and is what it should be, is
// not asked for again: so a run that was broken off is continued by the next one.
import { createHash } from 'node:crypto';
import { AppError } from '@sallyport/core';
import type { EnvelopeView } from '@sallyport/protocol';
import type { Client, EnvelopeDownload } from '@sallyport/sdk';
import { EnvelopeFolder } from './envelope-folder.ts';
import type { ExportHead, IndexWriter } from './envelope-folder.ts';
import { ENVELOPES_README, openProgram } from './envelopes-readme.ts';

const PAGE_ROWS = 500;
/** Small envelopes on their way to the disk at once: each waits until it is safe there. */
const WRITES_AT_ONCE = 16;
const SMALL_MAX_BYTES = 65_536;

export type EnvelopeExport = {
  accountId: string;
  /** In the index. */
  envelopes: number;
  /** Fetched now. */
  written: number;
  /** There before. */
  kept: number;
  /** Bytes fetched now. */
  bytes: number;
};

export type ExportOptions = {
  newestOnly: boolean;
  /** Told after each page. */
  onProgress: (soFar: EnvelopeExport) => void;
};

/**
 * @throws {config-invalid} when the folder holds something else
 * @throws {answer-mismatch} when an envelope is not what the server's own list says
 */
export async function exportEnvelopes(
  client: Client,
  path: string,
  { newestOnly, onProgress }: ExportOptions,
): Promise<EnvelopeExport> {
  const folder = new EnvelopeFolder(path);
  const done: EnvelopeExport = { accountId: '', envelopes: 0, written: 0, kept: 0, bytes: 0 };
  let head: ExportHead | null = null;
  let index: IndexWriter | null = null;
  try {
    for (let cursor: string | null | undefined; cursor !== null;) {
      const query = { limit: PAGE_ROWS, cursor, newest: newestOnly ? ('true' as const) : ('false' as const) };
      const page = await client.call('listEnvelopes', { query });
      if (head === null || index === null) {
        const { accountId } = page;
        done.accountId = accountId;
        await folder.prepare(accountId);
        head = {
          accountId,
          server: client.address,
          newestOnly,
          startedAt: now(),
        };
        await folder.writeHead(head);
        await folder.writeText('README.md', ENVELOPES_README);
        await folder.writeText('open.mjs', await openProgram());
        index = await folder.startIndex();
      }
      await index.add(await fetchPage(client, page.envelopes, { folder, done }));
      onProgress(done);
      cursor = page.nextCursor;
    }
    await index?.finish();
  } catch (thrown) {
    await index?.abandon();
    throw thrown;
  }
  if (head !== null) await folder.writeHead({ ...head, finishedAt: now(), envelopes: done.envelopes });
  return done;
}

/** @returns the lines of the index for what is in the folder now */
async function fetchPage(
  client: Client,
  page: readonly EnvelopeView[],
  { folder, done }: { folder: EnvelopeFolder; done: EnvelopeExport },
): Promise<object[]> {
  const missing: EnvelopeView[] = [];
  for (let at = 0; at < page.length; at += WRITES_AT_ONCE) {
    const some = page.slice(at, at + WRITES_AT_ONCE);
    const there = await Promise.all(
      some.map((view) => folder.has(fileOf(view), { bytes: view.envelopeBytes, sha256: view.sha256 })),
    );
    missing.push(...some.filter((_, index) => there[index] === false));
  }
  const gone = new Set<EnvelopeView>();
  if (missing.length > 0) {
    const items = missing.map(({ secretId, version }) => ({ secretId, version }));
    const writes = new BoundedWrites();
    let at = 0;
    for await (const download of client.envelopes(items)) {
      const view = missing[at++] as EnvelopeView;
      if (download.chunks === null) gone.add(view);
      else await writes.start(await writeOf(view, download.chunks, folder));
    }
    await writes.settled();
  }
  const there = page.filter((view) => !gone.has(view));
  done.envelopes += there.length;
  done.written += missing.length - gone.size;
  done.kept += page.length - missing.length;
  for (const view of missing) done.bytes += gone.has(view) ? 0 : view.envelopeBytes;
  return there.map(indexEntry);
}

/** A large one is written as it comes; a small one is taken whole, so that the next can come while it is written. */
async function writeOf(
  view: EnvelopeView,
  chunks: NonNullable<EnvelopeDownload['chunks']>,
  folder: EnvelopeFolder,
): Promise<() => Promise<void>> {
  const checked = checkedChunks(view, chunks);
  if (view.envelopeBytes > SMALL_MAX_BYTES) {
    await folder.write(fileOf(view), checked);
    return () => Promise.resolve();
  }
  const whole = await Array.fromAsync(checked);
  return () => folder.write(fileOf(view), ReadableStream.from(whole));
}

/** @throws {answer-mismatch} at the end, when it was not what the list said */
async function* checkedChunks(
  view: EnvelopeView,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > view.envelopeBytes) break;
    hash.update(chunk);
    yield chunk;
  }
  if (bytes === view.envelopeBytes && hash.digest('hex') === view.sha256) return;
  throw new AppError('answer-mismatch', {
    publicMessage: `The envelope of ${view.name}@${view.version} is not the one that the server listed.`,
    data: { hint: 'It may have been wrapped again meanwhile. Run the export again: it continues.' },
  });
}

/** Runs so many at a time; the first that fails ends it. */
class BoundedWrites {
  readonly #running = new Set<Promise<void>>();

  async start(write: () => Promise<void>): Promise<void> {
    while (this.#running.size >= WRITES_AT_ONCE) await Promise.race(this.#running);
    const running = write().finally(() => this.#running.delete(running));
    // Seen by whoever waits for it.
    running.catch(() => undefined);
    this.#running.add(running);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }
}

/** Spread over folders by the end of the id, which is random: none gets more files than a person or a tool can handle. */
function fileOf({ secretId, version }: EnvelopeView): string {
  return `envelopes/${secretId.slice(-2)}/${secretId}@${version}`;
}

function indexEntry(view: EnvelopeView): object {
  return {
    id: view.secretId,
    name: view.name,
    kind: view.kind,
    version: view.version,
    isNewest: view.isNewest,
    scope: view.scope,
    secretsManager: { id: view.secretsManagerId, name: view.secretsManagerName },
    provider: view.provider,
    keyArn: view.keyArn,
    encryptionContext: view.encryptionContext,
    file: fileOf(view),
    bytes: view.envelopeBytes,
    sha256: view.sha256,
    valueBytes: view.valueBytes,
    createdAt: new Date(view.createdAtMs).toISOString(),
    createdBy: view.createdBy,
  };
}

function now(): string {
  return new Date().toISOString();
}
