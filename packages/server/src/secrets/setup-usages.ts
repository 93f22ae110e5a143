// What is set up to use a secret: config entries of services, which refer to it by id, and start-up profiles of delegates, whose scripts
// name it. Uses that have happened are another matter.
import { isUsableAt, may } from '@sallyport/core';
import type { Catalogue, EffectiveScope, EnvironmentId, SecretId } from '@sallyport/core';
import type { SetupUsageList, SetupUsageView } from '@sallyport/protocol';
import type { SetupUsage } from '../applications/config-entry-store.ts';
import { isEverywhere } from '../delegate-profiles/named-secrets.ts';
import type { ProfileNaming } from '../delegate-profiles/profile-store.ts';
import type { OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import { parseExisting, requireVisible } from './find-secret.ts';
import { askerOf } from './secret-asker.ts';
import type { SecretAsker } from './secret-asker.ts';
import type { FoundSecret } from './secret-store.ts';

/** So many are named in a message. */
const NAMED = 5;

type UsageTables = Pick<Tables, 'configEntries' | 'delegateProfiles'>;

export type SetupUsages = {
  entries: readonly SetupUsage[];
  /** Each profile once. */
  profiles: readonly ProfileNaming[];
};

export async function listSetupUsages(
  request: OperationRequest<'listSetupUsages'>,
  services: Services,
): Promise<SetupUsageList> {
  const asker = await askerOf(request, services);
  const reference = parseExisting(request.params.secret);
  return services.store.read(async (tables) => {
    const found = await requireVisible(tables, reference, asker);
    return viewSetupUsages(await setupUsagesOf(tables, found, asker.catalogue), asker);
  });
}

export async function setupUsagesOf(
  tables: UsageTables,
  found: FoundSecret,
  catalogue: Catalogue,
): Promise<SetupUsages> {
  const { id } = found.secret;
  const profiles = meantBy(await tables.delegateProfiles.naming([id]), new Map([[id, found]]), catalogue);
  return { entries: await tables.configEntries.entriesOfSecret(id), profiles };
}

/** How many there are of each of these secrets; those without any are left out. */
export async function countSetupUsages(
  tables: UsageTables,
  found: readonly FoundSecret[],
  catalogue: Catalogue,
): Promise<Map<SecretId, number>> {
  const secrets = new Map(found.map((one) => [one.secret.id, one]));
  const ids = [...secrets.keys()];
  const counts = await tables.configEntries.countsOfSecrets(ids);
  for (const { secretId } of meantBy(await tables.delegateProfiles.naming(ids), secrets, catalogue))
    counts.set(secretId, (counts.get(secretId) ?? 0) + 1);
  return counts;
}

/** A name means one that may be used everywhere; an id means its secret, whatever has become of it. Each profile once for each secret. */
function meantBy(
  naming: readonly ProfileNaming[],
  secrets: ReadonlyMap<SecretId, FoundSecret>,
  catalogue: Catalogue,
): ProfileNaming[] {
  const meant = naming.filter(({ secretId, by }) => {
    const scope = secrets.get(secretId)?.scope;
    return by === null || (scope !== undefined && isEverywhere(scope, catalogue));
  });
  const once = new Map(meant.map((one) => [`${one.secretId} ${one.profile.id}`, one]));
  return [...once.values()];
}

export function hasUsages({ entries, profiles }: SetupUsages): boolean {
  return entries.length + profiles.length > 0;
}

/** Those that would not have the secret any more where they use it. */
export function usagesLost(
  { entries, profiles }: SetupUsages,
  change: { before: EffectiveScope; after: EffectiveScope },
  catalogue: Catalogue,
): SetupUsages {
  const isNarrowed = isEverywhere(change.before, catalogue) && !isEverywhere(change.after, catalogue);
  return {
    entries: entries.filter((usage) => losesSecret(usage, change)),
    profiles: isNarrowed ? profiles : [],
  };
}

/** Whether the entry counts at a place where its secret is usable before a change and not after it. */
function losesSecret(
  { applicationId, environments }: SetupUsage,
  change: { before: EffectiveScope; after: EffectiveScope },
): boolean {
  return environments.some(({ id, type }) => {
    const place = { applicationId, environmentId: id, environmentType: type };
    return isUsableAt(change.before, place) && !isUsableAt(change.after, place);
  });
}

/** What the asker may not know of is counted, not named. */
export function viewSetupUsages(
  { entries, profiles }: SetupUsages,
  { places, principal }: Pick<SecretAsker, 'places' | 'principal'>,
): SetupUsageList {
  const visible = entries.filter(
    ({ applicationId, entry }) =>
      places.seesApplication(applicationId) &&
      (entry.environmentId === null || places.seesEnvironment(entry.environmentId)),
  );
  const visibleProfiles = may(principal.authority, 'manage-delegates') ? profiles : [];
  return {
    usages: [
      ...visible.map(viewEntry),
      ...visibleProfiles.map(({ profile: { id, name } }) => ({
        kind: 'start-up-profile' as const,
        profile: { id, name },
      })),
    ],
    hidden: entries.length + profiles.length - visible.length - visibleProfiles.length,
  };
}

function viewEntry(usage: SetupUsage): SetupUsageView {
  const { entry, serviceName, applicationId, applicationName, environments } = usage;
  return {
    entryId: entry.id,
    kind: entry.kind,
    name: entry.name,
    service: { id: entry.serviceId, name: serviceName },
    application: { id: applicationId, name: applicationName },
    environment: ownEnvironment(entry.environmentId, environments),
  };
}

function ownEnvironment(
  id: EnvironmentId | null,
  environments: SetupUsage['environments'],
): { id: EnvironmentId; name: string } | null {
  const own = id === null ? undefined : environments.find((one) => one.id === id);
  return own === undefined ? null : { id: own.id, name: own.name };
}

/** In words, at most five of them. */
export function printSetupUsages({ usages, hidden }: SetupUsageList): string {
  const named = usages.slice(0, NAMED).map(printSetupUsage);
  const more = usages.length - named.length;
  return [
    ...named,
    ...(more > 0 ? [`${more} more`] : []),
    ...(hidden > 0 ? [`${hidden} that you may not see`] : []),
  ].join('; ');
}

export function printSetupUsage(usage: SetupUsageView): string {
  if (usage.kind === 'start-up-profile') return `start-up profile ${usage.profile.name}`;
  const { application, service, environment, name } = usage;
  const place = environment === null ? application.name : `${application.name}/${environment.name}`;
  return `${name} of ${service.name} in ${place}`;
}
