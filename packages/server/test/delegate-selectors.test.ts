// Selectors that are added to a delegate at the server: they act at once, stay over reconnects, and are not taken away unseen.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import { expectError, kmsSettings, startTestServer, until } from './test-server.ts';
import type { Answer, Loose, TestServer } from './test-server.ts';

let on: TestServer;
let delegate: ScriptedDelegate;
beforeEach(async () => {
  on = await startTestServer();
  delegate = await on.delegate({ name: 'edge-1', selectors: ['eu'] });
});
afterEach(async () => {
  await on.end();
});

async function edit(addedSelectors: string[], more: object = {}, name = 'edge-1'): Promise<Answer> {
  return on.call('PATCH', `/v1/delegates/${name}`, { addedSelectors, ...more });
}

async function tried(): Promise<Answer> {
  return on.call('POST', '/v1/secrets-managers/preflight', { settings: kmsSettings() });
}

async function saveManager(name = 'prod-kms', more: object = {}): Promise<Loose> {
  const saved = await on.call('POST', '/v1/secrets-managers', { name, settings: kmsSettings(), ...more });
  expect(saved.status).toBe(201);
  return saved.body.secretsManager;
}

test('a selector that is added makes a connected delegate eligible at once, and one that is taken away ends that at once', async () => {
  expectError(await tried(), 'no-delegate');
  const edited = await edit([' Prod-VPC ', 'prod-vpc']);
  expect(edited.body).toMatchObject({
    selectors: ['edge-1', 'host.internal', 'eu', 'prod-vpc'],
    startSelectors: ['eu'],
    addedSelectors: ['prod-vpc'],
  });
  expect((await tried()).body.ok).toBe(true);
  expect((await edit([])).body.addedSelectors).toEqual([]);
  expect(expectError(await tried(), 'no-delegate').message).toContain('edge-1 lacks selector prod-vpc');
});

test('what was added stays when the delegate comes back, with whatever it is started', async () => {
  await edit(['prod-vpc']);
  await delegate.disconnect();
  expect((await edit(['prod-vpc', 'blue'])).status).toBe(200);
  const again = await on.delegate({ name: 'edge-1', privateKey: delegate.privateKey, selectors: ['us'] });
  const { delegates } = (await on.call('GET', '/v1/delegates')).body;
  expect(delegates).toHaveLength(1);
  expect(delegates[0]).toMatchObject({
    id: again.delegateId,
    startSelectors: ['us'],
    addedSelectors: ['prod-vpc', 'blue'],
  });
  expect((await tried()).body.ok).toBe(true);
});

test('each change is on record with what was there before; no change leaves none', async () => {
  await edit(['prod-vpc']);
  await edit(['blue']);
  await edit(['blue']);
  const { records } = (await on.call('GET', '/v1/audit?action=delegate.edited')).body;
  expect(records.map(({ details }: Loose) => details.changes)).toEqual([
    [{ field: 'addedSelectors', from: ['prod-vpc'], to: ['blue'] }],
    [{ field: 'addedSelectors', from: [], to: ['prod-vpc'] }],
  ]);
  expect(records[0]).toMatchObject({ resource: delegate.delegateId, resourceName: 'edge-1' });
});

test('taking away what a secrets manager lives on has to be confirmed, for exactly what was shown', async () => {
  await edit(['prod-vpc', 'blue']);
  await saveManager();
  const refused = expectError(await edit(['blue']), 'confirmation-required');
  expect(refused.data.preview).toEqual({ withoutDelegate: ['prod-kms'], hiddenWithoutDelegate: 0 });
  const { confirmationToken } = refused.data;
  // The token is for another change.
  expectError(await edit([], { confirmationToken }), 'confirmation-required');
  expect((await tried()).body.ok).toBe(true);
  expect((await edit(['blue'], { confirmationToken })).status).toBe(200);
  expectError(await tried(), 'no-delegate');
});

test('another delegate that could do the work makes the question needless, unless it is gone', async () => {
  await edit(['prod-vpc']);
  await saveManager();
  const second = await on.delegate({ name: 'edge-2', selectors: ['prod-vpc'] });
  expect((await edit([])).status).toBe(200);
  await edit(['prod-vpc']);
  await second.disconnect();
  await until(async () => (await on.call('GET', '/v1/delegates')).body.delegates[1].state === 'disconnected');
  expectError(await edit([]), 'confirmation-required');
});

test('a delegate that may no longer work for a secrets manager forgets its settings', async () => {
  await edit(['prod-vpc']);
  const manager = await saveManager('prod-kms', { makeDefault: true });
  await on.call('POST', '/v1/secrets/write', {
    requestId: 'req_00000000000000000000000001',
    delegateId: delegate.delegateId,
    secret: 'a',
    secretsManager: null,
    expectedVersion: null,
    sealed: { session: 'A'.repeat(22), enc: null, counter: 0, box: 'dmFsdWU' },
  });
  expect(delegate.configured.has(manager.id)).toBe(true);
  const { confirmationToken } = expectError(await edit([]), 'confirmation-required').data;
  const forgotten = delegate.next('forget');
  await edit([], { confirmationToken });
  expect((await forgotten).secretsManagerId).toBe(manager.id);
});

test('who edits on top of what somebody else has changed is told', async () => {
  await edit(['prod-vpc']);
  expectError(await edit(['blue'], { expectedAddedSelectors: [] }), 'edit-conflict');
  expect((await edit(['blue'], { expectedAddedSelectors: ['prod-vpc'] })).status).toBe(200);
});

test('selectors have a form, and delegates have to be there', async () => {
  expectError(await edit(['-']), 'invalid-selector');
  expectError(await edit(['eu'], {}, 'nobody'), 'not-found');
});
