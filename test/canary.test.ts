// Rule 1 of the design: a value written through every door appears nowhere in the server's memory, database, logs or traffic.
// Attack: somebody takes a dump of the server, its disk, or a capture of its traffic behind the TLS proxy.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Deployment, pieces } from './harness/deployment.ts';
import { startRecordingProxy } from './harness/recording-proxy.ts';
import type { RecordingProxy } from './harness/recording-proxy.ts';
import { tracesInMemory, tracesOf } from './harness/traces-of.ts';

const LAUNCHER = fileURLToPath(new URL('../packages/cli/bin/sallyport.cjs', import.meta.url));

/** Values that occur nowhere else; `marker` is metadata and has to be found, which proves that the search looks. */
const canaries = {
  sdk: Buffer.from(`canary-sdk-${randomBytes(24).toString('hex')}`),
  commandLine: Buffer.from(`canary-cli-${randomBytes(24).toString('hex')}`),
  file: Buffer.concat([
    Buffer.from([0xff, 0xfe, 0x00]),
    Buffer.from(`canary-file-${randomBytes(24).toString('hex')}`),
  ]),
};
const marker = `marker-${randomBytes(12).toString('hex')}`;

let deployment: Deployment;
let proxy: RecordingProxy;

async function sallyport(commandArguments: string[], input: Buffer | null): Promise<Buffer> {
  const child = spawn(process.execPath, [LAUNCHER, ...commandArguments], {
    env: {
      ...process.env,
      SALLYPORT_ADDR: proxy.address,
      SALLYPORT_TOKEN: deployment.token,
      XDG_CONFIG_HOME: join(deployment.folder, 'config'),
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input ?? undefined);
  const out: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const [code] = (await once(child, 'close')) as [number];
  expect(code, Buffer.concat(errors).toString()).toBe(0);
  return Buffer.concat(out);
}

beforeAll(async () => {
  deployment = await Deployment.start();
  await deployment.startDelegate({ name: 'local' });
  proxy = await startRecordingProxy(deployment.address);
  const { client } = deployment;
  // Its name is what the server certainly keeps in memory: every read needs its secrets manager.
  const name = `${marker}-ring`;
  await client.call('createSecretsManager', { body: { name, settings: { kind: 'built-in' } } });
  const viaProxy = deployment.newClient({ address: proxy.address });
  await viaProxy.set(`${marker}-sdk`, canaries.sdk);
  await viaProxy.upload(`${marker}-file`, pieces(canaries.file));
  await sallyport(['set', `${marker}-cli`, '-'], canaries.commandLine);
  expect(Buffer.from(await viaProxy.getBytes(`${marker}-sdk`))).toEqual(canaries.sdk);
  expect(Buffer.from(await viaProxy.getBytes(`${marker}-file`))).toEqual(canaries.file);
  expect(await sallyport(['get', `${marker}-cli`], null)).toEqual(canaries.commandLine);
  viaProxy.close();
}, 60_000);

afterAll(async () => {
  proxy?.close();
  await deployment?.close();
});

/** Asserts that the marker is in `haystack` and no canary is. */
function expectNoCanary(haystack: Buffer): void {
  expect(tracesOf(Buffer.from(marker), haystack)).not.toEqual([]);
  for (const [door, canary] of Object.entries(canaries)) expect(tracesOf(canary, haystack), door).toEqual([]);
}

describe('a value written by SDK, command line and as a file', () => {
  test("is not in the server's heap snapshot", async () => {
    const file = join(deployment.folder, 'server.heapsnapshot');
    await deployment.server.call('heapSnapshot', file);
    expectNoCanary(readFileSync(file));
  }, 60_000);

  test.skipIf(process.platform !== 'linux')(
    "is nowhere in the server's memory, buffers included",
    () => {
      const { pid } = deployment.server.child;
      expect(tracesInMemory(pid ?? 0, Buffer.from(marker)), 'the search looks').not.toEqual([]);
      for (const [door, canary] of Object.entries(canaries)) {
        expect(tracesInMemory(pid ?? 0, canary), door).toEqual([]);
      }
    },
    60_000,
  );

  test('is in none of the files of the server', () => {
    const folder = join(deployment.folder, 'server');
    const names = readdirSync(folder).filter((name) => name.startsWith('sallyport.db'));
    expectNoCanary(Buffer.concat(names.map((name) => readFileSync(join(folder, name)))));
  });

  test('is in no byte between client and server, requests and answers', () => {
    expectNoCanary(proxy.recorded());
  });

  test('is not in the logs of server or delegate', () => {
    for (const part of [deployment.server, ...deployment.delegates.values()]) {
      for (const canary of Object.values(canaries))
        expect(tracesOf(canary, Buffer.from(part.output()))).toEqual([]);
    }
  });
});
