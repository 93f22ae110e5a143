// Tampering with the audit trail, end to end: a server, a delegate and the command as processes of their own, and an attacker who can write
// to the database file and who knows how the chain is made. What protects the trail is what lies elsewhere: a checkpoint that was kept,
// and the memory of a delegate.
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Workplace } from '../packages/cli/test/sallyport.ts';
import type { Finished } from '../packages/cli/test/sallyport.ts';
import { startPart } from './harness/child-process.ts';
import type { Part } from './harness/child-process.ts';
import { Deployment, until } from './harness/deployment.ts';
import { cutAfter, rewriteFrom, tamper } from './harness/tamper-audit.ts';

const SERVER = new URL('./harness/server-process.ts', import.meta.url);
const MINUTE = 60_000;

let deployment: Deployment;
let place: Workplace;
let fingerprint: string;
/** The newest record that the kept checkpoint is about. */
let signed: number;
/** A copy of the database from before it. */
let older: string;
let part: (Part & { ready: unknown }) | null = null;

const at = (name: string): string => join(place.folder, name);

async function record(count: number, name: string): Promise<void> {
  for (let index = 0; index < count; index++) {
    await deployment.client.call('createDelegateToken', { body: { name: `${name} ${index}` } });
  }
}

/** Runs the command against a server; everything else it needs no server for. */
async function sallyport(line: string, address = deployment.address): Promise<Finished> {
  const env = { SALLYPORT_ADDR: address, SALLYPORT_TOKEN: deployment.token };
  return place.run(line.split(' '), { env });
}

beforeAll(async () => {
  deployment = await Deployment.start();
  place = await Workplace.make();
  await deployment.startDelegate({ name: 'witness' });
  const [delegate] = (await deployment.client.call('listDelegates')).delegates;
  fingerprint = delegate?.fingerprint ?? '';
  await record(4, 'early');
  await deployment.server.stop();
  older = at('older');
  await cp(join(deployment.folder, 'server'), older, { recursive: true });
  await deployment.startServer();
  await deployment.untilConnected('witness');
  await record(6, 'then');
  const kept = await sallyport('audit checkpoint');
  expect([kept.code, kept.stderr]).toEqual([0, expect.stringContaining('witness')]);
  await writeFile(at('kept.json'), kept.stdout);
  signed = (JSON.parse(kept.stdout) as { sequence: number }).sequence;
  await record(3, 'late');
  expect((await sallyport('audit export before.jsonl')).code).toBe(0);
  await deployment.server.stop();
}, 2 * MINUTE);

afterEach(async () => {
  await part?.stop();
  part = null;
});

afterAll(async () => {
  await deployment.startServer();
  await deployment.close();
  await place[Symbol.asyncDispose]();
});

function addressOf(server: { ready: unknown } | null): string {
  if (server === null) throw new Error('no server runs');
  return (server.ready as { address: string }).address;
}

/** Exports from a server on a copy of the database, changed or not. */
async function exportOf(
  name: string,
  change: (database: DatabaseSync) => void,
  from?: string,
): Promise<Finished> {
  const folder = at(`server-${name}`);
  await mkdir(folder);
  await cp(from ?? join(deployment.folder, 'server'), folder, { recursive: true });
  tamper(folder, change);
  const config = {
    port: 0,
    dataFolder: folder,
    rootKey: { file: join(deployment.folder, 'root-key') },
    logLevel: 'silent',
  };
  part = await startPart(SERVER, config);
  return sallyport(`audit export ${name}.jsonl`, addressOf(part));
}

const verify = async (name: string, flags = ''): Promise<Finished> =>
  place.run(`audit verify ${name} --trusted ${fingerprint}${flags}`.split(' '));
const KEPT = ' --checkpoint kept.json';

describe('an untouched trail', () => {
  test(
    'verifies without a server, says who has signed, and that the last records have no witness yet',
    async () => {
      const { code, stdout, stderr } = await verify('before.jsonl', KEPT);
      expect([code, stdout]).toEqual([0, expect.stringMatching(/^the trail is: +whole$/m)]);
      expect(stdout).toMatch(
        new RegExp(`^signed by: +witness \\(${fingerprint}\\), trusted, up to record ${signed}$`, 'm'),
      );
      expect(stdout).toMatch(new RegExp(`^witnessed: +up to record ${signed}, on 20`, 'm'));
      expect(stderr).toContain(`records ${signed + 1} to ${signed + 3} have no trusted signature yet`);
      const json = await verify('before.jsonl', ' -o json');
      expect(JSON.parse(json.stdout)).toMatchObject({
        ok: true,
        records: signed + 3,
        coveredTo: { sequence: signed, fingerprint },
      });
    },
    MINUTE,
  );

  test(
    'holds what the delegate itself has written down',
    async () => {
      const log = join(deployment.folder, 'delegate-witness', 'audit-checkpoints.jsonl');
      expect((await readFile(log, 'utf8')).trim().split('\n').length).toBeGreaterThan(0);
      expect((await verify('before.jsonl', ` --checkpoint ${log}`)).code).toBe(0);
    },
    MINUTE,
  );

  test(
    'signed by nobody who is known says so, and does not pass where a signature is demanded',
    async () => {
      const unknown = await place.run(['audit', 'verify', 'before.jsonl']);
      expect([unknown.code, unknown.stdout]).toEqual([
        0,
        expect.stringMatching(/without a trusted signature/),
      ]);
      expect(unknown.stderr).toContain('no checkpoint is signed by a delegate that you trust');
      expect(unknown.stderr).toContain(`witness (${fingerprint}) has signed, and is not known here`);
      const other = await place.run([
        'audit',
        'verify',
        'before.jsonl',
        '--trusted',
        `SHA256:${'A'.repeat(43)}`,
      ]);
      expect([other.code, other.stderr]).toEqual([8, expect.stringContaining('code: audit-trail-broken')]);
    },
    MINUTE,
  );

  test(
    'is continued by a later export, also when the file ends in the middle of a line',
    async () => {
      const whole = await readFile(at('before.jsonl'), 'utf8');
      await writeFile(at('half.jsonl'), whole.slice(0, Math.floor(whole.length / 2)));
      const cut = await verify('half.jsonl');
      expect([cut.code, cut.stderr]).toEqual([8, expect.stringMatching(/ends in the middle of line \d+/)]);
      const exported = await exportOf('half', () => undefined);
      expect([exported.code, exported.stderr]).toEqual([0, expect.stringContaining('Added ')]);
      expect(await readFile(at('half.jsonl'), 'utf8')).toBe(whole);
      expect((await verify('half.jsonl', KEPT)).code).toBe(0);
    },
    MINUTE,
  );
});

describe('is found by `audit verify`, which names the first record that is wrong:', () => {
  const attacks: [
    attack: string,
    name: string,
    change: (database: DatabaseSync) => void,
    words: () => RegExp,
  ][] = [
    [
      'one row that was changed',
      'changed',
      (database) => database.exec("UPDATE audit_records SET actor_name = 'somebody else' WHERE sequence = 5"),
      () => /broken at record 5, written 20\S+ \S+Z\. Audit record 5 was changed after it was written/,
    ],
    [
      'one row that was deleted',
      'deleted',
      (database) => database.exec('DELETE FROM audit_records WHERE sequence = 5'),
      () => /broken at record 5\. Audit record 5 is missing: after 4 comes 6/,
    ],
    [
      'two rows that changed places',
      'reordered',
      (database) =>
        database.exec(`UPDATE audit_records SET sequence = -1 WHERE sequence = 5;
          UPDATE audit_records SET sequence = 5 WHERE sequence = 6;
          UPDATE audit_records SET sequence = 6 WHERE sequence = -1;`),
      () => /broken at record 5, written .*Audit record 5 was changed/,
    ],
    [
      'a tail that was cut off after a checkpoint',
      'cut',
      (database) => cutAfter(database, 6),
      () =>
        new RegExp(
          `broken at record 7\\. The trail ends with record 6, but the checkpoint kept in \\S+ is about record ${signed}: records 7 to ${signed} are missing`,
        ),
    ],
    [
      'a past that was rewritten, with every hash made anew',
      'rewritten',
      (database) => {
        rewriteFrom(database, 5);
        database.exec('DELETE FROM audit_checkpoints');
      },
      () =>
        new RegExp(
          `broken at record ${signed}, written .* Audit record ${signed} is not the one that the checkpoint kept in \\S+ is about: the trail was rewritten`,
        ),
    ],
  ];
  test.each(attacks)(
    '%s',
    async (_, name, change, words) => {
      const exported = await exportOf(name, change);
      // The export finds by itself what breaks the chain; what is chained anew it cannot see.
      const isChained = exported.code === 0;
      expect(isChained).toBe(['cut', 'rewritten'].includes(name));
      const found = isChained ? await verify(`${name}.jsonl`, KEPT) : exported;
      expect([found.code, found.stdout]).toEqual([8, '']);
      expect(found.stderr).toMatch(words());
      expect(found.stderr).toContain('code: audit-trail-broken');
    },
    MINUTE,
  );

  test(
    'one that was changed in the exported file',
    async () => {
      const lines = (await readFile(at('before.jsonl'), 'utf8')).split('\n');
      const index = lines.findIndex((line) => line.includes('"sequence":5,'));
      const changes: [string[], RegExp][] = [
        [
          lines.with(index, (lines[index] ?? '').replace('"test"', '"guest"')),
          /broken at record 5, .*was changed/,
        ],
        [lines.toSpliced(index, 1), /broken at record 5\. .*is missing/],
        [
          lines.with(index, lines[index + 1] ?? '').with(index + 1, lines[index] ?? ''),
          /broken at record 5\. /,
        ],
        [
          lines.with(index, 'nonsense'),
          /broken at record 5\. Line \d+ of the file, after record 4, is damaged/,
        ],
      ];
      for (const [changed, words] of changes) {
        await writeFile(at('changed-file.jsonl'), changed.join('\n'));
        const found = await verify('changed-file.jsonl', KEPT);
        expect([found.code, found.stderr]).toEqual([8, expect.stringMatching(words)]);
      }
    },
    MINUTE,
  );

  test(
    'an older copy in the place of the database, by the kept checkpoint and by an earlier export',
    async () => {
      const exported = await exportOf('older-copy', () => undefined, older);
      expect(exported.code).toBe(0);
      const found = await verify('older-copy.jsonl', KEPT);
      expect([found.code, found.stderr]).toEqual([
        8,
        expect.stringMatching(/is about record \d+: records \d+ to \d+ are missing/),
      ]);
      await cp(at('before.jsonl'), at('continued.jsonl'));
      const continued = await sallyport('audit export continued.jsonl', addressOf(part));
      expect([continued.code, continued.stderr]).toEqual([
        8,
        expect.stringContaining('replaced by an older copy'),
      ]);
    },
    MINUTE,
  );
});

describe('a delegate refuses its signature, and says so everywhere,', () => {
  /** Puts another database in place and starts the server again; its delegate dials by itself. */
  async function withDatabase(replace: (folder: string) => Promise<void>): Promise<void> {
    const folder = join(deployment.folder, 'server');
    const saved = at('saved');
    await cp(folder, saved, { recursive: true });
    try {
      await replace(folder);
      await deployment.startServer();
      await deployment.untilConnected('witness');
      const refused = await sallyport('audit checkpoint');
      expect([refused.code, refused.stdout]).toEqual([3, '']);
      expect(refused.stderr).toMatch(/does not sign the audit trail[^]*code: delegate-refused/);
      const status = JSON.parse((await sallyport('audit status -o json')).stdout) as {
        refusals: number;
        signers: object[];
      };
      expect(status.refusals).toBeGreaterThan(0);
      const listed = await sallyport('audit list --action audit.checkpoint-refused');
      expect(listed.stdout).toMatch(/witness +audit\.checkpoint-refused +witness +message=.* reason=/);
      expect(deployment.server.output()).toContain('A DELEGATE REFUSES TO SIGN THE AUDIT TRAIL');
      expect(deployment.delegates.get('witness')?.output()).toContain(
        "the server's audit trail is not signed",
      );
    } finally {
      await deployment.server.stop();
      await rm(folder, { recursive: true });
      await cp(saved, folder, { recursive: true });
      await rm(saved, { recursive: true });
    }
  }

  test(
    'to a past that was rewritten and chained anew',
    async () => {
      await withDatabase(async (folder) => {
        tamper(folder, (database) => {
          rewriteFrom(database, 5);
          database.exec('DELETE FROM audit_checkpoints');
        });
      });
    },
    MINUTE,
  );

  test(
    'to an older copy of the database',
    async () => {
      await withDatabase(async (folder) => {
        await rm(folder, { recursive: true });
        await cp(older, folder, { recursive: true });
      });
    },
    MINUTE,
  );

  test(
    'and signs on as soon as the database is the one that it knows',
    async () => {
      await deployment.startServer();
      await deployment.untilConnected('witness');
      await until(async () => (await sallyport('audit checkpoint')).code === 0, 'the delegate signs again');
      const status = await sallyport('audit status');
      expect(status.stdout).toMatch(/^witness +yes +\d+ +\d+ s +no +SHA256/m);
      await deployment.server.stop();
    },
    MINUTE,
  );
});
