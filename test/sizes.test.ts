// Values of every size and shape come back byte for byte, and files pass through all three processes in flat memory.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Deployment, pieces } from './harness/deployment.ts';
import type { Part } from './harness/child-process.ts';

const MIB = 1_048_576;
let deployment: Deployment;
let delegate: Part;

beforeAll(async () => {
  deployment = await Deployment.start();
  delegate = await deployment.startDelegate({ name: 'local' });
  await deployment.client.call('createSecretsManager', {
    body: { name: 'ring', settings: { kind: 'built-in' } },
  });
}, 30_000);

afterAll(async () => deployment?.close());

test('an empty value and an empty file are refused, and nothing is stored', async () => {
  await expect(deployment.client.set('nothing', '')).rejects.toMatchObject({ code: 'empty-value' });
  await expect(deployment.client.upload('nothing', pieces())).rejects.toMatchObject({ code: 'empty-value' });
  await expect(deployment.client.describe('nothing')).rejects.toMatchObject({ code: 'not-found' });
});

test.each([1, 1000, MIB - 1, MIB])('a text of %i bytes comes back', async (size) => {
  const value = randomBytes(size);
  await deployment.client.set(`text-${size}`, value);
  expect(Buffer.from(await deployment.client.getBytes(`text-${size}`)).equals(value)).toBe(true);
});

test('a text above 1 MiB is refused with the way out', async () => {
  const refused = deployment.client.set('too-long', randomBytes(MIB + 1));
  await expect(refused).rejects.toMatchObject({
    code: 'value-too-large',
    message: expect.stringMatching(/file/i) as string,
  });
});

test.each([1, MIB - 1, MIB, MIB + 1, 2 * MIB, 10 * MIB, 10 * MIB + 1])(
  'a file of %i bytes, not UTF-8, comes back',
  async (size) => {
    const value = randomBytes(size);
    value[0] = 0xff;
    await deployment.client.upload(`file-${size}`, pieces(value));
    expect(Buffer.from(await deployment.client.getBytes(`file-${size}`)).equals(value)).toBe(true);
  },
);

test('a text stays a text and a file stays a file', async () => {
  await deployment.client.set('kind-text', 'x');
  await deployment.client.upload('kind-file', pieces(Buffer.from('x')));
  await expect(deployment.client.upload('kind-text', pieces(Buffer.from('y')))).rejects.toMatchObject({
    code: 'kind-mismatch',
  });
  await expect(deployment.client.set('kind-file', 'y')).rejects.toMatchObject({ code: 'kind-mismatch' });
});

/** High-water mark of resident memory, in MiB; Linux only. */
function peakMemoryMib(part: Part): number {
  const status = readFileSync(`/proc/${part.child.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

/** Sends so much as a file and reads it back; both ends hash what they see. */
async function passThrough(name: string, totalBytes: number): Promise<void> {
  const block = randomBytes(MIB);
  const sent = createHash('sha256');
  async function* source(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < totalBytes; at += MIB) {
      block.writeUInt32BE(at, 0);
      sent.update(block);
      yield Buffer.from(block);
    }
  }
  await deployment.client.upload(name, source());
  const received = createHash('sha256');
  let receivedBytes = 0;
  for await (const chunk of await deployment.client.download(name)) {
    received.update(chunk);
    receivedBytes += chunk.length;
  }
  expect(receivedBytes).toBe(totalBytes);
  expect(received.digest('hex')).toBe(sent.digest('hex'));
}

test('files stream through server and delegate in flat memory: 192 MiB need no more than 64 MiB did', async () => {
  await passThrough('large', 64 * MIB);
  const parts = process.platform === 'linux' ? [deployment.server, delegate] : [];
  const before = parts.map(peakMemoryMib);
  await passThrough('three times as large', 192 * MIB);
  for (const [index, part] of parts.entries()) {
    expect(peakMemoryMib(part) - (before[index] ?? 0), 'growth in MiB').toBeLessThan(48);
  }
}, 120_000);
