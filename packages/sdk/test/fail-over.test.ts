// Delegates go away, restart, or cannot reach AWS: the client finds another one by itself, and when there is none, says what was wrong.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '@sallyport/core';
import { createClient, traits } from './client-under-test.ts';
import type { Client, ClientOptions } from '../src/index.ts';
import { DelegateDouble, ServerDouble, TOKEN, wireError } from './server-double.ts';
import type { Script } from './server-double.ts';

function clientOf(server: ServerDouble, options: Partial<ClientOptions> = {}): Client {
  return createClient({ address: server.address, token: TOKEN, ...options });
}

const failingAt = (name: string, code: ErrorCode): Script => ({
  refuse: ({ delegate }) => (delegate.name === name ? wireError(code, `${name} says ${code}`) : null),
});

describe('another delegate takes over', () => {
  const codes: ErrorCode[] = [
    'delegate-lost',
    'delegate-not-eligible',
    'delegate-refused',
    'task-timeout',
    'aws-unreachable',
    'aws-credentials',
    'assume-role-failed',
    'access-denied',
  ];
  test.each(codes)('after %s, for a read and for a write', async (code) => {
    await using server = await ServerDouble.start(new DelegateDouble('one'), new DelegateDouble('two'));
    server.store('a', ['1']);
    server.script = failingAt('one', code);
    expect(await clientOf(server).get('a')).toBe('1');
    expect(server.calls).toEqual(['offersToRead', 'resolve one', 'offersToRead', 'resolve two']);
    expect(await clientOf(server).set('b', 'x')).toMatchObject({ version: 1 });
    expect(server.calls.slice(4)).toEqual(['offersToWrite', 'write one', 'offersToWrite', 'write two']);
  });

  test('for a single value that failed within an answer, without reading the others again', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'), new DelegateDouble('two'));
    server.store('a', ['1']);
    server.store('b', ['2']);
    let answers = 0;
    server.script = {
      readAnswer: ({ header, values }) => {
        answers += 1;
        if (answers > 1) return { header, values };
        const [a, b] = header.entries;
        const error = wireError('aws-unreachable', 'KMS does not answer.');
        const failed = { outcome: 'failed' as const, reference: b?.reference ?? '', error };
        return { header: { entries: [...(a ? [a] : []), failed] }, values: values.slice(0, 1) };
      },
    };
    const values = await clientOf(server).resolve(['a', 'b']);
    expect(values.map(({ value }) => value.text())).toEqual(['1', '2']);
    expect(server.calls).toEqual(['offersToRead', 'resolve one', 'offersToRead', 'resolve two']);
  });

  test('for an upload from a source that can be opened again', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'), new DelegateDouble('two'));
    const value = randomBytes(3_000_000);
    server.script = failingAt('one', 'delegate-lost');
    let opened = 0;
    const bytes = async function* (): AsyncGenerator<Uint8Array> {
      opened += 1;
      for (let from = 0; from < value.length; from += 50_000) yield value.subarray(from, from + 50_000);
    };
    const written = await clientOf(server).upload('cert', bytes);
    expect(written.valueBytes).toBe(value.length);
    expect(server.secrets.get('cert')?.versions[0]?.value.equals(value)).toBe(true);
    expect(opened).toBe(2);
  });

  test('but an upload from a stream that was read from reports the failure instead of half a file', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'), new DelegateDouble('two'));
    server.script = failingAt('one', 'delegate-lost');
    async function* once(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 64; i++) yield randomBytes(65_536);
    }
    await expect(clientOf(server).upload('cert', once())).rejects.toMatchObject({ code: 'delegate-lost' });
    expect(server.secrets.size).toBe(0);
  });

  test('for a download, before its first byte', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'), new DelegateDouble('two'));
    const value = randomBytes(1_500_000);
    server.store('cert', [value], 'file');
    server.script = failingAt('one', 'delegate-lost');
    expect(Buffer.from(await clientOf(server).getBytes('cert')).equals(value)).toBe(true);
  });
});

describe('a session ends', () => {
  test('a delegate that restarted gets a new session, and the caller does not notice', async () => {
    const delegate = new DelegateDouble('one');
    await using server = await ServerDouble.start(delegate);
    server.store('a', ['1']);
    const client = clientOf(server);
    expect(await client.get('a')).toBe('1');
    delegate.restart();
    expect(await client.get('a')).toBe('1');
    await client.set('a', '2');
    delegate.restart();
    expect((await client.set('a', '3')).version).toBe(3);
  });

  test('a message that is rejected in a new session as well is reported', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    server.store('a', ['1']);
    server.script = failingAt('one', 'sealed-message-rejected');
    await expect(clientOf(server).get('a')).rejects.toMatchObject({ code: 'sealed-message-rejected' });
    expect(server.count('resolve')).toBe(2);
  });
});

describe('nobody can take over', () => {
  test("the delegate's own answer is what is reported, with its stage, after each one was asked once", async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'), new DelegateDouble('two'));
    server.store('a', ['1']);
    server.script = {
      refuse: ({ delegate }) => ({
        ...wireError('access-denied', 'AWS refused kms:Decrypt.'),
        data: { stage: 'permission', awsCode: 'AccessDeniedException', delegate: delegate.name },
      }),
    };
    await expect(clientOf(server).get('a')).rejects.toMatchObject({
      code: 'access-denied',
      data: { stage: 'permission', awsCode: 'AccessDeniedException', delegate: 'two' },
    });
    expect(server.count('resolve')).toBe(2);
  });

  test('a code that no other delegate cures is not tried again', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'), new DelegateDouble('two'));
    server.store('a', ['1']);
    server.script = failingAt('one', 'key-unusable');
    await expect(clientOf(server).get('a')).rejects.toMatchObject({ code: 'key-unusable' });
    expect(server.count('resolve')).toBe(1);
  });

  test('attempts are bounded', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    server.store('a', ['1']);
    server.script = failingAt('one', 'delegate-lost');
    const client = clientOf(server, { maxAttempts: 3 });
    await expect(client.get('a')).rejects.toMatchObject({ code: 'delegate-lost' });
    expect(server.count('resolve')).toBe(3);
  });

  test('a delegate that comes back within the pauses serves the call', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    server.store('a', ['1']);
    let asked = 0;
    server.script = { offers: (offers) => (++asked < 2 ? [] : offers) };
    expect(await clientOf(server).get('a')).toBe('1');
    expect(asked).toBe(2);
  });

  test('when the time runs out, what went wrong before is reported', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    server.store('a', ['1']);
    server.script = failingAt('one', 'delegate-lost');
    const client = clientOf(server, { maxAttempts: 1000, deadlineMs: 150 });
    await expect(client.get('a')).rejects.toMatchObject({ code: 'delegate-lost' });
  });
});

describe('connections', () => {
  test.runIf(traits.ownsConnections)(
    'a kept-alive connection that the server closed is replaced without the caller noticing',
    async () => {
      await using server = await ServerDouble.start(new DelegateDouble('one'));
      server.store('a', ['1']);
      const client = clientOf(server);
      expect(await client.get('a')).toBe('1');
      let closed = 0;
      server.script = {
        raw: (request) => {
          if (closed++ > 0) return false;
          request.socket.destroy();
          return true;
        },
      };
      expect(await client.get('a')).toBe('1');
      expect(closed).toBe(3);
    },
  );

  test('a write that expects a version is not repeated on a connection that broke: it may have been carried out', async () => {
    await using server = await ServerDouble.start(new DelegateDouble('one'));
    const client = clientOf(server);
    await client.set('a', '1');
    server.script = {
      raw: (request) => {
        if (request.url !== '/v1/secrets/write') return false;
        request.socket.destroy();
        return true;
      },
    };
    await expect(client.set('a', '2', { expectedVersion: 1 })).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('a host that takes connections and says nothing is given up after the idle time', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const address = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const client = createClient({ address, token: TOKEN, idleTimeoutMs: 100 });
    await expect(client.call('whoAmI')).rejects.toMatchObject({
      code: 'unreachable',
      data: { requestSent: true },
    });
    client.close();
    silent.close();
  });
});
