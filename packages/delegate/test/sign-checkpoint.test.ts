// Signing the head of the server's audit trail: a delegate remembers what it signed and signs nothing that does not continue it. The
// attacker in these tests is the server, or whoever can write to its database.
import { randomBytes } from 'node:crypto';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AuditCheckpoint, TaskOf, TaskResultOf } from '@sallyport/protocol';
import { AUDIT_CHAIN_START, extendHead, isSignedCheckpoint } from '@sallyport/protocol/audit';
import type { AuditChainHead } from '@sallyport/protocol/audit';
import { CheckpointBook } from '../src/checkpoints/checkpoint-book.ts';
import { openDataFolder } from '../src/data-folder/data-folder.ts';
import type { DataFolder } from '../src/data-folder/data-folder.ts';
import { loadIdentity } from '../src/identity/identity.ts';
import type { Identity } from '../src/identity/identity.ts';
import { DelegateFixture, makeFolder, memoryLogger, newId } from './delegate-fixture.ts';

const ACCOUNT_ID = `acc_${'1'.repeat(32)}`;
const OTHER_ACCOUNT = `acc_${'2'.repeat(32)}`;
const SERVER = 'https://sallyport.example.com';
const HEADS = 'audit-heads.json';
const LOG = 'audit-checkpoints.jsonl';

/** A trail as far as a delegate sees it: content hashes and the heads that they lead to. */
class Trail {
  readonly #hashes: Buffer[];

  constructor(length: number, kept: Buffer[] = []) {
    this.#hashes = [...kept, ...Array.from({ length: length - kept.length }, () => randomBytes(32))];
  }

  head(sequence: number = this.#hashes.length): AuditChainHead {
    return extendHead(AUDIT_CHAIN_START, Buffer.concat(this.#hashes.slice(0, sequence)));
  }

  proof(from: number, to: number = this.#hashes.length): string {
    return Buffer.concat(this.#hashes.slice(from, to)).toString('base64');
  }

  /** The same trail up to a record, and another one from there on: what an attacker makes who rewrites the past. */
  rewritten(after: number): Trail {
    return new Trail(this.#hashes.length, this.#hashes.slice(0, after));
  }
}

type Outcome = TaskResultOf<'sign-checkpoint'>['outcome'];
type Asked = Partial<Pick<TaskOf<'sign-checkpoint'>, 'accountId' | 'head' | 'since' | 'contentHashes'>>;

function task(asked: Asked): TaskOf<'sign-checkpoint'> {
  const head = asked.head ?? { sequence: 1, hash: 'f'.repeat(64) };
  const defaults = { accountId: ACCOUNT_ID, since: null, contentHashes: '' };
  return { kind: 'sign-checkpoint', taskId: newId('task'), timeoutMs: 10_000, ...defaults, ...asked, head };
}

let parent: Awaited<ReturnType<typeof makeFolder>>;
let folder: DataFolder;
let identity: Identity;
let log: Record<string, unknown>[];
let nowMs: number;
let trail: Trail;

beforeEach(async () => {
  parent = await makeFolder();
  folder = await openDataFolder(parent.path);
  ({ identity } = await loadIdentity(folder));
  nowMs = 1_790_000_000_000;
  trail = new Trail(50);
});
afterEach(async () => {
  await folder.release();
  await parent[Symbol.asyncDispose]();
});

/** A book as a delegate opens it at its start. */
function open(server = SERVER): CheckpointBook {
  const memory = memoryLogger();
  ({ log } = memory);
  return new CheckpointBook({
    folder,
    identity,
    time: { nowMs: () => nowMs++ },
    logger: memory.logger,
    server,
  });
}

function signedBy(outcome: Outcome): AuditCheckpoint {
  if (outcome.is !== 'signed') throw new Error(JSON.stringify(outcome));
  return outcome.checkpoint;
}

/** Signs record 10, the first that this delegate sees. */
async function withFirst(): Promise<{ book: CheckpointBook; first: AuditCheckpoint }> {
  const book = open();
  return { book, first: signedBy(await book.sign(task({ head: trail.head(10) }))) };
}

describe('a delegate that has never signed', () => {
  test('believes what it is shown, and says in the checkpoint that it does', async () => {
    const { first } = await withFirst();
    expect(first).toEqual({
      accountId: ACCOUNT_ID,
      ...trail.head(10),
      since: null,
      signedAtMs: 1_790_000_000_000,
      identityKey: identity.publicKey.toString('base64url'),
      signature: expect.stringMatching(/^[A-Za-z0-9_-]{86}$/),
    });
    expect(isSignedCheckpoint(first)).toBe(true);
  });

  test('has written down what it signed before anybody gets the signature, readable to nobody else', async () => {
    const { first } = await withFirst();
    const heads = JSON.parse(await readFile(join(parent.path, HEADS), 'utf8')) as unknown;
    const entry = { accountId: ACCOUNT_ID, server: SERVER, ...trail.head(10), signedAtMs: first.signedAtMs };
    expect(heads).toEqual({ version: 1, accounts: [entry] });
    expect(await readFile(join(parent.path, LOG), 'utf8')).toBe(`${JSON.stringify(first)}\n`);
    for (const name of [HEADS, LOG]) expect((await stat(join(parent.path, name))).mode & 0o777).toBe(0o600);
    expect((await readdir(parent.path)).filter((name) => name.endsWith('.new'))).toEqual([]);
  });
});

describe('a delegate that has signed', () => {
  test('signs what provably continues it, over restarts, and says what that was', async () => {
    const { first } = await withFirst();
    const asked = { head: trail.head(30), since: trail.head(10), contentHashes: trail.proof(10, 30) };
    const second = signedBy(await open().sign(task(asked)));
    expect(second).toMatchObject({ ...trail.head(30), since: trail.head(10) });
    expect(isSignedCheckpoint(second)).toBe(true);
    const again = signedBy(await open().sign(task({ head: trail.head(30), since: trail.head(30) })));
    expect(again).toMatchObject({ ...trail.head(30), since: trail.head(30) });
    expect(again.signedAtMs).toBeGreaterThan(second.signedAtMs);
    const lines = (await readFile(join(parent.path, LOG), 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([first, second, again]);
  });

  test('says where it stands when the server begins elsewhere', async () => {
    const { book } = await withFirst();
    const wanted = { is: 'signed-another-last', last: trail.head(10) };
    for (const since of [null, trail.head(5), { sequence: 10, hash: 'f'.repeat(64) }]) {
      const asked = { head: trail.head(20), since, contentHashes: trail.proof(since?.sequence ?? 0, 20) };
      expect(await book.sign(task(asked))).toEqual(wanted);
    }
  });

  const attacks: [attack: string, reason: string, asked: () => Asked][] = [
    [
      'an older head, as after the database was replaced by a copy',
      'went-backwards',
      () => ({ head: trail.head(9) }),
    ],
    [
      'an older head with a proof from nowhere',
      'went-backwards',
      () => ({ head: trail.head(3), since: trail.head(10) }),
    ],
    [
      'another record in the place of the one it signed',
      'was-rewritten',
      () => ({ head: trail.rewritten(9).head(10) }),
    ],
    [
      'a past that was rewritten and chained anew',
      'is-not-proven',
      () => {
        const other = trail.rewritten(4);
        return { head: other.head(20), since: trail.head(10), contentHashes: other.proof(10, 20) };
      },
    ],
    [
      'a proof with a record left out',
      'is-not-proven',
      () => ({ head: trail.head(20), since: trail.head(10), contentHashes: trail.proof(11, 20) }),
    ],
    [
      'a proof with a record too many',
      'is-not-proven',
      () => ({ head: trail.head(20), since: trail.head(10), contentHashes: trail.proof(10, 21) }),
    ],
    ['no proof at all', 'is-not-proven', () => ({ head: trail.head(20), since: trail.head(10) })],
    [
      'a sequence that the proof does not reach',
      'is-not-proven',
      () => ({
        head: { ...trail.head(20), sequence: 21 },
        since: trail.head(10),
        contentHashes: trail.proof(10, 20),
      }),
    ],
    [
      'another account under the same address',
      'other-account',
      () => ({ accountId: OTHER_ACCOUNT, head: trail.head(50) }),
    ],
  ];
  test.each(attacks)('signs nothing when it is shown %s', async (_, reason, asked) => {
    const { book } = await withFirst();
    const before = await readFile(join(parent.path, HEADS), 'utf8');
    for (const restarted of [false, true]) {
      const outcome = await (restarted ? open() : book).sign(task(asked()));
      expect(outcome).toMatchObject({ is: 'refused', reason, message: expect.stringMatching(/\.$/) });
      expect(JSON.stringify(outcome)).not.toContain('signature');
      expect(log.at(-1)).toMatchObject({ level: 50, reason });
    }
    expect(await readFile(join(parent.path, HEADS), 'utf8')).toBe(before);
    expect((await readFile(join(parent.path, LOG), 'utf8')).split('\n')).toHaveLength(2);
  });

  test('keeps accounts of different servers apart', async () => {
    await withFirst();
    const elsewhere = open('https://other.example.com');
    const other = new Trail(5);
    expect(
      signedBy(await elsewhere.sign(task({ accountId: OTHER_ACCOUNT, head: other.head() }))).since,
    ).toBeNull();
    expect(await elsewhere.sign(task({ accountId: OTHER_ACCOUNT, head: other.head(4) }))).toMatchObject({
      reason: 'went-backwards',
    });
    // An account that is known is known under every address.
    expect(await elsewhere.sign(task({ head: trail.head(9) }))).toMatchObject({ reason: 'went-backwards' });
  });

  test('signs one of two heads that are asked for at the same moment, not both', async () => {
    const { book } = await withFirst();
    const other = trail.rewritten(10);
    const since = trail.head(10);
    const outcomes = await Promise.all([
      book.sign(task({ head: trail.head(20), since, contentHashes: trail.proof(10, 20) })),
      book.sign(task({ head: other.head(20), since, contentHashes: other.proof(10, 20) })),
    ]);
    expect(outcomes.map(({ is }) => is)).toEqual(['signed', 'refused']);
  });

  test('begins anew only when its operator has taken the account out of its file', async () => {
    const { book } = await withFirst();
    await writeFile(join(parent.path, HEADS), JSON.stringify({ version: 1, accounts: [] }), { mode: 0o600 });
    expect(signedBy(await book.sign(task({ head: trail.head(3) }))).since).toBeNull();
  });
});

describe('what can go wrong on its disk', () => {
  test('a damaged file of heads signs nothing, instead of anything', async () => {
    const { book } = await withFirst();
    for (const text of ['', '{"version":1', '{"version":2,"accounts":[]}']) {
      await writeFile(join(parent.path, HEADS), text);
      await expect(book.sign(task({ head: trail.head(20) }))).rejects.toMatchObject({
        code: 'config-invalid',
      });
    }
  });

  test('a file of heads that others can read is refused', async () => {
    const { book } = await withFirst();
    await chmod(join(parent.path, HEADS), 0o644);
    await expect(book.sign(task({ head: trail.head(10) }))).rejects.toMatchObject({ code: 'config-invalid' });
  });

  test('what cannot be written down is not signed', async () => {
    const { book } = await withFirst();
    const asked = { head: trail.head(30), since: trail.head(10), contentHashes: trail.proof(10, 30) };
    await folder.release();
    const { rename } = await import('node:fs/promises');
    await rename(parent.path, `${parent.path}-gone`);
    try {
      await expect(book.sign(task(asked))).rejects.toThrow();
    } finally {
      await rename(`${parent.path}-gone`, parent.path);
    }
    folder = await openDataFolder(parent.path);
    const heads = JSON.parse(await readFile(join(parent.path, HEADS), 'utf8')) as {
      accounts: { sequence: number }[];
    };
    expect(heads.accounts[0]?.sequence).toBe(10);
  });
});

test('a running delegate signs what the server asks for, as a task like any other, and logs a refusal loudly', async () => {
  await using it = await DelegateFixture.start();
  const end = await it.connection.run(task({ head: trail.head(10) }));
  if (end.type !== 'result' || end.result.kind !== 'sign-checkpoint') throw new Error(JSON.stringify(end));
  const checkpoint = signedBy(end.result.outcome);
  expect(checkpoint.identityKey).toBe(it.identify.identityKey);
  expect(isSignedCheckpoint(checkpoint)).toBe(true);
  const refused = await it.connection.run(task({ head: trail.head(9) }));
  expect(refused).toMatchObject({
    type: 'result',
    result: { outcome: { is: 'refused', reason: 'went-backwards', last: trail.head(10) } },
  });
  expect(it.log.find(({ reason }) => reason === 'went-backwards')).toMatchObject({ level: 50 });
});

test('a proof of 20,000 records fits into a task and is checked', async () => {
  const long = new Trail(20_001);
  const book = open();
  await book.sign(task({ head: long.head(1) }));
  const asked = { head: long.head(), since: long.head(1), contentHashes: long.proof(1) };
  expect(signedBy(await book.sign(task(asked))).sequence).toBe(20_001);
});
