// The command against a real server and a real delegate, each in a process of its own: what a person types, and what they get.
import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FileKnownDelegates } from '@sallyport/sdk';
import { finished, LAUNCHER, stop, untilWritten, Workplace } from './sallyport.ts';
import type { Finished, RunOptions } from './sallyport.ts';

let place: Workplace;
let server: ChildProcess;
let delegate: ChildProcess;
let address: string;
let fingerprint: string;

beforeAll(async () => {
  place = await Workplace.make();
  const keys = ['--admin-key-file', 'admin-key', '--delegate-token-file', 'token'];
  server = place.start(['server', 'run', '--data', 'server', '--port', '0', ...keys]);
  address = /listens on (http:\S+)/.exec(await untilWritten(server, /listens on \S+\n/))?.[1] ?? '';
  delegate = place.start(
    [
      'delegate',
      'run',
      '--server',
      address,
      '--token-file',
      'token',
      '--name',
      'near',
      '--selector',
      'vpc-1',
      '--data',
      'delegate',
    ],
    { env: { AWS_EC2_METADATA_DISABLED: 'true' } },
  );
  const written = await untilWritten(delegate, /^Connected to/m);
  fingerprint = /fingerprint (SHA256:\S+)/.exec(written)?.[1] ?? '';
  await writeFile(join(place.folder, '.sallyport.json'), JSON.stringify({ address, tokenFile: 'admin-key' }));
  const { code, stderr } = await sallyport('secrets-manager add built-in --name ring --selector near');
  expect(stderr).toContain('the default');
  expect(code).toBe(0);
  await sallyport('set db-password -', { input: 'hünter2' });
  await sallyport('set tiny --file -', { input: Buffer.from([0]) });
}, 60_000);

afterAll(async () => {
  const ends = await Promise.all([stop(delegate), stop(server)]);
  await place[Symbol.asyncDispose]();
  // Both end gracefully on SIGTERM.
  expect(ends.map(({ code, signal }) => [code, signal])).toEqual([
    [0, null],
    [0, null],
  ]);
});

/** A line as typed, cut at blanks. */
function sallyport(line: string, options: RunOptions = {}): Promise<Finished> {
  return place.run(line.split(' '), options);
}

describe('text secrets', () => {
  test('what was set by pipe comes out by pipe, byte for byte, with nothing added', async () => {
    const stored = await sallyport('set piped -', { input: 'hünter2' });
    expect([stored.code, stored.stdout]).toEqual([0, '']);
    expect(stored.stderr).toContain('Stored version 1 of piped (8 B).');
    const read = await sallyport('get piped');
    expect([read.code, read.stdout, read.stderr]).toEqual([0, 'hünter2', '']);
  });

  test('a line break at the end is kept, and noted', async () => {
    const { stderr } = await sallyport('set with-newline -', { input: 'value\n' });
    expect(stderr).toContain('note: the value ends with a line break');
    expect((await sallyport('get with-newline')).stdout).toBe('value\n');
  });

  test('every set is a new version, and old ones stay readable by number', async () => {
    for (const value of ['one', 'two', 'three']) await sallyport('set versions -', { input: value });
    expect((await sallyport('get versions')).stdout).toBe('three');
    expect((await sallyport('get versions --version 1')).stdout).toBe('one');
    expect((await sallyport('get versions@2')).stdout).toBe('two');
    const json = JSON.parse((await sallyport('get versions@2 -o json')).stdout) as object;
    expect(json).toMatchObject({ name: 'versions', version: 2, kind: 'text', value: 'two' });
    const history = await sallyport('history versions');
    expect(history.stdout.split('\n').map((line) => line.split(' ')[0])).toEqual([
      'VERSION',
      '3',
      '2',
      '1',
      '',
    ]);
  });

  test('--if-version stores only if nobody was faster', async () => {
    expect((await sallyport('set guarded - --if-version 0', { input: 'a' })).code).toBe(0);
    const again = await sallyport('set guarded - --if-version 0', { input: 'b' });
    expect(again.code).toBe(5);
    expect(again.stderr).toContain('code: edit-conflict');
    expect((await sallyport('set guarded - --if-version 1', { input: 'c' })).code).toBe(0);
    expect((await sallyport('get guarded')).stdout).toBe('c');
  });

  test('an empty value, one that is not text, and one above 1 MiB are refused with a way out', async () => {
    const empty = await sallyport('set bad -', { input: '' });
    expect([empty.code, empty.stderr]).toEqual([2, expect.stringContaining('code: empty-value')]);
    const binary = await sallyport('set bad -', { input: Buffer.from([0xff, 0xfe]) });
    expect([binary.code, binary.stderr]).toEqual([2, expect.stringContaining('--file -')]);
    const large = await sallyport('set bad -', { input: 'x'.repeat(1_048_577) });
    expect([large.code, large.stderr]).toEqual([2, expect.stringContaining('--file')]);
    expect((await sallyport('get bad')).code).toBe(4);
  });

  test('what is not there exits with 4', async () => {
    for (const line of [
      'get nothing',
      'get versions@99',
      'describe nothing',
      'rm nothing --yes',
      'rename nothing other',
    ]) {
      const { code, stdout, stderr } = await sallyport(line);
      expect(stderr, line).toContain('code: not-found');
      expect([code, stdout]).toEqual([4, '']);
    }
  });
});

describe('file secrets', () => {
  test('a file comes back byte for byte, to standard output and to a file of its owner', async () => {
    const content = randomBytes(3_000_001);
    await writeFile(join(place.folder, 'in.bin'), content);
    expect((await sallyport('set bundle --file in.bin')).stderr).toContain(
      'Stored version 1 of bundle (2.9 MiB)',
    );
    const piped = await sallyport('get bundle');
    expect([piped.code, piped.bytes.equals(content)]).toEqual([0, true]);
    const toFile = await sallyport('get bundle --out out.bin');
    expect([toFile.code, toFile.stdout]).toEqual([0, '']);
    expect((await readFile(join(place.folder, 'out.bin'))).equals(content)).toBe(true);
    expect((await stat(join(place.folder, 'out.bin'))).mode & 0o777).toBe(0o600);
  });

  test('from standard input as well, and one byte is enough', async () => {
    expect((await sallyport('get tiny')).bytes).toEqual(Buffer.from([0]));
    expect(JSON.parse((await sallyport('get tiny -o json')).stdout)).toMatchObject({
      kind: 'file',
      valueBase64: 'AA==',
    });
  });

  test('an empty file is refused, and text does not become a file', async () => {
    await writeFile(join(place.folder, 'empty'), '');
    const empty = await sallyport('set nothing-in-it --file empty');
    expect([empty.code, empty.stderr]).toEqual([2, expect.stringContaining('code: empty-value')]);
    const other = await sallyport('set db-password --file -', { input: 'x' });
    expect([other.code, other.stderr]).toEqual([5, expect.stringContaining('code: kind-mismatch')]);
  });

  test('when a read fails, --out leaves no file and no part of one', async () => {
    const before = await readdir(place.folder);
    expect((await sallyport('get tiny@7 --out never.bin')).code).toBe(4);
    expect(await readdir(place.folder)).toEqual(before);
  });

  test('a reader that closes the pipe early ends the command quietly', async () => {
    await sallyport('set long --file -', { input: randomBytes(3_000_000) });
    const script = `'${process.execPath}' '${LAUNCHER}' get long | head -c 1 >/dev/null; echo "\${PIPESTATUS[0]}"`;
    const options = { cwd: place.folder, env: place.env(), encoding: 'utf8' } as const;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], options);
    expect([stdout, stderr]).toEqual(['0\n', '']);
  });
});

describe('lists', () => {
  test('are tables for people and JSON for scripts, without values', async () => {
    await sallyport('set listed -', { input: 'canary-value' });
    const shown = await sallyport('list --search LISTED');
    expect(shown.stdout.split('\n')[0]).toMatch(
      /^NAME +KIND +VERSION +SIZE +SECRETS MANAGER +SCOPE +AVAILABILITY +UPDATED +LAST USED$/,
    );
    expect(shown.stdout.split('\n')[1]).toMatch(/^listed +text +1 +12 B +ring +inherits +fresh +20\d\d-/);
    const rows = JSON.parse((await sallyport('list -o json')).stdout) as { name: string }[];
    expect(rows.map(({ name }) => name)).toContain('listed');
    expect(shown.stdout + JSON.stringify(rows)).not.toContain('canary-value');
  });

  test('nothing is coloured when piped', async () => {
    for (const line of ['secrets-manager test ring', 'delegate list', 'list', 'get nothing']) {
      const { stdout, stderr } = await sallyport(line);
      expect(stdout + stderr).not.toContain('\u001B');
    }
  });
});

describe('renaming and deleting', () => {
  test('a renamed secret keeps its versions, and a deleted one is gone', async () => {
    await sallyport('set old-name -', { input: 'kept' });
    expect((await sallyport('rename old-name new-name')).stderr).toContain('Renamed old-name to new-name.');
    expect((await sallyport('get new-name')).stdout).toBe('kept');
    expect((await sallyport('get old-name')).code).toBe(4);
    expect((await sallyport('rename new-name DB-Password')).code).toBe(5);
    expect((await sallyport('rm new-name --yes')).code).toBe(0);
    expect((await sallyport('get new-name')).code).toBe(4);
  });
});

describe('secrets managers', () => {
  test('one is shown, tested, renamed and protected while it is in use', async () => {
    const shown = (await sallyport('secrets-manager show ring')).stdout;
    expect(shown).toMatch(/^default: +yes$/m);
    expect(shown).toMatch(/^health: +Healthy on near, \d+ ms, (?:just now|\d+ minutes? ago)$/m);
    const tested = await sallyport('secrets-manager test ring');
    expect(tested.code).toBe(0);
    expect(tested.stdout).toMatch(/^Delegate near: passed\n/);
    expect((await sallyport('secrets-manager edit ring --name key-ring')).code).toBe(0);
    expect((await sallyport('secrets-manager edit key-ring --name ring')).code).toBe(0);
    expect((await sallyport('secrets-manager delete ring --yes')).stderr).toMatch(
      /code: secrets-manager-(in-use|is-default)/,
    );
  });

  test('a dry run saves nothing', async () => {
    const tried = await sallyport('secrets-manager add built-in --dry-run --selector near -o json');
    expect(JSON.parse(tried.stdout)).toMatchObject({ ok: true, delegates: [{ delegateName: 'near' }] });
    const list = JSON.parse((await sallyport('secrets-manager list -o json')).stdout) as unknown[];
    expect(list).toHaveLength(1);
  });

  test('settings that no delegate can serve say why, and where to look', async () => {
    const { code, stderr } = await sallyport('secrets-manager add built-in --name far --selector moon');
    expect(code).toBe(6);
    expect(stderr).toContain('code: no-delegate');
    expect(stderr).toMatch(/moon/);
  });

  test('an invalid key ARN and a region that is not its own are refused before any delegate is asked', async () => {
    const aws = 'secrets-manager add aws-kms --name kms --credentials iam-role --selector near';
    const alias = await sallyport(`${aws} --key-arn alias/mine`);
    expect([alias.code, alias.stderr]).toEqual([2, expect.stringContaining('code: invalid-key-arn')]);
    const arn = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
    const region = await sallyport(`${aws} --key-arn ${arn} --region us-east-1`);
    expect([region.code, region.stderr]).toEqual([
      2,
      expect.stringMatching(/eu-west-1.*us-east-1[^]*region-mismatch/),
    ]);
  });

  test('a secret access key comes from a file or standard input, and appears nowhere', async () => {
    const arn = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
    const line = `secrets-manager add aws-kms --dry-run --selector moon --credentials access-keys --access-key-id AKIAIOSFODNN7EXAMPLE --key-arn ${arn} --secret-key-stdin`;
    const { code, stdout, stderr } = await sallyport(line, { input: 'wJalrXUtnFEMI-canary\n' });
    // No delegate has this selector: what matters here is that the key was read and sent, and not shown.
    expect([code, stdout]).toEqual([6, '']);
    expect(stderr).not.toContain('canary');
  });
});

describe('delegates and access', () => {
  test('explain says why a delegate is or is not eligible', async () => {
    expect((await sallyport('delegate explain --for ring')).stdout).toMatch(/^near +yes/m);
    const list = JSON.parse((await sallyport('delegate list -o json')).stdout) as object[];
    expect(list).toMatchObject([{ name: 'near', state: 'connected', fingerprint }]);
  });

  test('the value of a new key or token alone is on standard output, once', async () => {
    const created = await sallyport('api-key create robot --expires-in 1h');
    expect(created.stdout).toMatch(/^sp_key_\S{43}\n$/);
    const key = created.stdout.trim();
    expect((await sallyport(`whoami --token ${key}`)).stdout).toMatch(/^API key: +robot/m);
    expect((await sallyport('api-key list')).stdout).not.toContain(key);
    expect((await sallyport('api-key revoke robot --yes')).code).toBe(0);
    const revoked = await sallyport(`whoami --token ${key}`);
    expect([revoked.code, revoked.stderr]).toEqual([3, expect.stringContaining('code: unauthenticated')]);
    const token = await sallyport('delegate token create second --requires-approval');
    expect(token.stdout).toMatch(/^sp_dtk_\S{43}\n$/);
    expect((await sallyport('delegate token list')).stdout).toMatch(/^second +active +yes/m);
    expect((await sallyport('delegate token revoke second --yes')).code).toBe(0);
  });

  test('the audit trail names who did what', async () => {
    const { stdout } = await sallyport('audit list --action secrets-manager.created');
    expect(stdout.split('\n')[1]).toMatch(/admin +secrets-manager\.created +ring/);
  });
});

describe('trust', () => {
  const known = (): Promise<Finished> => sallyport('delegate known -o json');

  test('the first meeting is remembered and told', async () => {
    const { stderr } = await sallyport('set first-meeting - --known-delegates fresh.json', { input: 'x' });
    expect(stderr).toContain(`note: met delegate "near" (${fingerprint}) for the first time`);
    const again = await sallyport('get first-meeting --known-delegates fresh.json');
    expect([again.stdout, again.stderr]).toEqual(['x', '']);
    expect(JSON.parse((await known()).stdout)).toMatchObject([
      { server: address, name: 'near', fingerprint },
    ]);
  });

  test('strict mode refuses the unknown, until a person trusts the fingerprint', async () => {
    const strict = '--strict --known-delegates strict.json';
    const refused = await sallyport(`get db-password ${strict}`);
    expect([refused.code, refused.stdout]).toEqual([8, '']);
    expect(refused.stderr).toContain('code: delegate-untrusted');
    expect(refused.stderr).toContain(`sallyport delegate trust "near" ${fingerprint}`);
    expect((await sallyport(`delegate trust near ${fingerprint} --known-delegates strict.json`)).code).toBe(
      0,
    );
    expect((await sallyport(`get db-password ${strict}`)).stdout).toBe('hünter2');
  });

  test('another identity under a known name exits with 8, and nothing is stored', async () => {
    const path = join(place.folder, 'changed.json');
    const other = `SHA256:${'A'.repeat(43)}`;
    await new FileKnownDelegates(path).trust(
      { server: address, name: 'near', fingerprint: other },
      { replace: false },
    );
    const { code, stderr } = await sallyport('set never-stored - --known-delegates changed.json', {
      input: 'x',
    });
    expect(code).toBe(8);
    expect(stderr).toContain('code: delegate-key-changed');
    expect(stderr).toContain(other);
    expect((await sallyport('describe never-stored')).code).toBe(4);
    expect((await sallyport('delegate forget near --known-delegates changed.json')).code).toBe(0);
  });
});

describe('completion with names', () => {
  test('secrets are completed from the server', async () => {
    const { stdout } = await place.run(['__complete', '--', 'get', 'db-']);
    expect(stdout).toBe('db-password\n');
  });
});

describe('on a terminal', () => {
  const terminal = spawnSync('script', ['--version'], { encoding: 'utf8' });
  const missing = terminal.status === 0 ? '' : ' (skipped: the `script` program is not here)';

  /** Runs the command on a pseudo-terminal of its own; `typed` is sent once `question` was asked. */
  async function onTerminal(
    line: string,
    dialogue: { question: string; typed: string } | null,
  ): Promise<Finished> {
    const command = `stty -echo 2>/dev/null; stty echo; '${process.execPath}' '${LAUNCHER}' ${line}`;
    const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      cwd: place.folder,
      env: place.env({ NO_COLOR: '1', SHELL: '/bin/sh' }),
    });
    if (dialogue !== null)
      void untilWritten(child, dialogue.question).then(() => child.stdin.write(dialogue.typed));
    return finished(child);
  }

  test.skipIf(missing !== '')(`a value is asked for and not echoed${missing}`, async () => {
    const typed = await onTerminal('set typed', {
      question: '(not shown): ',
      typed: 'secret-cxnary\u007F\u007F\u007F\u007F\u007Fanary\r',
    });
    expect(typed.code).toBe(0);
    expect(typed.stdout).toContain('Value of typed (not shown): ');
    expect(typed.stdout).toContain('Stored version 1 of typed');
    expect(typed.stdout).not.toContain('nary');
    expect((await sallyport('get typed')).stdout).toBe('secret-canary');
  });

  test.skipIf(missing !== '')(`an interrupted question stores nothing${missing}`, async () => {
    const { code, stdout } = await onTerminal('set interrupted', {
      question: '(not shown): ',
      typed: 'abc\u0003',
    });
    expect([code, stdout]).toEqual([2, expect.stringContaining('Interrupted')]);
    expect((await sallyport('get interrupted')).code).toBe(4);
  });

  test.skipIf(missing !== '')(
    `text gets a line end, binary files are kept off the screen${missing}`,
    async () => {
      expect((await onTerminal('get db-password', null)).stdout).toBe('hünter2\r\n');
      const binary = await onTerminal('get tiny', null);
      expect([binary.code, binary.stdout]).toEqual([2, expect.stringContaining('--out FILE')]);
    },
  );

  test.skipIf(missing !== '')(`a deletion asks, and no is no${missing}`, async () => {
    await sallyport('set doomed -', { input: 'x' });
    const no = await onTerminal('rm doomed', { question: '[y/N] ', typed: 'n\n' });
    expect([no.code, no.stdout]).toEqual([2, expect.stringContaining('Nothing was changed')]);
    const yes = await onTerminal('rm doomed', { question: '[y/N] ', typed: 'y\n' });
    expect([yes.code, yes.stdout]).toEqual([0, expect.stringContaining('Deleted doomed.')]);
  });
});
