// Who may see and do what to applications, environments and services, as a table, and that nobody learns of one that they may not see.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AccountPermission } from '@sallyport/core';
import { addApplication, bare, caller, inApplication } from './account-fixture.ts';
import type { Caller, TestRights } from './account-fixture.ts';
import { newId } from './storage-rows.ts';
import { expectError, startTestServer } from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

let on: TestServer;

beforeEach(async () => {
  on = await startTestServer();
});
afterEach(() => on.end());

const namesIn = (items: readonly Loose[]): string[] => items.map(({ name }) => name);
const listed = async (call: Caller, query = ''): Promise<string[]> => {
  const answer = await call('GET', `/v1/applications${query}`);
  expect(answer.status).toBe(200);
  return namesIn(answer.body.applications);
};

/** One thing that somebody wants to do; each on an application of its own. */
type Attempt = readonly [method: string, path: string, body?: unknown];
const ATTEMPTS: Readonly<Record<string, Attempt>> = {
  see: ['GET', ''],
  rename: ['PATCH', '', { name: 'renamed' }],
  preview: ['GET', '/deletion'],
  delete: ['DELETE', ''],
  addProduction: ['POST', '/environments', { name: 'new', type: 'production' }],
  addNonProduction: ['POST', '/environments', { name: 'new', type: 'non-production' }],
  renameProd: ['PATCH', '/environments/prod', { name: 'live' }],
  renameDev: ['PATCH', '/environments/dev', { name: 'test' }],
  previewProd: ['GET', '/environments/prod/deletion'],
  deleteProd: ['DELETE', '/environments/prod'],
  deleteDev: ['DELETE', '/environments/dev'],
  addService: ['POST', '/services', { name: 'new' }],
  renameService: ['PATCH', '/services/api', { name: 'new' }],
  deleteService: ['DELETE', '/services/api'],
};

/**
 * Who may do which of them; being asked to confirm counts as allowed, since that comes after all rights. What is `hidden` is not there for
 * them; everything else is forbidden.
 */
const ALLOWED: readonly { who: string; rights: TestRights; allowed: string; hidden?: string }[] = [
  {
    who: 'manage-applications',
    rights: { account: ['manage-applications'] },
    allowed: Object.keys(ATTEMPTS).join(' '),
  },
  { who: 'read everywhere', rights: inApplication('shop', 'all', 'read'), allowed: 'see' },
  { who: 'use everywhere', rights: inApplication('shop', 'all', 'use'), allowed: 'see' },
  {
    who: 'read in one environment',
    rights: inApplication('shop', ['dev'], 'read'),
    allowed: 'see',
    hidden: 'renameProd previewProd deleteProd',
  },
  {
    who: 'create everywhere',
    rights: inApplication('shop', 'all', 'create'),
    allowed: 'see addProduction addNonProduction addService',
  },
  {
    who: 'create for production',
    rights: inApplication('shop', 'production', 'read', 'create'),
    allowed: 'see addProduction',
    hidden: 'renameDev deleteDev',
  },
  {
    who: 'create in one environment that exists',
    rights: inApplication('shop', ['dev'], 'create'),
    allowed: 'see',
    hidden: 'renameProd previewProd deleteProd',
  },
  {
    who: 'update everywhere',
    rights: inApplication('shop', 'all', 'update'),
    allowed: 'see rename renameProd renameDev renameService',
  },
  {
    who: 'update and delete in one environment',
    rights: inApplication('shop', ['dev'], 'update', 'delete'),
    allowed: 'see renameDev deleteDev',
    hidden: 'renameProd previewProd deleteProd',
  },
  {
    who: 'delete everywhere',
    rights: inApplication('shop', 'all', 'delete'),
    allowed: 'see previewProd deleteProd deleteDev deleteService',
  },
  {
    who: 'delete in production, read everywhere',
    rights: {
      grants: [
        { where: [{ applications: ['shop'], environments: 'production' }], actions: ['delete'] },
        { where: [{ applications: 'all', environments: 'all' }], actions: ['read'] },
      ],
    },
    allowed: 'see previewProd deleteProd',
  },
  {
    who: 'everything in another application, and every permission but one',
    rights: {
      account: [
        'manage-secrets-managers',
        'manage-secrets',
        'manage-delegates',
        'manage-users-and-groups',
        'manage-api-keys',
        'view-audit-trail',
        'force-delete-secrets',
        'run-scripts',
      ] satisfies AccountPermission[],
      grants: [
        {
          where: [{ applications: ['other'], environments: 'all' }],
          actions: ['create', 'read', 'update', 'delete', 'use'],
        },
      ],
    },
    allowed: '',
    hidden: Object.keys(ATTEMPTS)
      .filter((name) => name !== 'preview' && name !== 'delete')
      .join(' '),
  },
];

describe('who may do what', () => {
  test.each(ALLOWED)('$who', async ({ rights, allowed, hidden }) => {
    await addApplication(on, 'other');
    const shop = await addApplication(on, 'shop');
    await on.call('POST', '/v1/applications/shop/services', { name: 'api' });
    const call = await caller(on, rights);
    for (const [name, [method, path, body]] of Object.entries(ATTEMPTS)) {
      const answer = await call(method, `/v1/applications/${shop.id}${path}`, body);
      const refusal = answer.body?.error?.code;
      const isAllowed = allowed.split(' ').includes(name);
      const isHidden = hidden?.split(' ').includes(name) === true;
      const expected = isHidden ? 'not-found' : isAllowed ? undefined : 'forbidden';
      expect([name, refusal === 'confirmation-required' ? undefined : refusal]).toEqual([name, expected]);
      if (!isAllowed || method === 'GET') continue;
      // Undo it, so that the next one starts from the same.
      await restore(shop.id, name, answer.body);
    }
  });

  async function restore(id: string, name: string, made: Loose): Promise<void> {
    const path = `/v1/applications/${id}`;
    if (name === 'rename') await on.call('PATCH', path, { name: 'shop' });
    if (name === 'renameProd') await on.call('PATCH', `${path}/environments/live`, { name: 'prod' });
    if (name === 'renameDev') await on.call('PATCH', `${path}/environments/test`, { name: 'dev' });
    if (name === 'addService') await on.call('DELETE', `${path}/services/new`);
    if (name === 'renameService') await on.call('PATCH', `${path}/services/new`, { name: 'api' });
    if (name.startsWith('add') && name !== 'addService') {
      await on.call('PATCH', `${path}/environments/${made.id}`, { name: `old ${made.id.slice(-6)}` });
    }
  }

  test('only manage-applications creates and deletes applications, and a refusal names it', async () => {
    const call = await caller(on, {
      grants: [
        {
          where: [{ applications: 'all', environments: 'all' }],
          actions: ['create', 'read', 'update', 'delete', 'use'],
        },
      ],
    });
    await addApplication(on, 'shop');
    for (const [method, path, body] of [
      ['POST', '/v1/applications', { name: 'mine' }],
      ['GET', '/v1/applications/shop/deletion'],
      ['DELETE', '/v1/applications/shop'],
      ['DELETE', '/v1/applications/nope'],
    ] as const) {
      const error = expectError(await call(method, path, body), 'forbidden');
      expect(error.message).toContain('"manage-applications"');
    }
  });

  test('lists show what may be seen: applications, and in them environments', async () => {
    await addApplication(on, 'shop');
    await addApplication(on, 'billing');
    await addApplication(on, 'hidden');
    const call = await caller(on, {
      grants: [
        { where: [{ applications: ['shop'], environments: ['prod'] }], actions: ['read'] },
        { where: [{ applications: ['billing'], environments: 'non-production' }], actions: ['use'] },
      ],
    });
    const { body } = await call('GET', '/v1/applications');
    expect(body.applications.map((one: Loose) => [one.name, namesIn(one.environments)])).toEqual([
      ['billing', ['dev']],
      ['shop', ['prod']],
    ]);
    expect(await listed(call, '?search=hid')).toEqual([]);
    expect(await listed(await caller(on, {}))).toEqual([]);
    const manager = await caller(on, { account: ['manage-applications'] });
    expect(await listed(manager)).toEqual(['billing', 'hidden', 'shop']);
  });
});

describe('what may not be seen', () => {
  test('is answered exactly like what is not there, whatever is tried', async () => {
    const shop = await addApplication(on, 'shop');
    await on.call('POST', '/v1/applications/shop/services', { name: 'api' });
    await addApplication(on, 'mine');
    const stranger = await caller(
      on,
      inApplication('mine', 'all', 'create', 'read', 'update', 'delete', 'use'),
    );
    const compared: string[] = [];
    for (const [name, [method, path, body]] of Object.entries(ATTEMPTS)) {
      for (const [there, missing] of [
        [shop.id, newId('application')],
        ['shop', 'shoe'],
      ] as const) {
        const hidden = await stranger(method, `/v1/applications/${there}${path}`, body);
        const absent = await stranger(method, `/v1/applications/${missing}${path}`, body);
        expect(bare(hidden)).toEqual(bare(absent));
        compared.push(name);
      }
    }
    expect(compared.length).toBe(2 * Object.keys(ATTEMPTS).length);
  });

  test('also in an application that may be seen: its other environments', async () => {
    const shop = await addApplication(on, 'shop');
    const dev = await caller(on, inApplication('shop', ['dev'], 'create', 'read', 'update', 'delete', 'use'));
    const path = `/v1/applications/${shop.id}/environments`;
    for (const [method, tail, body] of [
      ['PATCH', '', { name: 'x' }],
      ['GET', '/deletion'],
      ['DELETE', ''],
      ['DELETE', '?confirm=abc'],
    ] as const) {
      for (const [there, missing] of [
        [shop.environments['prod'], newId('environment')],
        ['prod', 'prop'],
      ] as const) {
        const hidden = await dev(method, `${path}/${there}${tail}`, body);
        const absent = await dev(method, `${path}/${missing}${tail}`, body);
        expectError(hidden, 'not-found');
        expect(bare(hidden)).toEqual(bare(absent));
      }
    }
  });
});
