// What pages about secrets work out by themselves: the grid, differences between versions, where a new secret goes, who may do what.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ApplicationId, EnvironmentId, SecretId, SecretsManagerId } from '@sallyport/core';
import { AVAILABILITY_MAX_SECONDS } from '@sallyport/protocol/client';
import type { SecretVersionMetadata, WhoAmI } from '@sallyport/protocol';
import { gridOf, isShared, readOn } from '../src/secrets/grid.ts';
import type { GridPart, GridSecret } from '../src/secrets/grid.ts';
import { ageComplaint, availabilityDraftOf, availabilityOf } from '../src/secrets/availability-draft.ts';
import { differencesIn } from '../src/secrets/history.ts';
import { sayChanged } from '../src/secrets/say-usage.ts';
import { rightsOf } from '../src/secrets/secret-rights.ts';
import { isWhereComplete, newReference, scopeOfWhere, whereOf } from '../src/secrets/where.ts';

const secret = (name: string, id = `${name}-id`): GridSecret => ({
  id: id as SecretId,
  name,
  kind: 'text',
  version: 1,
  updatedAtMs: 0,
});

describe('the grid', () => {
  test('puts lists side by side by name, whatever its letter case, and tells what is missing', () => {
    const part: GridPart = {
      prod: { secrets: [secret('a'), secret('shared', 'one')], nextCursor: null },
      dev: { secrets: [secret('A', 'other'), secret('b'), secret('shared', 'one')], nextCursor: null },
    };
    const { rows, isWhole } = gridOf([part], ['prod', 'dev']);
    expect(isWhole).toBe(true);
    expect(rows.map(({ key, isIncomplete }) => [key, isIncomplete])).toEqual([
      ['a', false],
      ['b', true],
      ['shared', false],
    ]);
    expect(rows.map((row) => row.cells.map((cell) => cell !== null && isShared(row, cell)))).toEqual([
      [false, false],
      [false, false],
      [true, true],
    ]);
  });

  test('shows no name further than every list is read: what is not read yet does not look missing', () => {
    const part: GridPart = {
      prod: { secrets: [secret('a'), secret('m')], nextCursor: 'p1' },
      dev: { secrets: [secret('a'), secret('z')], nextCursor: 'd1' },
      qa: { secrets: [secret('n')], nextCursor: null },
    };
    const ids = ['prod', 'dev', 'qa'];
    expect(gridOf([part], ids).rows.map(({ key }) => key)).toEqual(['a', 'm']);
    // Only the list that holds the others up is read on.
    expect(readOn([part], ids)).toEqual({ prod: 'p1' });
    const rest: GridPart = { prod: { secrets: [secret('n')], nextCursor: null } };
    expect(gridOf([part, rest], ids).rows.map(({ key }) => key)).toEqual(['a', 'm', 'n', 'z']);
    expect(readOn([part, rest], ids)).toEqual({ dev: 'd1' });
  });

  test('comes to the same whatever the size of the pages it was read in', () => {
    const lists = fc.array(fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h')), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(lists, fc.integer({ min: 1, max: 5 }), (names, pageRows) => {
        const ids = names.map((_, index) => String(index));
        const sorted = names.map((list) => list.toSorted().map((name) => secret(name)));
        const read = (id: string, from: number): GridPart[string] => {
          const all = sorted[Number(id)] ?? [];
          const end = from + pageRows;
          return { secrets: all.slice(from, end), nextCursor: end < all.length ? String(end) : null };
        };
        const parts: GridPart[] = [Object.fromEntries(ids.map((id) => [id, read(id, 0)]))];
        for (let next = readOn(parts, ids); next !== null; next = readOn(parts, ids)) {
          const seen = gridOf(parts, ids).rows;
          // Rows that are shown stay as they are.
          parts.push(
            Object.fromEntries(Object.entries(next).map(([id, cursor]) => [id, read(id, Number(cursor))])),
          );
          expect(gridOf(parts, ids).rows.slice(0, seen.length)).toEqual(seen);
        }
        const whole = Object.fromEntries(
          ids.map((id, i) => [id, { secrets: sorted[i] ?? [], nextCursor: null }]),
        );
        expect(gridOf(parts, ids)).toEqual(gridOf([whole], ids));
      }),
    );
  });
});

describe('a history', () => {
  const version = (given: Partial<SecretVersionMetadata>): SecretVersionMetadata => ({
    version: 1,
    secretsManagerId: 'sm_1' as SecretsManagerId,
    keyArn: null,
    valueBytes: 10,
    createdAtMs: 0,
    createdBy: 'ada',
    ...given,
  });

  test('tells what each version has that the one before had not', () => {
    const entries = differencesIn([
      version({ version: 3, valueBytes: 7, secretsManagerId: 'sm_2' as SecretsManagerId, keyArn: 'arn:b' }),
      version({ version: 2, valueBytes: 12 }),
      version({ version: 1 }),
    ]);
    expect(
      entries.map(({ moreBytes, isOtherManager, isOtherKey }) => [moreBytes, isOtherManager, isOtherKey]),
    ).toEqual([
      [-5, true, true],
      [2, false, false],
      [null, false, false],
    ]);
  });

  test('says scopes and availability in words, and nothing where there was nothing', () => {
    expect(sayChanged('scope', { type: 'account' })).toBe('Account only');
    expect(sayChanged('availability', 'fresh')).toBe('The server is asked each time');
    expect(sayChanged('availability', 'offline 24h')).toBe(
      'May be up to 1 day old while the server is away, also after the delegate restarts',
    );
    expect(sayChanged('alias', null)).toBe('none');
    expect(sayChanged('version', 3)).toBe('3');
  });
});

describe('availability', () => {
  test('is shown in the largest whole unit, and is the same again when nothing was changed', () => {
    expect(availabilityDraftOf({ mode: 'offline', maxAgeSeconds: 86_400 })).toMatchObject({ count: '1' });
    expect(availabilityDraftOf({ mode: 'stale-ok', maxAgeSeconds: 90 })).toMatchObject({ count: '90' });
    const mode = fc.constantFrom('stale-ok' as const, 'offline' as const);
    const maxAgeSeconds = fc.integer({ min: 1, max: AVAILABILITY_MAX_SECONDS });
    fc.assert(
      fc.property(fc.record({ mode, maxAgeSeconds }), (availability) => {
        expect(availabilityOf(availabilityDraftOf(availability))).toEqual(availability);
      }),
    );
    expect(availabilityOf(availabilityDraftOf({ mode: 'fresh' }))).toEqual({ mode: 'fresh' });
  });

  test('an age that is none or too long comes to nothing, and is said in the unit that was chosen', () => {
    const draft = (count: string, unitSeconds: number) => ({ mode: 'stale-ok' as const, count, unitSeconds });
    for (const count of ['', '0', '-1', '1.5', '1e3', 'x', '٣']) {
      expect(ageComplaint(draft(count, 60)), count).toBe('Give a whole number, at least 1.');
      expect(availabilityOf(draft(count, 60)), count).toBeNull();
    }
    expect(ageComplaint(draft('169', 3600))).toBe('At most 168 hours, which is 7 days.');
    expect(ageComplaint(draft('8', 86_400))).toBe('At most 7 days.');
    expect(availabilityOf(draft('8', 86_400))).toBeNull();
    expect(availabilityOf(draft(' 7 ', 86_400))).toEqual({ mode: 'stale-ok', maxAgeSeconds: 604_800 });
    // What is not asked for is not complained of.
    expect(availabilityOf({ ...draft('x', 60), mode: 'fresh' })).toEqual({ mode: 'fresh' });
  });
});

describe('where a new secret goes', () => {
  test('an address that names a place fills it in; the place says the scope, and which secret of the name is meant', () => {
    const where = whereOf({ application: 'app_1', environment: 'env_1' });
    expect(isWhereComplete(where)).toBe(true);
    expect(scopeOfWhere(where)).toEqual({
      type: 'rows',
      rows: [{ applications: ['app_1'], environments: ['env_1'] }],
    });
    expect(newReference('a b', where)).toBe('sally://app_1/env_1/a%20b');
  });

  test('without a place it is as its secrets manager, by its name alone', () => {
    const where = whereOf({});
    expect(scopeOfWhere(where)).toEqual({ type: 'inherit' });
    expect(newReference('db', where)).toBe('db');
    expect(isWhereComplete({ ...where, kind: 'place' })).toBe(false);
  });

  test('rows lend the name a place only where the environment is certainly one of the application', () => {
    const rows = (applications: string[], environments: string[] | 'all') => ({
      ...whereOf({}),
      kind: 'rows' as const,
      rows: [{ applications, environments }],
    });
    expect(newReference('db', rows(['app_1'], ['env_1', 'env_2']))).toBe('sally://app_1/env_1/db');
    expect(newReference('db', rows(['app_1', 'app_2'], ['env_2']))).toBe('db');
    expect(newReference('db', rows(['app_1'], 'all'))).toBe('db');
  });
});

describe('rights to a secret', () => {
  const shop = 'app_1' as ApplicationId;
  const [production, staging] = ['env_1' as EnvironmentId, 'env_2' as EnvironmentId];
  const around = {
    applications: [
      {
        id: shop,
        environments: [
          {
            id: production,
            applicationId: shop,
            name: 'production',
            type: 'production' as const,
            createdAtMs: 0,
          },
          {
            id: staging,
            applicationId: shop,
            name: 'staging',
            type: 'non-production' as const,
            createdAtMs: 0,
          },
        ],
      },
    ],
    managers: [
      {
        id: 'sm_1' as SecretsManagerId,
        usageScope: [{ applications: 'all' as const, environments: 'production' as const }],
      },
    ],
  };
  const at = (id: EnvironmentId) => ({
    secretsManagerId: 'sm_1' as SecretsManagerId,
    scope: {
      type: 'rows' as const,
      rows: [
        {
          applications: [{ id: shop, name: 'shop', deleted: false }],
          environments: [{ id, name: 'x', applicationName: 'shop', deleted: false }],
        },
      ],
    },
  });
  const inherited = { secretsManagerId: 'sm_1' as SecretsManagerId, scope: { type: 'inherit' as const } };
  const nonProduction = (permissions: WhoAmI['permissions']): Pick<WhoAmI, 'permissions' | 'grants'> => ({
    permissions,
    grants: [
      [
        {
          where: [{ applications: 'all', environments: 'non-production' }],
          actions: ['read', 'update', 'use'],
        },
      ],
    ],
  });

  test('reach as far as the grants, by the type of the environment', () => {
    const me = nonProduction(['manage-secrets']);
    expect(rightsOf(me, around)(at(staging))).toEqual({ change: true, use: true });
    expect(rightsOf(me, around)(at(production))).toEqual({ change: false, use: false });
  });

  test('to an inherited scope are those to the scope of the secrets manager', () => {
    expect(rightsOf(nonProduction(['manage-secrets']), around)(inherited)).toEqual({
      change: false,
      use: false,
    });
  });

  test('to change need the permission besides', () => {
    expect(rightsOf(nonProduction([]), around)(at(staging))).toEqual({ change: false, use: true });
  });

  test('under a secrets manager that is not seen are left to the server', () => {
    const hidden = { ...around, managers: [] };
    expect(rightsOf(nonProduction([]), hidden)(inherited)).toEqual({ change: false, use: true });
    expect(rightsOf(nonProduction(['manage-secrets']), hidden)(inherited).change).toBe(true);
  });

  test('of nobody are none', () => {
    expect(rightsOf({ permissions: [], grants: [] }, around)(at(staging))).toEqual({
      change: false,
      use: false,
    });
  });
});
