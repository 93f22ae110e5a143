// What an application relies on when it reads through `openSecrets`, against a server double over real HTTP with real sealing.
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ERROR_CODES, makeId, Plaintext } from '@sallyport/core';
import type { ErrorCode } from '@sallyport/core';
import { openSecrets } from '../src/index.ts';
import type { Client, Secrets, SecretsOptions, SecretsSource } from '../src/index.ts';
import { createClient } from './client-under-test.ts';
import { DelegateDouble, ServerDouble, TOKEN } from './server-double.ts';

let server: ServerDouble;
let client: Client;
let nowMs: number;

beforeEach(async () => {
  server = await ServerDouble.start(new DelegateDouble('one'));
  client = createClient({ address: server.address, token: TOKEN, maxAttempts: 1 });
  nowMs = 1_000_000;
});
afterEach(async () => {
  client.close();
  await server[Symbol.asyncDispose]();
});

function secretsOf(options: SecretsOptions = {}): Secrets {
  return openSecrets(client, { clock: () => nowMs, ...options });
}

function answerWith(code: ErrorCode, status: number): void {
  server.script = {
    raw: (_, response) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      const error = { code, message: 'As the test says.', retryable: ERROR_CODES[code].retryable };
      response.end(JSON.stringify({ error, requestId: 'req_test' }));
      return true;
    },
  };
}

/** Holds requests back until it is called, then has them answered as usual. */
function holdBack(): { held: () => number; end: () => void } {
  const responses: ServerResponse[] = [];
  server.script = {
    raw: (_, response) => {
      responses.push(response);
      return true;
    },
  };
  return {
    held: () => responses.length,
    end: () => {
      server.script = {};
      for (const response of responses) response.destroy();
    },
  };
}

describe('reads at the same time', () => {
  test('become one call', async () => {
    for (const name of ['a', 'b', 'c']) server.store(name, [`value of ${name}`]);
    const secrets = secretsOf();
    const values = await Promise.all(['a', 'b', 'c', 'a'].map(async (name) => secrets.get(name)));
    expect(values).toEqual(['value of a', 'value of b', 'value of c', 'value of a']);
    expect(server.calls).toEqual(['offersToRead', 'resolve one']);
  });

  test('fail each for itself', async () => {
    server.store('a', ['1']);
    const secrets = secretsOf();
    const [there, missing] = await Promise.allSettled([secrets.get('a'), secrets.get('b')]);
    expect(there).toMatchObject({ status: 'fulfilled', value: '1' });
    expect(missing).toMatchObject({ status: 'rejected', reason: { code: 'not-found' } });
  });

  test('that ask for fresh values do not join a call that began before', async () => {
    const started = Promise.withResolvers<void>();
    const calls: string[][] = [];
    const answers = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    const source: SecretsSource = {
      read: async (references) => {
        const answer = answers[calls.push([...references]) - 1];
        started.resolve();
        const text = (await answer?.promise) ?? '';
        return references.map((reference) => outcomeOf(reference, text));
      },
      close: () => undefined,
    };
    const secrets = openSecrets(source);
    const first = secrets.get('a');
    await started.promise;
    const joined = secrets.get('a');
    const fresh = secrets.get('a', { fresh: true });
    answers[1]?.resolve('new');
    expect(await fresh).toBe('new');
    answers[0]?.resolve('old');
    expect(await Promise.all([first, joined])).toEqual(['old', 'old']);
    expect(calls).toEqual([['a'], ['a']]);
    // The older answer came last and does not take the place of the newer one.
    expect(await secrets.get('a')).toBe('new');
  });

  test('a whole program takes its secrets in one call, under its own names', async () => {
    server.store('db-password', ['hunter2']);
    server.store('api-key', ['k']);
    const found = await secretsOf().resolve({ password: 'db-password', key: 'api-key' });
    expect(found).toEqual({ password: 'hunter2', key: 'k' });
    expect(server.count('resolve')).toBe(1);
    await expect(
      secretsOf().resolve({ password: 'db-password', x: 'nope', y: 'neither' }),
    ).rejects.toMatchObject({
      code: 'not-found',
      publicMessage: expect.stringMatching(/x, nope .*y, neither/) as string,
    });
  });
});

describe('held values', () => {
  test('are given without asking until they come of age', async () => {
    server.store('a', ['1']);
    const secrets = secretsOf({ maxAgeMs: 1000, refreshAhead: 1 });
    expect(await secrets.read('a')).toMatchObject({ from: 'source', version: 1 });
    server.store('a', ['1', '2']);
    nowMs += 999;
    expect(await secrets.read('a')).toMatchObject({ from: 'held', version: 1 });
    nowMs += 1;
    expect(await secrets.read('a')).toMatchObject({ from: 'source', version: 2 });
  });

  test('are renewed ahead, while readers get the one that is held', async () => {
    server.store('a', ['1']);
    const secrets = secretsOf({ maxAgeMs: 1000, refreshAhead: 0.5 });
    await secrets.get('a');
    server.store('a', ['1', '2']);
    nowMs += 500;
    expect(await secrets.get('a')).toBe('1');
    await expect.poll(async () => secrets.get('a')).toBe('2');
    expect(server.count('resolve')).toBe(2);
  });

  test('are not given to who asks for a fresh one', async () => {
    server.store('a', ['1']);
    const secrets = secretsOf();
    await secrets.get('a');
    server.store('a', ['1', '2']);
    expect(await secrets.get('a', { fresh: true })).toBe('2');
    expect(await secrets.get('a')).toBe('2');
  });

  test('are not harmed by a reader that overwrites its own', async () => {
    server.store('a', ['value']);
    const secrets = secretsOf();
    const [one, two] = await Promise.all([secrets.read('a'), secrets.read('a')]);
    one.value.wipe();
    expect(two.value.text()).toBe('value');
    expect(await secrets.get('a')).toBe('value');
  });

  test('of a clock that was set back are not believed to be young', async () => {
    server.store('a', ['1']);
    const secrets = secretsOf();
    await secrets.get('a');
    nowMs -= 10;
    expect(await secrets.read('a')).toMatchObject({ from: 'source' });
  });

  test('do not pile up', async () => {
    for (const name of ['a', 'b', 'c']) server.store(name, [name]);
    const secrets = secretsOf({ maxEntries: 2 });
    for (const name of ['a', 'b', 'c']) await secrets.get(name);
    expect(await secrets.read('a')).toMatchObject({ from: 'source' });
    expect(await secrets.read('c')).toMatchObject({ from: 'held' });
  });

  test('with age 0 there are none', async () => {
    server.store('a', ['1']);
    const secrets = secretsOf({ maxAgeMs: 0 });
    await secrets.get('a');
    expect(await secrets.read('a')).toMatchObject({ from: 'source' });
  });
});

describe('a source that is down for the moment', () => {
  test('does not take away what is held, for as long as was allowed', async () => {
    server.store('a', ['1']);
    const stale: string[] = [];
    const secrets = secretsOf({
      maxAgeMs: 1000,
      staleIfErrorMs: 10_000,
      onStale: (error, reference) => stale.push(`${reference} ${error.code}`),
    });
    await secrets.get('a');
    answerWith('storage-unavailable', 503);
    nowMs += 2000;
    expect(await secrets.read('a')).toMatchObject({ from: 'stale', version: 1 });
    expect(stale).toEqual(['a storage-unavailable']);
    nowMs += 9000;
    await expect(secrets.get('a')).rejects.toMatchObject({ code: 'storage-unavailable' });
  });

  test('is left alone for a while, then asked again', async () => {
    server.store('a', ['1']);
    const secrets = secretsOf({ maxAgeMs: 1000 });
    await secrets.get('a');
    answerWith('storage-unavailable', 503);
    nowMs += 1500;
    await secrets.get('a');
    server.script = {};
    server.store('a', ['1', '2']);
    expect(await secrets.read('a')).toMatchObject({ from: 'stale' });
    nowMs += 2000;
    expect(await secrets.read('a')).toMatchObject({ from: 'source', version: 2 });
  });

  test('or takes long, does not keep readers waiting', async () => {
    server.store('a', ['1']);
    const secrets = secretsOf({ maxAgeMs: 1000, patienceMs: 5 });
    await secrets.get('a');
    const requests = holdBack();
    nowMs += 1500;
    expect(await secrets.read('a')).toMatchObject({ from: 'stale', version: 1 });
    expect(requests.held()).toBeLessThanOrEqual(1);
    requests.end();
  });

  test('is not the same as one that refuses: then nothing is given, then or later', async () => {
    server.store('a', ['1']);
    const secrets = secretsOf({ maxAgeMs: 1000 });
    await secrets.get('a');
    answerWith('unauthenticated', 401);
    nowMs += 1000;
    await expect(secrets.get('a')).rejects.toMatchObject({ code: 'unauthenticated' });
    answerWith('storage-unavailable', 503);
    await expect(secrets.get('a')).rejects.toMatchObject({ code: 'storage-unavailable' });
  });

  test('has nothing to hide behind for who asks for a fresh value', async () => {
    server.store('a', ['1']);
    const secrets = secretsOf();
    await secrets.get('a');
    answerWith('storage-unavailable', 503);
    await expect(secrets.get('a', { fresh: true })).rejects.toMatchObject({ code: 'storage-unavailable' });
  });
});

describe('watching', () => {
  test('gives the value, then each new version', async () => {
    const versions = [1, 1, 2, 3];
    const reads: number[] = [];
    const source: SecretsSource = {
      read: async ([reference = '']) => {
        reads.push(versions[0] ?? 0);
        return [outcomeOf(reference, `value ${versions[0]}`, versions[0])];
      },
      newestVersion: async () => {
        if (versions.length > 1) versions.shift();
        return versions[0] ?? 0;
      },
      close: () => undefined,
    };
    const seen: (string | null)[] = [];
    for await (const reading of openSecrets(source).watch('a', { everyMs: 1 })) {
      if (seen.push(reading.value.text()) === 3) break;
    }
    expect(seen).toEqual(['value 1', 'value 2', 'value 3']);
    // Looking is not reading.
    expect(reads).toEqual([1, 2, 3]);
  });

  test('goes on through failures that pass, and ends with the one that does not', async () => {
    server.store('a', ['1']);
    const failures: string[] = [];
    const iterator = secretsOf().watch('a', { everyMs: 1, onError: (error) => failures.push(error.code) });
    expect((await iterator.next()).value).toMatchObject({ version: 1 });
    answerWith('storage-unavailable', 503);
    const next = iterator.next();
    await expect.poll(() => failures.length).toBeGreaterThan(1);
    answerWith('unauthenticated', 401);
    await expect(next).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(new Set(failures)).toEqual(new Set(['storage-unavailable']));
  });

  test('of one version ends by itself, and any watching when it is told to', async () => {
    server.store('a', ['1', '2']);
    const seen: number[] = [];
    for await (const { version } of secretsOf().watch('a@1')) seen.push(version);
    const ending = new AbortController();
    for await (const { version } of secretsOf().watch('a', { signal: ending.signal })) {
      seen.push(version);
      ending.abort();
    }
    expect(seen).toEqual([1, 2]);
  });
});

test('a reader that gives up waiting does not end the reading for others', async () => {
  server.store('a', ['1']);
  const secrets = secretsOf();
  const impatient = secrets.get('a', { signal: AbortSignal.timeout(0) });
  const patient = secrets.get('a');
  await expect(impatient).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(await patient).toBe('1');
});

test('what is closed holds nothing', async () => {
  server.store('a', ['1']);
  const secrets = secretsOf();
  await secrets.get('a');
  secrets.close();
  expect(await secrets.read('a')).toMatchObject({ from: 'source' });
});

function outcomeOf(reference: string, text: string, version = 1) {
  const value = new Plaintext(new TextEncoder().encode(text));
  return {
    reference,
    secretId: makeId('secret', { nowMs: 1, random: new Uint8Array(16) }),
    name: reference,
    version,
    kind: 'text' as const,
    value,
  };
}
