// What is recorded of reads, and what can be asked about it: uses, counts, changes, and who would miss a secret.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addApplication, grant, keyWith, resolveAs, scope, writeAs } from './account.ts';
import { flaky } from './flaky-store.ts';
import type { FlakyStore } from './flaky-store.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import { openSqliteStore } from '../src/index.ts';
import { addManager, expectError, fakeSealed, newRequestId, startTestServer } from './test-server.ts';
import type { Answer, Loose, TestServer } from './test-server.ts';

let on: TestServer;
let delegate: ScriptedDelegate;
let store: FlakyStore;

beforeEach(async () => {
  store = flaky(await openSqliteStore({ path: ':memory:' }));
  on = await startTestServer({ dependencies: { store } });
  delegate = await on.delegate({ name: 'edge' });
  await addManager(on, 'keys');
  await addApplication(on, 'shop', ['prod', 'staging']);
  await writeAs(on, delegate, { secret: 'db', scope: scope('shop/*') });
});
afterEach(async () => {
  await on.end();
  await store.close();
});

async function resolveFor(purpose: string, items: string[], key = on.key): Promise<Answer> {
  const body = {
    requestId: newRequestId(),
    delegateId: delegate.delegateId,
    items,
    sealed: fakeSealed('question'),
  };
  const response = await fetch(`${on.server.address}/v1/secrets/resolve`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'x-sallyport-purpose': Buffer.from(purpose).toString('latin1'),
    },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json(), headers: response.headers };
}

const uses = async (query = '', secret = 'db'): Promise<Loose[]> =>
  (await on.call('GET', `/v1/secrets/${secret}/uses${query}`)).body.uses;

describe('every resolution is recorded', () => {
  test('with principal, place, version, delegate, reference, purpose and outcome', async () => {
    await resolveFor('deploy 42 – Köln', ['sally://shop/prod/db@1']);
    const [use] = await uses();
    expect(use).toMatchObject({
      outcome: 'released',
      code: null,
      version: 1,
      principal: { name: 'admin', kind: 'api-key' },
      application: { name: 'shop' },
      environment: { name: 'prod' },
      delegate: { id: delegate.delegateId, name: 'edge' },
      reference: 'sally://shop/prod/db@1',
      purpose: 'deploy 42 – Köln',
    });
  });

  test('also when it was refused, by policy or by the delegate, with the reason for the trail only', async () => {
    const blind = await keyWith(on, { grants: [grant(['use'], 'shop/prod')] });
    await resolveAs(on, delegate, {
      items: ['sally://shop/staging/db', 'sally://shop/prod/none'],
      key: blind,
    });
    expect((await uses()).map(({ outcome, code }: Loose) => [outcome, code])).toEqual([
      ['refused', 'not-found'],
    ]);
    const { body } = await on.call('GET', '/v1/audit?action=secret.refused');
    const refused = body.records.map(({ resource, resourceName, details }: Loose) => [
      resource === 'none' ? null : resourceName,
      details.reason,
      details.reference,
    ]);
    expect(refused).toEqual([
      [null, 'no-such-secret', 'sally://shop/prod/none'],
      ['db', 'no-such-place', 'sally://shop/staging/db'],
    ]);
  });

  test('when it is refused while delegates are asked for, where clients learn of it and stop', async () => {
    const key = await keyWith(on, { grants: [grant(['read'], 'shop/*')] });
    await on.call('POST', '/v1/offers/read', { items: ['db'] }, key);
    expect(await uses()).toMatchObject([{ outcome: 'refused', code: 'forbidden', reference: 'db' }]);
  });

  test('or it is not answered, released or refused, known or unknown', async () => {
    store.failsAudit = true;
    for (const items of [['db'], ['nope'], ['sally://shop/prod/db', 'nope']]) {
      expectError(await resolveAs(on, delegate, { items }), 'storage-unavailable');
    }
    store.failsAudit = false;
    expect(await uses()).toEqual([]);
  });

  test('and counted, per secret, over 90 days', async () => {
    const key = await keyWith(on, { grants: [grant(['read'], 'shop/*')] });
    for (let i = 0; i < 3; i++) await resolveAs(on, delegate, { items: ['db', 'db@1'] });
    await resolveAs(on, delegate, { items: ['db'], key });
    const { body } = await on.call('GET', '/v1/secrets/db');
    expect(body.secret.usage).toMatchObject({ setupUsages: 0, releases: 6, refusals: 1 });
    expect(body.secret.usage.lastReleasedAtMs).toBeGreaterThan(Date.now() - 60_000);
    const listed = (await on.call('GET', '/v1/secrets')).body.secrets[0];
    expect(listed.usage).toEqual(body.secret.usage);
  });

  test('a purpose that is no text of a line, or too long, is refused before anything happens', async () => {
    expectError(await resolveFor('x'.repeat(201), ['db']), 'invalid-request');
    expect((await resolveFor('x'.repeat(200), ['db'])).status).toBe(200);
    expect(await uses()).toHaveLength(1);
  });
});

describe('uses are listed', () => {
  test('newest first, page by page, of a period, by outcome', async () => {
    for (let i = 0; i < 5; i++) await resolveAs(on, delegate, { items: ['db'] });
    const first = await on.call('GET', '/v1/secrets/db/uses?limit=3');
    expect(first.body.uses).toHaveLength(3);
    const cursor = encodeURIComponent(first.body.nextCursor);
    const second = await on.call('GET', `/v1/secrets/db/uses?limit=3&cursor=${cursor}`);
    expect(second.body).toMatchObject({ uses: [{}, {}], nextCursor: null });
    const sequences = [...first.body.uses, ...second.body.uses].map(({ sequence }: Loose) => sequence);
    expect(sequences).toEqual(sequences.toSorted((a: number, b: number) => b - a));
    const { atMs } = first.body.uses[0];
    expect(await uses(`?sinceMs=${atMs + 1}`)).toEqual([]);
    expect(await uses(`?outcome=refused`)).toEqual([]);
    expect((await uses(`?outcome=released&untilMs=${atMs + 1}`)).length).toBe(5);
  });

  test('to whoever may see the secret, and to nobody else', async () => {
    const sees = await keyWith(on, { grants: [grant(['read'], 'shop/staging')] });
    const blind = await keyWith(on, { account: ['view-audit-trail'], grants: [grant(['use'], 'shop/*')] });
    for (const path of ['uses', 'changes', 'setup-usages']) {
      expect((await on.call('GET', `/v1/secrets/db/${path}`, undefined, sees)).status).toBe(200);
      expectError(await on.call('GET', `/v1/secrets/db/${path}`, undefined, blind), 'not-found');
    }
  });
});

test('changes are listed field by field, and never a value', async () => {
  await writeAs(on, delegate, { secret: 'db', value: 'hunter2' });
  await on.call('PATCH', '/v1/secrets/db', { name: 'database', scope: scope('shop/prod') });
  const { body } = await on.call('GET', '/v1/secrets/database/changes');
  expect(
    body.changes.map(({ action, changes }: Loose) => [action, changes.map(({ field }: Loose) => field)]),
  ).toEqual([
    ['secret.scope-changed', ['scope']],
    ['secret.renamed', ['name']],
    ['secret.version-added', ['version']],
    ['secret.created', ['version']],
  ]);
  expect(body.changes[0].changes[0].to.rows).toMatchObject([
    { applications: [{ name: 'shop' }], environments: [{ name: 'prod', applicationName: 'shop' }] },
  ]);
  expect(JSON.stringify(body)).not.toContain('hunter2');
});

describe('deleting', () => {
  test('a secret that config entries refer to lists them, and by force takes them along, which is a right of its own', async () => {
    await on.call('POST', '/v1/applications/shop/services', { name: 'web' });
    const entry = { kind: 'variable', name: 'DB', environment: null, secret: 'db' };
    await on.call('PUT', '/v1/applications/shop/services/web/config', entry);
    const preview = await on.call('GET', '/v1/secrets/db/deletion');
    expect(preview.body.setupUsages.usages).toMatchObject([{ name: 'DB', service: { name: 'web' } }]);
    expectError(await on.call('DELETE', '/v1/secrets/db'), 'in-use');
    const editor = await keyWith(on, {
      account: ['manage-secrets'],
      grants: [grant(['read', 'update'], '*/*')],
    });
    const confirm = encodeURIComponent(preview.body.confirmationToken);
    const forced = `/v1/secrets/db?force=true&confirm=${confirm}`;
    expectError(await on.call('DELETE', forced, undefined, editor), 'forbidden');
    expectError(await on.call('DELETE', '/v1/secrets/db?force=true'), 'confirmation-required');
    expect((await on.call('DELETE', forced)).status).toBe(204);
    const config = await on.call('GET', '/v1/applications/shop/services/web/config');
    expect(config.body.entries).toEqual([]);
    const { body } = await on.call('GET', '/v1/audit?action=secret.deleted');
    expect(body.records[0].details).toMatchObject({ forced: true, configEntries: [expect.any(String)] });
  });

  test('one that somebody asks for by name says so first, and asks again when somebody else does meanwhile', async () => {
    await resolveAs(on, delegate, { items: ['sally://shop/prod/db'] });
    const { data } = expectError(await on.call('DELETE', '/v1/secrets/db'), 'confirmation-required');
    expect(data.preview.missedBy).toEqual([{ reference: 'sally://shop/prod/db', principal: 'admin' }]);
    const key = await keyWith(on, { grants: [grant(['use'], '*/*')] });
    await resolveAs(on, delegate, { items: ['db'], key });
    const stale = `/v1/secrets/db?confirm=${data.confirmationToken}`;
    const again = expectError(await on.call('DELETE', stale), 'confirmation-required');
    expect(again.data.preview.missedBy).toHaveLength(2);
    // Counts that grow are no news.
    await resolveAs(on, delegate, { items: ['db'], key });
    expect((await on.call('DELETE', `/v1/secrets/db?confirm=${again.data.confirmationToken}`)).status).toBe(
      204,
    );
    expectError(await on.call('GET', '/v1/secrets/db'), 'not-found');
  });
});

test('a list shows what the caller may see, limited by place, kind and secrets manager', async () => {
  await writeAs(on, delegate, { secret: 'tool', scope: { type: 'account' } });
  await writeAs(on, delegate, { secret: 'sally://shop/staging/only' });
  await writeAs(on, delegate, { secret: 'everywhere' });
  const names = async (query = '', key?: string): Promise<string[]> =>
    (await on.call('GET', `/v1/secrets${query}`, undefined, key)).body.secrets.map(({ name }: Loose) => name);
  expect(await names()).toEqual(['db', 'everywhere', 'only', 'tool']);
  expect(await names('?application=shop&environment=prod')).toEqual(['db', 'everywhere']);
  expect(await names('?kind=file')).toEqual([]);
  expect(await names('?secretsManager=keys&search=D')).toEqual(['db']);
  const key = await keyWith(on, { grants: [grant(['read'], 'shop/prod')] });
  expect(await names('', key)).toEqual(['db', 'everywhere']);
  expect(await names('?limit=1', key)).toEqual(['db']);
  expectError(
    await on.call('GET', '/v1/secrets?application=shop&environment=staging', undefined, key),
    'not-found',
  );
  expectError(await on.call('GET', '/v1/secrets?application=shop'), 'invalid-request');
  expect(await names('', await keyWith(on, {}))).toEqual([]);
});
