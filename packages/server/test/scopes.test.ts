// Usage scopes of secrets and secrets managers, names within them, and what is refused or asked when they change.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addApplication, grant, keyWith, region, resolveAs, scope, writeAs } from './account.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import { addManager, expectError, startTestServer, valuesIn } from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

let on: TestServer;
let delegate: ScriptedDelegate;

beforeEach(async () => {
  on = await startTestServer();
  delegate = await on.delegate();
  await addManager(on, 'keys');
  await addApplication(on, 'shop', ['prod', 'staging']);
  await addApplication(on, 'billing', ['prod']);
});
afterEach(async () => {
  await on.end();
});

async function unresolvedCode(items: string[], key?: string): Promise<string[]> {
  const answer = await resolveAs(on, delegate, { items, ...(key === undefined ? {} : { key }) });
  return answer.body.unresolved.map((one: Loose) => one.error.code);
}

describe('a secret is used', () => {
  test('where its scope and the right to use both reach, and nowhere else', async () => {
    await writeAs(on, delegate, { secret: 'db', scope: scope('shop/*') });
    const key = await keyWith(on, { grants: [grant(['use', 'read'], 'shop/prod', 'billing/*')] });
    const read = await resolveAs(on, delegate, { items: ['sally://shop/prod/db', 'db'], key });
    expect(Object.keys(valuesIn(read))).toEqual(['sally://shop/prod/db', 'db']);
    // In scope without the right; with the right out of scope; a place that is not there.
    expect(await unresolvedCode(['sally://shop/staging/db'], key)).toEqual(['not-found']);
    expect(await unresolvedCode(['sally://billing/prod/db'], key)).toEqual(['forbidden']);
    expect(await unresolvedCode(['sally://shop/nowhere/db', 'sally://nope/prod/db'], key)).toEqual([
      'not-found',
      'not-found',
    ]);
  });

  test('in no application when it is scoped to the account, and nowhere at all without rows', async () => {
    await writeAs(on, delegate, { secret: 'tool', scope: { type: 'account' } });
    await writeAs(on, delegate, { secret: 'idle', scope: scope() });
    expect(valuesIn(await resolveAs(on, delegate, { items: ['tool'] }))).toEqual({ tool: 'value' });
    expect(await unresolvedCode(['sally://shop/prod/tool'])).toEqual(['forbidden']);
    expect(await unresolvedCode(['idle', 'sally://shop/prod/idle'])).toEqual(['forbidden', 'forbidden']);
  });

  test('where its secrets manager is, while it inherits, whatever that becomes', async () => {
    await writeAs(on, delegate, { secret: 'follows' });
    expect(
      Object.keys(valuesIn(await resolveAs(on, delegate, { items: ['sally://billing/prod/follows'] }))),
    ).toHaveLength(1);
    const narrowed = await on.call('PATCH', '/v1/secrets-managers/keys', { usageScope: region('shop/*') });
    expect(narrowed.status).toBe(200);
    expect(await unresolvedCode(['sally://billing/prod/follows'])).toEqual(['forbidden']);
    expect(
      Object.keys(valuesIn(await resolveAs(on, delegate, { items: ['sally://shop/prod/follows'] }))),
    ).toHaveLength(1);
  });
});

describe('a name', () => {
  test('may be given once for each place, and a reference with a place means the one that is usable there', async () => {
    for (const place of ['shop/prod', 'shop/staging', 'billing/prod']) {
      const answer = await writeAs(on, delegate, { secret: `sally://${place}/TOKEN`, value: place });
      expect(answer.body.secret).toMatchObject({ name: 'TOKEN', version: 1 });
      expect(answer.body.secret.scope.type).toBe('rows');
    }
    const items = ['sally://shop/prod/token', 'sally://SHOP/Staging/TOKEN'];
    expect(valuesIn(await resolveAs(on, delegate, { items }))).toEqual({
      'sally://shop/prod/token': 'shop/prod',
      'sally://SHOP/Staging/TOKEN': 'shop/staging',
    });
    // Again at the same place: a second version of the same secret.
    const again = await writeAs(on, delegate, { secret: 'sally://shop/prod/TOKEN', value: 'new' });
    expect(again.body.secret.version).toBe(2);
  });

  test('that several secrets have is ambiguous without a place, and the error lists their addresses', async () => {
    for (const place of ['shop/prod', 'shop/staging']) {
      await writeAs(on, delegate, { secret: `sally://${place}/TOKEN` });
    }
    const read = await resolveAs(on, delegate, { items: ['token'] });
    expect(read.body.unresolved[0].error).toMatchObject({
      code: 'ambiguous-name',
      data: { candidates: ['sally://shop/prod/token', 'sally://shop/staging/token'] },
    });
    expectError(await on.call('GET', '/v1/secrets/token'), 'ambiguous-name');
    expectError(await writeAs(on, delegate, { secret: 'token' }), 'ambiguous-name');
    expectError(await on.call('DELETE', '/v1/secrets/token'), 'ambiguous-name');
    // Somebody who may use one of them only need not say which.
    const key = await keyWith(on, { grants: [grant(['use'], 'shop/staging')] });
    expect(Object.keys(valuesIn(await resolveAs(on, delegate, { items: ['token'], key })))).toEqual([
      'token',
    ]);
  });

  test('is refused where another secret of it could be meant as well, also as an alias, also when a scope is widened', async () => {
    await writeAs(on, delegate, { secret: 'sally://shop/prod/a' });
    // By its bare name it is found, and keeps its scope.
    expectError(
      await writeAs(on, delegate, { secret: 'A', scope: scope('*/production') }),
      'invalid-request',
    );
    await writeAs(on, delegate, { secret: 'sally://shop/staging/a' });
    const wider = await on.call('PATCH', '/v1/secrets/sally%3A%2F%2Fshop%2Fstaging%2Fa', {
      scope: scope('shop/*'),
    });
    expectError(wider, 'name-taken');
    const renamed = await on.call('PATCH', '/v1/secrets/sally%3A%2F%2Fshop%2Fprod%2Fa', {
      name: 'b',
      leaveAlias: true,
    });
    expect(renamed.status).toBe(200);
    await writeAs(on, delegate, { secret: 'sally://billing/prod/c' });
    const takes = await on.call('PATCH', '/v1/secrets/c', { name: 'a', scope: scope('*/production') });
    expectError(takes, 'name-taken');
    expect((await on.call('PATCH', '/v1/secrets/c', { name: 'a' })).status).toBe(200);
  });
});

describe('a scope that is too wide', () => {
  beforeEach(async () => {
    await on.call('PATCH', '/v1/secrets-managers/keys', { usageScope: region('shop/*') });
  });

  test('is refused for a new secret and for one that exists, and nothing is stored', async () => {
    expectError(await writeAs(on, delegate, { secret: 'x', scope: scope('*/production') }), 'scope-too-wide');
    expectError(await on.call('GET', '/v1/secrets/x'), 'not-found');
    await writeAs(on, delegate, { secret: 'y', scope: scope('shop/prod') });
    const wider = await on.call('PATCH', '/v1/secrets/y', { scope: scope('shop/prod', 'billing/prod') });
    expectError(wider, 'scope-too-wide');
    const { body } = await on.call('GET', '/v1/secrets/y');
    expect(body.secret.scope.rows).toHaveLength(1);
  });

  test('is refused when a secret would move to a secrets manager of a narrower scope', async () => {
    await addManager(on, 'narrow');
    await on.call('PATCH', '/v1/secrets-managers/narrow', { usageScope: region('shop/prod') });
    await writeAs(on, delegate, { secret: 'own', scope: scope('shop/*') });
    await writeAs(on, delegate, { secret: 'inherits' });
    for (const secret of ['own', 'inherits']) {
      expectError(await writeAs(on, delegate, { secret, secretsManager: 'narrow' }), 'scope-too-wide');
    }
    await writeAs(on, delegate, { secret: 'fits', scope: scope('shop/prod') });
    const moved = await writeAs(on, delegate, { secret: 'fits', secretsManager: 'narrow' });
    expect(moved.body.secret).toMatchObject({ version: 2, secretsManagerName: 'narrow' });
  });
});

describe('narrowing a secrets manager', () => {
  test('below secrets with rows of their own lists them, changes nothing, and lets them inherit only when confirmed', async () => {
    await writeAs(on, delegate, { secret: 'in', scope: scope('shop/prod') });
    await writeAs(on, delegate, { secret: 'out-1', scope: scope('billing/*') });
    await writeAs(on, delegate, { secret: 'out-2', scope: scope('*/production') });
    await writeAs(on, delegate, { secret: 'inherits' });
    const usageScope = region('shop/*');
    const refused = await on.call('PATCH', '/v1/secrets-managers/keys', { usageScope });
    const { data } = expectError(refused, 'scope-conflict');
    expect(data.conflicts.map(({ name }: Loose) => name)).toEqual(['out-1', 'out-2']);
    // Agreeing without having seen, and with a token for something else, is no agreement.
    for (const confirmationToken of [undefined, 'made-up']) {
      const blind = { usageScope, onConflict: 'inherit', confirmationToken };
      expectError(await on.call('PATCH', '/v1/secrets-managers/keys', blind), 'scope-conflict');
    }
    await writeAs(on, delegate, { secret: 'out-3', scope: scope('billing/prod') });
    const stale = { usageScope, onConflict: 'inherit', confirmationToken: data.confirmationToken };
    const again = expectError(await on.call('PATCH', '/v1/secrets-managers/keys', stale), 'scope-conflict');
    expect(again.data.conflicts).toHaveLength(3);
    expect((await on.call('GET', '/v1/secrets-managers/keys')).body.usageScope).toHaveLength(1);
    const agreed = { usageScope, onConflict: 'inherit', confirmationToken: again.data.confirmationToken };
    expect((await on.call('PATCH', '/v1/secrets-managers/keys', agreed)).status).toBe(200);
    for (const name of ['out-1', 'out-2', 'out-3', 'inherits']) {
      expect((await on.call('GET', `/v1/secrets/${name}`)).body.secret.scope).toEqual({ type: 'inherit' });
    }
    expect((await on.call('GET', '/v1/secrets/in')).body.secret.scope.type).toBe('rows');
    const changes = await on.call('GET', '/v1/secrets/out-1/changes');
    expect(changes.body.changes[0]).toMatchObject({
      action: 'secret.scope-changed',
      changes: [{ field: 'scope', to: { type: 'inherit' } }],
    });
  });

  test('where a config entry uses an inheriting secret is refused, and widening must not make a name equivocal', async () => {
    await writeAs(on, delegate, { secret: 'used' });
    await on.call('POST', '/v1/applications/billing/services', { name: 'api' });
    const entry = { kind: 'variable', name: 'TOKEN', environment: null, secret: 'used' };
    const put = await on.call('PUT', '/v1/applications/billing/services/api/config', entry);
    expect(put.status, JSON.stringify(put.body)).toBeLessThan(300);
    const narrowed = await on.call('PATCH', '/v1/secrets-managers/keys', { usageScope: region('shop/*') });
    expect(expectError(narrowed, 'scope-conflict').data.setupUsages).toHaveLength(1);

    await addManager(on, 'second', {});
    await on.call('PATCH', '/v1/secrets-managers/second', { usageScope: region('shop/prod') });
    await writeAs(on, delegate, { secret: 'twin', scope: scope('shop/staging') });
    await writeAs(on, delegate, {
      secret: 'sally://shop/prod/twin',
      secretsManager: 'second',
      scope: { type: 'inherit' },
    });
    const widened = await on.call('PATCH', '/v1/secrets-managers/second', { usageScope: region('shop/*') });
    expectError(widened, 'scope-conflict');
  });
});

describe('a change of a secret', () => {
  test('needs the right for the old and for the new scope', async () => {
    await writeAs(on, delegate, { secret: 'mine', scope: scope('shop/prod') });
    await writeAs(on, delegate, { secret: 'theirs', scope: scope('shop/*', 'billing/prod') });
    const key = await keyWith(on, {
      account: ['manage-secrets'],
      grants: [grant(['read', 'update'], 'shop/*')],
    });
    const edit = async (name: string, body: object) => on.call('PATCH', `/v1/secrets/${name}`, body, key);
    expectError(await edit('theirs', { scope: scope('shop/prod') }), 'forbidden');
    expectError(await edit('mine', { scope: scope('shop/prod', 'billing/prod') }), 'invalid-scope');
    expectError(await edit('mine', { scope: { type: 'inherit' } }), 'forbidden');
    expect((await edit('mine', { scope: scope('shop/staging') })).status).toBe(200);
  });

  test('that takes a name away from somebody who asks by it is confirmed first, or leaves an alias', async () => {
    await writeAs(on, delegate, { secret: 'old' });
    const key = await keyWith(on, { grants: [grant(['use', 'read'], '*/*')] });
    await resolveAs(on, delegate, { items: ['sally://shop/prod/old'], key });
    const refused = await on.call('PATCH', '/v1/secrets/old', { name: 'new' });
    const { data } = expectError(refused, 'confirmation-required');
    expect(data.preview).toMatchObject({
      from: 'old',
      to: 'new',
      breaks: [{ reference: 'sally://shop/prod/old' }],
    });
    const renamed = await on.call('PATCH', '/v1/secrets/old', { name: 'new', leaveAlias: true });
    expect(renamed.body).toMatchObject({ name: 'new' });
    const items = ['sally://shop/prod/old', 'sally://shop/prod/new', 'old'];
    expect(Object.keys(valuesIn(await resolveAs(on, delegate, { items, key })))).toEqual(items);
    expect((await on.call('GET', '/v1/secrets/new')).body.aliases).toEqual(['old']);
    const removal = { removeAliases: ['old'] };
    const asked = expectError(await on.call('PATCH', '/v1/secrets/new', removal), 'confirmation-required');
    const confirmed = { ...removal, confirmationToken: asked.data.confirmationToken };
    expect((await on.call('PATCH', '/v1/secrets/new', confirmed)).status).toBe(200);
    expect(await unresolvedCode(['old'], key)).toEqual(['not-found']);
    // Nobody has asked by this one yet, so nothing is asked.
    await writeAs(on, delegate, { secret: 'quiet' });
    expect((await on.call('PATCH', '/v1/secrets/quiet', { name: 'silent' })).status).toBe(200);
  });

  test('narrows no scope below a config entry that uses it there', async () => {
    await writeAs(on, delegate, { secret: 'used', scope: scope('shop/*') });
    await on.call('POST', '/v1/applications/shop/services', { name: 'web' });
    const entry = { kind: 'variable', name: 'DB', environment: 'staging', secret: 'used' };
    expect((await on.call('PUT', '/v1/applications/shop/services/web/config', entry)).status).toBeLessThan(
      300,
    );
    const narrowed = await on.call('PATCH', '/v1/secrets/used', { scope: scope('shop/prod') });
    const { message, data } = expectError(narrowed, 'scope-conflict');
    expect(message).toContain('DB of web in shop');
    expect(data.setupUsages[0].environment.name).toBe('staging');
    expect((await on.call('PATCH', '/v1/secrets/used', { scope: scope('shop/staging') })).status).toBe(200);
  });
});

describe('explaining a scope', () => {
  test('says where it comes to, who may use it there, and what is surprising, without changing anything', async () => {
    await keyWith(on, { grants: [grant(['use'], '*/production')] });
    await keyWith(on, { grants: [grant(['read'], '*/*')] });
    const explain = async (body: object, key?: string) =>
      (await on.call('POST', '/v1/scopes/explain', body, key)).body;
    const explained = await explain({ scope: scope('shop/*') });
    expect(explained.places.map((one: Loose) => `${one.application.name}/${one.environment.name}`)).toEqual([
      'shop/prod',
      'shop/staging',
    ]);
    expect(explained).toMatchObject({ placeCount: 2, coversFuture: true, warnings: [] });
    const groups = Object.fromEntries(explained.groups.map((group: Loose) => [group.name, group.placeCount]));
    expect(groups).toMatchObject({ 'Account Administrator': 2, 'Production Support': 1 });
    expect(Object.keys(groups)).toHaveLength(4);
    expect(await explain({ scope: scope('shop/prod') })).toMatchObject({ coversFuture: false });
    expect((await explain({ scope: { type: 'account' } })).warnings[0]).toContain('no application');
    expect((await explain({ scope: scope() })).warnings[0]).toContain('nowhere');
    await writeAs(on, delegate, { secret: 'x', scope: scope('billing/*') });
    expect((await explain({ secret: 'x' })).places).toHaveLength(1);
    const limited = await keyWith(on, { grants: [grant(['read'], 'shop/prod')] });
    expect(await explain({ scope: { type: 'inherit' } }, limited)).toMatchObject({
      placeCount: 1,
      groups: null,
    });
    expectError(await on.call('POST', '/v1/scopes/explain', { secret: 'x' }, limited), 'not-found');
  });

  test('of a secrets manager that is not saved yet needs no default one', async () => {
    const explain = async (body: object) => on.call('POST', '/v1/scopes/explain', body);
    const managerScope = [{ applications: ['shop'], environments: 'all' }];
    const alone = await explain({ managerScope });
    expect(alone.body).toMatchObject({ placeCount: 2, secretsManager: null, warnings: [] });
    const nowhere = await explain({ managerScope: [] });
    expect(nowhere.body).toMatchObject({ placeCount: 0, warnings: [expect.stringContaining('nowhere')] });
    expectError(await explain({ managerScope: [], secret: 'x' }), 'invalid-request');
  });
});
