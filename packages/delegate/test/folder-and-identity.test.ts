// The data folder and the identity in it: made once, private, and used by one process at a time.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDataFolder } from '../src/data-folder/data-folder.ts';
import { createPrivateFile } from '../src/data-folder/private-file.ts';
import { loadIdentity } from '../src/identity/identity.ts';
import { parseDelegateConfig, startDelegate } from '../src/index.ts';
import { makeFolder, memoryLogger } from './delegate-fixture.ts';
import { ScriptedServer } from './scripted-server.ts';

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

describe('identity', () => {
  test('is made at the first start, kept over restarts, and readable to nobody else', async () => {
    await using parent = await makeFolder();
    const path = join(parent.path, 'delegate');
    const first = await openDataFolder(path);
    const made = await loadIdentity(first);
    await first.release();
    const second = await openDataFolder(path);
    const found = await loadIdentity(second);
    await second.release();
    expect([made.isNew, found.isNew]).toEqual([true, false]);
    expect(found.identity.fingerprint).toBe(made.identity.fingerprint);
    expect(made.identity.fingerprint).toMatch(/^SHA256:[A-Za-z0-9_-]{43}$/);
    expect(await modeOf(path)).toBe(0o700);
    expect(await modeOf(join(path, 'identity.pem'))).toBe(0o600);
    expect(await readdir(path)).toEqual(['delegate.lock.2', 'identity.pem']);
  });

  test('that others may read refuses to start, with the command that mends it', async () => {
    await using folder = await makeFolder();
    const data = await openDataFolder(folder.path);
    await loadIdentity(data);
    const file = join(folder.path, 'identity.pem');
    for (const mode of [0o640, 0o604, 0o660]) {
      await chmod(file, mode);
      await expect(loadIdentity(data)).rejects.toMatchObject({
        code: 'config-invalid',
        message: expect.stringContaining(`chmod 600 ${file}`),
      });
    }
    await data.release();
  });

  test('that is damaged is not silently replaced by a new one', async () => {
    await using folder = await makeFolder();
    const data = await openDataFolder(folder.path);
    const file = join(folder.path, 'identity.pem');
    await writeFile(file, 'not a key', { mode: 0o600 });
    await expect(loadIdentity(data)).rejects.toMatchObject({ code: 'config-invalid' });
    expect(await readFile(file, 'utf8')).toBe('not a key');
    await data.release();
  });

  test('fingerprint is logged at start', async () => {
    await using folder = await makeFolder();
    const server = await ScriptedServer.start();
    const { logger, log } = memoryLogger();
    const config = parseDelegateConfig({ serverUrl: server.url, name: 'one', dataFolder: folder.path });
    const delegate = await startDelegate(config, { logger });
    await delegate.connected;
    await delegate.close();
    await server.close();
    expect(log).toContainEqual(expect.objectContaining({ fingerprint: delegate.fingerprint }));
  });
});

describe('data folder', () => {
  test('that others may enter refuses to start, with the command that mends it', async () => {
    await using folder = await makeFolder();
    await chmod(folder.path, 0o750);
    await expect(openDataFolder(folder.path)).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining(`chmod 700 ${folder.path}`),
    });
  });

  test('that cannot be made says so', async () => {
    await using folder = await makeFolder();
    const file = join(folder.path, 'file');
    await writeFile(file, '');
    await expect(openDataFolder(join(file, 'below'))).rejects.toMatchObject({ code: 'config-invalid' });
  });

  test('is used once at a time within a process too', async () => {
    await using folder = await makeFolder();
    const first = await openDataFolder(folder.path);
    await expect(openDataFolder(folder.path)).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining(`process ${process.pid}`),
    });
    await first.release();
    const second = await openDataFolder(folder.path);
    await second.release();
  });

  test('in use by another process is refused, naming its pid, and free again when that process is killed', async () => {
    await using folder = await makeFolder();
    const script = `
      const { openDataFolder } = await import(${JSON.stringify(new URL('../src/data-folder/data-folder.ts', import.meta.url).href)});
      await openDataFolder(process.argv[1]);
      console.log('locked');
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, folder.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(child.stdout, 'data');
      await expect(openDataFolder(folder.path)).rejects.toMatchObject({
        code: 'config-invalid',
        message: expect.stringContaining(`process ${child.pid}`),
        data: { pid: child.pid },
      });
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const mine = await openDataFolder(folder.path);
    await mine.release();
  });

  // In a container, a delegate that crashed often comes back with the very pid that its lock file names.
  test('a lock of a dead process whose pid is in use again is taken over', async () => {
    await using folder = await makeFolder();
    const lock = { pid: process.pid, startedAt: '1' };
    await writeFile(join(folder.path, 'delegate.lock.41'), JSON.stringify(lock));
    const mine = await openDataFolder(folder.path);
    await mine.release();
    expect(await readdir(folder.path)).toEqual(['delegate.lock.42']);
  });

  test('a lock that is no lock of ours is taken over', async () => {
    await using folder = await makeFolder();
    for (const [index, content] of ['', '{}', 'garbage', '{"pid":-1,"startedAt":null}'].entries()) {
      await writeFile(join(folder.path, `delegate.lock.${index + 100}`), content);
      const mine = await openDataFolder(folder.path);
      await mine.release();
    }
  });

  test('of many that start at once, over a stale lock or none, exactly one gets in', async () => {
    for (let round = 0; round < 30; round++) {
      await using folder = await makeFolder();
      const dead = JSON.stringify({ pid: 999_999_999, startedAt: null });
      if (round % 2 === 0) await writeFile(join(folder.path, 'delegate.lock.7'), dead);
      const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => openDataFolder(folder.path)));
      const inside = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
      expect(inside).toHaveLength(1);
      await inside[0]?.release();
    }
  });
});

test('a private file is whole or not there, and never replaced', async () => {
  await using folder = await makeFolder();
  const path = join(folder.path, 'secret');
  const outcomes = await Promise.all(
    ['a', 'b', 'c'].map((text) => createPrivateFile(path, Buffer.from(text.repeat(1000)))),
  );
  expect(outcomes.filter(Boolean)).toHaveLength(1);
  expect(await readFile(path, 'utf8')).toMatch(/^(.)\1{999}$/);
  expect(await readdir(folder.path)).toEqual(['secret']);
  expect(await modeOf(path)).toBe(0o600);
});

test('a delegate that cannot start leaves its data folder free', async () => {
  await using folder = await makeFolder();
  const data = join(folder.path, 'data');
  await mkdir(data, { mode: 0o700 });
  const config = parseDelegateConfig({
    serverUrl: 'http://127.0.0.1:9',
    name: 'one',
    dataFolder: data,
    guardFile: join(folder.path, 'missing.json'),
  });
  await expect(startDelegate(config, memoryLogger())).rejects.toMatchObject({
    code: 'config-invalid',
    message: expect.stringContaining('missing.json'),
  });
  const free = await openDataFolder(data);
  await free.release();
});
