// Two servers with settings of their own: one that speaks TLS under a certificate that nobody knows, one that takes small files only.
import type { ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { selfSigned } from '../../server/test/self-signed.ts';
import { stop, untilWritten, Workplace } from './sallyport.ts';

let place: Workplace;
let started: ChildProcess[];
beforeEach(async () => {
  place = await Workplace.make();
  started = [];
});
afterEach(async () => {
  await Promise.all(started.map((child) => stop(child)));
  await place[Symbol.asyncDispose]();
});

async function startServer(...flags: string[]): Promise<URL> {
  const keys = ['--admin-key-file', 'key', '--delegate-token-file', 'token'];
  const child = place.start(['server', 'run', '--data', 'server', '--port', '0', ...keys, ...flags]);
  started.push(child);
  return new URL(/listens on (\S+)/.exec(await untilWritten(child, /listens on \S+\n/))?.[1] ?? '');
}

describe('TLS', () => {
  test('an authority that is not known is refused with the way out; with --ca-file it works, under the right name only', async () => {
    const { certificate, key } = selfSigned();
    await writeFile(join(place.folder, 'cert.pem'), certificate);
    await writeFile(join(place.folder, 'tls.key'), key, { mode: 0o600 });
    const { port, protocol } = await startServer('--tls-certificate', 'cert.pem', '--tls-key', 'tls.key');
    expect(protocol).toBe('https:');
    const whoami = (address: string, ...flags: string[]) =>
      place.run(['whoami', '--address', address, '--token-file', 'key', ...flags]);
    const unknown = await whoami(`https://localhost:${port}`);
    expect([unknown.code, unknown.stdout]).toEqual([6, '']);
    expect(unknown.stderr).toMatch(/certificate is from an authority that this machine does not know/);
    expect(unknown.stderr).toMatch(/^next: .*--ca-file/m);
    expect((await whoami(`https://localhost:${port}`, '--ca-file', 'cert.pem')).code).toBe(0);
    const otherName = await whoami(`https://127.0.0.1:${port}`, '--ca-file', 'cert.pem');
    expect([otherName.code, otherName.stderr]).toEqual([6, expect.stringContaining('for another host name')]);
    const plain = await whoami(`http://localhost:${port}`);
    expect([plain.code, plain.stdout]).toEqual([6, '']);
  });

  test('without TLS a server listens on loopback only, unless told so', async () => {
    const { code, stderr } = await place.run([
      'server',
      'run',
      '--data',
      'server',
      '--port',
      '0',
      '--host',
      '0.0.0.0',
    ]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/listenHost[^]*code: config-invalid/)]);
  });
});

describe('a file above the limit of the server', () => {
  test('is refused while it is still on its way, with the limit', async () => {
    const { origin } = await startServer('--file-max-bytes', '1048576');
    const delegate = place.start([
      'delegate',
      'run',
      '--server',
      origin,
      '--token-file',
      'token',
      '--name',
      'one',
      '--data',
      'd',
    ]);
    started.push(delegate);
    await untilWritten(delegate, /^Connected to/m);
    const connection = ['--address', origin, '--token-file', 'key'];
    await place.run(['secrets-manager', 'add', 'built-in', '--name', 'ring', ...connection]);
    await writeFile(join(place.folder, 'large'), Buffer.alloc(40_000_000, 1));
    const { code, stderr } = await place.run(['set', 'large', '--file', 'large', ...connection]);
    expect(stderr).toContain('code: value-too-large');
    expect(code).toBe(2);
    expect((await place.run(['get', 'large', ...connection])).code).toBe(4);
    await writeFile(join(place.folder, 'fits'), Buffer.alloc(1_048_576, 1));
    expect((await place.run(['set', 'fits', '--file', 'fits', ...connection])).code).toBe(0);
  });
});

describe('the lab by itself', () => {
  test('prints variables for a delegate on standard output, and says that it is not AWS', async () => {
    const lab = place.start(['lab', '--state', 'lab/state.json']);
    started.push(lab);
    // Two streams, in any order.
    const written = await untilWritten(lab, /^(?=[^]*secret access key: \S+\n)(?=[^]*export AWS_REGION)/);
    expect(written).toContain('It is NOT AWS');
    expect(written).toMatch(/^export AWS_ENDPOINT_URL_KMS=http:\/\/127\.0\.0\.1:\d+$/m);
    expect(written).toMatch(/^export AWS_ENDPOINT_URL_STS=http:\/\/127\.0\.0\.1:\d+$/m);
    const again = /key ARN: +(\S+)/.exec(written)?.[1];
    await stop(lab);
    const second = place.start(['lab', '--state', 'lab/state.json']);
    started.push(second);
    expect(await untilWritten(second, /secret access key: \S+/)).toContain(again);
  });
});
