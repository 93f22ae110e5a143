// The journal of uses: nothing lost, nothing twice, whatever happens to process, disk or connection; and never larger than allowed.
import { writeSync } from 'node:fs';
import { appendFile, chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { LocalUses, SignedLocalGrant } from '@sallyport/protocol';
import { Journal } from '../src/journal/journal.ts';
import type { JournalStorage, Use } from '../src/journal/journal.ts';
import { JournalFile } from '../src/journal/journal-file.ts';
import { makeFolder, memoryLogger } from './delegate-fixture.ts';
import { ManualTime } from './manual-time.ts';

const grantOf = (name: string): SignedLocalGrant => ({ text: JSON.stringify({ name }), signature: name });
const used = (name: string, changes: Partial<Use> = {}): Use => ({
  grant: grantOf(name),
  from: 'memory',
  purpose: null,
  refusedWith: null,
  ...changes,
});

/** A journal in a folder of its own, and a server that counts what it is told, each number once. */
class Bench {
  readonly time = new ManualTime();
  readonly log: Record<string, unknown>[];
  readonly sent: LocalUses[] = [];
  readonly counted = new Map<string, number>();
  #lastSequence = 0;
  #wake: (() => void)[] = [];
  journal!: Journal;
  diskIsFull = false;

  /** All that were opened: whoever is killed leaves that to the operating system. */
  readonly #files: JournalFile[] = [];
  readonly folder: string;
  readonly #maxBytes: number;
  readonly #logger: ReturnType<typeof memoryLogger>['logger'];
  readonly #dispose: () => Promise<void>;

  private constructor(folder: { path: string; dispose: () => Promise<void> }, maxBytes: number) {
    const { logger, log } = memoryLogger();
    this.#logger = logger;
    this.log = log;
    this.folder = folder.path;
    this.#dispose = folder.dispose;
    this.#maxBytes = maxBytes;
  }

  static async start(options: { maxBytes?: number } = {}): Promise<Bench> {
    const folder = await makeFolder();
    const dispose = async (): Promise<void> => folder[Symbol.asyncDispose]();
    const bench = new Bench({ path: folder.path, dispose }, options.maxBytes ?? 1_048_576);
    await bench.open();
    return bench;
  }

  get path(): string {
    return join(this.folder, 'uses.journal');
  }

  /** Opens the journal again, as a process that starts does; the one before is simply let go, as one that was killed. */
  async open(): Promise<void> {
    const { time, path } = this;
    const createFile = async (at: string, content: string) =>
      this.#failing(await JournalFile.create(at, content));
    this.journal = await Journal.open({
      path,
      maxBytes: this.#maxBytes,
      time,
      logger: this.#logger,
      createFile,
    });
  }

  /** A file whose disk can be full. */
  #failing(file: JournalFile): JournalStorage {
    this.#files.push(file);
    const requireSpace = (): void => {
      if (this.diskIsFull) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    };
    return {
      get bytes() {
        return file.bytes;
      },
      append: async (text, options) => {
        requireSpace();
        await file.append(text, options);
      },
      replace: async (content) => {
        requireSpace();
        await file.replace(content);
      },
      close: async () => file.close(),
    };
  }

  /** The server is there. `answers` false: it records, but its word gets lost. */
  connect(options: { records?: boolean; answers?: boolean } = {}): void {
    this.journal.connected((message) => {
      this.sent.push(message);
      if (options.records !== false) this.#record(message);
      if (options.answers !== false && options.records !== false) void this.journal.seen(message);
      for (const wake of this.#wake.splice(0)) wake();
    });
  }

  /** For a journal that the server has not met. */
  forgetNumbers(): void {
    this.#lastSequence = 0;
  }

  /** Lets time pass until the condition holds. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      this.time.advance(250);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  get total(): number {
    return [...this.counted.values()].reduce((sum, count) => sum + count, 0);
  }

  #record(message: LocalUses): void {
    if (message.sequence <= this.#lastSequence) return;
    this.#lastSequence = message.sequence;
    for (const { grant, count } of message.uses) {
      this.counted.set(grant.signature, (this.counted.get(grant.signature) ?? 0) + count);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.journal.close();
    for (const file of this.#files) await file.close();
    await this.#dispose();
  }
}

describe('a use', () => {
  test('is in the file before the value may be released', async () => {
    await using bench = await Bench.start();
    await bench.journal.record(used('db-password', { purpose: 'deploy 7' }));
    expect(await readFile(bench.path, 'utf8')).toContain('deploy 7');
    expect((await stat(bench.path)).mode & 0o777).toBe(0o600);
  });

  test('is counted with others of the same caller, secret, purpose, origin and outcome only', async () => {
    await using bench = await Bench.start();
    await Promise.all([
      bench.journal.record(used('a')),
      bench.journal.record(used('a')),
      bench.journal.record(used('a', { purpose: 'x' })),
      bench.journal.record(used('a', { from: 'disk' })),
      bench.journal.record(used('a', { refusedWith: 'access-denied' })),
      bench.journal.record(used('b')),
    ]);
    bench.connect();
    await bench.until(() => bench.total === 6);
    const uses = bench.sent.flatMap((message) => message.uses);
    expect(
      uses.map(({ grant, from, outcome, purpose, count }) => [
        grant.signature,
        from,
        outcome,
        purpose,
        count,
      ]),
    ).toEqual([
      ['a', 'memory', 'released', null, 2],
      ['a', 'memory', 'released', 'x', 1],
      ['a', 'disk', 'released', null, 1],
      ['a', 'memory', { refusedWith: 'access-denied' }, null, 1],
      ['b', 'memory', 'released', null, 1],
    ]);
  });

  test('is not released when it cannot be written, and works again when it can', async () => {
    await using bench = await Bench.start();
    await bench.journal.record(used('a'));
    bench.diskIsFull = true;
    await expect(bench.journal.record(used('a'))).rejects.toMatchObject({
      code: 'storage-unavailable',
      data: { hint: expect.stringContaining(bench.path) as string },
    });
    expect(bench.journal.condition).toBe('failing');
    expect(bench.journal.isWritable).toBe(false);
    bench.time.advance(1000);
    bench.diskIsFull = false;
    expect(bench.journal.isWritable).toBe(true);
    await bench.journal.record(used('a'));
    expect(bench.journal.condition).toBe('ok');
    bench.connect();
    await bench.until(() => bench.journal.isDelivered);
    // The one in between was not released, so it was no use.
    expect(bench.total).toBe(2);
  });
});

describe('batches', () => {
  test('carry at most 1,000 uses, one after the other', async () => {
    await using bench = await Bench.start({ maxBytes: 16 * 1_048_576 });
    await Promise.all(
      Array.from({ length: 2500 }, async (_, index) => bench.journal.record(used(`s${index}`))),
    );
    bench.connect();
    await bench.until(() => bench.journal.isDelivered);
    expect(bench.sent.map(({ sequence, uses }) => [sequence, uses.length])).toEqual([
      [1, 1000],
      [2, 1000],
      [3, 500],
    ]);
  });

  test('are sent again, as they were, until the server has said that they are recorded', async () => {
    await using bench = await Bench.start();
    await bench.journal.record(used('a'));
    bench.connect({ records: false });
    await bench.until(() => bench.sent.length === 1);
    await bench.journal.record(used('b'));
    await bench.until(() => bench.sent.length === 2);
    expect(bench.sent[1]).toEqual(bench.sent[0]);
    bench.journal.disconnected();
    bench.connect();
    await bench.until(() => bench.journal.isDelivered);
    expect(Object.fromEntries(bench.counted)).toEqual({ a: 1, b: 1 });
  });

  test('an answer for another journal means nothing', async () => {
    await using bench = await Bench.start();
    await bench.journal.record(used('a'));
    bench.connect({ records: false });
    await bench.until(() => bench.sent.length === 1);
    await bench.journal.seen({ journal: 'A'.repeat(22), sequence: 1 });
    expect(bench.journal.isDelivered).toBe(false);
  });
});

describe('a data folder that was put back from a copy', () => {
  test('begins a journal of its own, so that its uses are not taken for those that were told before', async () => {
    await using bench = await Bench.start();
    await bench.journal.record(used('a'));
    const copy = await readFile(bench.path);
    bench.connect();
    await bench.until(() => bench.journal.isDelivered);
    await bench.journal.record(used('b'));
    await bench.until(() => bench.journal.isDelivered);
    await writeFile(bench.path, copy, { mode: 0o600 });
    await bench.open();
    await bench.journal.record(used('c'));
    const [first] = bench.sent;
    await bench.journal.seen({ journal: first?.journal ?? '', sequence: 2 });
    bench.forgetNumbers();
    bench.connect();
    await bench.until(() => bench.journal.isDelivered);
    expect(bench.counted.get('c')).toBe(1);
    expect(bench.sent.at(-1)).toMatchObject({ sequence: 1 });
    expect(bench.sent.at(-1)?.journal).not.toBe(first?.journal);
  });
});

describe('a process that ends without warning', () => {
  test('loses no use and tells none twice, wherever it ended', async () => {
    await using bench = await Bench.start();
    const { journal, sequence } = await recordThenLoseTheAnswer(bench);
    // Killed after the server had recorded the batch, before it knew.
    await bench.open();
    await bench.journal.record(used('a'));
    bench.connect();
    await bench.until(() => bench.journal.isDelivered);
    expect(bench.counted.get('a')).toBe(4);
    expect(
      bench.sent.filter((message) => message.journal === journal && message.sequence === sequence).length,
    ).toBeGreaterThan(1);
  });

  test('leaves a torn line at most, which was never released; the rest counts', async () => {
    await using bench = await Bench.start();
    await bench.journal.record(used('a'));
    await appendFile(bench.path, '1234abcd {"is":"use","gra');
    await bench.open();
    bench.connect();
    await bench.until(() => bench.journal.isDelivered);
    expect(Object.fromEntries(bench.counted)).toEqual({ a: 1 });
    expect(bench.log.filter((line) => line['level'] === 50)).toEqual([]);
  });

  test('a journal damaged in the middle is set aside, and what comes before the damage counts', async () => {
    await using bench = await Bench.start();
    await bench.journal.record(used('a'));
    const { length } = await readFile(bench.path);
    await bench.journal.record(used('b'));
    const content = await readFile(bench.path);
    content.writeUInt8(content.readUInt8(length + 30) ^ 1, length + 30);
    await writeFile(bench.path, content, { mode: 0o600 });
    await bench.open();
    bench.connect();
    await bench.until(() => bench.journal.isDelivered);
    expect(Object.fromEntries(bench.counted)).toEqual({ a: 1 });
    expect(await readFile(`${bench.path}.damaged`)).toEqual(content);
  });

  test('a journal that others may read is refused', async () => {
    await using bench = await Bench.start();
    await chmod(bench.path, 0o644);
    await expect(bench.open()).rejects.toMatchObject({ code: 'config-invalid' });
    await chmod(bench.path, 0o600);
  });
});

describe('size', () => {
  test('a long absence is counted by the minute, so that the journal stays small', async () => {
    await using bench = await Bench.start({ maxBytes: 1_048_576 });
    // A server that never answers; while there is one, not each write waits for the disk.
    bench.journal.connected(() => undefined);
    for (let round = 0; round < 6000; round++) {
      await bench.journal.record(used('a'));
      if (round % 10 === 0) bench.time.advance(1000);
    }
    expect((await stat(bench.path)).size).toBeLessThan(400_000);
    bench.connect();
    await bench.until(() => bench.journal.isDelivered);
    expect(bench.total).toBe(6000);
    expect(bench.sent.flatMap(({ uses }) => uses).length).toBeLessThan(20);
  });

  test('when full it takes no more uses, and says so; once told, it goes on', async () => {
    await using bench = await Bench.start({ maxBytes: 65_536 });
    let recorded = 0;
    const fill = async (): Promise<void> => {
      for (;;) {
        await bench.journal.record(used(`secret-${recorded}`, { purpose: `purpose ${recorded}` }));
        recorded += 1;
      }
    };
    await expect(fill()).rejects.toMatchObject({
      code: 'storage-unavailable',
      message: expect.stringContaining('full') as string,
    });
    expect(recorded).toBeGreaterThan(50);
    expect((await stat(bench.path)).size).toBeLessThanOrEqual(65_536);
    expect(bench.journal.condition).toBe('full');
    bench.connect();
    await bench.until(() => bench.total === recorded);
    await bench.until(() => bench.journal.condition === 'ok');
    await bench.journal.record(used('after'));
    await bench.until(() => bench.journal.isDelivered);
    expect(bench.total).toBe(recorded + 1);
  });
});

async function recordThenLoseTheAnswer(bench: Bench): Promise<{ journal: string; sequence: number }> {
  for (let round = 0; round < 3; round++) await bench.journal.record(used('a'));
  bench.connect({ answers: false });
  await bench.until(() => bench.sent.length === 1);
  expect(bench.counted.get('a')).toBe(3);
  const [message] = bench.sent;
  return { journal: message?.journal ?? '', sequence: message?.sequence ?? 0 };
}

test('a disk that is slow once is written to beside everything else, for a minute', async () => {
  let nowMs = 0;
  const written: string[] = [];
  const writing = {
    writeNow: ((fd: number, bytes: Buffer, ...where: [number, number, number]) => {
      written.push(bytes.toString());
      if (bytes.includes('slow')) nowMs += 21;
      return writeSync(fd, bytes, ...where);
    }) as typeof writeSync,
    monotonicMs: () => nowMs,
  };
  await using folder = await makeFolder();
  const at = join(folder.path, 'slow-disk');
  const file = await JournalFile.create(at, 'head\n', writing);
  for (const text of ['one\n', 'slow\n', 'two\n']) await file.append(text, { synced: false });
  nowMs += 60_000;
  await file.append('three\n', { synced: false });
  await file.append('four\n', { synced: true });
  await file.close();
  expect(written).toEqual(['one\n', 'slow\n', 'three\n']);
  expect(await readFile(at, 'utf8')).toBe('head\none\nslow\ntwo\nthree\nfour\n');
});
