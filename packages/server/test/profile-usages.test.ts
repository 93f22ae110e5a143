// A secret and the start-up profiles that name it: they are setup usages of it, and it is neither deleted nor narrowed under them.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addApplication, grant, keyWith, region, scope, writeAs } from './account.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import { addManager, expectError, startTestServer, until, write } from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

const PATH = '/v1/delegate-profiles';
const WITH_SECRET = 'echo "${secrets.getValue("x")}"';

let on: TestServer;
let delegate: ScriptedDelegate;
beforeEach(async () => {
  on = await startTestServer();
  delegate = await on.delegate({ name: 'edge-1', selectors: ['edge'] });
  await addManager(on);
  await write(on, delegate, { secret: 'x', value: 'value of x' });
});
afterEach(async () => on.end());

async function create(body: object): Promise<Loose> {
  const answer = await on.call('POST', PATH, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
}

async function trail(action: string): Promise<Loose[]> {
  return (await on.call('GET', `/v1/audit?action=${action}`)).body.records;
}

async function runs(profile: string): Promise<Loose[]> {
  return (await on.call('GET', `${PATH}/${profile}/runs`)).body.runs;
}

describe('a secret that a start-up profile names', () => {
  const USAGES = '/v1/secrets/x/setup-usages';

  test('has the profile among its setup usages: counted, listed, and named to those only who may see profiles', async () => {
    const { id } = await create({ name: 'tools', script: WITH_SECRET });
    const listed = { kind: 'start-up-profile', profile: { id, name: 'tools' } };
    expect((await on.call('GET', USAGES)).body).toEqual({ usages: [listed], hidden: 0 });
    expect((await on.call('GET', '/v1/secrets/x')).body.secret.usage.setupUsages).toBe(1);
    expect((await on.call('GET', '/v1/secrets')).body.secrets[0].usage.setupUsages).toBe(1);
    const reader = await keyWith(on, { grants: [grant(['read'], '*/*')] });
    expect((await on.call('GET', USAGES, undefined, reader)).body).toEqual({ usages: [], hidden: 1 });
    await on.call('PATCH', `${PATH}/tools`, { script: 'true' });
    expect((await on.call('GET', USAGES)).body).toEqual({ usages: [], hidden: 0 });
  });

  test('is found by its id and by a former name, each profile once; one of the same name at a single place is not meant', async () => {
    const { id } = (await on.call('GET', '/v1/secrets/x')).body.secret;
    const renamed = await on.call('PATCH', '/v1/secrets/x', { name: 'y', leaveAlias: true });
    expect(renamed.status).toBe(200);
    await create({
      name: 'both',
      script: `echo "\${secrets.getValue("X")}" "\${secrets.getValue("${id}@1")}" "\${secrets.getValue("y")}"`,
    });
    expect((await on.call('GET', '/v1/secrets/y/setup-usages')).body.usages).toHaveLength(1);
    await addApplication(on, 'shop', ['prod']);
    await on.call('PATCH', '/v1/secrets/y', { scope: { type: 'account' } });
    const secret = 'sally://shop/prod/x';
    const narrow = await writeAs(on, delegate, { secret, scope: scope('shop/prod') });
    expect(narrow.status, JSON.stringify(narrow.body)).toBe(200);
    const { secrets } = (await on.call('GET', '/v1/secrets')).body as { secrets: Loose[] };
    const other = secrets.find((one) => one.name === 'x');
    expect((await on.call('GET', `/v1/secrets/${other?.id}/setup-usages`)).body.usages).toEqual([]);
    expect((await on.call('GET', `/v1/secrets/${id}/setup-usages`)).body.usages).toHaveLength(1);
  });

  test('is not deleted, and with force the profile stays and is refused', async () => {
    await create({ name: 'tools', script: WITH_SECRET });
    const refused = expectError(await on.call('DELETE', '/v1/secrets/x'), 'in-use');
    expect(refused.message).toContain('start-up profile tools');
    const preview = (await on.call('GET', '/v1/secrets/x/deletion')).body;
    expect(preview.setupUsages.usages).toMatchObject([{ profile: { name: 'tools' } }]);
    const forced = await on.call('DELETE', `/v1/secrets/x?force=true&confirm=${preview.confirmationToken}`);
    expect(forced.status).toBe(204);
    expect(await trail('secret.deleted')).toMatchObject([
      { details: { forced: true, configEntries: [], startProfiles: [expect.stringMatching(/^dpf_/)] } },
    ]);
    delegate.send({ type: 'begun-profiles', begun: [] });
    await until(async () => (await runs('tools'))[0]?.state === 'refused');
    expect((await runs('tools'))[0]?.error.code).toBe('not-found');
  });

  test('keeps a scope that reaches everywhere, by its own scope and by that of its secrets manager', async () => {
    await addApplication(on, 'shop', ['prod']);
    await create({ name: 'tools', script: WITH_SECRET });
    const narrowed = await on.call('PATCH', '/v1/secrets/x', { scope: scope('shop/prod') });
    expect(expectError(narrowed, 'scope-conflict').message).toContain('start-up profile tools');
    expect((await on.call('PATCH', '/v1/secrets/x', { scope: { type: 'account' } })).status).toBe(200);
    await on.call('PATCH', '/v1/secrets/x', { scope: { type: 'inherit' } });
    const [manager] = (await on.call('GET', '/v1/secrets-managers')).body.secretsManagers as [Loose];
    const edited = await on.call('PATCH', `/v1/secrets-managers/${manager.id}`, {
      usageScope: region('shop/prod'),
    });
    expect(expectError(edited, 'scope-conflict').data.setupUsages).toMatchObject([
      { profile: { name: 'tools' } },
    ]);
  });

  test('is renamed only by who was told, or leaves its name as alias', async () => {
    await create({ name: 'tools', script: WITH_SECRET });
    const asked = expectError(
      await on.call('PATCH', '/v1/secrets/x', { name: 'y' }),
      'confirmation-required',
    );
    expect(asked.data.preview.breaks).toEqual([{ reference: 'x', principal: 'start-up profile tools' }]);
    expect((await on.call('PATCH', '/v1/secrets/x', { name: 'y', leaveAlias: true })).status).toBe(200);
  });
});
