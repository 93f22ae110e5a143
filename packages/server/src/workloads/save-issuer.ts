// Creates issuers whose workloads are let in, and changes them. Who does that gives rights, and can give no more than they have; and keys
// that were given under rules which hold no longer end with them.
import { checkDisplayName } from '@sallyport/core';
import type { GroupId, Rights } from '@sallyport/core';
import { authorityOf } from '../access/authenticator.ts';
import type { VisiblePlaces } from '../applications/visible-places.ts';
import { auditEntry } from '../audit/audit-entry.ts';
import type { AuditEntry } from '../audit/audit-log.ts';
import { findGroup } from '../groups/find-group.ts';
import { requireAllOf, requireMayGive } from '../groups/give-rights.ts';
import { readRightsOfGroups } from '../groups/rights-directory.ts';
import { parseRights, printRights } from '../groups/rights-input.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import { checkIssuerSettings } from './issuer-settings.ts';
import type { WorkloadIssuerRow } from './workload-issuer-store.ts';

type Create = OperationRequest<'createWorkloadIssuer'>;
type Edit = OperationRequest<'editWorkloadIssuer'>;
type SaveServices = Pick<Services, 'clock' | 'ids'>;
type Detail = AuditEntry['details'][string];

/**
 * @throws {invalid-name} {name-taken} {invalid-request} {invalid-role-arn} {invalid-selector} {invalid-scope} {not-found} {forbidden}
 */
export async function createIssuer(
  request: Create,
  { tables, places }: { tables: Tables; places: VisiblePlaces },
  services: SaveServices,
): Promise<WorkloadIssuerRow> {
  const { body } = request;
  const scope = auditScopeOf(request, services.clock);
  const row: WorkloadIssuerRow = {
    id: services.ids('workloadIssuer'),
    name: checkDisplayName(body.name),
    settings: checkIssuerSettings(body.settings),
    groupIds: await findGroups(tables, body.groups),
    restriction: body.restriction && parseRights(body.restriction, { places }),
    ttlSeconds: body.ttlSeconds,
    createdAtMs: scope.atMs,
    updatedAtMs: scope.atMs,
  };
  await requireGivable(request, row, { tables, places });
  await tables.workloadIssuers.insert(row);
  const details = printIssuer(row);
  await tables.audit.append([
    auditEntry(scope, 'workload-issuer.created', { resource: row.id, resourceName: row.name, details }),
  ]);
  return row;
}

/**
 * Changing nothing leaves no record.
 * @throws as `createIssuer`
 */
export async function editIssuer(
  request: Edit,
  { tables, places, before }: { tables: Tables; places: VisiblePlaces; before: WorkloadIssuerRow },
  services: SaveServices,
): Promise<WorkloadIssuerRow> {
  const { body } = request;
  const scope = auditScopeOf(request, services.clock);
  const after: WorkloadIssuerRow = {
    ...before,
    name: body.name === undefined ? before.name : checkDisplayName(body.name),
    settings: body.settings === undefined ? before.settings : checkIssuerSettings(body.settings),
    groupIds: body.groups === undefined ? before.groupIds : await findGroups(tables, body.groups),
    restriction: restrictionAfter(body.restriction, { before, places }),
    ttlSeconds: body.ttlSeconds ?? before.ttlSeconds,
    // So that an exchange under way notices an edit within the same millisecond.
    updatedAtMs: Math.max(scope.atMs, before.updatedAtMs + 1),
  };
  const changes = changesBetween(before, after);
  if (changes.length === 0) return before;
  await requireGivable(request, after, { tables, places });
  await tables.workloadIssuers.update(after);
  const isRename = changes.every(({ field }) => field === 'name');
  const keysEnded = isRename ? 0 : await tables.apiKeys.revokeOfIssuer(after.id, scope.atMs);
  const subject = { resource: after.id, resourceName: after.name, details: { changes, keysEnded } };
  await tables.audit.append([auditEntry(scope, 'workload-issuer.edited', subject)]);
  return after;
}

async function findGroups(tables: Tables, references: readonly string[]): Promise<GroupId[]> {
  const ids = new Set<GroupId>();
  for (const reference of references) ids.add((await findGroup(tables, reference)).id);
  return [...ids];
}

function restrictionAfter(
  given: Edit['body']['restriction'],
  { before, places }: { before: WorkloadIssuerRow; places: VisiblePlaces },
): Rights | null {
  if (given === undefined) return before.restriction;
  return given && parseRights(given, { places, kept: before.restriction?.grants ?? [] });
}

/** @throws {forbidden} when its workloads could do what the caller cannot */
async function requireGivable(
  { principal }: Create | Edit,
  { groupIds, restriction }: WorkloadIssuerRow,
  { tables, places }: { tables: Tables; places: VisiblePlaces },
): Promise<void> {
  const { rights } = await readRightsOfGroups(tables, groupIds);
  const given = { authority: authorityOf(rights, restriction), catalogue: places.catalogue };
  // A key is no way out of its own restriction, not even one that may administer.
  if (principal.sessionId === null) requireAllOf(principal, given);
  else requireMayGive(principal, given);
}

function changesBetween(
  before: WorkloadIssuerRow,
  after: WorkloadIssuerRow,
): { field: string; from: Detail; to: Detail }[] {
  const from: Record<string, Detail> = { name: before.name, ...printIssuer(before) };
  const to: Record<string, Detail> = { name: after.name, ...printIssuer(after) };
  return Object.keys(to)
    .map((field) => ({ field, from: from[field] ?? null, to: to[field] ?? null }))
    .filter((change) => JSON.stringify(change.from) !== JSON.stringify(change.to));
}

/** For audit records. The keys of an issuer are public. */
function printIssuer({
  settings,
  groupIds,
  restriction,
  ttlSeconds,
}: WorkloadIssuerRow): Record<string, Detail> {
  return {
    settings,
    groups: [...groupIds],
    restriction: restriction && printRights(restriction),
    ttlSeconds,
  };
}
