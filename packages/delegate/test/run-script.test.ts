// Scripts at a delegate: what they get, what comes back, and that nothing of them is left. Real processes.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { ScriptEnd } from '@sallyport/protocol';
import { GuardFile } from '../src/guard/guard-file.ts';
import { checkScriptUser } from '../src/scripts/script-user.ts';
import type { TaskEnd } from './scripted-server.ts';
import { newId } from './delegate-fixture.ts';
import {
  makeScript,
  refusalOfScript,
  runToEnd,
  ScriptUnderWay,
  startScriptDelegate,
} from './script-client.ts';

const ALLOWED = { allow: true };
const VALUE = 'tr0ub4dor-and-3';
const GET = '${secrets.getValue("db-password")}';

function endOf(result: TaskEnd): ScriptEnd {
  if (result.type !== 'result' || result.result.kind !== 'run-script')
    throw new Error(JSON.stringify(result));
  return result.result.end;
}

function isRunning(pid: number): boolean {
  try {
    // A process that has ended, and that nobody has taken note of, still has an entry.
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

const pidsIn = (text: string): number[] => [...text.matchAll(/pid=(\d+)/g)].map(([, pid]) => Number(pid));

describe('a script', () => {
  test('gets the values of its secrets, and they are masked in what it writes', async () => {
    await using it = await startScriptDelegate(ALLOWED);
    const secrets = { 'db-password': await it.stored(VALUE) };
    const text = `value="${GET}"\necho "got $value, \${#value} characters"\necho "$value" | rev\nprintf %s "$value" | base64 >&2\nexit 7`;
    const run = await runToEnd(it, text, { secrets });
    expect(run.events[0]).toMatchObject({
      is: 'ready',
      secrets: [{ reference: 'db-password' }],
      unmasked: [],
    });
    expect(run.stdout).toBe(
      `got [masked], ${VALUE.length} characters\n${VALUE.split('').toReversed().join('')}\n`,
    );
    expect(run.stderr.trim()).toBe('[masked]');
    expect(endOf(run.result)).toMatchObject({ reason: 'exited', exitCode: 7, signal: null });
    // The client hears the same under the seal.
    expect(run.events.at(-1)).toEqual({ is: 'ended', end: endOf(run.result) });
  });

  test('gets its arguments, an empty standard input and a folder of its own, which is gone afterwards', async () => {
    await using it = await startScriptDelegate({ ...ALLOWED, environment: { STAGE: 'test' } });
    const text = 'echo "[$1] [$2] [$#] [$STAGE]"; cat; pwd; touch left-behind; echo to-stderr > /dev/stderr';
    const run = await runToEnd(it, text, { header: { arguments: ['a b', '$HOME'] } });
    const [first, folder = ''] = run.stdout.split('\n');
    expect(first).toBe('[a b] [$HOME] [2] [test]');
    expect(folder).toContain(join(tmpdir(), 'sallyport-script-'));
    expect(existsSync(folder)).toBe(false);
    expect(run.stderr).toBe('to-stderr\n');
  });

  test("has nothing of the delegate's environment", async () => {
    process.env['AWS_SECRET_ACCESS_KEY_OF_TEST'] = 'leaked';
    try {
      await using it = await startScriptDelegate(ALLOWED);
      const run = await runToEnd(it, 'env -u _ -u SHLVL -u PWD -u OLDPWD | cut -d= -f1 | sort');
      expect(run.stdout.split('\n').filter(Boolean)).toEqual([
        'HOME',
        'LANG',
        'PATH',
        'SALLYPORT_SCRIPT_RUN',
        'TMPDIR',
      ]);
    } finally {
      delete process.env['AWS_SECRET_ACCESS_KEY_OF_TEST'];
    }
  });

  test('may be for another interpreter that the guard file names', async () => {
    await using it = await startScriptDelegate({ ...ALLOWED, interpreters: ['/bin/bash', '/bin/sh'] });
    const run = await runToEnd(it, 'echo "$0 ${BASH_VERSION-none}"', { header: { interpreter: '/bin/sh' } });
    expect(run.stdout).toMatch(/none/);
  });

  test.skipIf(process.getuid?.() !== 0)(
    'runs as the user that the guard file names, who cannot read what belongs to the delegate',
    async () => {
      const user = { uid: 65_534, gid: 65_534 };
      await using it = await startScriptDelegate({ ...ALLOWED, user });
      const text = `id -u; id -G; touch mine && echo made; cat ${it.folder}/identity.pem; echo to-stderr > /dev/stderr`;
      const run = await runToEnd(it, text);
      expect(run.stdout).toBe('65534\n65534\nmade\n');
      expect(run.stderr).toContain('Permission denied');
      expect(run.stderr).toContain('to-stderr');
    },
  );

  test('that ends by a signal is told from one that exits', async () => {
    await using it = await startScriptDelegate(ALLOWED);
    const run = await runToEnd(it, 'kill -KILL $$');
    expect(endOf(run.result)).toMatchObject({ reason: 'exited', exitCode: null, signal: 'SIGKILL' });
  });

  test('starts only when the server says that its start is recorded', async () => {
    await using it = await startScriptDelegate(ALLOWED);
    const run = new ScriptUnderWay(it, makeScript(it, 'echo started'));
    expect(await run.next()).toMatchObject({ is: 'ready' });
    expect(it.log.some(({ msg }) => msg === 'script starts')).toBe(false);
    run.go();
    await run.toEnd();
    expect(it.log.some(({ msg }) => msg === 'script starts')).toBe(true);
    expect(run.stdout).toBe('started\n');
  });

  test('writes no faster than its output is taken', async () => {
    await using it = await startScriptDelegate(ALLOWED);
    const run = new ScriptUnderWay(it, makeScript(it, 'head -c 3000000 /dev/zero | tr "\\0" x; echo end'));
    await run.next();
    run.go();
    await run.toEnd();
    expect(run.stdout.length).toBe(3_000_004);
    expect(run.stdout.endsWith('xend\n')).toBe(true);
  });
});

describe('a value', () => {
  test.skipIf(process.platform !== 'linux')(
    'is in no command line, no environment and no file while its script runs',
    async () => {
      await using it = await startScriptDelegate(ALLOWED);
      const secrets = { 'db-password': await it.stored(VALUE) };
      const text = `value='${GET}'\necho "pid=$$ folder=$PWD"\nsleep 60 & echo "pid=$!"; wait`;
      const script = makeScript(it, text, { secrets });
      const run = new ScriptUnderWay(it, script);
      await run.next();
      run.go();
      await run.untilSaid('folder=');
      while (pidsIn(run.stdout).length < 2) await run.next();
      const folder = /folder=(\S+)/.exec(run.stdout)?.[1] ?? '';
      for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        for (const file of ['cmdline', 'environ']) {
          let content = '';
          try {
            content = readFileSync(`/proc/${pid}/${file}`, 'latin1');
          } catch {
            continue;
          }
          expect(content.includes(VALUE), `${file} of ${pid}`).toBe(false);
        }
      }
      expect(readdirSync(folder)).toEqual([]);
      expect(filesWith(VALUE, it.folder)).toEqual([]);
      it.connection.send({ type: 'cancel', taskId: script.task.taskId });
      await run.end();
    },
  );

  test('that cannot be masked is named to the client before the script starts', async () => {
    await using it = await startScriptDelegate(ALLOWED);
    const secrets = { 'db-password': await it.stored('ab') };
    const run = await runToEnd(it, `echo ${GET}`, { secrets });
    expect(run.events[0]).toMatchObject({ unmasked: [{ reference: 'db-password' }] });
    expect(JSON.stringify(run.events[0])).not.toContain('"ab"');
  });
});

/** Paths of the files below that hold the text. */
function filesWith(text: string, folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(text));
}

describe('nothing is left of a script', () => {
  // A child, a grandchild, and one that has a session of its own.
  const FAMILY = `
    sleep 300 & echo "pid=$!"
    (sleep 300 & echo "pid=$!"; wait) &
    setsid bash -c 'echo "pid=$$"; exec sleep 300' &
  `;
  const STUBBORN = `bash -c 'trap "" TERM; echo "pid=$$"; while :; do sleep 1; done' &`;

  async function startFamily(scripts: object, rest: string, facts = {}) {
    const it = await startScriptDelegate(scripts);
    const script = makeScript(it, FAMILY + rest, { facts });
    const run = new ScriptUnderWay(it, script);
    await run.next();
    run.go();
    const expected = rest.includes(STUBBORN) ? 4 : 3;
    while (pidsIn(run.stdout).length < expected) await run.next();
    const pids = pidsIn(run.stdout);
    expect(pids.filter(isRunning)).toHaveLength(expected);
    return { it, run, pids, taskId: script.task.taskId };
  }

  async function untilGone(pids: number[]): Promise<void> {
    const startedAtMs = performance.now();
    while (pids.some(isRunning)) {
      if (performance.now() - startedAtMs > 10_000) throw new Error(`left: ${pids.filter(isRunning).join()}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  test('whose time is over, not even what ignores SIGTERM', async () => {
    const { it, run, pids } = await startFamily(ALLOWED, `${STUBBORN}\nwait`, { maxSeconds: 1 });
    await using _ = it;
    const end = endOf(await run.toEnd());
    expect(end).toMatchObject({ reason: 'time-limit', signal: 'SIGTERM' });
    expect(pids.filter(isRunning)).toEqual([]);
  });

  test('that ends by itself', async () => {
    const { it, run, pids } = await startFamily(ALLOWED, 'exit 4');
    await using _ = it;
    expect(endOf(await run.toEnd())).toMatchObject({ reason: 'exited', exitCode: 4 });
    expect(pids.filter(isRunning)).toEqual([]);
  });

  test('that the server cancels, as it does when the client goes away', async () => {
    const { it, run, pids, taskId } = await startFamily(ALLOWED, 'wait');
    await using _ = it;
    it.connection.send({ type: 'cancel', taskId });
    expect(await run.end()).toMatchObject({ type: 'failure' });
    await untilGone(pids);
  });

  test('whose delegate loses its connection', async () => {
    const { it, pids } = await startFamily(ALLOWED, 'wait');
    await using _ = it;
    it.connection.drop();
    await untilGone(pids);
  });

  test('whose delegate is closed, before closing is done', async () => {
    const { it, pids } = await startFamily(ALLOWED, 'wait');
    await it.delegate.close();
    expect(pids.filter(isRunning)).toEqual([]);
    await it[Symbol.asyncDispose]();
  });

  test('that writes more than is allowed', async () => {
    await using it = await startScriptDelegate({ ...ALLOWED, maxOutputBytes: 1000 });
    const run = await runToEnd(it, 'echo "pid=$$"; while :; do echo 0123456789; done');
    expect(endOf(run.result)).toMatchObject({ reason: 'output-limit', outputBytes: 1000 });
    expect(run.stdout.length).toBe(1000);
    expect(pidsIn(run.stdout).filter(isRunning)).toEqual([]);
  });
});

test('a user for scripts is refused at the start of a delegate that cannot switch to it', async () => {
  const getuid = vi.spyOn(process, 'getuid').mockReturnValue(1000);
  try {
    const { scripts } = GuardFile.parse({ scripts: { allow: true, user: { uid: 1, gid: 1 } } });
    expect(() => checkScriptUser(scripts)).toThrow(expect.objectContaining({ code: 'config-invalid' }));
    expect(() => checkScriptUser(null)).not.toThrow();
  } finally {
    getuid.mockRestore();
  }
});

describe('a script is refused', () => {
  test.each<[string, object | null, object, object, string]>([
    ['without the entry in the guard file', null, {}, {}, 'scripts'],
    ['by an entry that says no', { allow: false }, {}, {}, 'scripts'],
    ['that is none of those allowed', { allow: true, sha256: ['0'.repeat(64)] }, {}, {}, 'scripts.sha256'],
    [
      'that asks for more time',
      { allow: true, maxSeconds: 10 },
      { maxSeconds: 11 },
      {},
      'scripts.maxSeconds',
    ],
    ['for another interpreter', ALLOWED, {}, { interpreter: '/usr/bin/python3' }, 'scripts.interpreters'],
  ])('%s, and the refusal names the entry', async (...[, scripts, facts, header, guardEntry]) => {
    await using it = await startScriptDelegate(scripts);
    const refusal = await refusalOfScript(it, makeScript(it, 'echo hi', { facts, header }));
    expect(refusal).toMatchObject({
      type: 'failure',
      error: { code: 'delegate-refused', data: { guardEntry } },
    });
    expect(it.log.some(({ msg }) => msg === 'script starts')).toBe(false);
  });

  test('beyond the number that may run at a time', async () => {
    await using it = await startScriptDelegate({ ...ALLOWED, maxAtOnce: 1 });
    const script = makeScript(it, 'echo up; sleep 60');
    const first = new ScriptUnderWay(it, script);
    await first.next();
    first.go();
    await first.untilSaid('up');
    const second = new ScriptUnderWay(it, makeScript(it, 'echo hi'));
    await second.next();
    second.go();
    expect(await second.end()).toMatchObject({ error: { code: 'rate-limited' } });
    it.connection.send({ type: 'cancel', taskId: script.task.taskId });
    await first.end();
  });

  // The attacks: a server that hands a script other secrets than it asks for, or records another script than the one that runs.
  test.each<[string, (script: ReturnType<typeof makeScript>) => void]>([
    [
      'another secret',
      ({ task }) => void (task.items = task.items.map((item) => ({ ...item, name: 'other' }))),
    ],
    [
      'another reference',
      ({ task }) => void (task.items = task.items.map((item) => ({ ...item, reference: 'x' }))),
    ],
    ['no secret', ({ task }) => void (task.items = [])],
    ['another name', ({ task }) => void (task.script = { ...task.script, name: 'other.sh' })],
    ['another hash', ({ task }) => void (task.script = { ...task.script, sha256: 'f'.repeat(64) })],
    ['other selectors', ({ task }) => void (task.script = { ...task.script, selectors: ['x'] })],
    ['another time limit', ({ task }) => void (task.script = { ...task.script, maxSeconds: 61 })],
    ['another request', ({ task }) => void (task.requestId = newId('request'))],
  ])('when the task has %s than the client sealed', async (_name, lie) => {
    await using it = await startScriptDelegate(ALLOWED);
    const script = makeScript(it, `echo ${GET}`, { secrets: { 'db-password': await it.stored(VALUE) } });
    lie(script);
    expect(await refusalOfScript(it, script)).toMatchObject({ error: { code: 'sealed-message-rejected' } });
    expect(it.log.some(({ msg }) => msg === 'script starts')).toBe(false);
  });

  test('whose hash is not that of its text, also when client and server agree on it', async () => {
    await using it = await startScriptDelegate({ ...ALLOWED, sha256: ['a'.repeat(64)] });
    const script = makeScript(it, 'echo hi', { facts: { sha256: 'a'.repeat(64) } });
    expect(await refusalOfScript(it, script)).toMatchObject({ error: { code: 'sealed-message-rejected' } });
  });

  test('and the delegate tells the server whether it runs any', async () => {
    for (const [scripts, runsScripts] of [
      [null, false],
      [{ allow: false }, false],
      [ALLOWED, true],
    ] as const) {
      await using it = await startScriptDelegate(scripts);
      expect(it.identify.runsScripts).toBe(runsScripts);
    }
  });
});
