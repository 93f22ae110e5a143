// Scopes as they are stored: JSON text in columns. Few distinct texts stand for many secrets, so what a text comes to is kept, and equal
// texts give the same object; what is decided about one secret can then be kept for all of its scope.
import { effectiveScope } from '@sallyport/core';
import type { EffectiveScope, Region, UsageScope } from '@sallyport/core';

const KEPT_MAX = 10_000;

const scopes = new Map<string, UsageScope>();
const regions = new Map<string, Region>();
const effective = new Map<string, EffectiveScope>();

/** Fields in one order, so that equal scopes are equal texts. */
export function printScope(scope: UsageScope): string {
  if (scope.type !== 'rows') return JSON.stringify({ type: scope.type });
  return `{"type":"rows","rows":${printRegion(scope.rows)}}`;
}

export function printRegion(region: Region): string {
  return JSON.stringify(
    region.map(({ applications, environments }) => ({
      applications: typeof applications === 'string' ? applications : [...applications].sort(),
      environments: typeof environments === 'string' ? environments : [...environments].sort(),
    })),
  );
}

export function parseScope(text: string): UsageScope {
  return kept(scopes, text, () => JSON.parse(text) as UsageScope);
}

export function parseRegion(text: string): Region {
  return kept(regions, text, () => JSON.parse(text) as Region);
}

/** What a stored scope comes to under a stored scope of a secrets manager. */
export function parseEffectiveScope(scope: string, managerScope: string): EffectiveScope {
  return kept(effective, `${scope}\n${managerScope}`, () =>
    effectiveScope(parseScope(scope), parseRegion(managerScope)),
  );
}

function kept<T>(cache: Map<string, T>, key: string, make: () => T): T {
  const known = cache.get(key);
  if (known !== undefined) return known;
  if (cache.size >= KEPT_MAX) cache.clear();
  const made = make();
  cache.set(key, made);
  return made;
}
