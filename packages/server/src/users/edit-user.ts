// Renaming, disabling and enabling users. Disabling takes effect at once: sessions and links end, keys of the user stop working; enabling brings
// back the keys only.
import { checkDisplayName } from '@sallyport/core';
import type { UserView } from '@sallyport/protocol';
import { auditEntry } from '../audit/audit-entry.ts';
import { keepAdministrator } from '../groups/require-administrator.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { OperationRequest } from '../http/operation.ts';
import type { Tables } from '../storage/store.ts';
import { findManageable } from './find-user.ts';
import { checkLoginName } from './login-name.ts';
import type { UserServices } from './user-handlers.ts';
import type { UserRow } from './user-store.ts';
import { viewUser } from './user-view.ts';

/** @throws {not-found} {forbidden} {invalid-name} {name-taken} {last-administrator} */
export async function editUser(
  request: OperationRequest<'editUser'>,
  services: UserServices,
): Promise<UserView> {
  const { body, params, principal } = request;
  const scope = auditScopeOf(request, services.clock);
  const edited = await services.store.write(async (tables) => {
    const before = await findManageable(tables, params.user, principal);
    const after: UserRow = {
      ...before,
      name: body.name === undefined ? before.name : checkLoginName(body.name),
      displayName: body.displayName === undefined ? before.displayName : checkDisplayName(body.displayName),
      disabledAtMs: disabledAt(before, body.disabled, scope.atMs),
    };
    const changes = changesBetween(before, after);
    if (changes.length === 0) return before;
    await keepAdministrator(tables, scope.atMs, async () => tables.users.update(after));
    if (before.disabledAtMs === null && after.disabledAtMs !== null) await endAll(tables, after);
    const subject = { resource: after.id, resourceName: after.name, details: { changes } };
    await tables.audit.append([auditEntry(scope, 'user.edited', subject)]);
    return after;
  });
  services.authenticator.forgetAll();
  return viewUser(edited);
}

function disabledAt(before: UserRow, disabled: boolean | undefined, nowMs: number): number | null {
  if (disabled === undefined) return before.disabledAtMs;
  return disabled ? (before.disabledAtMs ?? nowMs) : null;
}

function changesBetween(
  before: UserRow,
  after: UserRow,
): { field: string; from: string | boolean; to: string | boolean }[] {
  return [
    { field: 'name', from: before.name, to: after.name },
    { field: 'displayName', from: before.displayName, to: after.displayName },
    { field: 'disabled', from: before.disabledAtMs !== null, to: after.disabledAtMs !== null },
  ].filter(({ from, to }) => from !== to);
}

async function endAll(tables: Pick<Tables, 'sessions' | 'links'>, { id }: UserRow): Promise<void> {
  await tables.sessions.remove({ userId: id });
  await tables.links.removeOf(id);
}
