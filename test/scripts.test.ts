// Scripts through the whole installation, in its own processes: from the command line to a delegate and back, sealed all the way.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditAction } from '@sallyport/protocol';
import { Deployment, until } from './harness/deployment.ts';
import { startRecordingProxy } from './harness/recording-proxy.ts';
import type { RecordingProxy } from './harness/recording-proxy.ts';
import { tracesInMemory, tracesOf } from './harness/traces-of.ts';

const LAUNCHER = fileURLToPath(new URL('../packages/cli/bin/sallyport.cjs', import.meta.url));
const VALUE = `value-${randomBytes(12).toString('hex')}`;
/** Stands in the script and in its output, and nowhere else. */
const CANARY = `canary-${randomBytes(12).toString('hex')}`;
const GET = '${secrets.getValue("db-password")}';

let deployment: Deployment;
let proxy: RecordingProxy;

type Ended = { code: number; stdout: string; stderr: string };

function start(commandArguments: string[], input = '') {
  const child = spawn(process.execPath, [LAUNCHER, ...commandArguments], {
    env: {
      ...process.env,
      SALLYPORT_ADDR: proxy.address,
      SALLYPORT_TOKEN: deployment.token,
      XDG_CONFIG_HOME: join(deployment.folder, 'config'),
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  const ended = once(child, 'close').then(([code]): Ended => ({ code: code as number, ...said }));
  return { child, said, ended };
}

async function execute(commandArguments: string[], input = ''): Promise<Ended> {
  return start(['delegate', 'exec', ...commandArguments], input).ended;
}

async function actions(action: AuditAction): Promise<readonly { details: object }[]> {
  const { records } = await deployment.client.call('listAudit', { query: { action } });
  return records;
}

function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

beforeAll(async () => {
  deployment = await Deployment.start();
  const guardFile = join(deployment.folder, 'guard.json');
  await writeFile(guardFile, JSON.stringify({ scripts: { allow: true, maxSeconds: 120 } }), { mode: 0o600 });
  await deployment.startDelegate({ name: 'willing', guardFile, selectors: ['scripts'], logLevel: 'info' });
  await deployment.startDelegate({ name: 'careful' });
  proxy = await startRecordingProxy(deployment.address);
  const { client } = deployment;
  await client.call('createSecretsManager', {
    body: { name: 'ring', settings: { kind: 'built-in', selectors: ['willing'] } },
  });
  await client.set('db-password', VALUE);
}, 60_000);

afterAll(async () => {
  proxy?.close();
  await deployment?.close();
});

describe('a script from the command line', () => {
  test('gets its secrets at the delegate; its masked output and its exit code come back', async () => {
    const file = join(deployment.folder, 'check.sh');
    await writeFile(file, `echo "${CANARY}: ${GET} $1"; echo oops >&2; exit 9\n`);
    const ended = await execute(['--arg', 'one two', file]);
    expect(ended).toMatchObject({ code: 9, stdout: `${CANARY}: [masked] one two\n` });
    expect(ended.stderr).toMatch(/^oops$/m);
    await until(async () => (await actions('script.ended')).length === 1, 'the end is recorded');
    expect(await actions('script.started')).toMatchObject([{ details: { script: 'check.sh', secrets: 1 } }]);
    expect(await actions('script.ended')).toMatchObject([{ details: { exitCode: 9 } }]);
  }, 30_000);

  test('is read, with its output, by nobody in between', async () => {
    expect(tracesOf(Buffer.from(CANARY), proxy.recorded())).toEqual([]);
    expect(tracesOf(Buffer.from(VALUE), proxy.recorded())).toEqual([]);
    for (const part of [deployment.server, ...deployment.delegates.values()]) {
      expect(tracesOf(Buffer.from(CANARY), Buffer.from(part.output()))).toEqual([]);
      expect(tracesOf(Buffer.from(VALUE), Buffer.from(part.output()))).toEqual([]);
    }
    // The name of the script is metadata and has to be found, which proves that the search looks.
    expect(tracesOf(Buffer.from('check.sh'), proxy.recorded())).not.toEqual([]);
    if (process.platform === 'linux') {
      const pid = deployment.server.child.pid ?? 0;
      expect(tracesInMemory(pid, Buffer.from('check.sh'))).not.toEqual([]);
      expect(tracesInMemory(pid, Buffer.from(CANARY))).toEqual([]);
    }
  }, 60_000);

  test('may come by standard input, and is ended at its time limit', async () => {
    const ended = await execute(['--selector', 'scripts', '--timeout', '1s', '-'], 'echo begun; sleep 100');
    expect(ended).toMatchObject({ code: 124, stdout: 'begun\n' });
    expect(ended.stderr).toContain('The script was ended after 1 s, its time limit.');
  }, 30_000);

  test.skipIf(process.platform !== 'linux')(
    'is gone with all its processes when its user interrupts it',
    async () => {
      const { child, said, ended } = start(
        ['delegate', 'exec', '--selector', 'scripts', '-'],
        'sleep 300 & echo "pid=$!"; echo "pid=$$"; wait',
      );
      await until(() => (said.stdout.match(/pid=\d+/g)?.length ?? 0) === 2, 'both processes run');
      const pids = [...said.stdout.matchAll(/pid=(\d+)/g)].map(([, pid]) => Number(pid));
      expect(pids.filter(isRunning)).toHaveLength(2);
      child.kill('SIGINT');
      expect(await ended).toMatchObject({ code: 130 });
      await until(() => pids.filter(isRunning).length === 0, 'both processes are gone');
      expect((await ended).stderr).toContain('Interrupted: the delegate ends the script.');
    },
    30_000,
  );

  test('that no delegate may run is refused, with the reason of each', async () => {
    const { code, stderr } = await execute(['--delegate', 'careful', '-'], 'echo hi');
    expect(code).toBe(6);
    expect(stderr).toContain('careful runs no scripts (its guard file does not allow them)');
    expect(stderr).toContain('willing lacks selector careful');
    const listed = await start(['delegate', 'list']).ended;
    expect(listed.stdout).toMatch(/NAME .* SCRIPTS /);
    expect(listed.stdout).toMatch(/careful +connected .* no /);
    expect(listed.stdout).toMatch(/willing +connected .* yes /);
  }, 60_000);

  test('that asks for more time than the guard file allows is refused, and the entry named', async () => {
    const { code, stderr } = await execute(['--timeout', '5m', '-'], 'echo hi');
    expect(code).toBe(3);
    expect(stderr).toContain('allows scripts 120 seconds, not 300 (entry "scripts.maxSeconds")');
  }, 30_000);

  test('with a secret that is not there is not run', async () => {
    const { code, stdout, stderr } = await execute(['-'], 'echo hi ${secrets.getValue("nothing")}');
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toContain('code: not-found');
  }, 30_000);
});

describe('a delegate that is killed', () => {
  test.skipIf(process.platform !== 'linux')(
    'takes its scripts along, and their folders',
    async () => {
      const { said, ended } = start(
        ['delegate', 'exec', '-'],
        'trap "" TERM; sleep 300 & echo "pid=$!"; echo "folder=$PWD"; echo "pid=$$"; wait',
      );
      await until(() => (said.stdout.match(/pid=\d+/g)?.length ?? 0) === 2, 'both processes run');
      const pids = [...said.stdout.matchAll(/pid=(\d+)/g)].map(([, pid]) => Number(pid));
      await deployment.delegates.get('willing')?.kill();
      await until(() => pids.filter(isRunning).length === 0, 'both processes are gone');
      const folder = /folder=(\S+)/.exec(said.stdout)?.[1] ?? '';
      expect(folder).toContain('sallyport-script-');
      await until(() => !existsSync(folder), 'its folder is gone');
      const { code, stderr } = await ended;
      expect(code).toBe(6);
      expect(stderr).toContain('code: delegate-lost');
    },
    30_000,
  );
});
