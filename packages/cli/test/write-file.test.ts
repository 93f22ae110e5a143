// Where a value that is written to a file ends up, and what is said when it cannot be written.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { contentOf, writePrivateFile } from '../src/output/write-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-write-'));
});
afterEach(async () => rm(folder, { recursive: true }));

const write = async (name: string): Promise<void> =>
  writePrivateFile(join(folder, name), contentOf('value\n'));

test('a file is replaced by one for its owner only, and nothing is left beside it', async () => {
  await writeFile(join(folder, 'a'), 'old', { mode: 0o644 });
  await write('a');
  expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('value\n');
  expect(statSync(join(folder, 'a')).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['a']);
});

test('a link stays a link: what it leads to gets the value, also where that is not there yet', async () => {
  await writeFile(join(folder, 'real'), 'old');
  for (const target of ['real', 'new']) {
    await symlink(target, join(folder, `to-${target}`));
    await write(`to-${target}`);
    expect(readlinkSync(join(folder, `to-${target}`))).toBe(target);
    expect(readFileSync(join(folder, target), 'utf8')).toBe('value\n');
  }
});

test('a device or pipe, such as /dev/null, is written to and stays what it is', async () => {
  await symlink('/dev/null', join(folder, 'null'));
  await write('null');
  expect(readlinkSync(join(folder, 'null'))).toBe('/dev/null');
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const [, text] = await Promise.all([write('pipe'), readFile(pipe, 'utf8')]);
  expect(text).toBe('value\n');
  expect(statSync(pipe).isFIFO()).toBe(true);
});

test.each([
  ['missing/a', /its folder is not there/],
  ['folder', /it is a folder/],
  ['x'.repeat(255), /its name is too long/],
])('%s is refused by the name that was given, and says why', async (name, why) => {
  await mkdir(join(folder, 'folder'));
  const failure = await write(name).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'config-invalid', publicMessage: expect.stringMatching(why) });
  expect(failure).toMatchObject({ publicMessage: expect.stringContaining(join(folder, name)) });
  expect(failure).toMatchObject({ publicMessage: expect.not.stringContaining('.part') });
  expect(readdirSync(folder)).toEqual(['folder']);
});
