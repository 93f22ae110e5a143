// Decides who may use, read, see and change secrets and secrets managers, from rights and scopes alone. Everything that the server allows
// or refuses about them comes from here; the tables of docs/guide/scopes.md and docs/guide/access.md say the same in words.
import { EVERYWHERE, regionCovers } from '../access/region.ts';
import type { Catalogue, Place, Region } from '../access/region.ts';
import { APPLICATION_ACTIONS, may, mayAt, maySomewhere, mayThroughout } from '../access/rights.ts';
import type { Authority } from '../access/rights.ts';
import type { EffectiveScope } from './usage-scope.ts';

/** Who asks, and what is known of environments. */
export type Asker = { authority: Authority; catalogue: Catalogue };

/** Whether a secret of this scope may be used at the place at all. What is scoped to the account is used in no application. */
export function isUsableAt(scope: EffectiveScope, place: Place): boolean {
  return scope.type === 'rows' && regionCovers(scope.rows, place);
}

/** Whether the asker may have the value at this place: both the scope and a right to use have to cover it. */
export function mayUseAt(asker: Asker, scope: EffectiveScope, place: Place): boolean {
  return isUsableAt(scope, place) && mayAt(asker.authority, 'use', place);
}

/**
 * Whether the asker may have the value without saying where it will be used: if there is some place where they might. What is usable
 * nowhere is not read either.
 */
export function mayUseSomewhere(asker: Asker, scope: EffectiveScope): boolean {
  if (scope.type === 'account') return mayManageForAccount(asker);
  return maySomewhere(asker.authority, 'use', { region: scope.rows, catalogue: asker.catalogue });
}

/**
 * Whether the asker may know that the secret exists. Whoever may update somewhere may read there: otherwise a name that is taken would
 * tell them of what they may not see.
 */
export function maySeeSecret(asker: Asker, scope: EffectiveScope): boolean {
  if (scope.type === 'account') return mayManageForAccount(asker);
  if (scope.rows.length === 0) return may(asker.authority, 'manage-secrets');
  const where = { region: scope.rows, catalogue: asker.catalogue };
  return maySomewhere(asker.authority, 'read', where) || maySomewhere(asker.authority, 'update', where);
}

/** Whether the asker may create, change or delete a secret of this scope; a change of scope has to pass for both. */
export function mayChangeSecret(asker: Asker, scope: EffectiveScope): boolean {
  if (scope.type === 'account') return mayManageForAccount(asker);
  return (
    may(asker.authority, 'manage-secrets') &&
    mayThroughout(asker.authority, 'update', { region: scope.rows, catalogue: asker.catalogue })
  );
}

/** Whether the asker may know that the secrets manager exists. One for all places is everybody's to see. */
export function maySeeManager(asker: Asker, region: Region): boolean {
  if (may(asker.authority, 'manage-secrets-managers')) return true;
  if (region.some((row) => row.applications === 'all' && row.environments === 'all')) return true;
  return maySomewhere(asker.authority, 'read', { region, catalogue: asker.catalogue });
}

/** Whether the asker may create, change or delete a secrets manager of this scope; a change of scope has to pass for both. */
export function mayChangeManager(asker: Asker, region: Region): boolean {
  return (
    may(asker.authority, 'manage-secrets-managers') &&
    mayThroughout(asker.authority, 'update', { region, catalogue: asker.catalogue })
  );
}

/** Secrets of the account as a whole belong to those who manage secrets, or may do everything everywhere. */
function mayManageForAccount({ authority, catalogue }: Asker): boolean {
  return (
    may(authority, 'manage-secrets') ||
    APPLICATION_ACTIONS.every((action) => mayThroughout(authority, action, { region: EVERYWHERE, catalogue }))
  );
}
