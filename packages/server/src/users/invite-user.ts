// Inviting a user: a row with names, memberships, and a one-time link by which the person chooses a password.
import { addRights, checkDisplayName } from '@sallyport/core';
import type { CreatedLink } from '@sallyport/protocol';
import { readCatalogue } from '../applications/account-catalogue.ts';
import { auditEntry } from '../audit/audit-entry.ts';
import type { AuditScope } from '../audit/audit-entry.ts';
import { findGroup } from '../groups/find-group.ts';
import { requireMayGive } from '../groups/give-rights.ts';
import type { GroupRow } from '../groups/group-store.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { OperationRequest } from '../http/operation.ts';
import type { Tables } from '../storage/store.ts';
import { checkLoginName } from './login-name.ts';
import { newUser } from './new-user.ts';
import { createLink } from './one-time-links.ts';
import type { UserServices } from './user-handlers.ts';
import type { UserRow } from './user-store.ts';
import { viewUser } from './user-view.ts';

/** @throws {invalid-name} {name-taken} {not-found} for a group, {forbidden} when one allows what the caller may not do */
export async function inviteUser(
  request: OperationRequest<'inviteUser'>,
  services: UserServices,
): Promise<CreatedLink> {
  const { body, principal } = request;
  const scope = auditScopeOf(request, services.clock);
  const name = checkLoginName(body.name);
  const displayName = checkDisplayName(body.displayName ?? name);
  const user = newUser({ id: services.ids('user'), name, displayName, createdAtMs: scope.atMs });
  return services.store.write(async (tables) => {
    const groups = new Map<string, GroupRow>();
    for (const reference of body.groups) {
      const group = await findGroup(tables, reference);
      groups.set(group.id, group);
    }
    if (groups.size > 0) {
      const authority = { layers: [addRights([...groups.values()])] };
      requireMayGive(principal, { authority, catalogue: await readCatalogue(tables) });
    }
    await tables.users.insert(user);
    await joinGroups(tables, { user, groups: [...groups.values()], scope });
    const made = await createLink(tables, { purpose: 'invitation', user, scope }, services);
    return { user: viewUser(user), ...made };
  });
}

async function joinGroups(
  tables: Tables,
  joining: { user: UserRow; groups: readonly GroupRow[]; scope: AuditScope },
): Promise<void> {
  const { user, groups, scope } = joining;
  for (const { id } of groups) {
    await tables.memberships.add({ groupId: id, userId: user.id, sinceMs: scope.atMs });
  }
  const { displayName } = user;
  await tables.audit.append([
    auditEntry(scope, 'user.created', {
      resource: user.id,
      resourceName: user.name,
      details: { displayName, groups: groups.map(({ id }) => id) },
    }),
    ...groups.map((group) =>
      auditEntry(scope, 'group.member-added', {
        resource: group.id,
        resourceName: group.name,
        details: { user: user.id, userName: user.name },
      }),
    ),
  ]);
}
