// How much memory a delegate needs when it has nothing to do.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ClientSession } from '@sallyport/protocol/sealing';
import type { WriteTarget } from '@sallyport/protocol';
import { builtInAccess, makeFolder, newId } from './delegate-fixture.ts';
import { ScriptedServer } from './scripted-server.ts';
import { ChunkSender, makeDownload, makeUpload, sendValue, takeChunks } from './stream-client.ts';
import type { StreamPeer } from './stream-client.ts';

const MIB = 1_048_576;
const PROGRAM = fileURLToPath(new URL('delegate-process.ts', import.meta.url));
const FACE = new URL('../src/index.ts', import.meta.url).href;

test.skipIf(!existsSync('/proc/self/status'))(
  'a delegate process rests below 120 MiB, streams 128 MiB both ways in flat memory, and ends on SIGTERM with its log on stderr only',
  async () => {
    await using folder = await makeFolder();
    const server = await ScriptedServer.start();
    const config = { serverUrl: server.url, token: 'dtk-canary', name: 'one', dataFolder: folder.path };
    const env = { ...process.env, NODE_COMPILE_CACHE: join(folder.path, 'compiled') };
    // As with the command, which keeps what Node compiled: a first start fills the cache, and the later ones are what rests for days.
    const { status } = spawnSync(process.execPath, ['--eval', `await import(${JSON.stringify(FACE)})`], {
      env,
    });
    expect(status).toBe(0);
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify(config)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env,
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    try {
      const connection = await server.accept();
      const { offer } = await connection.identified;
      await once(child.stdout, 'data');
      expect(await statusMib(child, 'VmRSS')).toBeLessThan(120);

      const secretsManagerId = newId('secretsManager');
      connection.send({ type: 'configure', secretsManagerId, revision: 1, access: builtInAccess() });
      const session = ClientSession.open(offer, { nowMs: Date.now() });
      const target: WriteTarget = {
        secretId: newId('secret'),
        name: 'big.bin',
        kind: 'file',
        version: 1,
        secretsManagerId,
        place: null,
      };
      await roundTrip({ connection, session }, { target, mib: 16 });
      const peakMib = await statusMib(child, 'VmHWM');
      await roundTrip({ connection, session }, { target, mib: 128 });
      // A delegate that held a whole value, or a whole envelope, would be 112 MiB higher than with the small one;
      // the rest is what the garbage collector leaves lying for a while.
      expect((await statusMib(child, 'VmHWM')) - peakMib).toBeLessThan(90);

      child.kill('SIGTERM');
      const [code] = (await once(child, 'exit')) as [number];
      expect(code).toBe(0);
      expect(Buffer.concat(stdout).toString()).toBe('connected\n');
      const log = Buffer.concat(stderr).toString();
      expect(log).toContain('SHA256:');
      expect(log).toContain('delegate stopped');
      expect(log).not.toContain('dtk-canary');
    } finally {
      child.kill('SIGKILL');
      await server.close();
    }
  },
  60_000,
);

/** Writes a file and reads it back, both in chunks, and compares. */
async function roundTrip(it: StreamPeer, file: { target: WriteTarget; mib: number }): Promise<void> {
  const { connection } = it;
  const sent = createHash('sha256');
  const upload = makeUpload(it, file.target);
  connection.send({ type: 'task', task: upload.task });
  const envelope: Buffer[] = [];
  const taken = takeChunks(connection, upload.task.taskId, (payload) => envelope.push(payload));
  await sendValue(it, upload, randomParts(file.mib, sent));
  await taken;
  expect(await connection.end(upload.task.taskId)).toMatchObject({
    type: 'result',
    result: { valueBytes: file.mib * MIB },
  });

  const received = createHash('sha256');
  const download = makeDownload(it, file.target);
  connection.send({ type: 'task', task: download.task });
  let chunks = 0;
  const reading = takeChunks(connection, download.task.taskId, (payload) => {
    const { content } = download.exchange.openAnswerChunk(payload);
    // The first chunk is the header.
    if (chunks > 0) received.update(content);
    chunks += 1;
  });
  const sender = new ChunkSender(connection, download.task.taskId);
  for (const [index, part] of envelope.entries()) await sender.send(part, index === envelope.length - 1);
  await reading;
  expect(await connection.end(download.task.taskId)).toMatchObject({ type: 'result' });
  expect(received.digest('hex')).toBe(sent.digest('hex'));
}

function* randomParts(mib: number, hash: Hash): Generator<Uint8Array> {
  for (let index = 0; index < mib; index++) {
    const part = randomBytes(MIB);
    hash.update(part);
    yield part;
  }
}

/** A figure out of /proc/PID/status, in MiB. */
async function statusMib(child: ChildProcess, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
}
