// The built-in key ring: made once, kept in a private file, and its old keys still open.
import { randomBytes } from 'node:crypto';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  buildClient,
  CommitmentPolicy,
  RawAesKeyringNode,
  RawAesWrappingSuiteIdentifier,
} from '@aws-crypto/client-node';
import { describe, expect, test } from 'vitest';
import { openDataFolder } from '../src/data-folder/data-folder.ts';
import { BuiltInKeys } from '../src/key-providers/built-in.ts';
import { systemTime } from '../src/time/time.ts';
import { builtInAccess, DelegateFixture, itemOf, makeFolder, newId } from './delegate-fixture.ts';

const signal = new AbortController().signal;
const context = { a: 'b' };

type RingFile = { version: number; currentKeyId: string; keys: { id: string; key: string }[] };

/** Key providers on a folder, as one process would have them. */
async function withKeys<T>(path: string, work: (keys: BuiltInKeys) => Promise<T>): Promise<T> {
  const folder = await openDataFolder(path);
  try {
    return await work(new BuiltInKeys({ folder, time: systemTime }));
  } finally {
    await folder.release();
  }
}

describe('key ring', () => {
  test('is made by the first write, never by a read, and is readable to nobody else', async () => {
    await using folder = await makeFolder();
    const file = join(folder.path, 'key-ring.json');
    await withKeys(folder.path, async (keys) => {
      const provider = await keys.open();
      const foreign = {
        providerId: 'sallyport-built-in',
        providerInfo: randomBytes(36),
        ciphertext: randomBytes(48),
      };
      await expect(provider.unwrapDataKey({ encrypted: [foreign], context, signal })).rejects.toMatchObject({
        code: 'envelope-rejected',
      });
      await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
      await provider.generateDataKey({ context, signal });
    });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test('opens after a restart what it wrapped before, and only under the same context', async () => {
    await using folder = await makeFolder();
    const made = await withKeys(folder.path, async (keys) => {
      const provider = await keys.open();
      return provider.generateDataKey({ context, signal });
    });
    await withKeys(folder.path, async (keys) => {
      const provider = await keys.open();
      const encrypted = [made.encrypted];
      expect((await provider.unwrapDataKey({ encrypted, context, signal })).equals(made.key)).toBe(true);
      await expect(provider.unwrapDataKey({ encrypted, context: { a: 'c' }, signal })).rejects.toMatchObject({
        code: 'envelope-rejected',
      });
    });
  });

  test('with a new current key still opens what its old keys wrapped', async () => {
    await using folder = await makeFolder();
    const file = join(folder.path, 'key-ring.json');
    const old = await withKeys(folder.path, async (keys) =>
      (await keys.open()).generateDataKey({ context, signal }),
    );
    const ring = JSON.parse(await readFile(file, 'utf8')) as RingFile;
    const id = '0123456789abcdef';
    ring.keys.push({ id, key: randomBytes(32).toString('base64url') });
    ring.currentKeyId = id;
    await writeFile(file, JSON.stringify(ring));
    await withKeys(folder.path, async (keys) => {
      const provider = await keys.open();
      const fresh = await provider.generateDataKey({ context, signal });
      expect(Buffer.from(fresh.encrypted.providerInfo).toString('latin1')).toContain(id);
      for (const { key, encrypted } of [old, fresh]) {
        const opened = await provider.unwrapDataKey({ encrypted: [encrypted], context, signal });
        expect(opened.equals(key)).toBe(true);
      }
    });
  });

  test('that was lost does not open old data keys, and the hint says what to restore', async () => {
    await using one = await makeFolder();
    await using two = await makeFolder();
    const { encrypted } = await withKeys(one.path, async (keys) =>
      (await keys.open()).generateDataKey({ context, signal }),
    );
    await withKeys(two.path, async (keys) => {
      const provider = await keys.open();
      await provider.generateDataKey({ context, signal });
      await expect(provider.unwrapDataKey({ encrypted: [encrypted], context, signal })).rejects.toMatchObject(
        {
          code: 'envelope-rejected',
          data: { hint: expect.stringContaining('key-ring.json') },
        },
      );
    });
  });

  test.each<[string, (ring: RingFile) => unknown]>([
    ['names a current key that it does not have', (ring) => ({ ...ring, currentKeyId: 'ffffffffffffffff' })],
    ['has two keys of one id', (ring) => ({ ...ring, keys: [...ring.keys, ...ring.keys] })],
    ['has a short key', (ring) => ({ ...ring, keys: [{ ...ring.keys[0], key: 'AAAA' }] })],
    ['is of another version', (ring) => ({ ...ring, version: 2 })],
    ['has no keys', (ring) => ({ ...ring, keys: [] })],
  ])('that %s is refused, and not replaced', async (_name, damage) => {
    await using folder = await makeFolder();
    const file = join(folder.path, 'key-ring.json');
    await withKeys(folder.path, async (keys) => (await keys.open()).generateDataKey({ context, signal }));
    const damaged = JSON.stringify(damage(JSON.parse(await readFile(file, 'utf8')) as RingFile));
    await writeFile(file, damaged);
    await withKeys(folder.path, async (keys) => {
      const provider = await keys.open();
      await expect(provider.generateDataKey({ context, signal })).rejects.toMatchObject({
        code: 'key-unusable',
      });
    });
    expect(await readFile(file, 'utf8')).toBe(damaged);
  });

  test('that others may read is refused', async () => {
    await using folder = await makeFolder();
    const file = join(folder.path, 'key-ring.json');
    await withKeys(folder.path, async (keys) => (await keys.open()).generateDataKey({ context, signal }));
    await chmod(file, 0o644);
    await withKeys(folder.path, async (keys) => {
      await expect((await keys.open()).generateDataKey({ context, signal })).rejects.toMatchObject({
        code: 'key-unusable',
        message: expect.stringContaining(`chmod 600 ${file}`),
      });
    });
  });
});

test('the stock AWS Encryption SDK opens a built-in envelope, given only the key ring', async () => {
  await using data = await makeFolder();
  await using it = await DelegateFixture.start({ config: { dataFolder: data.path } });
  const stored = await it.stored('open sesame');
  const ring = JSON.parse(await readFile(join(data.path, 'key-ring.json'), 'utf8')) as RingFile;
  const [key] = ring.keys;
  if (key === undefined) throw new Error('the key ring is empty');
  const keyring = new RawAesKeyringNode({
    keyNamespace: 'sallyport-built-in',
    keyName: key.id,
    unencryptedMasterKey: Uint8Array.from(Buffer.from(key.key, 'base64url')),
    wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
  });
  const client = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
  const { plaintext, messageHeader } = await client.decrypt(keyring, Buffer.from(stored.envelope, 'base64'));
  expect(plaintext.toString()).toBe('open sesame');
  expect(messageHeader.encryptionContext['sallyport:secret']).toBe(stored.secretId);
});

describe('preflight and open-data-keys', () => {
  test('a built-in manager passes by a round trip with its key ring', async () => {
    await using it = await DelegateFixture.start();
    const end = await it.connection.run({
      kind: 'preflight',
      taskId: newId('task'),
      timeoutMs: 1000,
      secretsManagerId: newId('secretsManager'),
      access: builtInAccess({ context: { stage: 'prod' } }),
    });
    expect(end).toMatchObject({
      type: 'result',
      result: {
        kind: 'preflight',
        report: { ok: true, identityArn: null, stages: [{ stage: 'key', outcome: 'passed' }] },
      },
    });
  });

  test('a damaged key ring fails the preflight with its reason, in the report', async () => {
    await using data = await makeFolder();
    await using it = await DelegateFixture.start({ config: { dataFolder: data.path } });
    await writeFile(join(data.path, 'key-ring.json'), '{}', { mode: 0o600 });
    const end = await it.connection.run({
      kind: 'preflight',
      taskId: newId('task'),
      timeoutMs: 1000,
      secretsManagerId: newId('secretsManager'),
      access: builtInAccess(),
    });
    expect(end).toMatchObject({
      result: { report: { ok: false, stages: [{ outcome: 'failed', error: { code: 'key-unusable' } }] } },
    });
  });

  test('settings that undo the binding fail the preflight', async () => {
    await using it = await DelegateFixture.start();
    const end = await it.connection.run({
      kind: 'preflight',
      taskId: newId('task'),
      timeoutMs: 1000,
      secretsManagerId: newId('secretsManager'),
      access: builtInAccess({ context: { 'sallyport:version': '1' } }),
    });
    expect(end).toMatchObject({ type: 'failure', error: { code: 'invalid-encryption-context' } });
  });

  test('samples are counted, the first failure is named, and no key is returned', async () => {
    await using it = await DelegateFixture.start();
    const { parseEnvelopeHeader } = await import('@sallyport/core/envelope');
    const sampleOf = async (): Promise<SampleOf> => {
      const stored = await it.stored('v');
      const header = parseEnvelopeHeader(Buffer.from(stored.envelope, 'base64'));
      const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
      return {
        context: { ...header.encryptionContext },
        encrypted: header.encryptedDataKeys.map(({ providerId, providerInfo, ciphertext }) => ({
          providerId,
          providerInfo: base64(providerInfo),
          ciphertext: base64(ciphertext),
        })),
      };
    };
    const good = [await sampleOf(), await sampleOf()];
    const [first] = good;
    if (first === undefined) throw new Error('unreachable');
    const moved = { ...first, context: { ...first.context, 'sallyport:version': '2' } };
    const end = await it.connection.run({
      kind: 'open-data-keys',
      taskId: newId('task'),
      timeoutMs: 1000,
      secretsManagerId: it.secretsManagerId,
      access: builtInAccess(),
      samples: [...good, moved],
    });
    expect(end).toMatchObject({
      type: 'result',
      result: { kind: 'open-data-keys', opened: 2, firstFailure: { code: 'envelope-rejected' } },
    });
  });
});

type SampleOf = {
  context: Record<string, string>;
  encrypted: { providerId: string; providerInfo: string; ciphertext: string }[];
};

test('an item of a secret that was written elsewhere is refused, not guessed', async () => {
  await using one = await DelegateFixture.start();
  await using two = await DelegateFixture.start();
  const stored = await one.stored('v');
  const { secretsManagerId } = two;
  const end = await two.connection.run(two.resolve([itemOf({ ...stored, secretsManagerId })]).task);
  expect(end).toMatchObject({ result: { failures: [{ error: { code: 'envelope-rejected' } }] } });
});
