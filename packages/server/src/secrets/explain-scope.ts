// Answers "who and what could use this secret?" before a scope is saved, or of one that is: the places that it comes to, the user groups
// that may use it there, and what is surprising about it.
import {
  AppError,
  effectiveScope,
  fitsUnder,
  may,
  mayAt,
  mayUseSomewhere,
  regionCovers,
} from '@sallyport/core';
import type { Authority, EffectiveScope, GroupId, Region, UsageScope } from '@sallyport/core';
import type { ScopeExplanation } from '@sallyport/protocol';
import { isActive } from '../access/authenticator.ts';
import type { FoundPlace } from '../applications/account-catalogue.ts';
import { parseRegion } from '../applications/region-input.ts';
import type { OperationRequest } from '../http/operation.ts';
import { managerForSecrets, noDefault } from '../secrets-managers/find-secrets-manager.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import { chooseToSee } from './choose-secret.ts';
import { parseExisting } from './find-secret.ts';
import { parseUsageScope, viewUsageScope } from './scope-input.ts';
import { askerOf } from './secret-asker.ts';
import type { SecretAsker } from './secret-asker.ts';

const PLACES_SHOWN = 200;
const KEYS_COUNTED = 1000;

/** @throws see the route `explainScope` */
export async function explainScope(
  request: OperationRequest<'explainScope'>,
  services: Services,
): Promise<ScopeExplanation> {
  const asker = await askerOf(request, services);
  const nowMs = services.clock.nowMs();
  return services.store.read(async (tables) => {
    const { scope, manager } = await subjectOf(tables, request.body, asker);
    const effective = effectiveScope(scope, manager.usageScope);
    const covered =
      effective.type === 'rows'
        ? asker.catalogue.places().filter((place) => regionCovers(effective.rows, place))
        : [];
    const visible = covered.filter((place) => asker.places.seesEnvironment(place.environmentId));
    return {
      scope: viewUsageScope(scope, asker.places),
      effective: viewUsageScope(effective, asker.places),
      secretsManager: asker.seesManager(manager.usageScope) ? manager.name : null,
      places: visible.slice(0, PLACES_SHOWN).map(viewPlace),
      placeCount: visible.length,
      coversFuture: coversFuture(effective),
      groups: await groupsThatUse(tables, { effective, covered, nowMs }, asker),
      warnings: warningsOf({ scope, effective, manager, covered }, asker),
    };
  });
}

/** `name` null: it is not saved yet. */
type AssumedManager = { name: string | null; usageScope: Region };

async function subjectOf(
  tables: Tables,
  asked: OperationRequest<'explainScope'>['body'],
  asker: SecretAsker,
): Promise<{ scope: UsageScope; manager: AssumedManager }> {
  if (asked.managerScope !== null) {
    if (asked.secret !== null || asked.scope !== null || asked.secretsManager !== null) {
      throw new AppError('invalid-request', { publicMessage: 'Give managerScope alone.' });
    }
    const usageScope = parseRegion(asked.managerScope, { places: asker.places });
    return { scope: { type: 'inherit' }, manager: { name: null, usageScope } };
  }
  const reference = asked.secret === null ? null : parseExisting(asked.secret);
  const [candidates = []] = reference === null ? [] : await tables.secrets.findMany([reference]);
  const found = reference === null ? null : chooseToSee(reference, candidates, asker);
  const kept = found?.version.secretsManagerId ?? null;
  const manager = await managerForSecrets(tables, { named: asked.secretsManager, kept }, asker);
  // Without a secret that leads to it, one that the asker may not know of is none.
  if (found === null && !asker.seesManager(manager.usageScope)) throw noDefault();
  const saved: UsageScope = found?.secret.scope ?? { type: 'inherit' };
  const scope = asked.scope === null ? saved : parseUsageScope(asked.scope, asker.places, saved);
  return { scope, manager };
}

function viewPlace({
  application,
  environment,
  environmentType,
}: FoundPlace): ScopeExplanation['places'][number] {
  return { application, environment: { ...environment, type: environmentType } };
}

/** A chosen environment is one that is there; everything else in a row also covers what comes. */
function coversFuture(effective: EffectiveScope): boolean {
  return effective.type === 'rows' && effective.rows.some((row) => typeof row.environments === 'string');
}

/** Groups by name, each with how many people and keys it stands for. null: the asker may not see groups. */
async function groupsThatUse(
  tables: Tables,
  of: { effective: EffectiveScope; covered: readonly FoundPlace[]; nowMs: number },
  asker: SecretAsker,
): Promise<ScopeExplanation['groups']> {
  if (!may(asker.principal.authority, 'manage-users-and-groups')) return null;
  const { catalogue } = asker;
  const using = (await tables.groups.list()).flatMap((group) => {
    const authority: Authority = { layers: [{ account: group.account, grants: group.grants }] };
    if (!mayUseSomewhere({ authority, catalogue }, of.effective)) return [];
    const placeCount = of.covered.filter((place) => mayAt(authority, 'use', place)).length;
    return [{ id: group.id, name: group.name, users: group.memberCount, placeCount }];
  });
  return Promise.all(
    using.map(async (group) => ({ ...group, apiKeys: await activeKeysOf(tables, group.id, of.nowMs) })),
  );
}

/** At most `KEYS_COUNTED`. */
async function activeKeysOf(tables: Tables, groupId: GroupId, nowMs: number): Promise<number> {
  const keys = await tables.apiKeys.list({ groupId, after: null, limit: KEYS_COUNTED });
  return keys.filter((key) => isActive(key, nowMs)).length;
}

function warningsOf(
  of: {
    scope: UsageScope;
    effective: EffectiveScope;
    manager: AssumedManager;
    covered: readonly FoundPlace[];
  },
  asker: SecretAsker,
): string[] {
  const { scope, effective, manager, covered } = of;
  const warnings: string[] = [];
  const called =
    manager.name !== null && asker.seesManager(manager.usageScope)
      ? `the secrets manager "${manager.name}"`
      : 'its secrets manager';
  if (!fitsUnder(scope, manager.usageScope, asker.catalogue)) {
    warnings.push(`It reaches beyond the scope of ${called}, so it would not be saved.`);
  }
  if (effective.type === 'account') {
    warnings.push('It is scoped to the account: no application can use it.');
  } else if (effective.rows.length === 0) {
    const because = scope.type === 'inherit' ? ` because ${called} has no usage scope` : '';
    warnings.push(`It can be used nowhere${because}.`);
  } else if (covered.length === 0) {
    warnings.push('No environment that exists now is covered by it.');
  }
  return warnings;
}
