// The written form of places and grants: what is typed means one thing, what is shown can be typed again, and what means nothing is
// refused with a hint and without repeating it.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { APPLICATION_ACTIONS, makeId } from '@sallyport/core';
import type { IdKind, Id } from '@sallyport/core';
import type { RegionView } from '@sallyport/protocol';
import { parseGrants, parseRegionRow, printGrant, printRegion } from '../src/input/parse-region.ts';

const row = (text: string) => parseRegionRow(text, 'scope');

function newId<K extends IdKind>(kind: K, seed: number): Id<K> {
  return makeId(kind, { nowMs: seed, random: new Uint8Array(10).fill(seed) });
}

describe('a place', () => {
  test.each([
    ['*/*', { applications: 'all', environments: 'all' }],
    ['*/production', { applications: 'all', environments: 'production' }],
    ['shop/*', { applications: ['shop'], environments: 'all' }],
    ['shop/non-production', { applications: ['shop'], environments: 'non-production' }],
    ['shop/dev', { applications: ['shop'], environments: ['dev'] }],
    ['shop/dev,staging', { applications: ['shop'], environments: ['dev', 'staging'] }],
    ['web shop , billing/production', { applications: ['web shop', 'billing'], environments: 'production' }],
    // With several applications a name means the environment of that name in each.
    ['shop,billing/dev', { applications: ['shop', 'billing'], environments: ['shop/dev', 'billing/dev'] }],
    ['shop/env:production', { applications: ['shop'], environments: ['production'] }],
    ['a,b/env:production', { applications: ['a', 'b'], environments: ['a/production', 'b/production'] }],
    [
      'a,b/env_0000000000aaaaaaaaaaaaaaaa',
      { applications: ['a', 'b'], environments: ['env_0000000000aaaaaaaaaaaaaaaa'] },
    ],
  ])('%s', (text, meaning) => {
    expect(row(text)).toEqual(meaning);
  });

  test.each([
    ['shop', 'APPLICATIONS/ENVIRONMENTS'],
    ['', 'APPLICATIONS/ENVIRONMENTS'],
    ['shop/', 'a name is missing'],
    ['/dev', 'a name is missing'],
    ['shop,/dev', 'a name is missing'],
    ['shop/dev,,prod', 'a name is missing'],
    ['*,shop/dev', '* is everything'],
    ['shop/*,dev', '* is everything'],
    ['shop/production,dev', 'stands for all production environments'],
    ['shop/production,non-production', 'is not combined with names'],
    ['*/dev', 'only be named where applications are'],
  ])('%s is refused', (text, words) => {
    expect(() => row(text)).toThrow(expect.objectContaining({ code: 'invalid-request' }));
    expect(() => row(text)).toThrow(words);
    expect(() => row(text)).toThrow('--scope');
  });

  test('a refusal does not repeat what was typed, which may be a secret in the wrong place', () => {
    for (const text of ['hunter2', 'hunter2,*/x', '*/hunter2', 'hunter2/production,x'])
      expect(() => row(text)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
      );
  });
});

describe('a grant', () => {
  test('has actions before the places', () => {
    const where = [{ applications: ['shop'], environments: 'production' }];
    expect(parseGrants(['read,use@shop/production', 'all@*/*'], 'grant')).toEqual([
      { actions: ['read', 'use'], where },
      { actions: [...APPLICATION_ACTIONS], where: [{ applications: 'all', environments: 'all' }] },
    ]);
  });

  test.each([
    ['shop/production', 'ACTIONS@APPLICATIONS/ENVIRONMENTS'],
    ['@shop/production', 'a name is missing'],
    ['write@shop/production', 'actions are all, or some of create, read'],
    ['all,read@shop/production', 'actions are all, or some of'],
    ['read@shop', 'APPLICATIONS/ENVIRONMENTS'],
  ])('%s is refused', (text, words) => {
    expect(() => parseGrants([text], 'grant')).toThrow(words);
  });
});

describe('what is shown', () => {
  const app = (id: number, name: string | null, deleted = false) => ({
    id: newId('application', id),
    name,
    deleted,
  });
  const env = (id: number, name: string | null, applicationName: string | null, deleted = false) => ({
    id: newId('environment', id),
    name,
    applicationName,
    deleted,
  });

  test('can be typed again', () => {
    const names = fc.constantFrom('shop', 'billing', 'web shop', 'production', 'x.1');
    const apps = fc.uniqueArray(names, { minLength: 1, maxLength: 3 });
    const rows = fc.oneof(
      fc.record({
        applications: fc.oneof(fc.constant('all' as const), apps),
        environments: fc.constantFrom('all' as const, 'production' as const, 'non-production' as const),
      }),
      fc.record({
        applications: apps.map((list) => list.slice(0, 1)),
        environments: fc.uniqueArray(names, { minLength: 1, maxLength: 3 }),
      }),
    );
    fc.assert(
      fc.property(rows, ({ applications, environments }) => {
        const view: RegionView[number] = {
          applications: applications === 'all' ? 'all' : applications.map((name, i) => app(i, name)),
          environments:
            typeof environments === 'string'
              ? environments
              : environments.map((name, i) => env(i, name, applications[0] ?? null)),
        };
        expect(printRegion([view]).map(row)).toEqual([{ applications, environments }]);
      }),
    );
  });

  test('names environments by application, marks what was deleted, and falls back on ids', () => {
    const several = {
      applications: [app(1, 'shop'), app(2, 'billing')],
      environments: [env(1, 'dev', 'shop'), env(2, 'dev', 'billing'), env(3, 'qa', 'shop', true)],
    };
    const hidden = { applications: [app(3, null)], environments: [env(4, null, null)] };
    expect(printRegion([several, hidden])).toEqual([
      'shop/dev,qa (deleted)',
      'billing/dev',
      `${newId('application', 3)}/${newId('environment', 4)}`,
    ]);
    expect(printRegion([])).toEqual([]);
    expect(printGrant({ actions: [...APPLICATION_ACTIONS], where: [several] })).toEqual([
      'all@shop/dev,qa (deleted)',
      'all@billing/dev',
    ]);
    expect(
      printGrant({ actions: ['read', 'use'], where: [{ applications: 'all', environments: 'all' }] }),
    ).toEqual(['read,use@*/*']);
  });
});
