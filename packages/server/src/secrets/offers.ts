// Tells a client which delegates it may seal for: to write one secret, or to read many. Policy and lookup are the same as for the
// operation itself, so that an offer is not a promise that the operation then breaks.
import type { AppError } from '@sallyport/core';
import type { ReadOffers, UnresolvedItem, WriteOffers } from '@sallyport/protocol';
import { explainEligibility } from '../fleet/eligibility.ts';
import type { DelegateStanding } from '../fleet/eligibility.ts';
import { noDelegateError } from '../fleet/fleet.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { OperationRequest } from '../http/operation.ts';
import type { SecretsManagerRow } from '../secrets-managers/secrets-manager-store.ts';
import type { Services } from '../services.ts';
import { parseUnversioned } from './find-secret.ts';
import { findItems, managersOf, unresolvedItem } from './find-readable.ts';
import type { FoundItem } from './find-readable.ts';
import { recordUnreadable } from './release-record.ts';
import { findUsableAt } from './find-usable.ts';
import { askerOf } from './secret-asker.ts';
import { findWriteSubject } from './write-plan.ts';

/** @throws see the route `offersToWrite` */
export async function offersToWrite(
  request: OperationRequest<'offersToWrite'>,
  services: Services,
): Promise<WriteOffers> {
  const reference = parseUnversioned(request.body.secret);
  const asker = await askerOf(request, services);
  const { manager } = await services.store.read(async (tables) =>
    findWriteSubject(tables, { ...request.body, availability: null, reference }, asker),
  );
  const delegates = services.fleet.offers([manager.settings]);
  if (delegates.length === 0) throw await services.fleet.noDelegate([manager.settings]);
  return { delegates };
}

type Group = ReadOffers['groups'][number];
/** Items under one secrets manager: what serves one of them serves all. */
type Bundle = { manager: SecretsManagerRow; items: FoundItem[] };

/** @throws {no-delegate} when nothing that exists can be read */
export async function offersToRead(
  request: OperationRequest<'offersToRead'>,
  services: Services,
): Promise<ReadOffers> {
  const asker = await askerOf(request, services);
  const { items: references, place } = request.body;
  const { items, unreadable } = await services.store.read(async (tables) =>
    place === undefined
      ? findItems(tables, { references: references ?? [], asker })
      : { items: await findUsableAt(tables, { place, asker }), unreadable: [] },
  );
  // Clients that are told of nothing to read ask no further: this is where they were refused.
  const scope = auditScopeOf(request, services.clock);
  await recordUnreadable(unreadable, { scope, releases: services.releases });
  const unresolved = unreadable.map(unresolvedItem);
  const { groups, orphans } = groupBundles(await bundle(items, services), services);
  if (orphans.length === 0) return { groups, unresolved };
  const standings = await services.fleet.standings();
  if (groups.length === 0 && unresolved.length === 0) throw orphanError(orphans, standings);
  return { groups, unresolved: [...unresolved, ...orphans.flatMap((one) => orphaned(one, standings))] };
}

async function bundle(items: readonly FoundItem[], services: Services): Promise<Bundle[]> {
  const managers = await managersOf(items, services.directory);
  return [...managers.values()].map((manager) => ({
    manager,
    items: items.filter(({ found }) => found.version.secretsManagerId === manager.id),
  }));
}

/** Greedy: the delegate that serves most of what is left gets it all, until nothing is left. */
function groupBundles(bundles: Bundle[], services: Services): { groups: Group[]; orphans: Bundle[] } {
  const groups: Group[] = [];
  let left = bundles;
  for (;;) {
    const served = mostServed(left, services);
    if (served.length === 0) return { groups, orphans: left };
    groups.push({
      items: served.flatMap(({ items }) => items.map(offerItem)),
      delegates: services.fleet.offers(served.map(({ manager }) => manager.settings)),
    });
    left = left.filter((one) => !served.includes(one));
  }
}

/** The largest set of bundles that one delegate can serve; empty when nothing can be served. */
function mostServed(bundles: readonly Bundle[], services: Services): Bundle[] {
  let most: Bundle[] = [];
  let mostItems = 0;
  for (const delegate of services.fleet.delegates.all()) {
    const served = bundles.filter(
      ({ manager }) => explainEligibility(delegate, [manager.settings]).length === 0,
    );
    const count = served.reduce((sum, { items }) => sum + items.length, 0);
    const isOffered =
      count > mostItems && services.fleet.offers(served.map(({ manager }) => manager.settings)).length > 0;
    if (isOffered) [most, mostItems] = [served, count];
  }
  return most;
}

function offerItem({ reference, found }: FoundItem): Group['items'][number] {
  const { secret, version } = found;
  return {
    reference,
    secretId: secret.id,
    version: version.version,
    kind: secret.kind,
    valueBytes: version.valueBytes,
  };
}

function orphanError(orphans: readonly Bundle[], standings: readonly DelegateStanding[]): AppError {
  return noDelegateError(
    standings,
    orphans.map(({ manager }) => manager.settings),
  );
}

function orphaned(orphan: Bundle, standings: readonly DelegateStanding[]): UnresolvedItem[] {
  const error = orphanError([orphan], standings);
  return orphan.items.map(({ reference }) => unresolvedItem({ reference, error }));
}
