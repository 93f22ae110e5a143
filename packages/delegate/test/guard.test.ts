// The guard file: limits that no server can widen.
import { createSecretKey, randomBytes } from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SecretsManagerAccess, TaskPlace } from '@sallyport/protocol';
import { MinuteBudget } from '../src/guard/minute-budget.ts';
import { Guard } from '../src/guard/guard.ts';
import { NO_GUARD_FILE, readGuardFile } from '../src/guard/guard-file.ts';
import type { GuardFile } from '../src/guard/guard-file.ts';
import type { KeyProviderSource } from '../src/index.ts';
import { builtInAccess, DelegateFixture, itemOf, makeFolder, newId } from './delegate-fixture.ts';
import { ManualTime } from './manual-time.ts';

const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const OTHER_KEY = 'arn:aws:kms:eu-west-1:111122223333:key/99999999-12ab-34cd-56ef-1234567890ab';
const ACCOUNT = 'arn:aws:kms:eu-west-1:111122223333:*';

function guardWith(file: Partial<GuardFile>): Guard {
  return new Guard({ ...NO_GUARD_FILE, ...file }, new ManualTime());
}

function awsAccess(
  changes: Partial<Extract<SecretsManagerAccess['settings'], { kind: 'aws-kms' }>> = {},
): SecretsManagerAccess {
  return {
    settings: {
      kind: 'aws-kms',
      keyArn: KEY,
      pinnedKeyArn: KEY,
      formerKeyArns: [],
      region: 'eu-west-1',
      credentials: { type: 'iam-role' },
      selectors: ['delegate-one'],
      context: {},
      dataKeyCache: { maxAgeSeconds: 300, maxUses: 1000 },
      ...changes,
    },
    secretAccessKey: null,
  };
}

const refusedBy = (guardEntry: string): object =>
  expect.objectContaining({ code: 'delegate-refused', data: expect.objectContaining({ guardEntry }) });

describe('places', () => {
  const place: TaskPlace = {
    application: { id: newId('application'), name: 'Shop' },
    environment: { id: newId('environment'), name: 'prod', type: 'production' },
  };

  test.each<[string, string[], TaskPlace | null, boolean]>([
    ['by names, whatever their letter case', ['shop/Prod'], place, true],
    ['by ids', [`${place.application.id}/${place.environment.id}`], place, true],
    ['every environment of an application', ['billing/*', 'shop/*'], place, true],
    ['an environment of that name in every application', ['*/prod'], place, true],
    ['another environment', ['shop/staging'], place, false],
    ['another application', ['billing/prod'], place, false],
    ['what names no place', ['*/*'], null, false],
    ['nothing when the list is empty', [], place, false],
  ])('%s: %j', (_name, places, asked, allowed) => {
    const check = (): void => guardWith({ places }).requirePlace(asked);
    if (allowed) expect(check).not.toThrow();
    else expect(check).toThrow(refusedBy('places'));
  });

  test('are not limited unless they are listed', () => {
    expect(() => guardWith({}).requirePlace(null)).not.toThrow();
  });

  test('that are not listed are neither read nor written at, and no key is touched', async () => {
    await using folder = await makeFolder();
    const guardFile = join(folder.path, 'guard.json');
    await writeFile(guardFile, JSON.stringify({ places: ['shop/prod'] }), { mode: 0o600 });
    await using it = await DelegateFixture.start({ config: { guardFile } });
    const target = it.target({ place });
    const stored = await it.stored('v', target, 'sally://shop/prod/db-password');
    const staging = { ...place, environment: { ...place.environment, name: 'staging' } };
    const asked: [string, TaskPlace | null][] = [
      ['sally://shop/staging/db-password', staging],
      ['db-password', null],
    ];
    for (const [reference, other] of asked) {
      const read = it.resolve([{ ...itemOf(stored, reference), place: other }]);
      const end = await it.connection.run(read.task);
      if (end.type !== 'result' || end.result.kind !== 'resolve') throw new Error(JSON.stringify(end));
      expect(end.result.failures).toMatchObject([{ error: { code: 'delegate-refused' } }]);
      const write = it.write(Buffer.from('v'), {
        target: it.target({ place: other }),
        sealed: { secret: reference },
      });
      expect(await it.connection.run(write.task)).toMatchObject({ error: { code: 'delegate-refused' } });
    }
  });
});

describe('keys', () => {
  test.each<[string, string[], string, boolean]>([
    ['a listed key', [KEY], KEY, true],
    ['another key of the account', [KEY], OTHER_KEY, false],
    ['any key of a listed account', [ACCOUNT], OTHER_KEY, true],
    ['an alias of a listed account', [ACCOUNT], 'arn:aws:kms:eu-west-1:111122223333:alias/a/b', true],
    ['another account', [ACCOUNT], KEY.replace('111122223333', '444455556666'), false],
    ['another region', [ACCOUNT], KEY.replace('eu-west-1', 'eu-west-2'), false],
    ['something longer than a key', [ACCOUNT], `${KEY}:more`, false],
    ['nothing when the list is empty', [], KEY, false],
  ])('%s: %j', (_name, keyArns, arn, allowed) => {
    const check = (): void => guardWith({ keyArns }).requireKeyArn(arn);
    if (allowed) expect(check).not.toThrow();
    else expect(check).toThrow(refusedBy('keyArns'));
  });

  test('an alias needs an entry of its own, and so does the key behind it', () => {
    const alias = 'arn:aws:kms:eu-west-1:111122223333:alias/prod';
    const { settings } = awsAccess({ keyArn: alias });
    expect(() => guardWith({ keyArns: [KEY] }).requireSettings(settings)).toThrow(refusedBy('keyArns'));
    expect(() => guardWith({ keyArns: [alias] }).requireSettings(settings)).toThrow(refusedBy('keyArns'));
    expect(() => guardWith({ keyArns: [alias, KEY] }).requireSettings(settings)).not.toThrow();
  });

  test('without a guard file every key and kind is allowed', () => {
    const guard = guardWith({});
    expect(() => guard.requireSettings(awsAccess().settings)).not.toThrow();
    expect(guard.kinds).toEqual(['aws-kms', 'built-in']);
  });
});

describe('decrypts a minute', () => {
  test('never exceed the limit in any minute beyond the first burst', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), gaps, (perMinute, gapsMs) => {
        const time = new ManualTime();
        const budget = new MinuteBudget({ perMinute, time });
        let taken = 0;
        let passedMs = 0;
        for (const gapMs of gapsMs) {
          time.advance(gapMs);
          passedMs += gapMs;
          if (budget.take()) taken += 1;
          expect(taken).toBeLessThanOrEqual(perMinute + (perMinute * passedMs) / 60_000 + 1e-6);
        }
      }),
    );
  });

  test('refill while nobody reads, up to the limit', () => {
    const time = new ManualTime();
    const budget = new MinuteBudget({ perMinute: 3, time });
    const burst = (): boolean[] => Array.from({ length: 4 }, () => budget.take());
    expect(burst()).toEqual([true, true, true, false]);
    time.advance(20_000);
    expect([budget.take(), budget.take()]).toEqual([true, false]);
    time.advance(3_600_000);
    expect(burst()).toEqual([true, true, true, false]);
  });
});

describe('guard file', () => {
  async function read(content: unknown, mode = 0o600): Promise<GuardFile> {
    await using folder = await makeFolder();
    const path = join(folder.path, 'guard.json');
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    await chmod(path, mode);
    return await readGuardFile(path);
  }

  test('is read with its defaults', async () => {
    expect(await read({ keyArns: [KEY, ACCOUNT], kmsEndpoint: 'https://vpce.example' })).toEqual({
      ...NO_GUARD_FILE,
      keyArns: [KEY, ACCOUNT],
      kmsEndpoint: 'https://vpce.example',
    });
  });

  test.each<[string, unknown]>([
    ['is not JSON', '{'],
    ['is no object', '[]'],
    ['has a misspelt entry', { keyArn: [KEY] }],
    ['has a bare key id', { keyArns: ['1234abcd-12ab-34cd-56ef-1234567890ab'] }],
    ['has a wildcard in the account', { keyArns: ['arn:aws:kms:eu-west-1:*:key/x'] }],
    ['has a wildcard for everything', { keyArns: ['*'] }],
    ['has a region of another partition', { keyArns: ['arn:aws:kms:cn-north-1:111122223333:*'] }],
    ['has an unknown kind', { secretsManagerKinds: ['vault'] }],
    ['allows no kind at all', { secretsManagerKinds: [] }],
    ['has a limit of nothing', { maxDecryptsPerMinute: 0 }],
    ['has an endpoint that is no address', { stsEndpoint: 'sts' }],
  ])('that %s refuses to start', async (_name, content) => {
    await expect(read(content)).rejects.toMatchObject({ code: 'config-invalid' });
  });

  test('that others may change refuses to start, with the command that mends it', async () => {
    for (const mode of [0o622, 0o602, 0o666]) {
      await expect(read({}, mode)).rejects.toMatchObject({
        code: 'config-invalid',
        message: expect.stringContaining('chmod 600'),
      });
    }
  });
});

describe('a guarded delegate', () => {
  /** A key service that must not be reached. */
  function forbidden(): KeyProviderSource & { calls: number } {
    const source = {
      calls: 0,
      open: () => {
        source.calls += 1;
        return Promise.reject(new Error('the key service was reached'));
      },
      preflight: () => {
        source.calls += 1;
        return Promise.reject(new Error('the key service was reached'));
      },
      close: () => undefined,
    };
    return source;
  }

  async function startGuarded(
    guard: Partial<GuardFile>,
    options: { access?: SecretsManagerAccess; sources?: Record<string, KeyProviderSource> } = {},
  ): Promise<DelegateFixture & AsyncDisposable> {
    const folder = await makeFolder();
    const path = join(folder.path, 'guard.json');
    await writeFile(path, JSON.stringify(guard), { mode: 0o600 });
    const it = await DelegateFixture.start({
      config: { guardFile: path },
      ...(options.access === undefined ? {} : { access: options.access }),
      dependencies: { time: new ManualTime(), keyProviderSources: options.sources ?? {} },
    });
    await folder[Symbol.asyncDispose]();
    return it;
  }

  test('refuses a key that its file does not list for writing, reading, preflight and open-data-keys', async () => {
    const source = forbidden();
    await using it = await startGuarded(
      { keyArns: [OTHER_KEY] },
      { access: awsAccess(), sources: { 'aws-kms': source } },
    );
    const refused = {
      type: 'failure',
      error: { code: 'delegate-refused', data: { guardEntry: 'keyArns', delegate: 'delegate-one' } },
    };
    expect(await it.connection.run(it.write(Buffer.from('v')).task)).toMatchObject(refused);
    const { secretsManagerId } = it;
    const common = { taskId: newId('task'), timeoutMs: 1000, secretsManagerId, access: awsAccess() };
    expect(await it.connection.run({ kind: 'preflight', ...common })).toMatchObject(refused);
    const taskId = newId('task');
    expect(await it.connection.run({ kind: 'open-data-keys', ...common, taskId, samples: [] })).toMatchObject(
      refused,
    );
    expect(source.calls).toBe(0);
  });

  test('refuses an envelope whose data key is wrapped by a key that its file does not list', async () => {
    const dataKey = createSecretKey(randomBytes(32));
    let unwraps = 0;
    const source: KeyProviderSource = {
      open: () =>
        Promise.resolve({
          generateDataKey: () =>
            Promise.resolve({
              key: dataKey,
              encrypted: {
                providerId: 'aws-kms',
                providerInfo: Buffer.from(OTHER_KEY),
                ciphertext: randomBytes(20),
              },
            }),
          unwrapDataKey: () => {
            unwraps += 1;
            return Promise.resolve(dataKey);
          },
          close: () => undefined,
        }),
      preflight: () => Promise.reject(new Error('unused')),
      close: () => undefined,
    };
    await using it = await startGuarded(
      { keyArns: [KEY] },
      { access: awsAccess({ formerKeyArns: [OTHER_KEY] }), sources: { 'aws-kms': source } },
    );
    const stored = await it.stored('v');
    const end = await it.connection.run(it.resolve([itemOf(stored)]).task);
    expect(end).toMatchObject({ result: { failures: [{ error: { code: 'delegate-refused' } }] } });
    expect(unwraps).toBe(0);
  });

  test('tells the server which kinds it serves, and refuses the others', async () => {
    await using it = await startGuarded({ secretsManagerKinds: ['aws-kms'] });
    expect(it.identify.kinds).toEqual(['aws-kms']);
    expect(await it.connection.run(it.write(Buffer.from('v')).task)).toMatchObject({
      error: { code: 'delegate-refused', data: { guardEntry: 'secretsManagerKinds' } },
    });
  });

  test('opens no more values a minute than its file says, cached or not, and says to try later', async () => {
    await using it = await startGuarded({ maxDecryptsPerMinute: 3 });
    const stored = await it.stored('v');
    const { task } = it.resolve([1, 2, 3, 4, 5].map(() => itemOf(stored)));
    expect(await it.connection.run(task)).toMatchObject({
      result: {
        failures: [1, 2].map(() => ({
          error: {
            code: 'delegate-refused',
            retryable: true,
            data: { guardEntry: 'maxDecryptsPerMinute' },
          },
        })),
      },
    });
  });

  test('refuses a preflight whose alias turns out to be a key that is not listed', async () => {
    const alias = 'arn:aws:kms:eu-west-1:111122223333:alias/prod';
    const source: KeyProviderSource = {
      open: () => Promise.reject(new Error('unused')),
      preflight: () =>
        Promise.resolve({ ok: true, identityArn: null, pinnedKeyArn: OTHER_KEY, stages: [], warnings: [] }),
      close: () => undefined,
    };
    await using it = await startGuarded(
      { keyArns: [alias, KEY] },
      { access: builtInAccess(), sources: { 'aws-kms': source } },
    );
    const end = await it.connection.run({
      kind: 'preflight',
      taskId: newId('task'),
      timeoutMs: 1000,
      secretsManagerId: newId('secretsManager'),
      access: awsAccess({ keyArn: alias, pinnedKeyArn: alias }),
    });
    expect(end).toMatchObject({ type: 'failure', error: { code: 'delegate-refused' } });
  });
});
