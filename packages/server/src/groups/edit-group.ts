// Creates user groups and changes their names and rights. Whoever does has to have what the group allows, before and after.
import { AppError, checkDisplayName } from '@sallyport/core';
import type { Rights } from '@sallyport/core';
import type { GroupView } from '@sallyport/protocol';
import { readCatalogue } from '../applications/account-catalogue.ts';
import type { AccountCatalogue } from '../applications/account-catalogue.ts';
import { VisiblePlaces } from '../applications/visible-places.ts';
import { auditEntry } from '../audit/audit-entry.ts';
import type { AuditEntry } from '../audit/audit-log.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import { findGroup } from './find-group.ts';
import { requireMayChange, requireMayGive } from './give-rights.ts';
import type { GroupRow } from './group-store.ts';
import { viewGroup } from './group-view.ts';
import { keepAdministrator } from './require-administrator.ts';
import { parseRights, printGrants, printRights } from './rights-input.ts';

type GroupServices = Pick<Services, 'store' | 'clock' | 'ids' | 'authenticator'>;
type Change = { field: string; from: AuditEntry['details'][string]; to: AuditEntry['details'][string] };

/**
 * The operation `createGroup`.
 * @throws {invalid-name} {name-taken} {invalid-scope} {forbidden}
 */
export async function createGroup(
  request: OperationRequest<'createGroup'>,
  services: GroupServices,
): Promise<GroupView> {
  const { body, principal } = request;
  const scope = auditScopeOf(request, services.clock);
  const name = checkDisplayName(body.name);
  return services.store.write(async (tables) => {
    const catalogue = await readCatalogue(tables);
    const places = new VisiblePlaces({ authority: principal.authority, catalogue });
    const rights = parseRights(body, { places });
    requireMayGive(principal, { authority: { layers: [rights] }, catalogue });
    const times = { createdAtMs: scope.atMs, updatedAtMs: scope.atMs };
    const row: GroupRow = { id: services.ids('group'), name, builtIn: false, ...rights, ...times };
    await tables.groups.insert(row);
    const subject = { resource: row.id, resourceName: name, details: printRights(rights) };
    await tables.audit.append([auditEntry(scope, 'group.created', subject)]);
    return viewGroup(row, { places, memberCount: 0 });
  });
}

/**
 * The operation `editGroup`. Changing nothing leaves no record.
 * @throws {not-found} {edit-conflict} {invalid-name} {name-taken} {invalid-scope} {forbidden} {last-administrator}
 */
export async function editGroup(
  request: OperationRequest<'editGroup'>,
  services: GroupServices,
): Promise<GroupView> {
  const { principal } = request;
  const scope = auditScopeOf(request, services.clock);
  const view = await services.store.write(async (tables) => {
    const catalogue = await readCatalogue(tables);
    const places = new VisiblePlaces({ authority: principal.authority, catalogue });
    const before = await findGroup(tables, request.params.group);
    const after = {
      ...edited(before, request, { catalogue, places }),
      updatedAtMs: laterThan(before, scope.atMs),
    };
    const memberCount = (await tables.memberships.membersOf(before.id)).length;
    const changes = changesBetween(before, after);
    if (changes.length === 0) return viewGroup(before, { places, memberCount });
    await keepAdministrator(tables, scope.atMs, async () => tables.groups.update(after));
    const subject = { resource: after.id, resourceName: after.name, details: { changes } };
    await tables.audit.append([auditEntry(scope, 'group.edited', subject)]);
    return viewGroup(after, { places, memberCount });
  });
  services.authenticator.forgetAll();
  return view;
}

function edited(
  before: GroupRow,
  { body, principal }: OperationRequest<'editGroup'>,
  { catalogue, places }: { catalogue: AccountCatalogue; places: VisiblePlaces },
): GroupRow {
  requireNotBuiltIn(before);
  requireMayChange(principal, before, catalogue);
  const { expectedUpdatedAtMs = before.updatedAtMs } = body;
  if (expectedUpdatedAtMs !== before.updatedAtMs) throw changedMeanwhile(before);
  const name = body.name === undefined ? before.name : checkDisplayName(body.name);
  const { account = before.account, grants } = body;
  const kept = before.grants;
  const parsed = parseRights({ account, grants: grants ?? [] }, { places, kept });
  const rights: Rights = { account: parsed.account, grants: grants === undefined ? kept : parsed.grants };
  requireMayGive(principal, { authority: { layers: [rights] }, catalogue });
  return { ...before, name, ...rights };
}

/** So that two edits within one millisecond are told apart. */
function laterThan({ updatedAtMs }: GroupRow, nowMs: number): number {
  return Math.max(nowMs, updatedAtMs + 1);
}

function changesBetween(before: GroupRow, after: GroupRow): Change[] {
  const changes: Change[] = [
    { field: 'name', from: before.name, to: after.name },
    { field: 'account', from: [...before.account], to: [...after.account] },
    { field: 'grants', from: printGrants(before.grants), to: printGrants(after.grants) },
  ];
  return changes.filter(({ from, to }) => JSON.stringify(from) !== JSON.stringify(to));
}

/** @throws {forbidden} */
export function requireNotBuiltIn({ name, builtIn }: GroupRow): void {
  if (!builtIn) return;
  throw new AppError('forbidden', {
    publicMessage: `"${name}" is a built-in group: only its members can be changed.`,
  });
}

function changedMeanwhile({ name }: GroupRow): AppError {
  return new AppError('edit-conflict', {
    publicMessage: `The user group "${name}" was changed by somebody else since you read it.`,
  });
}
