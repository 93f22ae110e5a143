// The HTTP face of local reads: what a request must not be, what answers look like, Unix sockets and TLS.
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseDelegateConfig } from '../src/index.ts';
import { makeFolder } from './delegate-fixture.ts';
import { call, GOOD_KEY, LocalFixture } from './local-fixture.ts';
import { TEST_TLS_CERTIFICATE, TEST_TLS_KEY } from './tls-certificate.ts';

const FRESH = { mode: 'fresh' } as const;
const PLACE = 'sally://shop/production/db-password';

async function withSecret(options: Parameters<typeof LocalFixture.start>[0] = {}): Promise<LocalFixture> {
  const it = await LocalFixture.start(options);
  await it.store('db-password', 'correct horse', FRESH);
  return it;
}

describe('a request', () => {
  // The attack: a proxy on this host, a web page in somebody's browser, or a name that points here (DNS rebinding).
  test.each<[string, Record<string, string>, number]>([
    ['Forwarded', { forwarded: 'for=10.0.0.1' }, 403],
    ['X-Forwarded-For', { 'x-forwarded-for': '10.0.0.1' }, 403],
    ['X-Forwarded-Host', { 'x-forwarded-host': 'x' }, 403],
    ['Via', { via: '1.1 proxy' }, 403],
    ['Origin', { origin: 'https://evil.example' }, 403],
    ['Origin: null', { origin: 'null' }, 403],
    ['Sec-Fetch-Site', { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }, 403],
    ['Sec-Fetch-Mode of a navigation', { 'sec-fetch-mode': 'navigate' }, 403],
    ['another host', { host: 'evil.example' }, 400],
    ['another port', { host: '127.0.0.1:1' }, 400],
    ['no port', { host: 'localhost' }, 400],
  ])('with %s is refused before its key is looked at', async (_name, headers, status) => {
    await using it = await withSecret();
    const answer = await it.get('/v1/secrets/db-password', { headers });
    expect(answer.status).toBe(status);
    expect(answer.json.value).toBeUndefined();
    expect(it.server.asked).toEqual([]);
    expect(answer.json.error).toMatchObject({ data: { hint: expect.any(String) as string } });
  });

  test('by the fetch of Node is answered', async () => {
    await using it = await withSecret();
    const headers = { authorization: `Bearer ${GOOD_KEY}` };
    const answer = await fetch(`${it.delegate.localAddresses[0]}/v1/secrets/db-password`, { headers });
    expect(await answer.json()).toMatchObject({ value: 'correct horse' });
  });

  test.each(['localhost', '127.0.0.1', '[::1]'])('may name the loopback host %s', async (name) => {
    await using it = await withSecret();
    const { port } = new URL(it.delegate.localAddresses[0] ?? '');
    expect((await it.get('/v1/secrets/db-password', { headers: { host: `${name}:${port}` } })).status).toBe(
      200,
    );
  });

  test('without a key is told how to show one', async () => {
    await using it = await withSecret();
    for (const authorization of [null, 'Basic eDp5', 'Bearer ']) {
      const headers: Record<string, string> = authorization === null ? {} : { authorization };
      const answer = await it.get('/v1/secrets/db-password', { key: null, headers });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
      expect(answer.json.error?.message).toMatch(/Authorization: Bearer/);
    }
    expect(it.server.asked).toEqual([]);
  });

  test.each<[string, string, string, number]>([
    ['another method', 'DELETE', '/v1/secrets/db-password', 400],
    ['a preflight of a browser', 'OPTIONS', '/v1/secrets/db-password', 400],
    ['a post to a value', 'POST', '/v1/secrets/db-password', 400],
    ['another path', 'GET', '/v1/other', 404],
    ['two parts', 'GET', '/v1/secrets/shop/db-password', 400],
    ['four parts', 'GET', '/v1/secrets/a/b/c/d', 400],
    ['a malformed name', 'GET', '/v1/secrets/%00', 400],
    ['a malformed encoding', 'GET', '/v1/secrets/%zz', 400],
    ['a version that is none', 'GET', '/v1/secrets/db-password?version=0', 400],
    ['two versions', 'GET', '/v1/secrets/db-password@2?version=3', 400],
    ['an unknown query field', 'GET', '/v1/secrets/db-password?verison=1', 400],
  ])('with %s is refused', async (_name, method, path, status) => {
    await using it = await withSecret();
    const answer = await it.get(path, { method });
    expect(answer.status).toBe(status);
    expect(answer.json.error?.message.length).toBeGreaterThan(10);
    expect(it.server.asked).toEqual([]);
  });

  test('with a body that is too large is refused without reading it all', async () => {
    await using it = await withSecret();
    const body = JSON.stringify({ references: ['x'.repeat(1_100_000)] });
    expect((await it.get('/v1/resolve', { method: 'POST', body })).status).toBe(413);
    const many = JSON.stringify({ references: Array(1001).fill('a') });
    expect((await it.get('/v1/resolve', { method: 'POST', body: many })).status).toBe(400);
  });

  test('that is not HTTP gets one line, and its connection ends', async () => {
    await using it = await withSecret();
    const { port } = new URL(it.delegate.localAddresses[0] ?? '');
    const socket = connect(Number(port), '127.0.0.1');
    socket.end('not http\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 400/);
    await once(socket, 'close');
  });
});

describe('a path', () => {
  test.each<[string, string]>([
    ['/v1/secrets/shop/production/db-password', PLACE],
    // As External Secrets Operator fills a key into a template.
    ['/v1/secrets/shop%2Fproduction%2Fdb-password?version=', PLACE],
    ['/v1/secrets/sally%3A%2F%2Fshop%2Fproduction%2Fdb-password', PLACE],
    ['/v1/secrets/shop/production/db-password?version=3', `${PLACE}@3`],
    ['/v1/secrets/shop/production/db-password@3', `${PLACE}@3`],
    ['/v1/secrets/the+name', 'the name'],
    ['/v1/secrets/the%20name@2?version=2', 'the name@2'],
  ])('%s asks for %s', async (path, reference) => {
    await using it = await LocalFixture.start();
    await it.get(path);
    expect(it.server.asked).toMatchObject([{ items: [reference] }]);
  });
});

describe('an answer', () => {
  test('has bytes that are no text in base64, or alone', async () => {
    await using it = await LocalFixture.start();
    const bytes = Buffer.from([0xff, 0x00, 0x80, 0x0a]);
    await it.store('blob', bytes, FRESH);
    const json = await it.get('/v1/secrets/blob');
    expect(json.json).toMatchObject({ value: bytes.toString('base64'), encoding: 'base64' });
    for (const answer of [
      await it.get('/v1/secrets/blob?format=raw'),
      await it.get('/v1/secrets/blob', { headers: { accept: 'application/octet-stream' } }),
    ]) {
      expect(answer.bytes).toEqual(bytes);
      expect(answer.headers['content-type']).toBe('application/octet-stream');
      expect(answer.headers['cache-control']).toBe('no-store');
    }
  });

  test('keeps every character of a text', async () => {
    await using it = await LocalFixture.start();
    const text = 'a"b\\c\n\t\u0000\u2028é💧</script>';
    await it.store('odd', text, FRESH);
    expect(await it.value('odd')).toBe(text);
  });

  test('about health needs no key and names nothing', async () => {
    await using it = await withSecret();
    const there = await it.get('/v1/health', { key: null });
    expect(there.json).toEqual({ server: 'connected', awaySinceMs: null, journal: 'ok' });
    it.it.connection.drop();
    await it.it.server.close();
    while (it.delegate.state().name === 'connected') await new Promise((resolve) => setImmediate(resolve));
    const away = await it.get('/v1/health', { key: null });
    expect(away.json).toEqual({ server: 'away', awaySinceMs: expect.any(Number) as number, journal: 'ok' });
  });
});

describe('a Unix socket', () => {
  test('bound to a key file reads as that key, and follows the file when it changes', async () => {
    await using folder = await makeFolder();
    const keyFile = join(folder.path, 'app.key');
    await writeFile(keyFile, `${GOOD_KEY}\n`, { mode: 0o600 });
    const socketPath = join(folder.path, 'app.sock');
    const localListen = [`unix:${socketPath}?mode=0660&key-file=${keyFile}`];
    await using _it = await withSecret({ config: { localListen } });
    expect((await stat(socketPath)).mode & 0o777).toBe(0o660);
    const read = async (): Promise<number> =>
      (await call('', '/v1/secrets/db-password', { socketPath, key: null })).status;
    expect(await read()).toBe(200);
    await writeFile(keyFile, 'sk-revoked');
    await expect.poll(read, { timeout: 5000 }).toBe(401);
    await chmod(keyFile, 0o644);
    await expect.poll(read, { timeout: 5000 }).toBe(500);
  });

  test('that a process has left behind is replaced; one that answers, and a file, are not', async () => {
    await using folder = await makeFolder();
    const stale = join(folder.path, 'stale.sock');
    const busy = join(folder.path, 'busy.sock');
    const file = join(folder.path, 'file');
    await writeFile(file, 'keep me');
    await leaveSocket(stale);
    const other = createServer().listen(busy);
    await once(other, 'listening');
    const startAt = async (path: string): Promise<void> => {
      await using _it = await withSecret({ config: { localListen: [`unix:${path}`] } });
      expect((await call('', '/v1/secrets/db-password', { socketPath: path })).status).toBe(200);
    };
    await startAt(stale);
    await expect(startAt(busy)).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('in use') as string,
    });
    await expect(startAt(file)).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('no socket') as string,
    });
    expect(await readFile(file, 'utf8')).toBe('keep me');
    other.close();
  });
});

describe('beyond loopback', () => {
  const base = { serverUrl: 'http://127.0.0.1:1', name: 'd', dataFolder: '/tmp/none' };
  test.each<[string, object]>([
    ['without TLS', { localListen: ['0.0.0.0:7271'] }],
    ['without a host name', { localListen: ['0.0.0.0:7271'], localTlsCertFile: '/c', localTlsKeyFile: '/k' }],
    ['with half of TLS', { localListen: ['0.0.0.0:7271'], localTlsCertFile: '/c', localHosts: ['x'] }],
    ['with a name for an address', { localListen: ['myhost:7271'] }],
    ['with a port that is none', { localListen: ['127.0.0.1:70000'] }],
    ['with a relative socket', { localListen: ['unix:app.sock'] }],
    ['with a key for everybody', { localListen: ['unix:/a.sock?mode=0666&key-file=/k'] }],
    ['with a misspelt option', { localListen: ['unix:/a.sock?keyfile=/k'] }],
  ])('settings %s refuse to start', (_name, settings) => {
    expect(() => parseDelegateConfig({ ...base, ...settings })).toThrow(
      expect.objectContaining({ code: 'config-invalid' }) as Error,
    );
  });

  test('it speaks TLS to those who call it by an allowed name', async () => {
    await using folder = await makeFolder();
    const localTlsCertFile = join(folder.path, 'cert.pem');
    const localTlsKeyFile = join(folder.path, 'key.pem');
    await writeFile(localTlsCertFile, TEST_TLS_CERTIFICATE);
    await writeFile(localTlsKeyFile, TEST_TLS_KEY, { mode: 0o600 });
    const config = {
      localListen: ['0.0.0.0:0'],
      localHosts: ['localhost'],
      localTlsCertFile,
      localTlsKeyFile,
    };
    await using it = await withSecret({ config });
    const { port } = new URL(it.delegate.localAddresses[0] ?? '');
    const read = async (host: string): Promise<number> => {
      const request = (options: RequestOptions) =>
        httpsRequest({ ...options, ca: TEST_TLS_CERTIFICATE, servername: 'localhost' });
      const headers = { host: `${host}:${port}` };
      return (await call(`https://localhost:${port}`, '/v1/secrets/db-password', { headers, request }))
        .status;
    };
    expect(it.delegate.localAddresses).toEqual([`https://0.0.0.0:${port}`]);
    expect(await read('localhost')).toBe(200);
    expect(await read('evil.example')).toBe(400);
    expect(await read('127.0.0.1')).toBe(400);
    await expect(call(`http://127.0.0.1:${port}`, '/v1/health')).rejects.toThrow();
  });
});

/** A socket file that nobody listens on any more. */
async function leaveSocket(path: string): Promise<void> {
  const { spawnSync } = await import('node:child_process');
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
  expect((await stat(path)).isSocket()).toBe(true);
}
