// `sallyport run` where something is left to do beside the program: signals on their way to it, a terminal, files that are there only while
// it runs, and secrets that change meanwhile.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { finished, LAUNCHER, untilWritten } from '../packages/cli/test/sallyport.ts';
import { pieces, until } from './harness/deployment.ts';
import { nodeProgram, RunPlace } from './harness/run-place.ts';

let place: RunPlace;

beforeAll(async () => {
  place = await RunPlace.start('prod', 'changing');
  await place.store('prod', { 'db-password': 'hunter2-hunter2', 'api-token': 'tok-0123456789' });
}, 60_000);
afterAll(async () => place?.close());

const words = (flags: string[], program: string[], environment = 'prod'): string[] =>
  place.words(environment, flags, program);

function start(flags: string[], program: string[], environment?: string): ChildProcess {
  return place.work.start(words(flags, program, environment), place.options());
}

/** A program that says `ready`, counts what it is sent, says that it was continued, and ends when told to. */
const COUNTING = nodeProgram(
  'process.on("SIGCONT", () => console.log("goes on"));' +
    ' const seen = {}; for (const s of ["SIGTERM","SIGHUP","SIGUSR1","SIGUSR2","SIGINT","SIGQUIT","SIGWINCH"])' +
    ' process.on(s, () => { seen[s] = (seen[s] ?? 0) + 1; console.log("got " + s);' +
    ' if (s === "SIGTERM") setTimeout(() => { console.log(JSON.stringify(seen)); process.exit(7); }, 200); });' +
    ' setInterval(() => {}, 1e6); console.log("ready");',
);

describe('signals', () => {
  test('that are sent to the command reach the program, each once', async () => {
    const child = start([], COUNTING);
    await untilWritten(child, 'ready');
    for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGINT', 'SIGQUIT', 'SIGWINCH'] as const) {
      child.kill(signal);
      await untilWritten(child, `got ${signal}`);
    }
    const end = finished(child);
    child.kill('SIGTERM');
    const { code, stdout } = await end;
    expect(code).toBe(7);
    expect(JSON.parse(stdout.split('\n').at(-2) ?? '')).toEqual({
      SIGTERM: 1,
      SIGHUP: 1,
      SIGUSR1: 1,
      SIGUSR2: 1,
      SIGINT: 1,
      SIGQUIT: 1,
      SIGWINCH: 1,
    });
  });

  test('leave no child behind when the program does not handle them', async () => {
    const child = start([], ['sh', '-c', 'echo $$; exec sleep 600']);
    const pid = Number(/\d+/.exec(await untilWritten(child, /\d+\n/))?.[0]);
    const end = finished(child);
    child.kill('SIGTERM');
    expect((await end).signal).toBe('SIGTERM');
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });

  test('reach it at the same process, when nothing is left to do beside it', async () => {
    const child = start(['--no-masking'], ['sh', '-c', 'echo $$; exec sleep 600']);
    expect(await untilWritten(child, /\d+\n/)).toContain(String(child.pid));
    const end = finished(child);
    child.kill('SIGKILL');
    expect((await end).signal).toBe('SIGKILL');
  });
});

describe('on a terminal', () => {
  /** Bash with job control on a terminal of its own; what is typed goes to the terminal. */
  function terminal(): ChildProcess {
    const { env } = place.options();
    return spawn('script', ['-qec', 'bash --norc --noprofile -i', '/dev/null'], {
      cwd: place.work.folder,
      env: {
        ...place.work.env(env),
        NODE: process.execPath,
        LAUNCHER,
        PS1: 'prompt> ',
        TERM: 'dumb',
        HISTFILE: '',
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  async function type(child: ChildProcess, text: string, awaited: string | RegExp): Promise<string> {
    const seen = untilWritten(child, awaited);
    child.stdin?.write(text);
    return seen;
  }

  test.each([
    ['as the program itself', []],
    ['beside it', ['--masking']],
  ])(
    'a key reaches the program once, and it is stopped and continued like any other: %s',
    async (_, flags) => {
      const bash = terminal();
      try {
        await untilWritten(bash, 'prompt>');
        await writeFile(join(place.work.folder, 'count.js'), COUNTING.at(-1) ?? '');
        const line = words(flags, ['"$NODE"', 'count.js']).join(' ');
        await type(bash, `"$NODE" "$LAUNCHER" ${line}\n`, 'ready');
        await type(bash, '\u0003', 'got SIGINT');
        await type(bash, '\u001A', /Stopped[^\n]*\n[^\n]*prompt>/);
        // Bash names the program before it gives it the terminal, and wakes it after that: only then is a key the program's own.
        await type(bash, 'fg\n', 'goes on');
        await type(bash, '\u0003', 'got SIGINT');
        await type(bash, '\u001A', /Stopped[^\n]*\n[^\n]*prompt>/);
        await type(bash, 'kill -TERM %1; fg\n', '"SIGINT":2');
        expect(await type(bash, 'echo "code $?"\n', /code \d+/)).toMatch(/code 7/);
      } finally {
        const end = finished(bash);
        bash.stdin?.end('exit\n');
        await end;
      }
    },
    60_000,
  );

  test('values are not masked unless asked, and the program has the terminal', async () => {
    const bash = terminal();
    try {
      await untilWritten(bash, 'prompt>');
      const line = words([], ['sh', '-c', `'test -t 0 -a -t 1 -a -t 2 && echo "<$API_TOKEN>"'`]).join(' ');
      await type(bash, `"$NODE" "$LAUNCHER" ${line}\n`, '<tok-0123456789>');
      const masked = words(['--masking'], ['sh', '-c', `'echo "<$API_TOKEN>"'`]).join(' ');
      await type(bash, `"$NODE" "$LAUNCHER" ${masked}\n`, '<[masked]>');
    } finally {
      const end = finished(bash);
      bash.stdin?.end('exit\n');
      await end;
    }
  }, 60_000);
});

describe('a mounted file', () => {
  test('is a pipe that gives each reader all of it, so many times, and then is gone', async () => {
    const flags = ['--mount', 's.json', '--mount-format', 'json', '--mount-max-reads', '2'];
    const script =
      'test -p s.json && stat -c %a s.json; cat s.json; cat "$SALLYPORT_MOUNT" | wc -c; ls s.json 2>&1; echo "${API_TOKEN-none}"';
    const { stdout } = await place.run(words(['--no-masking', ...flags], ['sh', '-c', script]));
    const content = `${JSON.stringify({ API_TOKEN: 'tok-0123456789', DB_PASSWORD: 'hunter2-hunter2' }, null, 2)}\n`;
    expect(stdout).toContain(`600\n${content}${content.length}\n`);
    expect(stdout).toMatch(/No such file.*\nnone\n$/);
  });

  test('is in memory, for its owner only, and gone at the end, also when the command is killed', async () => {
    await writeFile(join(place.work.folder, 'in.tpl'), 'password={{ DB_PASSWORD }}\n');
    const flags = ['--mount', 'out.conf', '--mount-kind', 'file', '--mount-template', 'in.tpl'];
    const child = start(flags, ['sh', '-c', 'echo "$(readlink out.conf) $$"; exec sleep 600']);
    const [, target = '', pid] = /(\S+) (\d+)\n/.exec(await untilWritten(child, /\S+ \d+\n/)) ?? [];
    expect(target).toMatch(/^\/dev\/shm\//);
    expect([statSync(target).mode & 0o777, readFileSync(target, 'utf8')]).toEqual([
      0o600,
      'password=hunter2-hunter2\n',
    ]);
    const end = finished(child);
    child.kill('SIGKILL');
    process.kill(Number(pid), 'SIGKILL');
    await end;
    const link = join(place.work.folder, 'out.conf');
    await until(
      () => !existsSync(target) && !readdirSync(place.work.folder).includes('out.conf'),
      `${link} is gone`,
    );
  });

  test('never takes the place of something that is there', async () => {
    await writeFile(join(place.work.folder, 'mine'), 'mine');
    const { code, stdout } = await place.run(words(['--mount', 'mine'], ['echo', 'started']));
    expect([code, stdout]).toEqual([2, '']);
    expect(readFileSync(join(place.work.folder, 'mine'), 'utf8')).toBe('mine');
  });

  test('of secrets that are files is a folder, byte for byte, however large', async () => {
    const { client } = place.deployment;
    const large = Buffer.alloc(1_500_000, 'large file ');
    await client.upload('sally://shop/changing/tls.key', pieces(Buffer.from([0, 1, 255])));
    await client.upload('sally://shop/changing/archive', pieces(large));
    const script =
      'stat -c %a "$TLS_KEY"; od -An -tu1 "$TLS_KEY"; wc -c < "$ARCHIVE"; echo "$SALLYPORT_FILES"';
    const { stdout } = await place.run(words(['--files', '--no-masking'], ['sh', '-c', script], 'changing'));
    expect(stdout).toMatch(/^600\n +0 +1 255\n1500000\n\/dev\/shm\/\S+\/files\n$/);
    expect(existsSync(stdout.split('\n').at(-2) ?? '')).toBe(false);
    const without = await place.run(
      words(['--set', 'A=b', '--all'], ['sh', '-c', 'echo ${TLS_KEY-none}'], 'changing'),
    );
    expect([without.stdout, without.stderr]).toEqual([
      'none\n',
      expect.stringContaining('left out, since they are files: archive, tls.key'),
    ]);
  });
});

describe('a secret that changes', () => {
  const watch = ['--watch', '--watch-interval', '1s'];

  test('has the program started again with the new version, and its end is its own', async () => {
    await place.store('changing', { flag: 'first-value' });
    const script =
      'trap "echo asked; exit 0" TERM; echo "has $FLAG"; while test "$FLAG" = first-value; do sleep 0.1; done; exit 5';
    const child = start([...watch, '--no-masking'], ['sh', '-c', script], 'changing');
    await untilWritten(child, 'has first-value');
    const end = finished(child);
    await place.store('changing', { flag: 'second-value' });
    const { code, stdout } = await end;
    expect([code, stdout]).toEqual([5, 'asked\nhas second-value\n']);
  }, 60_000);

  test('is told by a signal once the file has it', async () => {
    await place.store('changing', { flag: 'third-value' });
    const flags = [
      ...watch,
      '--watch-signal',
      'HUP',
      '--mount',
      'w.env',
      '--mount-kind',
      'file',
      '--no-masking',
    ];
    const script = 'trap "grep FLAG w.env; exit 0" HUP; grep FLAG w.env; while :; do sleep 0.1; done';
    const child = start(flags, ['sh', '-c', script], 'changing');
    await untilWritten(child, 'FLAG=third-value');
    const end = finished(child);
    await place.store('changing', { flag: 'fourth-value' });
    expect(await end).toMatchObject({ code: 0, stdout: 'FLAG=fourth-value\n' });
  }, 60_000);

  test('cannot be noticed while the server is away: the program goes on, and that is said once', async () => {
    const child = start(watch, COUNTING, 'changing');
    await untilWritten(child, 'ready');
    const end = finished(child);
    const away = untilWritten(child, 'goes on with what it has');
    await place.deployment.server.kill();
    await away;
    const back = untilWritten(child, 'can be looked up again');
    await place.deployment.startServer();
    await back;
    child.kill('SIGTERM');
    const { code, stderr } = await end;
    expect([code, stderr.match(/goes on with what it has/g)]).toEqual([7, ['goes on with what it has']]);
  }, 60_000);
});
