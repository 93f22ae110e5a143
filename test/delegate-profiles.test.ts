// Start-up profiles through the whole installation, in its own processes: from the command line to delegates, once each, and what is shown
// of it afterwards.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProfileRun } from '@sallyport/protocol';
import { Deployment, until } from './harness/deployment.ts';
import { tracesOf } from './harness/traces-of.ts';

const LAUNCHER = fileURLToPath(new URL('../packages/cli/bin/sallyport.cjs', import.meta.url));
const VALUE = `value-${randomBytes(12).toString('hex')}`;
const GET = '${secrets.getValue("setup-token")}';

let deployment: Deployment;
let guardFile: string;
/** A line for each run, written by the script itself. */
let ranFile: string;

async function sallyport(
  commandArguments: string[],
  input = '',
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [LAUNCHER, ...commandArguments], {
    env: {
      ...process.env,
      SALLYPORT_ADDR: deployment.address,
      SALLYPORT_TOKEN: deployment.token,
      XDG_CONFIG_HOME: join(deployment.folder, 'config'),
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, ...said };
}

async function runsOf(profile: string): Promise<ProfileRun[]> {
  return (await deployment.client.call('listProfileRuns', { params: { profile }, query: {} })).runs;
}

async function untilRuns(profile: string, about: Partial<ProfileRun>, count: number): Promise<void> {
  const matches = (run: ProfileRun): boolean =>
    Object.entries(about).every(([field, value]) => run[field as keyof ProfileRun] === value);
  await until(
    async () => (await runsOf(profile)).filter(matches).length === count,
    `${count} runs of ${profile} are ${JSON.stringify(about)}`,
  );
}

function linesOf(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

beforeAll(async () => {
  deployment = await Deployment.start();
  guardFile = join(deployment.folder, 'guard.json');
  ranFile = join(deployment.folder, 'ran');
  await writeFile(guardFile, JSON.stringify({ scripts: { allow: true } }), { mode: 0o600 });
  await deployment.startDelegate({ name: 'first', guardFile, selectors: ['edge'], logLevel: 'debug' });
  await deployment.client.call('createSecretsManager', {
    body: { name: 'ring', settings: { kind: 'built-in', selectors: ['first'] } },
  });
  await deployment.client.set('setup-token', VALUE);
}, 60_000);

afterAll(async () => {
  await deployment?.close();
});

describe('a start-up profile', () => {
  test('runs once on a delegate that is connected; its output is masked and shown', async () => {
    const script = `echo ran >> ${ranFile}; echo "with ${GET}"; echo oops >&2; exit 3\n`;
    const created = await sallyport(
      ['delegate', 'profile', 'create', 'tools', '--file', '-', '--selector', 'edge'],
      script,
    );
    expect(created).toMatchObject({ code: 0, stdout: '' });
    expect(created.stderr).toMatch(/^Created start-up profile tools \(dpf_\w+\) for delegates with edge\./);
    await untilRuns('tools', { state: 'ended' }, 1);
    const shown = await sallyport(['delegate', 'profile', 'runs', 'tools', '--show-output']);
    expect(shown.stdout).toMatch(/^first +1 +ended +.* exit code 3$/m);
    expect(shown.stdout).toMatch(/^ {2}with \[masked\]$/m);
    expect(shown.stdout).toMatch(/^ {2}oops$/m);
    expect(linesOf(ranFile)).toEqual(['ran']);
  }, 60_000);

  test('shows its value to nobody, and its lines to the log of the delegate', () => {
    for (const part of [deployment.server, ...deployment.delegates.values()]) {
      expect(tracesOf(Buffer.from(VALUE), Buffer.from(part.output()))).toEqual([]);
    }
    expect(deployment.delegates.get('first')?.output()).toContain('with [masked]');
  });

  test('does not run again when delegate or server start anew', async () => {
    await deployment.delegates.get('first')?.stop();
    await deployment.launchDelegate({ name: 'first', guardFile, selectors: ['edge'], logLevel: 'debug' });
    await deployment.untilConnected('first');
    await deployment.server.stop();
    await deployment.startServer();
    await deployment.untilConnected('first');
    // What comes after it in the alphabet has run: so it was looked at before.
    await deployment.client.call('createDelegateProfile', {
      body: { name: 'zz-last', script: 'true', selectors: ['edge'] },
    });
    await untilRuns('zz-last', { state: 'ended' }, 1);
    expect(linesOf(ranFile)).toEqual(['ran']);
  }, 60_000);

  test('runs again when its script is edited, and at its time limit is ended', async () => {
    const edited = await sallyport(
      ['delegate', 'profile', 'edit', 'tools', '--file', '-', '--timeout', '1s'],
      `echo again >> ${ranFile}; echo begun; sleep 100`,
    );
    expect(edited.stderr).toContain('Changed start-up profile tools: revision 2');
    await untilRuns('tools', { state: 'ended', revision: 2 }, 1);
    expect(linesOf(ranFile)).toEqual(['ran', 'again']);
    const { stdout } = await sallyport(['delegate', 'profile', 'runs', 'tools']);
    expect(stdout).toMatch(/^first +2 +ended +.* ended at its time limit$/m);
  }, 60_000);

  test('that is cut off is shown as interrupted and not repeated', async () => {
    const script = `echo began >> ${ranFile}; sleep 100`;
    await deployment.client.call('editDelegateProfile', {
      params: { profile: 'tools' },
      body: { script, maxSeconds: 60 },
    });
    await until(() => linesOf(ranFile).length === 3, 'it has begun');
    await deployment.delegates.get('first')?.kill();
    await untilRuns('tools', { state: 'interrupted', revision: 3 }, 1);
    await deployment.launchDelegate({ name: 'first', guardFile, selectors: ['edge'] });
    await deployment.untilConnected('first');
    await deployment.client.call('editDelegateProfile', {
      params: { profile: 'zz-last' },
      body: { runAgain: true },
    });
    await untilRuns('zz-last', { state: 'ended', revision: 2 }, 1);
    expect(linesOf(ranFile)).toEqual(['ran', 'again', 'began']);
  }, 60_000);

  test('is refused by a delegate whose guard file allows no scripts, and runs once it has other selectors', async () => {
    await deployment.startDelegate({ name: 'careful', selectors: ['edge'] });
    await untilRuns('zz-last', { state: 'refused', delegateName: 'careful' }, 1);
    const { stdout } = await sallyport(['delegate', 'profile', 'runs', 'zz-last', '--delegate', 'careful']);
    expect(stdout).toContain('it runs no scripts (its guard file does not allow them)');
    await deployment.client.call('createDelegateProfile', {
      body: { name: 'later', script: 'echo hi', selectors: ['prod'] },
    });
    await deployment.client.call('editDelegate', {
      params: { delegate: 'first' },
      body: { addedSelectors: ['prod'] },
    });
    await untilRuns('later', { state: 'ended', delegateName: 'first' }, 1);
  }, 60_000);

  test('cannot name a secret that is not usable everywhere', async () => {
    const { client } = deployment;
    await client.call('editSecret', {
      params: { secret: 'setup-token' },
      body: { scope: { type: 'rows', rows: [] } },
    });
    const refused = await sallyport(
      ['delegate', 'profile', 'create', 'narrow', '--file', '-'],
      `echo "${GET}"`,
    );
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('may be used nowhere');
    const withPlace = await sallyport(
      ['delegate', 'profile', 'create', 'narrow', '--file', '-'],
      'echo "${sally://shop/prod/x}"',
    );
    expect(withPlace.stderr).toContain('A start-up profile belongs to no application');
    await client.call('editSecret', {
      params: { secret: 'setup-token' },
      body: { scope: { type: 'inherit' } },
    });
  }, 60_000);

  test('is told of by its secret, which is neither narrowed nor deleted while the profile names it', async () => {
    await deployment.client.call('createDelegateProfile', {
      body: { name: 'wide', script: `echo "${GET}"`, selectors: ['later-edge'] },
    });
    const usages = await sallyport(['usages', 'setup-token']);
    expect(usages.stdout).toMatch(/^start-up profile +wide/m);
    const narrowed = await sallyport(['scope', 'set', 'setup-token', '--no-scope']);
    expect(narrowed.stderr).toContain('start-up profile wide');
    const deleted = await sallyport(['rm', 'setup-token', '--yes']);
    expect([deleted.code === 0, deleted.stderr]).toEqual([
      false,
      expect.stringContaining('"setup-token" is in use: start-up profile'),
    ]);
    const renamed = await sallyport(['rename', 'setup-token', 'other-token']);
    expect(renamed.stderr).toContain('stops working: setup-token, by start-up profile wide');
  }, 60_000);

  test('is deleted with its runs, after a question, and ends where it runs', async () => {
    const pidFile = join(deployment.folder, 'pid');
    const script = `sleep 1000 & echo $! > ${pidFile}; wait`;
    await deployment.client.call('createDelegateProfile', {
      body: { name: 'endless', script, selectors: ['edge'] },
    });
    await until(() => linesOf(pidFile).length === 1 && linesOf(pidFile)[0] !== '', 'it has begun');
    const removed = await sallyport(['delegate', 'profile', 'rm', 'endless', '--yes']);
    expect(removed).toMatchObject({ code: 0 });
    await until(() => !isAlive(Number(linesOf(pidFile)[0])), 'what it had started is ended');
    const { records } = await deployment.client.call('listAudit', {
      query: { action: 'delegate-profile.ended', limit: 1 },
    });
    expect(records).toMatchObject([
      { resourceName: 'endless', details: { reason: 'The start-up profile was deleted.' } },
    ]);
    const asked = await sallyport(['delegate', 'profile', 'rm', 'tools']);
    expect(asked.code).not.toBe(0);
    expect(await sallyport(['delegate', 'profile', 'rm', 'tools', '--yes'])).toMatchObject({ code: 0 });
    const { stdout } = await sallyport(['delegate', 'profile', 'list']);
    expect(stdout).not.toContain('tools');
    expect(stdout).toContain('zz-last');
  }, 60_000);
});
