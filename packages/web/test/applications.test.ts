// What the pages of applications decide by themselves: which buttons somebody's rights allow, and names before they are sent.
import { describe, expect, test } from 'vitest';
import { mayAt } from '@sallyport/core';
import type { ApplicationId } from '@sallyport/core';
import type { EnvironmentView } from '@sallyport/protocol';
import { rightsAt } from '../src/applications/application-rights.ts';
import { judgeEntryName, judgePartName } from '../src/applications/part-name.ts';
import { authorityOf } from '../src/client/authority.ts';
import type { Rights } from '../src/client/permissions.ts';

const SHOP = 'app_shop' as ApplicationId;
const PROD = { id: 'env_prod', type: 'production' } as unknown as EnvironmentView;
const DEV = { id: 'env_dev', type: 'non-production' } as unknown as EnvironmentView;

type Where = Rights['grants'][number][number]['where'];
const EVERYWHERE: Where = [{ applications: 'all', environments: 'all' }];
const IN_PRODUCTION: Where = [{ applications: 'all', environments: 'production' }];
const ONLY_DEV = [
  { applications: [{ id: 'app_shop' }], environments: [{ id: 'env_dev' }] },
] as unknown as Where;

function having(actions: Rights['grants'][number][number]['actions'], where: Where): Rights {
  return { permissions: [], grants: [[{ where, actions }]] };
}

describe('rights', () => {
  test('whoever manages applications may change all of them, but not what services refer to', () => {
    const rights = rightsAt({ permissions: ['manage-applications'], grants: [[]] }, SHOP);
    expect(rights).toMatchObject({ rename: true, delete: true, addService: true });
    expect(rights.addEnvironments).toEqual(['production', 'non-production']);
    expect(rights.renameEnvironment(PROD)).toBe(true);
    expect(rights.setEntry(null)).toBe(false);
    expect(rights.setEntry(PROD)).toBe(false);
  });

  test('a grant for production reaches no further, and is not one for all of the application', () => {
    const rights = rightsAt(having(['update', 'create'], IN_PRODUCTION), SHOP);
    expect(rights).toMatchObject({ rename: false, delete: false, addService: false, renameService: false });
    expect(rights.addEnvironments).toEqual(['production']);
    expect([PROD, DEV].map(rights.renameEnvironment)).toEqual([true, false]);
    expect([PROD, DEV, null].map((place) => rights.setEntry(place))).toEqual([true, false, false]);
  });

  test('a grant for one environment does not cover those to come', () => {
    const rights = rightsAt(having(['create', 'delete'], ONLY_DEV), SHOP);
    expect(rights.addEnvironments).toEqual([]);
    expect([PROD, DEV].map(rights.deleteEnvironment)).toEqual([false, true]);
  });

  test('where there are two lists of grants, both have to allow it', () => {
    const grants = [...having(['update'], EVERYWHERE).grants, ...having(['update'], IN_PRODUCTION).grants];
    const rights = rightsAt({ permissions: [], grants }, SHOP);
    expect([PROD, DEV].map(rights.renameEnvironment)).toEqual([true, false]);
    expect(rights.rename).toBe(false);
  });

  test('no list at all allows nothing', () => {
    const authority = authorityOf({ permissions: ['administer'], grants: [] });
    const place = { applicationId: SHOP, environmentId: PROD.id, environmentType: PROD.type };
    expect(mayAt(authority, 'read', place)).toBe(false);
  });
});

describe('names', () => {
  test.each([
    ['shop', true],
    ['my shop-2.x', true],
    ['', false],
    ['shop/x', false],
    [' shop', false],
    ['x'.repeat(129), false],
  ])('%j', (name, isGood) => {
    expect(judgePartName(name) === null).toBe(isGood);
  });

  test.each([
    ['variable', 'DB_PASSWORD', true],
    ['variable', '2FAST', false],
    ['variable', 'a-b', false],
    ['variable', '', false],
    ['file', 'etc/tls.pem', true],
    ['file', '../tls.pem', false],
    ['file', '/tls.pem', false],
    ['file', 'etc//tls.pem', false],
    ['file', '', false],
  ] as const)('a %s called %j', (kind, name, isGood) => {
    expect(judgeEntryName(kind, name) === null).toBe(isGood);
  });
});
