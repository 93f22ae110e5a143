// From stored regions to regions as answers show them: with names where the caller may know them, and a mark at what was deleted.
import type { Grant, Region } from '@sallyport/core';
import type { GrantView, RegionView } from '@sallyport/protocol';
import type { VisiblePlaces } from './visible-places.ts';

export function viewRegion(region: Region, places: VisiblePlaces): RegionView {
  return region.map(({ applications, environments }) => ({
    applications:
      applications === 'all' ? applications : applications.map((id) => places.mentionApplication(id)),
    environments:
      typeof environments === 'string'
        ? environments
        : environments.map((id) => places.mentionEnvironment(id)),
  }));
}

export function viewGrant(grant: Grant, places: VisiblePlaces): GrantView {
  return { where: viewRegion(grant.where, places), actions: [...grant.actions] };
}

/** One line per row for audit records, by ids: names may change, and the record stays. */
export function printRegion(region: Region): string {
  const list = (filter: string | readonly string[]): string =>
    typeof filter === 'string' ? (filter === 'all' ? '*' : filter) : filter.join(',');
  return region.map((row) => `${list(row.applications)}/${list(row.environments)}`).join(' ') || 'nowhere';
}
