// The package that applications install: as small as promised, alone, typed, and good for the example programs in every runtime that is
// installed here.
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Deployment } from './harness/deployment.ts';

const ROOT = join(import.meta.dirname, '..');
const ENTRIES = ['index.js', 'scripts.js', 'browser.js', 'browser-audit.js'];
const COMPRESSED_MAX_BYTES = 30_000;
const DEPENDENCIES_MAX = 9;

const run = promisify(execFile);
let project: string;
let installed: string;
let deployment: Deployment;
let localPort: number;
let socketPath: string;

/** Runtimes and how each runs a program. */
const RUNTIMES = [
  { name: 'node', command: [process.execPath] },
  { name: 'deno', command: ['deno', 'run', '--allow-all', '--node-modules-dir=manual', '--no-lock'] },
  { name: 'bun', command: ['bun', 'run'] },
].filter(({ command: [file = ''] }) => spawnSync(file, ['--version']).status === 0);

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'sallyport-sdk-package-'));
  installed = join(project, 'node_modules/@sallyport/sdk');
  mkdirSync(installed, { recursive: true });
  await run(process.execPath, [join(ROOT, 'scripts/build-sdk.ts'), installed]);
  cpSync(join(ROOT, 'examples'), project, { recursive: true });
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }\n');
  deployment = await Deployment.start();
  localPort = await freePort();
  socketPath = join(project, 'delegate.sock');
  writeFileSync(join(project, 'key'), `${deployment.token}\n`, { mode: 0o600 });
  const unix = `unix:${socketPath}?key-file=${join(project, 'key')}`;
  await deployment.startDelegate({ name: 'vpc-1', localListen: [`127.0.0.1:${localPort}`, unix] });
  const settings = { kind: 'built-in' } as const;
  await deployment.client.call('createSecretsManager', {
    body: { name: 'ring', settings, makeDefault: true },
  });
  await deployment.client.set('db-password', 'correct horse');
  await deployment.client.set('api-key', 'k-123');
}, 120_000);
afterAll(async () => {
  await deployment?.close();
  rmSync(project, { recursive: true, force: true });
});

test('each entry is below its size when compressed', () => {
  const sizes = ENTRIES.map((name) => gzipSync(readFileSync(join(installed, name))).length);
  expect(Math.min(...sizes)).toBeGreaterThan(1000);
  expect(Math.max(...sizes)).toBeLessThan(COMPRESSED_MAX_BYTES);
});

test('what is installed with it is next to nothing', () => {
  const dependencies = new Set<string>();
  const visit = (folder: string): void => {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      if (dependencies.has(name)) continue;
      dependencies.add(name);
      visit(join(ROOT, 'node_modules', name));
    }
  };
  visit(installed);
  expect([...dependencies]).toEqual(['zod']);
  expect(dependencies.size).toBeLessThanOrEqual(DEPENDENCIES_MAX);
});

test('neither a server, a delegate, AWS nor a schema library is in it; nothing of Node is in what browsers load', () => {
  const text = (name: string): string => readFileSync(join(installed, name), 'utf8');
  for (const name of ENTRIES) {
    expect(text(name)).not.toMatch(/@aws-sdk|node:sqlite|GenerateDataKey|ZodObject|@sallyport\/core/);
  }
  for (const name of ENTRIES.slice(2)) expect(text(name)).not.toMatch(/from ?["']node:|process\.env/);
});

test('programs are checked against its types, and a wrong one is refused', async () => {
  symlinkSync(join(ROOT, 'node_modules/zod'), join(project, 'node_modules/zod'));
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'esnext', '--types', 'node'];
  options.push('--typeRoots', join(ROOT, 'node_modules/@types'), '--skipLibCheck', 'false');
  const programs = readdirSync(project).filter((name) => name.endsWith('.ts'));
  expect(programs.length).toBeGreaterThan(2);
  writeFileSync(
    join(project, 'wrong.ts'),
    `import { openSecrets } from '@sallyport/sdk';
declare const secrets: ReturnType<typeof openSecrets>;
export const found: number = (await secrets.resolve({ password: 'db-password' })).password;
export const other = (await secrets.resolve({ password: 'db-password' })).passwrd;
`,
  );
  const found = await run('tsc', [...options, '--pretty', 'false', ...programs, 'wrong.ts'], {
    cwd: project,
  }).catch((error: { stdout: string }) => error);
  const faults = found.stdout.split('\n').filter((line) => line.includes('error TS'));
  expect(faults.map((line) => line.replace(/,\d+\).*/, ')'))).toEqual(['wrong.ts(3)', 'wrong.ts(4)']);
}, 60_000);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe.each(RUNTIMES)('in $name', ({ command: [file = '', ...before] }) => {
  const environment = (more: Record<string, string | undefined> = {}) => ({
    cwd: project,
    env: {
      ...process.env,
      SALLYPORT_ADDR: deployment.address,
      SALLYPORT_TOKEN: deployment.token,
      SALLYPORT_LOCAL: `http://127.0.0.1:${localPort}`,
      ...more,
    },
  });

  async function example(name: string, ...given: string[]): Promise<string> {
    return (await run(file, [...before, name, ...given], environment())).stdout;
  }

  test('a program takes what it needs at its start', async () => {
    const output = await example('read-at-start.ts', 'db-password', 'api-key');
    expect(output).toBe('ready: a password of 13 characters, an API key of 5\n');
  });

  test('a program that lacks a secret does not start, and says which', async () => {
    await expect(example('read-at-start.ts', 'db-password', 'nope')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cannot start: There is no such secret') as string,
    });
  });

  test('a program reads through the delegate beside it, by its key or by a socket that is its own', async () => {
    expect(await example('local-endpoint.ts', 'db-password')).toBe('version 1, 13 bytes\n');
    const bySocket = environment({ SALLYPORT_LOCAL: `unix:${socketPath}`, SALLYPORT_TOKEN: undefined });
    const { stdout } = await run(file, [...before, 'local-endpoint.ts', 'db-password'], bySocket);
    expect(stdout).toBe('version 1, 13 bytes\n');
  });

  test('a program sees new versions', async () => {
    const name = `watched-${file.split('/').at(-1)}`;
    await deployment.client.set(name, 'one');
    const program = spawn(file, [...before, 'watch.ts', name, '2'], environment());
    const lines: string[] = [];
    for await (const line of createInterface(program.stdout)) {
      if (lines.push(line) === 1) await deployment.client.set(name, 'three');
    }
    expect(lines).toEqual(['version 1, 3 bytes', 'version 2, 5 bytes']);
  });
});
