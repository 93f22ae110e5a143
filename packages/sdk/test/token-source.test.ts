// Keys that live for minutes: got when they are needed, once for all calls that wait, renewed before they end, and never kept after a
// failure.
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { renewing } from '../src/client/token-source.ts';
import type { TokenForAWhile } from '../src/client/token-source.ts';
import { AppError, createClient, workloadToken } from '../src/index.ts';
import { DelegateDouble, errorBody, ServerDouble, TOKEN } from './server-double.ts';

/** A source whose keys live for so long, and a clock. */
function sourceOf(lifeMs: number) {
  const world = { nowMs: 1_000_000, asked: 0, failure: null as AppError | null };
  const source = async (): Promise<TokenForAWhile> => {
    world.asked += 1;
    await Promise.resolve();
    if (world.failure !== null) throw world.failure;
    return { value: `key-${world.asked}`, expiresAtMs: world.nowMs + lifeMs };
  };
  return { world, now: renewing(source, () => world.nowMs) };
}

describe('a key that is good for a while', () => {
  test('is got once for all that wait for it, and kept until half a minute before it ends', async () => {
    const { world, now } = sourceOf(900_000);
    expect(await Promise.all([now(), now(), now()])).toEqual(['key-1', 'key-1', 'key-1']);
    world.nowMs += 869_999;
    expect(await now()).toBe('key-1');
    world.nowMs += 1;
    expect(await Promise.all([now(), now()])).toEqual(['key-2', 'key-2']);
    expect(world.asked).toBe(2);
  });

  test('is kept for half its life when that is short, so that it is not asked for with every call', async () => {
    const { world, now } = sourceOf(20_000);
    await now();
    world.nowMs += 9999;
    expect(await now()).toBe('key-1');
    world.nowMs += 1;
    expect(await now()).toBe('key-2');
  });

  test('that could not be got is asked for again by the next call', async () => {
    const { world, now } = sourceOf(900_000);
    world.failure = new AppError('workload-refused', { publicMessage: 'no' });
    await expect(Promise.all([now(), now()])).rejects.toMatchObject({ code: 'workload-refused' });
    expect(world.asked).toBe(1);
    world.failure = null;
    expect(await now()).toBe('key-2');
  });

  test.each(['', 'two words', 'line\r\nx: y'])('that is none (%j) is sent to nobody', async (value) => {
    const now = renewing(() => Promise.resolve({ value, expiresAtMs: 1e15 }), Date.now);
    await expect(now()).rejects.toMatchObject({ code: 'config-invalid' });
  });
});

describe('a client with a source of keys', () => {
  test('gets a key before its first call and reads, writes, uploads and downloads with it', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    let asked = 0;
    const token = async (): Promise<TokenForAWhile> => {
      asked += 1;
      return Promise.resolve({ value: TOKEN, expiresAtMs: Date.now() + 900_000 });
    };
    const client = createClient({ address: server.address, token });
    expect(asked).toBe(0);
    await client.set('a', '1');
    await client.upload('f', Readable.from([Buffer.from('file')]));
    expect(await client.get('a')).toBe('1');
    expect(Buffer.from(await client.getBytes('f')).toString()).toBe('file');
    expect(asked).toBe(1);
    client.close();
  });

  test('exchanges a fresh identity of its workload for each key', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    const bodies: unknown[] = [];
    server.script.raw = (request, response) => {
      if (request.url !== '/v1/workloads/exchange') return false;
      expect(request.headers.authorization).toBeUndefined();
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        bodies.push(JSON.parse(text));
        const apiKeyId = 'key_00000000000000000000000000';
        // Shorter than the time a key is renewed ahead of, so that the second call needs another.
        const answer = { apiKeyId, subject: 'job', value: TOKEN, expiresAtMs: Date.now() };
        response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      });
      return true;
    };
    server.store('a', ['1']);
    let round = 0;
    const identity = async () => Promise.resolve({ token: `token-${(round += 1)}` });
    const { address } = server;
    const client = createClient({ address, token: workloadToken({ address, issuer: 'ci', identity }) });
    expect(await client.get('a')).toBe('1');
    expect(bodies.slice(0, 2)).toEqual([
      { issuer: 'ci', token: 'token-1' },
      { issuer: 'ci', token: 'token-2' },
    ]);
    client.close();
  });

  test('that is refused says so, and calls nothing without a key', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    const paths: string[] = [];
    server.script.raw = (request, response) => {
      paths.push(request.url ?? '');
      const error = JSON.stringify(errorBody('workload-refused', 'no'));
      response.writeHead(401, { 'content-type': 'application/json' }).end(error);
      return true;
    };
    const { address } = server;
    const identity = async () => Promise.resolve({ token: 'x' });
    const client = createClient({ address, token: workloadToken({ address, issuer: 'ci', identity }) });
    await expect(client.get('a')).rejects.toMatchObject({ code: 'workload-refused' });
    expect(new Set(paths)).toEqual(new Set(['/v1/workloads/exchange']));
    client.close();
  });
});
