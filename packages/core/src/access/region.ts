// Regions: sets of places, a place being an application with one of its environments. Usage scopes and the grants of user groups are
// both written as regions, so everything that is decided about access is a question about them. A region also speaks of applications
// and environments that do not exist yet, so it is never expanded into a list of those that exist.
import type { ApplicationId, EnvironmentId } from '../ids/id.ts';

export const ENVIRONMENT_TYPES = ['production', 'non-production'] as const;
/** What an environment is for. It never changes. */
export type EnvironmentType = (typeof ENVIRONMENT_TYPES)[number];

/**
 * One row: the places of these applications that are of this type, or among these environments. Lists are not empty, and environments are
 * only chosen where applications are; ids of what was deleted stay in the lists and stand for nothing else, ever.
 */
export type RegionRow = {
  applications: 'all' | readonly ApplicationId[];
  environments: 'all' | EnvironmentType | readonly EnvironmentId[];
};

/** The union of its rows. Empty: no place at all. */
export type Region = readonly RegionRow[];

/** Every place that is or will be. */
export const EVERYWHERE: Region = [{ applications: 'all', environments: 'all' }];

/** An application with one of its environments, as they exist. */
export type Place = {
  applicationId: ApplicationId;
  environmentId: EnvironmentId;
  environmentType: EnvironmentType;
};

/** What is known of environments that a region may name, deleted ones included. */
export type EnvironmentFacts = { applicationId: ApplicationId; type: EnvironmentType };
export type Catalogue = { environment(id: EnvironmentId): EnvironmentFacts | null };

/**
 * Stands for all places that regions cannot tell apart. `applicationId` null: any application that no region names; `environmentId`
 * null: any environment of the type that no region names, be it there or yet to come.
 */
export type Cell = {
  applicationId: ApplicationId | null;
  environmentId: EnvironmentId | null;
  environmentType: EnvironmentType;
};

/** Whether one of the rows covers the place or cell. */
export function regionCovers(region: Region, place: Place | Cell): boolean {
  return region.some((row) => rowCovers(row, place));
}

function rowCovers({ applications, environments }: RegionRow, place: Place | Cell): boolean {
  const { applicationId, environmentId, environmentType } = place;
  if (applications !== 'all' && (applicationId === null || !applications.includes(applicationId)))
    return false;
  if (environments === 'all' || environments === environmentType) return true;
  return Array.isArray(environments) && environmentId !== null && environments.includes(environmentId);
}

/** Whether every place of `inner`, now or ever, is one of `outer`. */
export function regionContains(outer: Region, inner: Region, catalogue: Catalogue): boolean {
  return cellsOf([inner], catalogue).every((cell) => !regionCovers(inner, cell) || regionCovers(outer, cell));
}

/** Whether some place, now or ever, is in both. */
export function regionsOverlap(a: Region, b: Region, catalogue: Catalogue): boolean {
  return cellsOf([a, b], catalogue).some((cell) => regionCovers(a, cell) && regionCovers(b, cell));
}

/**
 * Cells that together stand for every place there is or can be, as far as these regions tell places apart. For each application that is
 * named, and for "any other one": a production and a non-production environment that nobody names, and each environment that is named.
 *
 * To find out whether something holds wherever a region is, the cells of that region are enough, whatever other regions name: what covers
 * a cell whose application or environment nobody names covers all that it stands for. To find out whether something holds somewhere,
 * the cells of all regions in question are needed.
 */
export function cellsOf(regions: readonly Region[], catalogue: Catalogue): Cell[] {
  return alternativesOf(regions, { catalogue, within: EVERYWHERE }).flat();
}

/**
 * The same, one list per place: more than one cell where the catalogue does not know an environment, which is then in one of them, but
 * nobody knows in which. What holds for all cells of a list holds for the place.
 * @param where.within leaves out what is in none of its applications
 */
export function alternativesOf(
  regions: readonly Region[],
  where: { catalogue: Catalogue; within: Region },
): Cell[][] {
  const isNear = nearnessTo(where.within);
  const applications = new Set<ApplicationId | null>(isNear(null) ? [null] : []);
  const environments = new Map<EnvironmentId, EnvironmentFacts[]>();
  for (const { applications: apps, environments: envs } of regions.flat()) {
    if (apps !== 'all') for (const id of apps) if (isNear(id)) applications.add(id);
    if (!Array.isArray(envs)) continue;
    for (const id of envs as readonly EnvironmentId[]) {
      const facts = where.catalogue.environment(id);
      // An id that nobody knows may be of either type, in each of the row's applications.
      const guesses = apps === 'all' ? [] : apps.flatMap(eitherType);
      environments.set(id, [...(environments.get(id) ?? []), ...(facts === null ? guesses : [facts])]);
    }
  }
  const unnamed = [...applications].flatMap((applicationId) =>
    ENVIRONMENT_TYPES.map((environmentType): Cell[] => [
      { applicationId, environmentId: null, environmentType },
    ]),
  );
  const named = [...environments]
    .filter(([, known]) => known.some(({ applicationId }) => isNear(applicationId)))
    .map(([environmentId, known]) =>
      known.map(({ applicationId, type }): Cell => ({ applicationId, environmentId, environmentType: type })),
    );
  return [...unnamed, ...named];
}

/** Whether an application, or null for any that nobody names, is one of the region's. */
function nearnessTo(region: Region): (id: ApplicationId | null) => boolean {
  const ids = new Set<ApplicationId | null>();
  for (const { applications } of region) {
    if (applications === 'all') return () => true;
    for (const id of applications) ids.add(id);
  }
  return (id) => ids.has(id);
}

function eitherType(applicationId: ApplicationId): EnvironmentFacts[] {
  return ENVIRONMENT_TYPES.map((type) => ({ applicationId, type }));
}
