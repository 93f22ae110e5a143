// Random parts of accounts for the access fuzzer: rights, rows of applications and environments, scopes, names.
import type { AccountPermission } from '@sallyport/core';
import { ACTIONS } from './access-model.ts';
import type { ModelRights, ModelScope, Rows } from './access-model.ts';
import type { World } from './access-world.ts';

export const PERMISSIONS: readonly AccountPermission[] = [
  'manage-secrets-managers',
  'manage-secrets',
  'manage-delegates',
  'manage-applications',
  'manage-users-and-groups',
  'manage-api-keys',
  'view-audit-trail',
  'force-delete-secrets',
  'run-scripts',
  'administer',
];
/** Often a role that people have, else anything. */
export function randomRights(world: World): ModelRights {
  const { random } = world;
  const account = (probability: number) => PERMISSIONS.filter(() => random.chance(probability));
  return random.weighted<ModelRights>(
    [1, () => ({ account: account(0.3), grants: [] })],
    [2, () => ({ account: ['manage-secrets'], grants: [{ where: randomRows(world), actions: ACTIONS }] })],
    [
      1,
      () => ({
        account: ['manage-secrets-managers'],
        grants: [{ where: randomRows(world), actions: ACTIONS }],
      }),
    ],
    [2, () => ({ account: [], grants: [{ where: randomRows(world), actions: ['read', 'use'] }] })],
    [
      4,
      () => ({
        account: account(0.15),
        grants: Array.from({ length: random.below(3) }, () => ({
          where: randomRows(world),
          actions: random.some(ACTIONS, 1),
        })),
      }),
    ],
  );
}

/** By ids; now and then of what is deleted. @param from the applications to choose from */
export function randomRows(world: World, from = existing(world.account.applications)): Rows {
  const { random, account } = world;
  const types = ['all', 'production', 'non-production'] as const;
  return Array.from({ length: random.weighted([1, () => 0], [6, () => 1], [3, () => 2]) }, () => {
    const chosen = random.chance(0.3) ? [] : random.some(from, 1).slice(0, 3);
    if (chosen.length === 0) return { applications: 'all' as const, environments: random.pick(types) };
    const applications = chosen.map(({ id }) => id);
    const inside = existing(account.environments).filter(({ application }) =>
      applications.includes(application),
    );
    const environments =
      inside.length > 0 && random.chance(0.5)
        ? random.some(inside, 1).map(({ id }) => id)
        : random.pick(types);
    return { applications, environments };
  });
}

export function existing<T extends { deleted: boolean }>(all: readonly T[]): T[] {
  return all.filter(({ deleted }) => !deleted);
}

export function randomScope(world: World): ModelScope {
  return world.random.weighted<ModelScope>(
    [2, () => ({ type: 'inherit' })],
    [1, () => ({ type: 'account' })],
    [5, () => ({ type: 'rows', rows: randomRows(world) })],
  );
}

/** Few, so that several secrets have the same. */
export const SECRET_NAMES = ['alpha', 'bravo', 'charlie', 'delta', 'echo', 'foxtrot', 'golf', 'hotel'].map(
  (word) => `secret-${word}`,
);
