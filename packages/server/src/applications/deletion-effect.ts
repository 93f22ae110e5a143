// Works out what deleting an application or an environment would change. Deleting never widens anything: what named it goes on naming
// it, and it stands for nothing any more. So all there is to tell is what goes with it, and what loses the last place that it had.
import { createHash } from 'node:crypto';
import { isId, may, maySeeManager, maySeeSecret, nameKey, regionCovers } from '@sallyport/core';
import type { ApplicationId, EnvironmentId, Region } from '@sallyport/core';
import type { DeletionEffect } from '@sallyport/protocol';
import type { Principal } from '../access/principal.ts';
import type { FoundSecret, SecretListQuery } from '../secrets/secret-store.ts';
import type { Tables } from '../storage/store.ts';
import type { VisiblePlaces } from './visible-places.ts';

type Context = { tables: Tables; places: VisiblePlaces; principal: Principal };
/** Users, API keys and issuers of workloads belong to no place. */
type Kind = Exclude<DeletionEffect['consequences'][number]['kind'], 'user' | 'api-key' | 'workload-issuer'>;
/** One thing that is affected; name null: the caller may not know it. */
type Affected = { id: string; name: string | null };

const EXAMPLES_MAX = 10;
const SECRETS_AT_ONCE = 500;

/** What one of these is called, what several are, and what becomes of them. */
const WORDS: Readonly<Record<Kind, { one: string; many: string }>> = {
  environment: { one: 'environment goes with it', many: 'environments go with it' },
  service: { one: 'service goes with it', many: 'services go with it' },
  'config-entry': { one: 'config entry goes with it', many: 'config entries go with it' },
  'secrets-manager': {
    one: 'secrets manager loses its last place and becomes unusable in applications',
    many: 'secrets managers lose their last place and become unusable in applications',
  },
  secret: {
    one: 'secret loses its last place and becomes unusable in applications',
    many: 'secrets lose their last place and become unusable in applications',
  },
  group: {
    one: 'user group loses the last place where it allows anything',
    many: 'user groups lose the last place where they allow anything',
  },
};

/** The effect for whom asks: things that they may not see are counted, since they would change too, but not named. */
export async function deletionEffect(
  target: ApplicationId | EnvironmentId,
  context: Context,
): Promise<DeletionEffect> {
  const losesLastPlace = placeLossOf(target, context.places);
  const affected: [Kind, Affected[]][] = [
    ['environment', environmentsOf(target, context)],
    ['service', await servicesOf(target, context)],
    ['config-entry', await configEntriesOf(target, context)],
    ['secrets-manager', await managersThat(losesLastPlace, context)],
    ['secret', await secretsThat(losesLastPlace, context)],
    ['group', await groupsThat(losesLastPlace, context)],
  ];
  const digest = createHash('sha256');
  for (const [kind, things] of affected) {
    digest.update(JSON.stringify([kind, ...things.map(({ id }) => id).sort()]));
  }
  const consequences = affected
    .filter(([, things]) => things.length > 0)
    .map(([kind, things]) => {
      const names = things.flatMap(({ name }) => name ?? []).sort();
      const examples = names.slice(0, EXAMPLES_MAX);
      const count = things.length;
      return { kind, count, examples, sentence: sentenceOf(kind, count, examples) };
    });
  return { consequences, digest: digest.digest('base64url') };
}

/** The counts, as the audit trail keeps them. */
export function recordedEffect({ consequences }: DeletionEffect): { consequences: Record<string, number> } {
  return { consequences: Object.fromEntries(consequences.map(({ kind, count }) => [kind, count])) };
}

/**
 * Whether a region of chosen applications covers places that exist, and none of those that will be left. One with a row for all
 * applications is not about this one: it goes on covering whatever there will be.
 */
function placeLossOf(target: string, { catalogue }: VisiblePlaces): (region: Region) => boolean {
  const existing = catalogue.places();
  const left = existing.filter((place) => place.applicationId !== target && place.environmentId !== target);
  return (region) =>
    region.every(({ applications }) => applications !== 'all') &&
    existing.some((place) => regionCovers(region, place)) &&
    !left.some((place) => regionCovers(region, place));
}

function environmentsOf(target: string, { places }: Context): Affected[] {
  if (!isId('application', target)) return [];
  return places.catalogue
    .environmentsOf(target)
    .map(({ id, name }) => ({ id, name: places.seesEnvironment(id) ? name : null }));
}

async function servicesOf(target: string, { tables }: Context): Promise<Affected[]> {
  return isId('application', target) ? tables.applications.services.list([target]) : [];
}

async function configEntriesOf(
  target: ApplicationId | EnvironmentId,
  { tables, places }: Context,
): Promise<Affected[]> {
  const entries = await tables.configEntries.list(target);
  const applicationId = isId('application', target)
    ? target
    : places.catalogue.environment(target)?.applicationId;
  const services =
    applicationId === undefined ? [] : await tables.applications.services.list([applicationId]);
  const serviceNames = new Map(services.map(({ id, name }) => [id, name]));
  return entries.map(({ id, serviceId, name }) => ({
    id,
    name: `${name} of ${serviceNames.get(serviceId) ?? serviceId}`,
  }));
}

async function managersThat(
  loses: (region: Region) => boolean,
  { tables, places, principal: { authority } }: Context,
): Promise<Affected[]> {
  const asker = { authority, catalogue: places.catalogue };
  return (await tables.secretsManagers.list())
    .filter(({ usageScope }) => loses(usageScope))
    .map(({ id, name, usageScope }) => ({ id, name: maySeeManager(asker, usageScope) ? name : null }));
}

async function secretsThat(
  loses: (region: Region) => boolean,
  { tables, places, principal: { authority } }: Context,
): Promise<Affected[]> {
  const asker = { authority, catalogue: places.catalogue };
  const affected: Affected[] = [];
  for (const { key, scope } of await tables.secrets.scopesInUse()) {
    if (scope.type !== 'rows' || !loses(scope.rows)) continue;
    const visible = maySeeSecret(asker, scope);
    const query = { search: null, kind: null, secretsManagerId: null, scopes: [key], limit: SECRETS_AT_ONCE };
    let page: FoundSecret[];
    let after: SecretListQuery['after'] = null;
    do {
      page = await tables.secrets.list({ ...query, after });
      for (const { secret } of page) {
        affected.push({ id: secret.id, name: visible ? secret.name : null });
        after = { nameKey: nameKey(secret.name), id: secret.id };
      }
    } while (page.length === SECRETS_AT_ONCE);
  }
  return affected;
}

async function groupsThat(
  loses: (region: Region) => boolean,
  { tables, principal }: Context,
): Promise<Affected[]> {
  const seesAll = may(principal.authority, 'manage-users-and-groups');
  return (await tables.groups.list())
    .filter(({ grants }) => loses(grants.flatMap(({ where }) => where)))
    .map(({ id, name }) => ({ id, name: seesAll || principal.groupIds.includes(id) ? name : null }));
}

function sentenceOf(kind: Kind, count: number, examples: readonly string[]): string {
  const said = `${count} ${count === 1 ? WORDS[kind].one : WORDS[kind].many}`;
  if (examples.length === 0) return `${said}.`;
  const more = count - examples.length;
  return `${said}: ${examples.join(', ')}${more === 0 ? '' : ` and ${more} more`}.`;
}
