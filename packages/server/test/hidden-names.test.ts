// What is said of something that somebody may see does not tell of what they may not: names of secrets managers and places that it has to
// do with are left out.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addApplication, grant, keyWith, region, resolveAs, scope, writeAs } from './account.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import { expectError, startTestServer } from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

let on: TestServer;
let delegate: ScriptedDelegate;
let manager: Loose;

beforeEach(async () => {
  on = await startTestServer();
  delegate = await on.delegate();
  await addApplication(on, 'shop', ['prod', 'staging']);
  await addApplication(on, 'billing', ['prod', 'dev']);
  const fields = { name: 'prod-keys', settings: { kind: 'built-in' }, usageScope: region('*/production') };
  manager = (await on.call('POST', '/v1/secrets-managers', fields)).body.secretsManager;
});
afterEach(async () => {
  await on.end();
});

describe('a secrets manager that the caller may not know of', () => {
  // Update without Read shows secrets, and no secrets managers.
  const keeper = async () =>
    keyWith(on, { account: ['manage-secrets'], grants: [grant(['update'], 'shop/*')] });

  test('is not named with the secrets that it has', async () => {
    const key = await keeper();
    const written = await writeAs(on, delegate, { secret: 'sally://shop/prod/db', key });
    const call = async (method: string, path: string, body?: unknown) =>
      (await on.call(method, path, body, key)).body;
    const answers = [
      written.body,
      await call('GET', '/v1/secrets/db'),
      await call('GET', '/v1/secrets'),
      await call('PATCH', '/v1/secrets/db', { name: 'database' }),
      await call('POST', '/v1/scopes/explain', { secret: 'database' }),
      await call('POST', '/v1/scopes/explain', { secret: 'database', scope: scope('shop/*') }),
    ];
    for (const answer of answers) {
      expect(answer.error).toBeUndefined();
      expect(JSON.stringify(answer)).not.toContain('prod-keys');
    }
    expect(written.body.secret).toMatchObject({ secretsManagerName: null, secretsManagerId: manager.id });
    expect((await on.call('GET', '/v1/secrets/database')).body.secret.secretsManagerName).toBe('prod-keys');
  });

  test('bounds a scope without saying which one it is, and only for those who might write there', async () => {
    const secret = 'wide';
    const tooWide = await writeAs(on, delegate, { secret, scope: scope('shop/*'), key: await keeper() });
    const { message, data } = expectError(tooWide, 'scope-too-wide');
    expect(message).not.toContain('prod-keys');
    expect(data.managerScope).toBeUndefined();
    const reader = await keyWith(on, { grants: [grant(['read'], 'shop/*')] });
    expectError(await writeAs(on, delegate, { secret, scope: scope('shop/*'), key: reader }), 'forbidden');
    const named = expectError(
      await writeAs(on, delegate, { secret, scope: scope('shop/*') }),
      'scope-too-wide',
    );
    expect(named.message).toContain('"prod-keys"');
    expect(named.data.managerScope).toHaveLength(1);
  });

  test('is none, where the default one would be explained', async () => {
    for (const key of [await keeper(), await keyWith(on, {})]) {
      for (const [path, body] of [
        ['/v1/scopes/explain', {}],
        ['/v1/scopes/explain', { scope: { type: 'account' } }],
        ['/v1/delegates/explain', {}],
      ] as const) {
        expectError(await on.call('POST', path, body, key), 'no-default-secrets-manager');
      }
    }
    expect((await on.call('POST', '/v1/scopes/explain', {})).body.secretsManager).toBe('prod-keys');
  });
});

describe('a place that the caller may not know of', () => {
  const usesSeenBy = async (key: string): Promise<Loose[]> =>
    (await on.call('GET', '/v1/secrets/db/uses', undefined, key)).body.uses;

  test('is not in the references by which others asked, be it there or not, refused or released', async () => {
    await writeAs(on, delegate, { secret: 'db', scope: scope('shop/prod', 'billing/prod') });
    const items = [
      'sally://shop/prod/db',
      'sally://billing/prod/db@1',
      'sally://billing/dev/db',
      'sally://none/dev/db',
    ];
    await resolveAs(on, delegate, { items });
    const key = await keyWith(on, { grants: [grant(['read'], 'shop/*')] });
    const references = async (by: string): Promise<string[]> =>
      (await usesSeenBy(by)).map(({ reference }): string => reference).sort();
    expect(await references(key)).toEqual(['db', 'db', 'db@1', 'sally://shop/prod/db']);
    expect(await references(on.key)).toEqual([...items].sort());
  });

  test('is not in what a renaming or deletion is said to break', async () => {
    await writeAs(on, delegate, { secret: 'db', scope: scope('shop/prod', 'billing/prod') });
    await resolveAs(on, delegate, { items: ['sally://billing/prod/db'] });
    await on.call('PATCH', '/v1/secrets/db', { scope: scope('shop/prod') });
    const key = await keyWith(on, {
      account: ['manage-secrets'],
      grants: [grant(['read', 'update'], 'shop/*')],
    });
    const renamed = await on.call('PATCH', '/v1/secrets/db', { name: 'database' }, key);
    const preview = await on.call('GET', '/v1/secrets/db/deletion', undefined, key);
    const refused = await on.call('DELETE', '/v1/secrets/db', undefined, key);
    expect(expectError(renamed, 'confirmation-required').data.preview.breaks).toMatchObject([
      { reference: 'db' },
    ]);
    expect(preview.body.usesByName).toMatchObject([{ reference: 'db' }]);
    expectError(refused, 'confirmation-required');
    expect(JSON.stringify([renamed.body, preview.body, refused.body])).not.toContain('billing');
  });
});
