// Usage scopes: where a secret or a secrets manager may be used. Their form, and what makes one secret's scope clash with another's.
// Who may see or change a secret because of its scope is decided in decide-access.ts.
import { AppError } from '../errors/app-error.ts';
import { ENVIRONMENT_TYPES, regionContains, regionsOverlap } from '../access/region.ts';
import type { Catalogue, EnvironmentType, Region, RegionRow } from '../access/region.ts';
import type { ApplicationId, EnvironmentId } from '../ids/id.ts';

/**
 * A secret's scope. `inherit`: wherever its secrets manager may be used, whatever that is at the time. `account`: in no application, only
 * for the account as a whole. `rows`: there; without rows, nowhere.
 */
export type UsageScope = { type: 'inherit' } | { type: 'account' } | { type: 'rows'; rows: Region };

/** Where a secret may be used after all: places, or the account as a whole. */
export type EffectiveScope = { type: 'account' } | { type: 'rows'; rows: Region };

export const SCOPE_LIMITS = { rows: 64, idsPerRow: 256 } as const;

/** What a scope comes to under the scope of its secrets manager. */
export function effectiveScope(scope: UsageScope, managerScope: Region): EffectiveScope {
  return scope.type === 'inherit' ? { type: 'rows', rows: managerScope } : scope;
}

/** Whether a secret of this scope fits under a secrets manager of that one. Only rows of its own can fail to. */
export function fitsUnder(scope: UsageScope, managerScope: Region, catalogue: Catalogue): boolean {
  return scope.type !== 'rows' || regionContains(managerScope, scope.rows, catalogue);
}

/** Whether two secrets of one name could both be meant at some place, so that the name would not tell which. */
export function scopesClash(a: EffectiveScope, b: EffectiveScope, catalogue: Catalogue): boolean {
  if (a.type === 'account' || b.type === 'account') return a.type === b.type;
  if (a.rows.length === 0 || b.rows.length === 0) return a.rows.length === b.rows.length;
  return regionsOverlap(a.rows, b.rows, catalogue);
}

/** What the check of rows asks: which applications and environments are there. */
export type KnownPlaces = {
  application(id: ApplicationId): boolean;
  environment(id: EnvironmentId): { applicationId: ApplicationId; type: EnvironmentType } | null;
};

/**
 * Checks rows that somebody gave: within the limits, and naming only what exists.
 * @throws {invalid-scope}
 */
export function checkRegion(rows: Region, known: KnownPlaces): Region {
  if (rows.length > SCOPE_LIMITS.rows) throw wrong(`A scope has at most ${SCOPE_LIMITS.rows} rows.`);
  for (const row of rows) checkRow(row, known);
  return rows;
}

function checkRow({ applications, environments }: RegionRow, known: KnownPlaces): void {
  if (applications !== 'all') {
    checkLength(applications, 'applications');
    if (!applications.every((id) => known.application(id)))
      throw wrong('A row names an application that is not there.');
  }
  if (typeof environments === 'string') {
    if (environments !== 'all' && !ENVIRONMENT_TYPES.includes(environments))
      throw wrong('Environments are "all", "production", "non-production" or a list of ids.');
    return;
  }
  checkLength(environments, 'environments');
  if (applications === 'all')
    throw wrong('Choose applications first: environments belong to one application each.');
  for (const id of environments) {
    const facts = known.environment(id);
    if (facts === null) throw wrong('A row names an environment that is not there.');
    if (!applications.includes(facts.applicationId))
      throw wrong('A row names an environment of an application that it does not name.');
  }
}

function checkLength(ids: readonly string[], what: string): void {
  if (ids.length === 0) throw wrong(`A row names no ${what}. Leave the row out, or say "all".`);
  if (ids.length > SCOPE_LIMITS.idsPerRow)
    throw wrong(`A row names at most ${SCOPE_LIMITS.idsPerRow} ${what}.`);
  if (new Set(ids).size !== ids.length) throw wrong(`A row names some of its ${what} twice.`);
}

function wrong(publicMessage: string): AppError {
  return new AppError('invalid-scope', { publicMessage });
}
