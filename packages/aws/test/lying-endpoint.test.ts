// An endpoint that answers like KMS and does not tell the truth: what it says is checked, and nothing of it is used.
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { AwsRuntime } from '../src/index.ts';
import { accessTo, contextOf, environmentAt, MANAGER_ID, noAbort } from './settings.ts';

const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const OTHER = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890cd';
const base64 = (bytes: number) => Buffer.alloc(bytes, 7).toString('base64');
const HONEST = { KeyId: KEY, Plaintext: base64(32), CiphertextBlob: base64(100) };

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A provider whose KMS answers everything with this. */
async function providerWith(answer: object | string) {
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const env = { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' };
  const runtime = new AwsRuntime(environmentAt(`http://127.0.0.1:${port}`, env));
  return runtime.keyProvider(MANAGER_ID, accessTo(KEY, { type: 'iam-role' }));
}

const wrapped = { providerId: 'aws-kms', providerInfo: Buffer.from(KEY), ciphertext: Buffer.alloc(100, 7) };
const request = { context: contextOf(), signal: noAbort() };

describe('an endpoint that lies', () => {
  test('an honest answer is taken, so that the refusals below are for what they say', async () => {
    const provider = await providerWith(HONEST);
    const expected = { providerId: 'aws-kms', ciphertext: Buffer.alloc(100, 7) };
    expect((await provider.generateDataKey(request)).encrypted).toMatchObject({
      providerId: expected.providerId,
    });
    const key = await provider.unwrapDataKey({ ...request, encrypted: [wrapped] });
    expect(key.export()).toEqual(Buffer.alloc(32, 7));
  });

  test.each([
    ['another key answers', { ...HONEST, KeyId: OTHER }, 'key-unusable', 'another key answered'],
    [
      'an alias answers',
      { ...HONEST, KeyId: KEY.replace(/key\/.*/, 'alias/secrets') },
      'key-unusable',
      'another key answered',
    ],
    [
      'the data key is too short',
      { ...HONEST, Plaintext: base64(16) },
      'key-unusable',
      '16 bytes instead of 32',
    ],
    [
      'the data key is too long',
      { ...HONEST, Plaintext: base64(64) },
      'key-unusable',
      '64 bytes instead of 32',
    ],
    ['the data key is empty', { ...HONEST, Plaintext: '' }, 'key-unusable', '0 bytes instead of 32'],
    ['there is no data key', { KeyId: KEY, CiphertextBlob: base64(100) }, 'aws-failed', 'incomplete answer'],
    [
      'the key that answered is not named',
      { ...HONEST, KeyId: undefined },
      'aws-failed',
      'incomplete answer',
    ],
    ['the answer is empty', '', 'aws-failed', 'incomplete answer'],
    [
      'the answer is a page',
      '<html><body>Welcome</body></html>',
      'aws-unreachable',
      'answered in its place, with HTTP 200',
    ],
  ])('%s: no data key comes out', async (_what, answer, code, words) => {
    const provider = await providerWith(answer);
    const attempts = [
      () => provider.generateDataKey(request),
      () => provider.unwrapDataKey({ ...request, encrypted: [wrapped] }),
    ];
    for (const attempt of attempts) {
      const made = attempt();
      await expect(made).rejects.toMatchObject({ code });
      await expect(made).rejects.toThrow(words);
    }
  });

  test('a wrapped data key that is missing makes no envelope', async () => {
    const provider = await providerWith({ ...HONEST, CiphertextBlob: '' });
    await expect(provider.generateDataKey(request)).rejects.toMatchObject({ code: 'aws-failed' });
  });
});
