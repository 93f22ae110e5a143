// That a name, own one or alias, never comes to mean two secrets at one place, whichever way a secret gets there.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addApplication, region, resolveAs, scope, writeAs } from './account.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import { addManager, expectError, startTestServer, valuesIn } from './test-server.ts';
import type { Answer, TestServer } from './test-server.ts';

let on: TestServer;
let delegate: ScriptedDelegate;

beforeEach(async () => {
  on = await startTestServer();
  delegate = await on.delegate();
  await addManager(on, 'keys');
  await addApplication(on, 'shop', ['prod', 'staging']);
});
afterEach(async () => {
  await on.end();
});

const edit = async (secret: string, change: object): Promise<Answer> =>
  on.call('PATCH', `/v1/secrets/${secret}`, change);
const addScoped = async (name: string, ...rows: string[]): Promise<void> => {
  const fields = { name, settings: { kind: 'built-in' }, usageScope: region(...rows) };
  expect((await on.call('POST', '/v1/secrets-managers', fields)).status).toBe(201);
};

test('a wider scope takes an alias nowhere where another secret has that name', async () => {
  await writeAs(on, delegate, { secret: 'sally://shop/staging/old', value: 'renamed' });
  await edit('old', { name: 'new', leaveAlias: true });
  await writeAs(on, delegate, { secret: 'sally://shop/prod/old', value: 'other' });
  expectError(await edit('new', { scope: scope('shop/*') }), 'name-taken');
  const items = ['sally://shop/staging/old', 'sally://shop/prod/old'];
  const expected = { 'sally://shop/staging/old': 'renamed', 'sally://shop/prod/old': 'other' };
  expect(valuesIn(await resolveAs(on, delegate, { items }))).toEqual(expected);
  // Somebody asks by the alias, so doing without it has to be confirmed; then nothing is in the way.
  const without = { scope: scope('shop/*'), removeAliases: ['old'] };
  const { confirmationToken } = expectError(await edit('new', without), 'confirmation-required').data;
  expect((await edit('new', { ...without, confirmationToken })).status).toBe(200);
});

test('a renaming that widens the scope too leaves no alias where another secret has that name', async () => {
  const { id } = (await writeAs(on, delegate, { secret: 'sally://shop/staging/old' })).body.secret;
  await writeAs(on, delegate, { secret: 'sally://shop/prod/old' });
  const wider = { name: 'new', scope: scope('shop/*') };
  expectError(await edit(id, { ...wider, leaveAlias: true }), 'name-taken');
  expect((await edit(id, wider)).status).toBe(200);
});

test('a secret moves under no secrets manager where it would meet one of its name, or of an alias of it', async () => {
  await addScoped('staging', 'shop/staging');
  await writeAs(on, delegate, { secret: 'sally://shop/prod/twin' });
  await writeAs(on, delegate, { secret: 'sally://shop/prod/former' });
  const inherit = { type: 'inherit' } as const;
  const twin = await writeAs(on, delegate, { secret: 'twin', secretsManager: 'staging', scope: inherit });
  // The bare name means the other one, which has a scope of its own already.
  expectError(twin, 'invalid-request');
  for (const name of ['twin', 'former']) {
    const reference = `sally://shop/staging/${name}`;
    const made = await writeAs(on, delegate, {
      secret: reference,
      secretsManager: 'staging',
      scope: inherit,
    });
    const { id } = made.body.secret;
    if (name === 'former') await edit(id, { name: 'latter', leaveAlias: true });
    expectError(await writeAs(on, delegate, { secret: id, secretsManager: 'keys' }), 'name-taken');
    expect((await on.call('GET', `/v1/secrets/${id}`)).body.secret).toMatchObject({
      version: 1,
      secretsManagerName: 'staging',
    });
  }
});

test('a wider secrets manager brings no alias of a secret that inherits to where another has that name', async () => {
  await addScoped('staging', 'shop/staging');
  const secretsManager = 'staging';
  await writeAs(on, delegate, { secret: 'old', secretsManager, scope: { type: 'inherit' } });
  await edit('old', { name: 'new', leaveAlias: true });
  await writeAs(on, delegate, { secret: 'sally://shop/prod/old' });
  const widened = await on.call('PATCH', '/v1/secrets-managers/staging', { usageScope: region('shop/*') });
  expect(expectError(widened, 'scope-conflict').message).toContain('"old"');
});

test('a secret takes one of its aliases as its name again, which nobody has to confirm', async () => {
  await writeAs(on, delegate, { secret: 'old' });
  await edit('old', { name: 'new', leaveAlias: true });
  await resolveAs(on, delegate, { items: ['old'] });
  expect((await edit('new', { name: 'old', removeAliases: ['old'] })).body).toMatchObject({ name: 'old' });
  expect(valuesIn(await resolveAs(on, delegate, { items: ['old'] }))).toEqual({ old: 'value' });
});
