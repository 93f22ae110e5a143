// Rules of secrets managers: tried before they are saved, tested without saving, edited without surprises.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import { passingReport } from './scripted-delegate.ts';
import { expectError, KEY_ARN, kmsSettings, OTHER_KEY_ARN, startTestServer, write } from './test-server.ts';
import type { Answer, Loose, TestServer } from './test-server.ts';

const ALIAS_ARN = 'arn:aws:kms:eu-west-1:111122223333:alias/prod';
const ACCESS_KEYS = {
  type: 'access-keys',
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG',
};

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

/** Makes every preflight answer that KMS used this key. */
function pin(on: ScriptedDelegate, pinnedKeyArn: string): void {
  on.scripts.preflight = (task) => ({
    kind: 'preflight',
    report: { ...passingReport(task.access), pinnedKeyArn },
  });
}

function failPreflight(on: ScriptedDelegate): void {
  on.scripts.preflight = () => ({
    kind: 'preflight',
    report: {
      ok: false,
      identityArn: 'arn:aws:sts::111122223333:assumed-role/host/i-1',
      pinnedKeyArn: null,
      stages: [
        { stage: 'credentials', action: 'sts:GetCallerIdentity', outcome: 'passed', elapsedMs: 5 },
        {
          stage: 'permission',
          action: 'kms:Decrypt',
          outcome: 'failed',
          elapsedMs: 7,
          error: {
            code: 'access-denied',
            message: 'AWS refused kms:Decrypt.',
            retryable: false,
            data: {
              stage: 'permission',
              awsCode: 'AccessDeniedException',
              requestId: 'r-1',
              missingStatement: '{}',
            },
          },
        },
      ],
      warnings: [],
    },
  });
}

describe('a new secrets manager', () => {
  test('is tried on every eligible delegate and saved when one passes', async () => {
    const second = await on.delegate({ name: 'prod-2', selectors: ['prod-vpc'] });
    failPreflight(second);
    const saved = await create('prod-kms', kmsSettings());
    expect(saved.status).toBe(201);
    expect(saved.body.secretsManager).toMatchObject({
      name: 'prod-kms',
      kind: 'aws-kms',
      isDefault: true,
      revision: 1,
      region: 'eu-west-1',
      pinnedKeyArn: KEY_ARN,
      formerKeyArns: [],
      secretCount: 0,
    });
    const outcomes = saved.body.preflight.delegates.map((one: Loose) => [one.delegateName, one.report.ok]);
    expect(Object.fromEntries(outcomes)).toEqual({ 'prod-1': true, 'prod-2': false });
  });

  test('is not saved when none passes, and the error says stage, AWS code and the missing statement', async () => {
    failPreflight(delegate);
    const refused = await create('prod-kms', kmsSettings());
    expect(refused.status).toBe(422);
    const error = expectError(refused, 'preflight-failed');
    expect(error.message).toBe(
      'No delegate could use the key with these settings. prod-1, kms:Decrypt: AWS refused kms:Decrypt.',
    );
    expect(error.data).toMatchObject({
      stage: 'permission',
      awsCode: 'AccessDeniedException',
      requestId: 'r-1',
      delegate: 'prod-1',
      missingStatement: '{}',
      preflight: { ok: false, delegates: [{ delegateName: 'prod-1', report: { ok: false } }] },
    });
    expect((await on.call('GET', '/v1/secrets-managers')).body.secretsManagers).toEqual([]);
  });

  test('is not saved when no delegate is eligible', async () => {
    const refused = await create('eu', kmsSettings({ selectors: ['eu-vpc'] }));
    expect(expectError(refused, 'no-delegate').message).toBe(
      'No delegate can do this: prod-1 lacks selector eu-vpc.',
    );
    expect(delegate.tasks).toEqual([]);
  });

  test('is refused when delegates are answered by different keys, or KMS by another than was asked for', async () => {
    const second = await on.delegate({ name: 'prod-2', selectors: ['prod-vpc'] });
    pin(delegate, KEY_ARN);
    pin(second, OTHER_KEY_ARN);
    const disagreeing = await create('prod-kms', kmsSettings({ keyArn: ALIAS_ARN }));
    expect(expectError(disagreeing, 'preflight-failed').message).toContain('different keys');
    await second.disconnect();
    pin(delegate, OTHER_KEY_ARN);
    expectError(await create('prod-kms', kmsSettings()), 'preflight-failed');
    pin(delegate, 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab');
    expectError(await create('prod-kms', kmsSettings({ keyArn: ALIAS_ARN })), 'preflight-failed');
    pin(delegate, ALIAS_ARN);
    expectError(await create('prod-kms', kmsSettings({ keyArn: ALIAS_ARN })), 'preflight-failed');
    pin(delegate, OTHER_KEY_ARN);
    const saved = await create('prod-kms', kmsSettings({ keyArn: ALIAS_ARN }));
    expect(saved.body.secretsManager).toMatchObject({ keyArn: ALIAS_ARN, pinnedKeyArn: OTHER_KEY_ARN });
  });

  test.each([
    ['a bad name', 'a name  ', kmsSettings(), 'invalid-name'],
    ['a name like an id', 'sm_0123456789abcdefghjkmnpqrs', kmsSettings(), 'invalid-name'],
    ['a bad ARN', 'k', kmsSettings({ keyArn: 'alias/prod' }), 'invalid-key-arn'],
    ['another region', 'k', kmsSettings({ region: 'us-east-1' }), 'region-mismatch'],
    ['a role without selectors', 'k', kmsSettings({ selectors: [] }), 'invalid-request'],
    ['a bad selector', 'k', kmsSettings({ selectors: ['!'] }), 'invalid-selector'],
    [
      'a reserved context key',
      'k',
      kmsSettings({ context: { 'aws-crypto-x': 'y' } }),
      'invalid-encryption-context',
    ],
    [
      'keys without the secret',
      'k',
      kmsSettings({ credentials: { ...ACCESS_KEYS, secretAccessKey: undefined } }),
      'invalid-request',
    ],
    [
      'a masked key id (E25)',
      'k',
      kmsSettings({ credentials: { ...ACCESS_KEYS, accessKeyId: 'AKIA************MPLE' } }),
      'invalid-request',
    ],
    [
      'a role of another partition',
      'k',
      kmsSettings({ credentials: { type: 'sts-role', roleArn: 'arn:aws-cn:iam::111122223333:role/r' } }),
      'invalid-role-arn',
    ],
    [
      'a bad external id',
      'k',
      kmsSettings({
        credentials: { type: 'sts-role', roleArn: 'arn:aws:iam::111122223333:role/r', externalId: '?' },
      }),
      'invalid-external-id',
    ],
    ['a misspelt field', 'k', kmsSettings({ selector: ['x'] }), 'invalid-request'],
  ] as const)('with %s is refused before any delegate is asked', async (_, name, settings, code) => {
    expectError(await create(name, settings), code);
    expect(delegate.tasks).toEqual([]);
  });

  test('needs a free name, whatever the letter case', async () => {
    await create('Prod', kmsSettings());
    const asked = delegate.tasks.length;
    expectError(await create('prod', kmsSettings()), 'name-taken');
    expect(delegate.tasks.length).toBe(asked);
  });

  test('keeps its secret access key encrypted, tells it to delegates only, and shows its key id masked', async () => {
    const saved = await create('static', kmsSettings({ credentials: ACCESS_KEYS, selectors: [] }));
    expect(saved.body.secretsManager.credentials).toEqual({
      type: 'access-keys',
      accessKeyId: 'AKIA************MPLE',
    });
    expect(JSON.stringify(saved.body)).not.toContain(ACCESS_KEYS.secretAccessKey);
    await write(on, delegate, { secret: 'x', value: '1' });
    expect(delegate.configured.get(saved.body.secretsManager.id)?.access).toMatchObject({
      secretAccessKey: ACCESS_KEYS.secretAccessKey,
    });
    expect(JSON.stringify((await on.call('GET', '/v1/audit')).body)).not.toContain(
      ACCESS_KEYS.secretAccessKey,
    );
  });
});

describe('a test', () => {
  test('without saving asks every eligible delegate and leaves only a record', async () => {
    const outcome = await on.call('POST', '/v1/secrets-managers/preflight', { settings: kmsSettings() });
    expect(outcome.body).toMatchObject({
      ok: true,
      delegates: [{ delegateName: 'prod-1', report: { ok: true } }],
    });
    expect((await on.call('GET', '/v1/secrets-managers')).body.secretsManagers).toEqual([]);
    const { body } = await on.call('GET', '/v1/audit?action=secrets-manager.tested');
    expect(body.records).toMatchObject([
      { resourceName: null, details: { ok: true, delegates: [delegate.delegateId] } },
    ]);
  });

  test('of a saved one that fails is an answer, not an error', async () => {
    await create('prod-kms', kmsSettings());
    failPreflight(delegate);
    const outcome = await on.call('POST', '/v1/secrets-managers/prod-kms/test');
    expect(outcome).toMatchObject({
      status: 200,
      body: { ok: false, delegates: [{ report: { ok: false } }] },
    });
    await delegate.disconnect();
    expectError(await on.call('POST', '/v1/secrets-managers/prod-kms/test'), 'no-delegate');
    expectError(await on.call('POST', '/v1/secrets-managers/nope/test'), 'not-found');
  });
});

describe('an edit', () => {
  test('of the name or the cache needs no delegate, and frees the old name (E4)', async () => {
    await create('old', kmsSettings());
    await delegate.disconnect();
    const renamed = await edit('old', { name: 'new' });
    expect(renamed.body).toMatchObject({ secretsManager: { name: 'new', revision: 2 }, preflight: null });
    const cached = await edit('new', {
      settings: kmsSettings({ dataKeyCache: { maxAgeSeconds: 0, maxUses: 1 } }),
    });
    expect(cached.body).toMatchObject({
      secretsManager: { revision: 3, dataKeyCache: { maxAgeSeconds: 0 } },
      preflight: null,
    });
    expectError(await on.call('GET', '/v1/secrets-managers/old'), 'not-found');
  });

  test('that changes nothing asks nobody and leaves no record', async () => {
    await create('prod-kms', kmsSettings());
    const asked = delegate.tasks.length;
    const same = await edit('prod-kms', { name: 'prod-kms', settings: kmsSettings() });
    expect(same.body).toMatchObject({ secretsManager: { revision: 1 }, preflight: null });
    expect(delegate.tasks.length).toBe(asked);
    expect((await on.call('GET', '/v1/audit?action=secrets-manager.edited')).body.records).toEqual([]);
  });

  test('of settings is tried first, and refused as a whole when no delegate passes', async () => {
    await create('prod-kms', kmsSettings());
    failPreflight(delegate);
    expectError(
      await edit('prod-kms', { name: 'other', settings: kmsSettings({ keyArn: OTHER_KEY_ARN }) }),
      'preflight-failed',
    );
    const { body } = await on.call('GET', '/v1/secrets-managers/prod-kms');
    expect(body).toMatchObject({ keyArn: KEY_ARN, revision: 1 });
  });

  test('of what somebody else changed meanwhile is refused', async () => {
    await create('prod-kms', kmsSettings());
    await edit('prod-kms', { name: 'renamed', expectedRevision: 1 });
    expectError(await edit('renamed', { name: 'again', expectedRevision: 1 }), 'edit-conflict');
    // Without an expected revision, what counts is the one that was read when the edit began.
    delegate.scripts.preflight = async (task) => {
      delete delegate.scripts.preflight;
      await edit('renamed', { name: 'overtaken' });
      return { kind: 'preflight', report: passingReport(task.access) };
    };
    expectError(await edit('renamed', { settings: kmsSettings({ keyArn: OTHER_KEY_ARN }) }), 'edit-conflict');
  });

  test('cannot change the kind, nor take the name of another', async () => {
    await create('prod-kms', kmsSettings());
    await create('other', { kind: 'built-in' });
    expectError(await edit('prod-kms', { settings: { kind: 'built-in' } }), 'invalid-request');
    expectError(await edit('prod-kms', { name: 'OTHER' }), 'name-taken');
    expectError(await edit('nope', { name: 'x' }), 'not-found');
  });

  test('keeps the secret access key unless a new one is given; a new key id needs its own', async () => {
    await create('static', kmsSettings({ credentials: ACCESS_KEYS, selectors: [] }));
    const { secretAccessKey: _, ...kept } = ACCESS_KEYS;
    const keyOf = () => (delegate.tasks.at(-1) as Loose).access.secretAccessKey;
    await edit('static', { settings: kmsSettings({ credentials: kept, selectors: ['prod-vpc'] }) });
    expect(keyOf()).toBe(ACCESS_KEYS.secretAccessKey);
    const other = { ...kept, accessKeyId: 'AKIAI44QH8DHBEXAMPLE' };
    expectError(await edit('static', { settings: kmsSettings({ credentials: other }) }), 'invalid-request');
    // E25: asterisks are a value like any other, and are tried as one.
    const masked = { ...ACCESS_KEYS, secretAccessKey: '**************' };
    expect((await edit('static', { settings: kmsSettings({ credentials: masked }) })).status).toBe(200);
    expect(keyOf()).toBe('**************');
    await edit('static', { settings: kmsSettings() });
    expect(keyOf()).toBeNull();
    expectError(await edit('static', { settings: kmsSettings({ credentials: kept }) }), 'invalid-request');
  });
});
