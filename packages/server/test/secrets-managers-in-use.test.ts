// Rules of secrets managers that hold secrets, and of the default one.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import { passingReport } from './scripted-delegate.ts';
import {
  addManager,
  expectError,
  KEY_ARN,
  kmsSettings,
  OTHER_KEY_ARN,
  resolve,
  startTestServer,
  upload,
  valuesIn,
  write,
} from './test-server.ts';
import type { Answer, Loose, TestServer } from './test-server.ts';

let on: TestServer;
let delegate: ScriptedDelegate;

beforeEach(async () => {
  on = await startTestServer();
  delegate = await on.delegate({ name: 'prod-1', selectors: ['prod-vpc'] });
});
afterEach(async () => {
  await on.end();
});

async function create(name: string, settings: object, makeDefault = false): Promise<Answer> {
  return on.call('POST', '/v1/secrets-managers', { name, settings, makeDefault });
}

async function edit(reference: string, change: object): Promise<Answer> {
  return on.call('PATCH', `/v1/secrets-managers/${reference}`, change);
}

describe('a secrets manager that holds secrets', () => {
  beforeEach(async () => {
    await create('prod-kms', kmsSettings());
    await write(on, delegate, { secret: 'one', value: '1' });
    await write(on, delegate, { secret: 'one', value: '2' });
    await upload(on, delegate, { secret: 'file', chunks: [Buffer.alloc(900_000), Buffer.alloc(900_000)] });
  });

  test('changes its key when the data keys that exist still open, and remembers the old key', async () => {
    const edited = await edit('prod-kms', { settings: kmsSettings({ keyArn: OTHER_KEY_ARN }) });
    expect(edited.body.secretsManager).toMatchObject({
      pinnedKeyArn: OTHER_KEY_ARN,
      formerKeyArns: [KEY_ARN],
      secretCount: 2,
    });
    const opened = delegate.tasks.find((task) => task.kind === 'open-data-keys');
    expect(opened).toMatchObject({
      access: { settings: { pinnedKeyArn: OTHER_KEY_ARN, formerKeyArns: [KEY_ARN] } },
    });
    expect((opened as Loose).samples.length).toBe(3);
    const { body } = await on.call('GET', '/v1/secrets/one');
    expect((opened as Loose).samples).toContainEqual({
      context: {
        'sallyport:secrets-manager': edited.body.secretsManager.id,
        'sallyport:secret': body.secret.id,
        'sallyport:version': '1',
      },
      encrypted: [
        { providerId: 'aws-kms', providerInfo: expect.any(String), ciphertext: expect.any(String) },
      ],
    });
    expect(body.versions.map((version: Loose) => version.keyArn)).toEqual([KEY_ARN, KEY_ARN]);
    await write(on, delegate, { secret: 'one', value: '3' });
    const after = await on.call('GET', '/v1/secrets/one');
    expect(after.body.versions.map((version: Loose) => version.keyArn)).toEqual([
      OTHER_KEY_ARN,
      KEY_ARN,
      KEY_ARN,
    ]);
    expect(valuesIn(await resolve(on, delegate, ['one', 'one@1']))).toEqual({ one: '3', 'one@1': '1' });
    const back = await edit('prod-kms', { settings: kmsSettings() });
    expect(back.body.secretsManager).toMatchObject({ pinnedKeyArn: KEY_ARN, formerKeyArns: [OTHER_KEY_ARN] });
  });

  test('keeps its key when data keys would not open (E5), and says how many', async () => {
    delegate.scripts['open-data-keys'] = () => ({
      kind: 'open-data-keys',
      opened: 1,
      firstFailure: {
        code: 'access-denied',
        message: 'AWS refused kms:Decrypt.',
        retryable: false,
        data: { awsCode: 'AccessDeniedException' },
      },
    });
    const refused = await edit('prod-kms', { settings: kmsSettings({ keyArn: OTHER_KEY_ARN }) });
    const error = expectError(refused, 'key-change-refused');
    expect(error.message).toBe(
      '2 of 3 data keys of "prod-kms" would not open with the new settings. The first one failed with: AWS refused kms:Decrypt.',
    );
    expect(error.data).toMatchObject({ tried: 3, failed: 2, awsCode: 'AccessDeniedException' });
    expect((await on.call('GET', '/v1/secrets-managers/prod-kms')).body).toMatchObject({
      keyArn: KEY_ARN,
      revision: 1,
    });
  });

  test('asks the next delegate when one does not answer, and refuses when none does', async () => {
    const second = await on.delegate({ name: 'prod-2', selectors: ['prod-vpc'] });
    const failing = () =>
      ({ failure: { code: 'aws-unreachable', message: 'no route', retryable: true } }) as const;
    delegate.scripts['open-data-keys'] = failing;
    const roleChange = { credentials: { type: 'sts-role', roleArn: 'arn:aws:iam::111122223333:role/r' } };
    expect((await edit('prod-kms', { settings: kmsSettings(roleChange) })).status).toBe(200);
    second.scripts['open-data-keys'] = failing;
    expectError(await edit('prod-kms', { settings: kmsSettings() }), 'no-delegate');
  });

  test('keeps its fixed context', async () => {
    const asked = delegate.tasks.length;
    const refused = await edit('prod-kms', { settings: kmsSettings({ context: { stage: 'prod' } }) });
    const error = expectError(refused, 'key-change-refused');
    expect(error.message).toContain('2 secrets are encrypted with');
    expect(delegate.tasks.length).toBe(asked);
  });

  test('is not deleted, and says how many secrets it holds', async () => {
    await create('other', { kind: 'built-in' }, true);
    const refused = expectError(
      await on.call('DELETE', '/v1/secrets-managers/prod-kms'),
      'secrets-manager-in-use',
    );
    expect(refused).toMatchObject({
      message: '2 secrets are still encrypted with "prod-kms".',
      data: { secretCount: 2 },
    });
    for (const name of ['one', 'file']) await on.call('DELETE', `/v1/secrets/${name}`);
    expect((await on.call('DELETE', '/v1/secrets-managers/prod-kms')).status).toBe(204);
  });

  test('refuses a change when its first secret came while the change was tried', async () => {
    await create('empty', kmsSettings());
    delegate.scripts.preflight = async (task) => {
      delete delegate.scripts.preflight;
      await write(on, delegate, { secret: 'overtaking', value: '1', secretsManager: 'empty' });
      return { kind: 'preflight', report: passingReport(task.access) };
    };
    expectError(await edit('empty', { settings: kmsSettings({ context: { stage: 'x' } }) }), 'edit-conflict');
    expect((await on.call('GET', '/v1/secrets-managers/empty')).body.context).toEqual({});
  });

  test('refuses a value that was encrypted with settings that changed meanwhile', async () => {
    await create('empty', kmsSettings());
    delegate.scripts.write = async (task) => {
      const edited = await edit('empty', { settings: kmsSettings({ context: { stage: 'x' } }) });
      expect(edited.status).toBe(200);
      delegate.configured.set(task.target.secretsManagerId, {
        revision: 1,
        access: {
          settings: kmsSettings({
            pinnedKeyArn: KEY_ARN,
            formerKeyArns: [],
            region: 'eu-west-1',
            context: {},
            dataKeyCache: { maxAgeSeconds: 1, maxUses: 1 },
          }) as never,
          secretAccessKey: null,
        },
      });
      return delegate.write(task);
    };
    const refused = expectError(
      await write(on, delegate, { secret: 'late', value: '1', secretsManager: 'empty' }),
      'edit-conflict',
    );
    expect(refused.retryable).toBe(true);
    expectError(await on.call('GET', '/v1/secrets/late'), 'not-found');
  });
});

describe('the default', () => {
  test('is the first one, then whichever is made so, exactly one at a time (E7)', async () => {
    const names = ['a', 'b', 'c'];
    for (const name of names) await addManager(on, name);
    const isDefault = async () => {
      const { body } = await on.call('GET', '/v1/secrets-managers');
      return body.secretsManagers.filter((one: Loose) => one.isDefault).map((one: Loose) => one.name);
    };
    expect(await isDefault()).toEqual(['a']);
    await delegate.disconnect();
    const all = await Promise.all(
      names.map((name) => on.call('POST', `/v1/secrets-managers/${name}/default`)),
    );
    expect(all.map(({ status }) => status)).toEqual([200, 200, 200]);
    const [now] = await isDefault();
    expect((await isDefault()).length).toBe(1);
    expectError(await on.call('DELETE', `/v1/secrets-managers/${now}`), 'secrets-manager-is-default');
    expectError(await on.call('POST', '/v1/secrets-managers/nope/default'), 'not-found');
    const trail = await on.call('GET', '/v1/audit?action=secrets-manager.made-default');
    const changes = trail.body.records.length;
    await on.call('POST', `/v1/secrets-managers/${now}/default`);
    expect((await on.call('GET', '/v1/audit?action=secrets-manager.made-default')).body.records.length).toBe(
      changes,
    );
  });

  test('is used when a secret names none, and missing it is an error of its own', async () => {
    expectError(await write(on, delegate, { secret: 'x', value: '1' }), 'no-default-secrets-manager');
    expectError(
      await on.call('POST', '/v1/offers/write', { secret: 'x', secretsManager: null }),
      'no-default-secrets-manager',
    );
    expectError(await on.call('POST', '/v1/delegates/explain', {}), 'no-default-secrets-manager');
    await addManager(on, 'a');
    await addManager(on, 'b');
    await write(on, delegate, { secret: 'x', value: '1' });
    await on.call('POST', '/v1/secrets-managers/b/default');
    const kept = await write(on, delegate, { secret: 'x', value: '2' });
    expect(kept.body.secret.secretsManagerName).toBe('a');
    const fresh = await write(on, delegate, { secret: 'y', value: '1' });
    expect(fresh.body.secret.secretsManagerName).toBe('b');
    const moved = await write(on, delegate, { secret: 'x', value: '3', secretsManager: 'b' });
    expect(moved.body.secret.secretsManagerName).toBe('b');
    expect(valuesIn(await resolve(on, delegate, ['x@2', 'x']))).toEqual({ 'x@2': '2', x: '3' });
    expectError(await write(on, delegate, { secret: 'z', value: '1', secretsManager: 'nope' }), 'not-found');
  });
});
