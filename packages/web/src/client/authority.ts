// The rights of the signed-in person in the form in which core decides about them, for what depends on an application or environment.
import { NO_AUTHORITY } from '@sallyport/core';
import type { Authority, Region } from '@sallyport/core';
import type { WhoAmI } from '@sallyport/protocol';
import type { Rights } from './permissions.ts';

/** Everything that they may do, as far as the server says it. */
export function authorityOf({ permissions, grants }: Rights): Authority {
  // No layer at all would forbid nothing.
  if (grants.length === 0) return NO_AUTHORITY;
  return {
    layers: grants.map((layer) => ({
      account: permissions,
      grants: layer.map(({ where, actions }) => ({ where: regionOf(where), actions })),
    })),
  };
}

type RegionView = WhoAmI['grants'][number][number]['where'];

function regionOf(rows: RegionView): Region {
  return rows.map(({ applications, environments }) => ({
    applications: applications === 'all' ? 'all' : applications.map(({ id }) => id),
    environments: typeof environments === 'string' ? environments : environments.map(({ id }) => id),
  }));
}
