// One change of applications, environments, services or config entries: a transaction that decides on what it reads itself, so that two
// changes at once end as if one had come after the other.
import type { Principal } from '../access/principal.ts';
import type { AuditScope } from '../audit/audit-entry.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import { readCatalogue } from './account-catalogue.ts';
import { VisiblePlaces } from './visible-places.ts';

/** What a change works with: everything as it is inside its transaction. */
export type StructureChange = {
  tables: Tables;
  /** What the caller may see. */
  places: VisiblePlaces;
  principal: Principal;
  scope: AuditScope;
};

export type StructureServices = Pick<Services, 'store' | 'clock' | 'ids' | 'catalogue' | 'rootKey'>;

/** Runs `work` in a transaction; resolves after it is durable and everybody in this process sees it. */
export async function changeStructure<T>(
  request: Parameters<typeof auditScopeOf>[0],
  services: StructureServices,
  work: (change: StructureChange) => Promise<T>,
): Promise<T> {
  const { principal } = request;
  const scope = auditScopeOf(request, services.clock);
  const result = await services.store.write(async (tables) => {
    const places = await placesIn(tables, principal);
    return work({ tables, places, principal, scope });
  });
  services.catalogue.forget();
  return result;
}

/** What the caller may see, as of this transaction or snapshot. */
export async function placesIn(tables: Tables, { authority }: Principal): Promise<VisiblePlaces> {
  return new VisiblePlaces({ authority, catalogue: await readCatalogue(tables) });
}

/** What the caller may see, as of a moment ago: for answers that change nothing. */
export async function placesFor(
  { authority }: Principal,
  { catalogue }: Pick<Services, 'catalogue'>,
): Promise<VisiblePlaces> {
  return new VisiblePlaces({ authority, catalogue: await catalogue.current() });
}
