// A mounted file whose name the program takes away or uses for something else: nothing hangs, and what is not ours is let alone.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Belongings } from '../src/run/belongings.ts';
import { Mount } from '../src/run/mount.ts';

let folder: string;
let path: string;
let belongings: Belongings;
let mount: Mount;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'sallyport-mount-')), 'of the program');
  mkdirSync(folder);
  path = join(folder, 'secrets.env');
  belongings = Belongings.make(null);
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

async function open(kind: 'fifo' | 'file', maxReads: number | null = null): Promise<void> {
  const choice = { path, kind, content: { format: 'dotenv' as const }, maxReads };
  mount = await Mount.open(choice, belongings, Buffer.from('A=value\n'));
}

async function close(): Promise<void> {
  await mount.close();
  belongings.remove();
}

test('a pipe that nobody has read is gone at the end', async () => {
  await open('fifo');
  await close();
  expect(readdirSync(folder)).toEqual([]);
});

test('a pipe gives each reader all of it, and leaves alone what stood beside it', async () => {
  writeFileSync(`${path}.next`, 'mine');
  await open('fifo', 2);
  expect([await readFile(path, 'utf8'), await readFile(path, 'utf8')]).toEqual(['A=value\n', 'A=value\n']);
  await close();
  expect(readdirSync(folder)).toEqual(['secrets.env.next']);
});

test.each([
  ['before it was read', false],
  ['after it was read', true],
])('a pipe that the program removes %s ends quietly', async (_, isRead) => {
  await open('fifo');
  if (isRead) await readFile(path);
  rmSync(path);
  await close();
  expect(readdirSync(folder)).toEqual([]);
});

test('a pipe whose folder the program removes ends quietly', async () => {
  await open('fifo');
  await readFile(path);
  rmSync(folder, { recursive: true });
  await close();
});

test.each(['fifo', 'file'] as const)(
  'what the program puts in the place of a %s is not written to, and stays',
  async (kind) => {
    await open(kind, kind === 'fifo' ? 1 : null);
    await readFile(path);
    rmSync(path, { force: true });
    mkdirSync(path);
    writeFileSync(join(path, 'mine'), 'mine');
    await close();
    expect(readFileSync(join(path, 'mine'), 'utf8')).toBe('mine');
  },
);

test('what the program puts in the place of a pipe that is waiting for a reader gets no secret', async () => {
  await open('fifo');
  rmSync(path);
  writeFileSync(path, 'mine');
  await close();
  expect(readFileSync(path, 'utf8')).toBe('mine');
});
