// Rows of applications and environments in words, for lists and tables.
import type { EnvironmentType } from '@sallyport/core';
import type { ApplicationMention, EnvironmentMention, RegionView, UsageScopeView } from '@sallyport/protocol';

const TYPES: Readonly<Record<EnvironmentType, string>> = {
  production: 'production',
  'non-production': 'non-production',
};

/** One line per row, e.g. `All applications · all environments`. Empty region: none. */
export function sayRows(region: RegionView): string[] {
  return region.map(({ applications, environments }) => {
    const where = applications === 'all' ? 'All applications' : applications.map(sayApplication).join(', ');
    if (environments === 'all') return `${where} · all environments`;
    if (typeof environments === 'string') return `${where} · ${TYPES[environments]} environments`;
    return environments.map(sayEnvironment).join(', ');
  });
}

/** Whether a region is everything there is and will be, by one of its rows alone. */
export function isEverywhere(region: RegionView): boolean {
  return region.some(({ applications, environments }) => applications === 'all' && environments === 'all');
}

/** A usage scope in one line. */
export function sayScope(scope: UsageScopeView): string {
  if (scope.type === 'inherit') return 'As its secrets manager';
  if (scope.type === 'account') return 'Account only';
  return sayRegion(scope.rows);
}

/** A region in one line. */
export function sayRegion(region: RegionView): string {
  if (region.length === 0) return 'Nowhere';
  if (isEverywhere(region)) return 'Everywhere';
  return sayRows(region).join('; ');
}

/** Its name, also when there is none to tell. */
export function sayApplication({ name, deleted }: ApplicationMention): string {
  if (name === null) return deleted ? 'a deleted application' : 'an application that you may not see';
  return deleted ? `${name} (deleted)` : name;
}

/** With its application in front. */
export function sayEnvironment({ name, applicationName, deleted }: EnvironmentMention): string {
  if (name === null) return deleted ? 'a deleted environment' : 'an environment that you may not see';
  const whole = applicationName === null ? name : `${applicationName} / ${name}`;
  return deleted ? `${whole} (deleted)` : whole;
}
