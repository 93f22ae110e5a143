// Usage scopes of secrets on their way in and out of the API.
import { AppError, fitsUnder } from '@sallyport/core';
import type { Region, UsageScope } from '@sallyport/core';
import type { UsageScopeInput, UsageScopeView } from '@sallyport/protocol';
import type { FoundPlace } from '../applications/account-catalogue.ts';
import { parseRegion } from '../applications/region-input.ts';
import { viewRegion } from '../applications/region-view.ts';
import type { VisiblePlaces } from '../applications/visible-places.ts';
import type { SecretAsker } from './secret-asker.ts';

/** @param kept the scope that it had, whose deleted parts may stay in it. @throws {invalid-scope} */
export function parseUsageScope(
  input: UsageScopeInput,
  places: VisiblePlaces,
  kept: UsageScope | null = null,
): UsageScope {
  if (input.type !== 'rows') return input;
  const before = kept?.type === 'rows' ? kept.rows : [];
  return { type: 'rows', rows: parseRegion(input.rows, { places, kept: before }) };
}

export function viewUsageScope(scope: UsageScope, places: VisiblePlaces): UsageScopeView {
  return scope.type === 'rows' ? { type: 'rows', rows: viewRegion(scope.rows, places) } : scope;
}

/** Just this place. */
export function scopeOfPlace({ applicationId, environmentId }: FoundPlace): UsageScope {
  return { type: 'rows', rows: [{ applications: [applicationId], environments: [environmentId] }] };
}

/** @throws {scope-too-wide} with the bound, for those who may know of the secrets manager */
export function requireFit(
  scope: UsageScope,
  manager: { name: string; usageScope: Region },
  asker: SecretAsker,
): void {
  if (fitsUnder(scope, manager.usageScope, asker.catalogue)) return;
  const isSeen = asker.seesManager(manager.usageScope);
  throw new AppError('scope-too-wide', {
    publicMessage: `The usage scope reaches beyond that of the secrets manager${isSeen ? ` "${manager.name}"` : ''}.`,
    data: isSeen ? { managerScope: viewRegion(manager.usageScope, asker.places) } : {},
  });
}
