// How the web UI is served: what a browser may keep, what a page may do, and that nothing beside the build can be reached.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, gzipSync } from 'node:zlib';
import { request } from 'node:http';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestServer } from './test-server.ts';
import type { TestServer } from './test-server.ts';

const PAGE = '<!doctype html><title>Sallyport</title>';
const SCRIPT = 'export const answer = 42;\n';

let folder: string;
let on: TestServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-web-'));
  on = await startTestServer({ config: { webFolder: join(folder, 'dist') } });
});
afterEach(async () => {
  await on.end();
  await rm(folder, { recursive: true, force: true });
});

async function build(): Promise<void> {
  await mkdir(join(folder, 'dist', 'assets'), { recursive: true });
  await writeFile(join(folder, 'secret.txt'), 'not for browsers');
  await writeFile(join(folder, 'dist', '.built'), 'hash');
  await writeFile(join(folder, 'dist', 'index.html'), PAGE);
  await writeFile(join(folder, 'dist', 'assets', 'main-abc.js'), SCRIPT);
  await writeFile(join(folder, 'dist', 'assets', 'main-abc.js.br'), brotliCompressSync(SCRIPT));
  await writeFile(join(folder, 'dist', 'assets', 'main-abc.js.gz'), gzipSync(SCRIPT));
  await writeFile(join(folder, 'dist', 'assets', 'icon-abc.svg'), '<svg/>');
  await writeFile(join(folder, 'dist', 'assets', 'notes.txt'), 'of no type that pages use');
}

/** By hand, since fetch would tidy paths up and take encodings off. */
async function get(
  path: string,
  options: { method?: string; encodings?: string } = {},
): Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }> {
  const { method = 'GET', encodings } = options;
  const { hostname, port } = new URL(on.server.address);
  const headers = encodings === undefined ? {} : { 'accept-encoding': encodings };
  const outgoing = request({ hostname, port, path, method, headers });
  outgoing.end();
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  const body = Buffer.concat(await incoming.toArray());
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body };
}

describe('the page', () => {
  test('is kept by nobody, and may run and load only what this server gives it', async () => {
    await build();
    const { status, headers, body } = await get('/');
    expect([status, body.toString()]).toEqual([200, PAGE]);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cross-origin-opener-policy': 'same-origin',
    });
    const policy = Object.fromEntries(
      String(headers['content-security-policy'])
        .split('; ')
        .map((directive) => {
          const [name = '', ...sources] = directive.split(' ');
          return [name, sources];
        }),
    );
    expect(policy).toEqual({
      'default-src': ["'none'"],
      'script-src': ["'self'"],
      'style-src': ["'self'"],
      'img-src': ["'self'", 'data:'],
      'font-src': ["'self'"],
      'connect-src': ["'self'"],
      'base-uri': ["'none'"],
      'form-action': ["'self'"],
      'frame-ancestors': ["'none'"],
      'require-trusted-types-for': ["'script'"],
      'trusted-types': ["'none'"],
    });
  });

  test('answers HEAD without a body, and no method that changes something', async () => {
    await build();
    const head = await get('/', { method: 'HEAD' });
    expect([head.status, head.body.length]).toEqual([200, 0]);
    expect(head.headers['content-length']).toBe(String(PAGE.length));
    expect((await get('/', { method: 'POST' })).status).toBe(404);
  });

  test('says how to build it when it is not built, and is there once it was', async () => {
    const before = await get('/');
    expect(before.status).toBe(503);
    expect(before.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(before.body.toString()).toContain('npm run build:web');
    await build();
    expect((await get('/')).body.toString()).toBe(PAGE);
  });
});

describe('assets', () => {
  test('are kept for good, since their names change with their content', async () => {
    await build();
    const { status, headers, body } = await get('/assets/main-abc.js');
    expect([status, body.toString()]).toEqual([200, SCRIPT]);
    expect(headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      'cross-origin-resource-policy': 'same-origin',
      vary: 'accept-encoding',
    });
    expect(headers['content-encoding']).toBeUndefined();
    expect((await get('/assets/icon-abc.svg')).headers['content-type']).toBe('image/svg+xml');
  });

  test('come compressed as the browser can take them', async () => {
    await build();
    const best = await get('/assets/main-abc.js', { encodings: 'gzip, deflate, br, zstd' });
    expect(best.headers['content-encoding']).toBe('br');
    expect(brotliDecompressSync(best.body).toString()).toBe(SCRIPT);
    const other = await get('/assets/main-abc.js', { encodings: 'gzip, br;q=0' });
    expect(other.headers['content-encoding']).toBe('gzip');
    const none = await get('/assets/icon-abc.svg', { encodings: 'br' });
    expect([none.headers['content-encoding'], none.body.toString()]).toEqual([undefined, '<svg/>']);
  });

  // Attack: a path that leads out of the folder, in every way of writing it.
  test.each([
    '/assets/../index.html',
    '/assets/../../secret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/assets/%2e%2e/%2e%2e/secret.txt',
    '/assets/..\\..\\secret.txt',
    '/assets/',
    '/assets',
    '/assets/notes.txt',
    '/assets/main-abc.js.br',
    '/index.html',
    '/.built',
    '/secret.txt',
  ])('%s is not there', async (path) => {
    await build();
    const { status, body } = await get(path);
    expect(status).toBe(404);
    expect(JSON.parse(body.toString())).toMatchObject({ error: { code: 'not-found' } });
  });
});
