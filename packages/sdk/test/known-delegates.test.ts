// The file of known delegates: what it promises to several programs at once, and what it does when it is damaged.
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FileKnownDelegates } from '../src/index.ts';

const SERVER = 'https://sallyport.example';
const fingerprint = (letter: string): string => `SHA256:${letter.repeat(43)}`;
const delegate = (name: string, letter: string) => ({
  server: SERVER,
  name,
  fingerprint: fingerprint(letter),
});

let folder: string;
let count = 0;
const newPath = (): string => join(folder, String(count++), 'known-delegates.json');
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-known-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('known delegates in a file', () => {
  test('are remembered across programs, in a file only its owner can read', async () => {
    const path = newPath();
    expect(await new FileKnownDelegates(path).fingerprintsOf(delegate('a', 'A'))).toEqual([]);
    await new FileKnownDelegates(path).rememberFirst(delegate('a', 'A'));
    const again = new FileKnownDelegates(path);
    expect(await again.fingerprintsOf({ server: SERVER, name: ' A' })).toEqual([fingerprint('A')]);
    expect(await again.fingerprintsOf({ server: 'https://other.example', name: 'a' })).toEqual([]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('a name that is taken keeps its fingerprint, whoever comes second', async () => {
    const known = new FileKnownDelegates(newPath());
    await known.rememberFirst(delegate('a', 'A'));
    expect(await known.rememberFirst(delegate('A', 'B'))).toEqual([fingerprint('A')]);
    expect(await known.fingerprintsOf(delegate('a', 'B'))).toEqual([fingerprint('A')]);
  });

  test('a person can add, replace and forget fingerprints', async () => {
    const known = new FileKnownDelegates(newPath());
    await known.trust(delegate('a', 'A'), { replace: false });
    await known.trust(delegate('a', 'B'), { replace: false });
    await known.trust(delegate('b', 'C'), { replace: false });
    expect(await known.fingerprintsOf(delegate('a', 'A'))).toEqual([fingerprint('A'), fingerprint('B')]);
    expect(await known.trust(delegate('a', 'D'), { replace: true })).toEqual([
      fingerprint('A'),
      fingerprint('B'),
    ]);
    expect(await known.forget({ server: SERVER, name: 'a', fingerprint: null })).toBe(1);
    expect((await known.list()).map(({ name }) => name)).toEqual(['b']);
  });

  test('a damaged file is an error, not an empty one: else any key would be welcome', async () => {
    const path = newPath();
    const known = new FileKnownDelegates(path);
    await known.rememberFirst(delegate('a', 'A'));
    for (const damage of ['', '{', '{"version":1}', '{"version":2,"delegates":[]}']) {
      await writeFile(path, damage);
      await expect(known.fingerprintsOf(delegate('a', 'A'))).rejects.toMatchObject({
        code: 'config-invalid',
      });
      await expect(known.rememberFirst(delegate('b', 'B'))).rejects.toMatchObject({ code: 'config-invalid' });
      expect(await readFile(path, 'utf8')).toBe(damage);
    }
  });

  test('programs that write at the same time lose nothing, and one name gets one fingerprint', async () => {
    const path = newPath();
    const programs = ['A', 'B', 'C'].map((letter) => runProgram(path, letter));
    const seen = await Promise.all(programs);
    const known = await new FileKnownDelegates(path).list();
    const own = known.filter(({ name }) => name !== 'contested');
    expect(own).toHaveLength(3 * 20);
    const contested = known.filter(({ name }) => name === 'contested');
    expect(contested).toHaveLength(1);
    expect(seen.map((text) => text.trim())).toEqual(Array(3).fill(contested[0]?.fingerprint));
    expect(await readdir(join(path, '..'))).toEqual(['known-delegates.json']);
  });

  test('a lock that a killed program left behind does not stop the next one', async () => {
    const path = newPath();
    const known = new FileKnownDelegates(path);
    await known.rememberFirst(delegate('a', 'A'));
    await writeFile(`${path}.lock`, 'left behind');
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(`${path}.lock`, longAgo, longAgo);
    await known.rememberFirst(delegate('b', 'B'));
    expect(await known.list()).toHaveLength(2);
    expect(await readdir(join(path, '..'))).toEqual(['known-delegates.json']);
  });
});

/** A program of its own that remembers 20 names of its own and one that all programs want. @returns what the contested one became */
function runProgram(path: string, letter: string): Promise<string> {
  const program = `
    const { FileKnownDelegates } = await import(${JSON.stringify(join(import.meta.dirname, '../src/index.ts'))});
    const known = new FileKnownDelegates(${JSON.stringify(path)});
    const server = ${JSON.stringify(SERVER)}, fingerprint = 'SHA256:' + '${letter}'.repeat(43);
    const [contested] = await known.rememberFirst({ server, name: 'contested', fingerprint });
    for (let i = 0; i < 20; i++) await known.rememberFirst({ server, name: '${letter}' + i, fingerprint });
    console.log(contested);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (part: Buffer) => (output += part.toString()));
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(output) : reject(new Error(`exit ${code}`))));
  });
}
