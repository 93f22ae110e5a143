// What an application does with the client, against an honest server and delegate.
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createClient, traits } from './client-under-test.ts';
import type { Client, ClientOptions } from '../src/index.ts';
import { DelegateDouble, errorBody, ServerDouble, TOKEN } from './server-double.ts';

function clientOf(server: ServerDouble, options: Partial<ClientOptions> = {}): Client {
  return createClient({ address: server.address, token: TOKEN, ...options });
}

async function collected(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

async function* inPieces(value: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < value.length; from += pieceBytes) yield value.subarray(from, from + pieceBytes);
}

test.runIf(traits.streamsUploads)('an upload tells how much of it has gone out', async () => {
  await using server = await ServerDouble.start(new DelegateDouble('one'));
  const value = randomBytes(3_000_000);
  const told: number[] = [];
  await clientOf(server).upload('a.bin', () => inPieces(value, 100_000), {
    onSent: ({ bytes }) => told.push(bytes),
  });
  expect(told.length).toBeGreaterThan(3);
  expect(told).toEqual(told.toSorted((a, b) => a - b));
  // Sealed, and so a little longer.
  expect(told.at(-1)).toBeGreaterThan(value.length);
});

describe('text secrets', () => {
  test('what was set is what is read, by name, by id and by version', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    const client = clientOf(server);
    const first = await client.set('db-password', 'hunter2');
    const second = await client.set('db-password', 'hünter3');
    expect([first.version, second.version]).toEqual([1, 2]);
    expect(await client.get('db-password')).toBe('hünter3');
    expect(await client.get('DB-Password@1')).toBe('hunter2');
    expect(await client.get(`${first.secretId}@1`)).toBe('hunter2');
    client.close();
  });

  test('many references are resolved in one call, in order, duplicates included', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    server.store('a', ['1', '2']);
    server.store('b', ['3']);
    const client = clientOf(server);
    const values = await client.resolve(['b', 'a@1', 'a', 'b']);
    expect(values.map(({ name, version, value }) => [name, version, value.text()])).toEqual([
      ['b', 1, '3'],
      ['a', 1, '1'],
      ['a', 2, '2'],
      ['b', 1, '3'],
    ]);
    expect(server.calls).toEqual(['offersToRead', 'resolve one']);
  });

  test('reading again takes one request, in the same session', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    server.store('a', ['1']);
    const client = clientOf(server);
    for (let i = 0; i < 3; i++) expect(await client.get('a')).toBe('1');
    expect(server.calls).toEqual(['offersToRead', 'resolve one', 'resolve one', 'resolve one']);
  });

  test('all of a place is found in one request and read in a second one', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    server.store('a', ['1', '2']);
    server.store('tls', ['3'], 'file');
    const client = clientOf(server);
    const { secrets, unreadable } = await client.usable({
      place: { application: 'shop', environment: 'prod' },
    });
    expect(unreadable).toEqual([]);
    expect(secrets.map(({ reference, version, kind }) => [reference, version, kind])).toEqual([
      ['sally://shop/prod/a', 2, 'text'],
      ['sally://shop/prod/tls', 1, 'file'],
    ]);
    const values = await client.resolve(secrets.map(({ reference }) => reference));
    expect(values.map(({ value }) => value.text())).toEqual(['2', '3']);
    expect(server.calls).toEqual(['offersToRead', 'resolve one']);
  });

  test('resolving is all or nothing, and the error names everything that is missing', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    server.store('a', ['1']);
    const client = clientOf(server);
    const failure = await client.resolve(['gone', 'a', 'lost@2']).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'not-found',
      data: {
        failures: [
          { reference: 'gone', code: 'not-found' },
          { reference: 'lost@2', code: 'not-found' },
        ],
      },
    });
    expect((failure as Error).message).toMatch(/^2 of 3 secrets .* gone .* lost@2 /);
    const each = await client.resolveEach(['gone', 'a']);
    expect(each).toMatchObject([{ error: { code: 'not-found' } }, { name: 'a', version: 1 }]);
  });

  test('a resolved value does not print', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    server.store('a', ['s3cr3t-canary']);
    const [value] = await clientOf(server).resolve(['a']);
    expect(JSON.stringify(value)).not.toContain('s3cr3t-canary');
    expect(String(value?.value)).toBe('[redacted]');
  });

  test('an empty value, and one above 1 MiB, are refused before anything is sent', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    const client = clientOf(server);
    await expect(client.set('a', '')).rejects.toMatchObject({ code: 'empty-value' });
    await expect(client.set('a', new Uint8Array(1_048_577))).rejects.toMatchObject({
      code: 'value-too-large',
    });
    await expect(client.upload('a', inPieces(new Uint8Array(), 1))).rejects.toMatchObject({
      code: 'empty-value',
    });
    expect(server.calls).toEqual([]);
    await client.set('a', new Uint8Array(1_048_576));
    expect(server.secrets.get('a')?.versions[0]?.value.length).toBe(1_048_576);
  });

  test('a write that lost a race goes on after it, unless it expected a version', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    const client = clientOf(server);
    server.script = {
      refuse: ({ operation, nth }) =>
        operation === 'write' && nth <= 2 ? errorBody('edit-conflict', 'Somebody was faster.').error : null,
    };
    expect((await client.set('a', 'x')).version).toBe(1);
    expect(server.count('write')).toBe(3);
    server.script = {};
    await expect(client.set('a', 'y', { expectedVersion: 0 })).rejects.toMatchObject({
      code: 'edit-conflict',
    });
    expect((await client.set('a', 'y', { expectedVersion: 1 })).version).toBe(2);
  });
});

describe('files', () => {
  test.each([1, 65_536, 1_048_576, 1_048_577, 3_500_000])(
    'a file of %i bytes comes back byte for byte',
    async (size) => {
      await using server = await ServerDouble.start(new DelegateDouble('one'));
      const client = clientOf(server);
      const value = randomBytes(size);
      const written = await client.upload('cert', inPieces(value, 100_003));
      expect(written).toMatchObject({ kind: 'file', version: 1, valueBytes: size });
      const download = await client.download('cert');
      expect(download).toMatchObject({ name: 'cert', kind: 'file', version: 1 });
      expect((await collected(download)).equals(value)).toBe(true);
      expect((await client.getBytes('cert@1')).length).toBe(size);
    },
  );

  test('a file that is not text is not returned as text', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    server.store('cert', [Buffer.from([0xff, 0xfe, 0])], 'file');
    await expect(clientOf(server).get('cert')).rejects.toMatchObject({ code: 'kind-mismatch' });
  });

  test.runIf(traits.streamsUploads)(
    'an upload that is refused early ends without reading the rest of the file',
    async () => {
      await using server = await ServerDouble.start(new DelegateDouble('one'));
      server.script = { refuse: () => errorBody('forbidden', 'Not yours.').error };
      let pieces = 0;
      async function* endless(): AsyncGenerator<Uint8Array> {
        for (;;) {
          pieces++;
          yield new Uint8Array(65_536);
        }
      }
      await expect(clientOf(server).upload('cert', endless())).rejects.toMatchObject({ code: 'forbidden' });
      expect(pieces).toBeGreaterThan(0);
    },
  );

  test("an upload whose source fails reports the source's own error, and stores nothing", async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(2_000_000);
      throw new Error('disk on fire');
    }
    await expect(clientOf(server).upload('cert', failing())).rejects.toThrow('disk on fire');
    expect(server.secrets.get('cert')).toBeUndefined();
  });
});

describe('the server', () => {
  test('a wrong key is refused as such', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    const client = createClient({ address: server.address, token: 'wrong' });
    await expect(client.get('a')).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('a server that is not there is reported with its address', async () => {
    const server = await ServerDouble.start(new DelegateDouble('one'));
    const { address } = server;
    await server[Symbol.asyncDispose]();
    const failure = createClient({ address, token: TOKEN }).get('a');
    await expect(failure).rejects.toMatchObject({
      code: 'unreachable',
      data: { address, requestSent: false },
    });
    await expect(failure).rejects.toThrow(address);
  });

  test('something else that answers is not taken for a server, and a redirect is not followed with the key', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    server.script = {
      raw: (_, response) => {
        response.writeHead(302, { location: 'https://elsewhere.example/', 'content-type': 'text/html' });
        response.end('<html>');
        return true;
      },
    };
    await expect(clientOf(server).get('a')).rejects.toMatchObject({
      code: 'unreachable',
      data: { hint: expect.stringContaining('https://elsewhere.example/') },
    });
  });

  test.runIf(traits.checksAnswers)('an answer in an unknown form is refused', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    server.script = {
      raw: (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end('{"apiKeyId":"x"}');
        return true;
      },
    };
    await expect(clientOf(server).call('whoAmI')).rejects.toMatchObject({
      code: 'protocol-version-unsupported',
    });
  });

  test('a call that the caller ends rejects with the reason given', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    server.script = { raw: () => true };
    const stop = new AbortController();
    const call = clientOf(server).get('a', { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
  });

  test('a server that never answers is given up at the deadline', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    server.store('a', ['1']);
    server.script = { raw: (request) => request.url === '/v1/secrets/resolve' };
    await expect(clientOf(server, { deadlineMs: 100 }).get('a')).rejects.toMatchObject({
      code: 'task-timeout',
    });
  });
});

describe('addresses', () => {
  test.each([
    ['http://127.0.0.1:8200/', 'http://127.0.0.1:8200'],
    ['127.0.0.1:8200', 'http://127.0.0.1:8200'],
    [' HTTPS://Sallyport.Example:443', 'https://sallyport.example'],
    ['https://example.com/sallyport/', 'https://example.com/sallyport'],
  ])('%s is one server, however it is written', (given, address) => {
    expect(createClient({ address: given, token: TOKEN }).address).toBe(address);
  });

  test.each(['', 'ftp://x', 'https://user:pass@x', 'https://x/?a=b', 'example.com', 'http://example.com'])(
    '%j is refused',
    (address) => {
      expect(() => createClient({ address, token: TOKEN })).toThrow(/address of the server cannot be used/);
    },
  );

  test('plain http beyond this machine is possible when told so', () => {
    const client = createClient({ address: 'http://example.com', token: TOKEN, allowPlainHttp: true });
    expect(client.address).toBe('http://example.com');
  });
});
