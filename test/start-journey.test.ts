// `npm start`, as somebody does it in a fresh clone: everything comes up, the commands beside it just work, a second start goes on where
// the first one ended, and whatever dies is brought back or reported.
import type { ChildProcess } from 'node:child_process';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stop, untilWritten, Workplace } from '../packages/cli/test/sallyport.ts';
import type { Finished } from '../packages/cli/test/sallyport.ts';

const MINUTE = 60_000;
const READY = /Ctrl-C stops everything/;

let place: Workplace;
let started: ChildProcess[];
beforeEach(async () => {
  place = await Workplace.make();
  started = [];
});
afterEach(async () => {
  await Promise.all(started.map((child) => stop(child)));
  await place[Symbol.asyncDispose]();
});

/** Starts everything and waits until it says that it runs. */
async function start(
  env: Record<string, string> = {},
  ...flags: string[]
): Promise<{ child: ChildProcess; output: string; address: string }> {
  const child = place.start(['start', ...flags], { env: { PORT: '0', ...env } });
  started.push(child);
  const output = await untilWritten(child, READY);
  return { child, output, address: /address: (\S+)/.exec(output)?.[1] ?? '' };
}

const sallyport = (...words: string[]): Promise<Finished> => place.run(words);

/** Processes that a process has started; Linux only. */
async function childrenOf(pid: number | undefined): Promise<{ pid: number; words: string }[]> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ');
  const found = await Promise.all(
    children.map(async (one) => ({
      pid: Number(one),
      words: await readFile(`/proc/${one}/cmdline`, 'utf8'),
    })),
  );
  return found.map((one) => ({ ...one, words: one.words.replaceAll('\0', ' ') }));
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe('the first start', () => {
  test(
    'comes up with one command, and what stands beside it just works',
    async () => {
      const { output, address } = await start();
      expect(output).toMatch(/API key: sp_key_\S{43}/);
      expect(output).toContain('It is NOT AWS');
      expect(output).toMatch(/key ARN: +arn:aws:kms:/);
      expect(output).toMatch(/role ARN: +arn:aws:iam:/);
      for (const path of ['/healthz', '/readyz']) expect((await fetch(address + path)).status).toBe(200);
      expect((await place.run(['set', 'x', '-'], { input: 'value' })).code).toBe(0);
      const read = await sallyport('get', 'x');
      // Not even a note: the delegate that was started here is known, not trusted at first sight.
      expect([read.code, read.stdout, read.stderr]).toEqual([0, 'value', '']);
      expect((await sallyport('get', 'x', '--strict')).stdout).toBe('value');
      const managers = JSON.parse(
        (await sallyport('secrets-manager', 'list', '-o', 'json')).stdout,
      ) as object[];
      expect(managers).toMatchObject([
        { name: 'built-in', kind: 'built-in', isDefault: true, selectors: ['local'] },
      ]);
    },
    MINUTE,
  );

  test(
    'keeps its data to the user, and no key in the project file',
    async () => {
      await start();
      const data = join(place.folder, '.sallyport');
      for (const name of ['.', 'server', 'delegate', 'lab', 'logs']) {
        expect((await stat(join(data, name))).mode & 0o077, name).toBe(0);
      }
      for (const name of ['admin-key', 'delegate-token', 'known-delegates.json', 'lab/state.json']) {
        expect((await stat(join(data, name))).mode & 0o077, name).toBe(0);
      }
      const key = (await readFile(join(data, 'admin-key'), 'utf8')).trim();
      const project = await readFile(join(place.folder, '.sallyport.json'), 'utf8');
      expect(project).not.toContain(key);
      for (const log of await readdir(join(data, 'logs'))) {
        const text = await readFile(join(data, 'logs', log), 'utf8');
        expect(text, log).not.toContain(key);
        expect(text, log).not.toMatch(/sp_(key|dtk)_/);
      }
    },
    MINUTE,
  );

  test(
    'SALLYPORT_DATA chooses the data folder',
    async () => {
      await start({ SALLYPORT_DATA: 'elsewhere' });
      expect(await readdir(join(place.folder, 'elsewhere'))).toContain('admin-key');
      expect(await readdir(place.folder)).not.toContain('.sallyport');
      expect((await place.run(['set', 'x', '-'], { input: 'v' })).code).toBe(0);
    },
    MINUTE,
  );

  test(
    "somebody else's project file is left alone, and what to set instead is said",
    async () => {
      const path = join(place.folder, '.sallyport.json');
      await writeFile(path, '{"address":"https://sallyport.example"}');
      const { output } = await start();
      expect(output).toMatch(/left alone. Set SALLYPORT_ADDR=http:\/\/127/);
      expect(await readFile(path, 'utf8')).toBe('{"address":"https://sallyport.example"}');
    },
    MINUTE,
  );
});

describe('AWS', () => {
  const addManager = (output: string, credentials: string): Promise<Finished> => {
    const [, line = ''] = new RegExp(`npx sallyport (.*--credentials ${credentials}.*)`).exec(output) ?? [];
    return sallyport(...line.split(' '));
  };

  test(
    'with the lab, AWS settings of the environment come nowhere near the delegate',
    async () => {
      const real = {
        AWS_PROFILE: 'production',
        AWS_ACCESS_KEY_ID: 'AKIAREALREALREALREAL',
        AWS_SECRET_ACCESS_KEY: 'real',
      };
      const { output } = await start(real);
      const { code, stderr } = await addManager(output, 'iam-role');
      expect(stderr).toContain('assumed-role/sallyport-delegate/');
      expect(code).toBe(0);
    },
    MINUTE,
  );

  test(
    'with --aws there is no lab, and the delegate uses what the environment names',
    async () => {
      // What stands in for AWS here is a lab of its own, which the command knows by its environment only.
      const aws = place.start(['lab']);
      started.push(aws);
      const facts = await untilWritten(aws, /^(?=[^]*secret access key: \S+\n)(?=[^]*export AWS_REGION)/);
      const variables = Object.fromEntries(
        [...facts.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name ?? '', value ?? '']),
      );
      const { output, child } = await start(variables, '--aws');
      expect(output).not.toContain('lab');
      expect(
        (await childrenOf(child.pid)).map(({ words }) => words).filter((words) => words.includes(' lab ')),
      ).toEqual([]);
      const keyArn = /key ARN: +(\S+)/.exec(facts)?.[1] ?? '';
      const words = [
        'secrets-manager',
        'add',
        'aws-kms',
        '--name',
        'mine',
        '--selector',
        'local',
        '--credentials',
        'iam-role',
      ];
      const added = await sallyport(...words, '--key-arn', keyArn);
      expect([added.code, added.stderr]).toEqual([0, expect.stringContaining('Saved mine')]);
    },
    MINUTE,
  );
});

describe('the second start', () => {
  test(
    'goes on with the same data: same key, same delegate, nothing twice, secrets still there',
    async () => {
      const first = await start();
      await place.run(['set', 'kept', '-'], { input: 'from the first start' });
      const before = await Promise.all(
        ['admin-key', 'delegate-token'].map((name) =>
          readFile(join(place.folder, '.sallyport', name), 'utf8'),
        ),
      );
      expect((await stop(first.child)).code).toBe(0);
      const second = await start();
      expect(second.output).not.toContain('sp_key_');
      expect((await sallyport('get', 'kept', '--strict')).stdout).toBe('from the first start');
      const after = await Promise.all(
        ['admin-key', 'delegate-token'].map((name) =>
          readFile(join(place.folder, '.sallyport', name), 'utf8'),
        ),
      );
      expect(after).toEqual(before);
      for (const [words, count] of [
        [['secrets-manager', 'list'], 1],
        [['delegate', 'list'], 1],
        [['delegate', 'token', 'list'], 1],
        [['api-key', 'list'], 1],
      ] as const) {
        const rows = JSON.parse((await sallyport(...words, '-o', 'json')).stdout) as unknown[];
        expect(rows, words.join(' ')).toHaveLength(count);
      }
      const keyArn = /key ARN: +(\S+)/;
      expect(keyArn.exec(second.output)?.[1]).toBe(keyArn.exec(first.output)?.[1]);
    },
    2 * MINUTE,
  );
});

describe('the end', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s stops all processes, and the exit code is 0',
    async (signal) => {
      const { child } = await start();
      const children = await childrenOf(child.pid);
      expect(children).toHaveLength(3);
      const end = await stop(child, signal);
      expect([end.code, end.signal]).toEqual([0, null]);
      expect(children.filter(({ pid }) => isAlive(pid))).toEqual([]);
    },
    MINUTE,
  );

  test(
    'a stop while it is still starting ends everything as well',
    async () => {
      const child = place.start(['start'], { env: { PORT: '0' } });
      started.push(child);
      await untilWritten(child, 'Sallyport starts');
      const end = await stop(child);
      expect([end.code, end.signal]).toEqual([0, null]);
    },
    MINUTE,
  );

  test.skipIf(process.platform !== 'linux')(
    'when it is killed, its processes do not stay behind',
    async () => {
      const { child } = await start();
      const children = await childrenOf(child.pid);
      await stop(child, 'SIGKILL');
      await until(() => children.every(({ pid }) => !isAlive(pid)));
    },
    MINUTE,
  );
});

describe('what goes wrong', () => {
  test.skipIf(process.platform !== 'linux')(
    'a part that dies is started again, and secrets can be read',
    async () => {
      const { child } = await start();
      await place.run(['set', 'x', '-'], { input: 'value' });
      for (const part of ['delegate run', 'server run', ' lab ']) {
        const victim = (await childrenOf(child.pid)).find(({ words }) => words.includes(part));
        expect(victim, part).toBeDefined();
        process.kill(victim?.pid ?? 0, 'SIGKILL');
        const again = untilWritten(child, 'it is started again');
        await until(() => !isAlive(victim?.pid ?? 0));
        await again;
        await until(async () => (await sallyport('get', 'x')).stdout === 'value');
        await until(async () => (await childrenOf(child.pid)).length === 3);
      }
      expect((await stop(child)).code).toBe(0);
    },
    2 * MINUTE,
  );

  test(
    'a port in use is an error that names it, and nothing stays behind',
    async () => {
      const other = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => other.once('listening', resolve));
      const { port } = other.address() as AddressInfo;
      const { code, stdout, stderr } = await place.run(['start'], { env: { PORT: String(port) } });
      other.close();
      expect(stderr).toMatch(new RegExp(`error: The server did not start. .*${port}`));
      expect(stderr).toMatch(/^next: /m);
      expect(stdout).not.toContain('Sallyport runs');
      expect(code).toBe(2);
    },
    MINUTE,
  );

  test('a PORT that is none is refused before anything is made', async () => {
    const { code, stderr } = await place.run(['start'], { env: { PORT: 'http' } });
    expect([code, stderr]).toEqual([2, expect.stringContaining('PORT must be a whole number')]);
    expect(await readdir(place.folder)).toEqual([]);
  });
});
