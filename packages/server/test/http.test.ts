// The HTTP layer: one error body for everything that is wrong, bounds for slow and large requests, probes, TLS, graceful end.
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ErrorBody, ROUTES } from '@sallyport/protocol';
import type { Route } from '@sallyport/protocol';
import type { OperationId } from '@sallyport/protocol';
import { compileRoutes } from '../src/http/match-route.ts';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import { flaky } from './flaky-store.ts';
import type { FlakyStore } from './flaky-store.ts';
import { ManualClock } from './manual-clock.ts';
import { selfSigned } from './self-signed.ts';
import { addManager, expectError, newRequestId, resolve, startTestServer, write } from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

let on: TestServer;
let clock: ManualClock;
let store: FlakyStore;

beforeEach(async () => {
  clock = new ManualClock();
  store = flaky(await openSqliteStore({ path: ':memory:' }));
  on = await startTestServer({ dependencies: { clock, store } });
});
afterEach(async () => {
  await on.end();
  await store.close();
});

async function raw(text: string | Buffer): Promise<Socket> {
  const { hostname, port } = new URL(on.server.address);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

/** Everything that comes until the server ends the connection. */
async function textOf(socket: Socket): Promise<string> {
  return Buffer.concat(await socket.toArray()).toString();
}

describe('routes', () => {
  test('every one of the table is found by its own path, and parameters are decoded', () => {
    const match = compileRoutes(ROUTES);
    for (const [operationId, route] of Object.entries(ROUTES)) {
      const path = route.path.replaceAll(/\{\w+\}/g, 'a%20b%2Fc');
      expect(match(route.method, `${path}?x=1`)).toMatchObject({ operationId, queryText: 'x=1' });
      expect(Object.values(match(route.method, path)?.params ?? {})).toEqual(
        Array.from(route.path.matchAll(/\{\w+\}/g), () => 'a b/c'),
      );
    }
    expect(match('POST', '/v1/secrets-managers/preflight')?.operationId).toBe('preflightSettings');
    expect(match('GET', '/v1/secrets-managers/preflight')?.operationId).toBe('getSecretsManager');
  });

  test.each([
    ['POST', '/'],
    ['GET', '/v1'],
    ['GET', '/v1/whoami/'],
    ['GET', '//v1/whoami'],
    ['POST', '/v1/whoami'],
    ['PUT', '/v1/secrets'],
    ['OPTIONS', '/v1/secrets'],
    ['GET', '/v1/secrets/a/b'],
    ['POST', '/healthz'],
    ['GET', '/constructor'],
  ])('%s %s is not there', async (method, path) => {
    const answer = await on.call(method, path);
    expectError(answer, 'not-found');
    expect(answer.status).toBe(404);
  });

  test('are closed to everybody without a valid key, before anything else is looked at', async () => {
    const closed = Object.entries<Route>(ROUTES).filter(([, route]) => route.access !== 'anybody');
    expect(closed.length).toBeGreaterThan(50);
    for (const [operationId, route] of closed) {
      const path = route.path.replaceAll(/\{\w+\}/g, 'x');
      for (const authorization of [
        undefined,
        'Bearer nonsense',
        `Basic ${on.key}`,
        on.key,
        `Bearer ${on.key}x`,
      ]) {
        const response = await fetch(on.server.address + path, {
          method: route.method,
          headers: {
            'content-type': 'text/plain',
            ...(authorization === undefined ? {} : { authorization }),
          },
          ...(route.method === 'GET' ? {} : { body: 'not even JSON' }),
        });
        expect([operationId, response.status]).toEqual([operationId, 401]);
        expect(response.headers.get('www-authenticate')).toBe('Bearer');
        expect(ErrorBody.parse(await response.json()).error.code).toBe('unauthenticated');
      }
    }
  });
});

describe('an answer', () => {
  test('carries a request id and is for no cache, success or not', async () => {
    const given = newRequestId();
    for (const path of ['/v1/whoami', '/v1/nothing', '/healthz', '/metrics']) {
      const response = await fetch(on.server.address + path, {
        headers: { authorization: `Bearer ${on.key}`, 'x-request-id': given },
      });
      await response.text();
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'x-request-id': given,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'referrer-policy': 'no-referrer',
      });
      expect(response.headers.get('strict-transport-security')).toBeNull();
    }
    const other = await on.call('GET', '/v1/whoami');
    expect(other.headers.get('x-request-id')).toMatch(/^req_/);
    const refused = await on.call('GET', '/v1/nothing');
    expect(refused.body.requestId).toBe(refused.headers.get('x-request-id'));
  });

  test('to an invalid body names each field', async () => {
    const answer = await on.call('POST', '/v1/secrets-managers', {
      name: 7,
      settings: { kind: 'aws-kms', keyArn: 'x', credentials: { type: 'iam-role', role: 'y' } },
      usageScop: [],
    });
    const error = expectError(answer, 'invalid-request');
    expect(error.message).toContain('name in the body is not valid');
    expect(error.data.issues.map((issue: Loose) => issue.path).sort()).toEqual([
      '',
      'name',
      'settings.credentials',
    ]);
    expect(error.data.issues.every((issue: Loose) => typeof issue.message === 'string')).toBe(true);
  });
});

describe('a body', () => {
  const post = async (headers: object, body: string | Uint8Array) => {
    const response = await fetch(`${on.server.address}/v1/api-keys`, {
      method: 'POST',
      headers: { authorization: `Bearer ${on.key}`, ...headers } as Record<string, string>,
      body: body as string,
    });
    return {
      status: response.status,
      body: ErrorBody.parse(await response.json()),
      headers: response.headers,
    };
  };

  test.each([
    ['no JSON', '{"name":'],
    ['JSON of another shape', '[]'],
    ['a number', '1e999'],
    ['text that is not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['nothing', ''],
    ['deeply nested', '['.repeat(200_000)],
    ['a prototype', '{"name":"x","__proto__":{"expiresInSeconds":60}}'],
  ])('that is %s is refused', async (_, body) => {
    const answer = await post({ 'content-type': 'application/json' }, body);
    expect(answer.status).toBe(400);
    expect(answer.body.error.code).toBe('invalid-request');
  });

  test('of another type, or compressed, is refused', async () => {
    const json = JSON.stringify({ name: 'x' });
    for (const headers of [
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    ]) {
      expect((await post(headers, json)).body.error.code).toBe('invalid-request');
    }
    const fine = await fetch(`${on.server.address}/v1/api-keys`, {
      method: 'POST',
      headers: { authorization: `Bearer ${on.key}`, 'content-type': 'application/json; charset=UTF-8' },
      body: json,
    });
    expect(fine.status).toBe(201);
  });

  test('that is too large is refused, announced or not, and the client gets to read why', async () => {
    const large = JSON.stringify({ name: 'x'.repeat(1_100_000) });
    const announced = await post({ 'content-type': 'application/json' }, large);
    expect(announced).toMatchObject({ status: 400, body: { error: { code: 'invalid-request' } } });
    const head = `POST /v1/api-keys HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${on.key}\r\ncontent-type: application/json\r\n`;
    const socket = await raw(`${head}transfer-encoding: chunked\r\n\r\n`);
    for (let i = 0; i < 20; i += 1) socket.write(`10000\r\n${'x'.repeat(65_536)}\r\n`);
    const [data] = await once(socket, 'data');
    expect(String(data)).toMatch(/^HTTP\/1\.1 400 /);
    socket.destroy();
    const value = await on.call('POST', '/v1/secrets/write', { sealed: { box: 'x'.repeat(24_000_000) } });
    expect(value.status).toBe(413);
    expectError(value, 'value-too-large');
  });

  test('that is sent where none is taken is refused; an empty object is not', async () => {
    await on.delegate();
    await addManager(on);
    expect((await on.call('POST', '/v1/secrets-managers/keys/default', {})).status).toBe(200);
    expectError(
      await on.call('POST', '/v1/secrets-managers/keys/default', { force: true }),
      'invalid-request',
    );
    expectError(await on.call('GET', '/v1/whoami?verbose=1'), 'invalid-request');
  });

  test('that trickles is cut off', async () => {
    const socket = await raw(
      `POST /v1/api-keys HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${on.key}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"name"`,
    );
    const answered = once(socket, 'data');
    // The server has to have read the head before its clock moves.
    await on.call('GET', '/v1/whoami');
    clock.advance(60_000);
    expect(String((await answered)[0])).toMatch(/^HTTP\/1\.1 400 [\s\S]*did not arrive in time/);
    const ended = once(socket, 'close');
    clock.advance(5000);
    await ended;
  });
});

describe('what is hardly HTTP', () => {
  test.each([
    ['nonsense', 'NONSENSE\r\n\r\n'],
    ['a broken header', 'GET /v1/whoami HTTP/1.1\r\nhost\r\n\r\n'],
    [
      'both lengths',
      'POST /v1/api-keys HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\nabc',
    ],
    ['a header that is too large', `GET /v1/whoami HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(70_000)}\r\n\r\n`],
  ])('%s gets the same error body', async (_, text) => {
    const answer = await textOf(await raw(text));
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(ErrorBody.parse(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).error.code).toBe(
      'invalid-request',
    );
  });

  test('a path with broken percent-encoding is refused', async () => {
    const socket = await raw(
      `GET /v1/secrets/%E0%A4%A HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ${on.key}\r\n\r\n`,
    );
    expect(await textOf(socket)).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('an absolute or empty target is not there', async () => {
    const socket = await raw('GET http://x/v1/whoami HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    expect(await textOf(socket)).toMatch(/^HTTP\/1\.1 404 /);
  });
});

describe('probes', () => {
  test('liveness needs nothing', async () => {
    const answer = await fetch(`${on.server.address}/healthz`);
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'up' }]);
    expect((await fetch(`${on.server.address}/healthz`, { method: 'HEAD' })).status).toBe(200);
  });

  test('readiness needs storage that can be written, and tells how many delegates are connected', async () => {
    await on.delegate();
    const ready = await fetch(`${on.server.address}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { status: 'ready', storage: 'writable', delegatesConnected: 1 },
    ]);
    store.failsWrites = true;
    expect((await fetch(`${on.server.address}/readyz`)).status).toBe(200);
    clock.advance(1000);
    const unready = await fetch(`${on.server.address}/readyz`);
    expect([unready.status, await unready.json()]).toEqual([
      503,
      { status: 'not-ready', storage: 'unavailable', delegatesConnected: 1 },
    ]);
    store.failsWrites = false;
  });

  test('metrics count requests, tasks and delegates, and name no secret', async () => {
    const delegate = await on.delegate();
    await addManager(on);
    await write(on, delegate, { secret: 'unmistakable', value: '1' });
    await on.call('GET', '/v1/secrets/unmistakable');
    await on.call('GET', '/v1/secrets/missing');
    delegate.scripts.resolve = () => ({
      failure: { code: 'access-denied', message: 'no', retryable: false },
    });
    await resolve(on, delegate, ['unmistakable']);
    const text = await (await fetch(`${on.server.address}/metrics`)).text();
    expect(text).toContain('sallyport_http_requests_total{operation="getSecret",status="200"} 1');
    expect(text).toContain('sallyport_http_requests_total{operation="getSecret",status="404"} 1');
    expect(text).toContain('sallyport_delegate_tasks_total{kind="write",outcome="ok"} 1');
    expect(text).toContain('sallyport_delegate_tasks_total{kind="resolve",outcome="access-denied"} 1');
    expect(text).toContain('sallyport_delegates_connected 1');
    expect(text).toContain('process_resident_memory_bytes');
    expect(text).not.toContain('unmistakable');
  });
});

describe('closing', () => {
  test('finishes running requests, refuses new ones, and says goodbye to delegates', async () => {
    const delegate = await on.delegate();
    await addManager(on);
    await write(on, delegate, { secret: 'x', value: '1' });
    const kept = await raw('');
    const release = Promise.withResolvers<void>();
    delegate.scripts.resolve = async (task) => {
      await release.promise;
      return delegate.resolve(task);
    };
    const asked = delegate.nextTask('resolve');
    const running = resolve(on, delegate, ['x']);
    await asked;
    const goodbye = once(delegate.socket, 'close');
    const closing = on.server.close();
    const closingTwice = on.server.close();
    await expect(fetch(`${on.server.address}/healthz`)).rejects.toThrow();
    release.resolve();
    expect((await running).status).toBe(200);
    await Promise.all([closing, closingTwice]);
    expect((await goodbye)[0]).toBe(1001);
    kept.destroy();
  });

  test('does not wait longer than the grace period', async () => {
    const delegate = await on.delegate();
    await addManager(on);
    await write(on, delegate, { secret: 'x', value: '1' });
    delegate.scripts.resolve = () => 'silence';
    const asked = delegate.nextTask('resolve');
    const running = resolve(on, delegate, ['x']).catch(() => 'broken off');
    await asked;
    const closing = on.server.close();
    clock.advance(2000);
    await closing;
    const outcome = await running;
    if (outcome !== 'broken off') expectError(outcome as never, 'delegate-lost');
  });
});

describe('TLS', () => {
  test('is spoken with the certificate given, and says so to browsers', async () => {
    const { certificate, key } = selfSigned();
    await writeFile(join(on.folder, 'cert.pem'), certificate);
    await writeFile(join(on.folder, 'key.pem'), key);
    const tls = await startTestServer({
      config: { tlsCertificateFile: join(on.folder, 'cert.pem'), tlsKeyFile: join(on.folder, 'key.pem') },
    });
    try {
      expect(tls.server.address).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
      const request = httpsRequest(`${tls.server.address}/healthz`, {
        ca: certificate,
        servername: 'localhost',
      });
      request.end();
      const [response] = await once(request, 'response');
      expect(response.statusCode).toBe(200);
      expect(response.headers['strict-transport-security']).toBe('max-age=31536000');
      response.resume();
      const plain = connect(Number(new URL(tls.server.address).port), '127.0.0.1');
      plain.on('error', () => undefined);
      plain.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
      expect((await textOf(plain)).includes('200')).toBe(false);
      request.destroy();
    } finally {
      await tls.end();
    }
  });
});

test('every operation has exactly one handler', async () => {
  const ids = Object.keys(ROUTES) as OperationId[];
  expect(ids.length).toBeGreaterThan(25);
  for (const id of ids) {
    const { method, path } = ROUTES[id];
    const answer = await on.call(
      method,
      path.replaceAll(/\{\w+\}/g, 'x'),
      method === 'GET' ? undefined : { odd: 1 },
    );
    expect([id, answer.status]).not.toEqual([id, 500]);
  }
});
