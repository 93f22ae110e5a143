// Operations of the API on user groups and their members.
import type { GroupList } from '@sallyport/protocol';
import { readCatalogue } from '../applications/account-catalogue.ts';
import { VisiblePlaces } from '../applications/visible-places.ts';
import { auditEntry } from '../audit/audit-entry.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { Handlers, OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import { findUser } from '../users/find-user.ts';
import { deleteGroup, previewGroupDeletion } from './delete-group.ts';
import { createGroup, editGroup } from './edit-group.ts';
import { findGroup, findVisibleGroup, managesGroups } from './find-group.ts';
import { requireMayChange } from './give-rights.ts';
import { viewGroup, viewGroupDetail } from './group-view.ts';
import { keepAdministrator } from './require-administrator.ts';

type GroupOperation =
  | 'listGroups'
  | 'createGroup'
  | 'getGroup'
  | 'editGroup'
  | 'previewGroupDeletion'
  | 'deleteGroup'
  | 'addGroupMember'
  | 'removeGroupMember';

export function groupHandlers(services: Services): Pick<Handlers, GroupOperation> {
  const { store } = services;
  return {
    listGroups: async (request) => listGroups(request, services),
    createGroup: async (request) => createGroup(request, services),
    getGroup: async ({ params, principal }) =>
      store.read(async (tables) => {
        const row = await findVisibleGroup(tables, params.group, principal);
        const places = await placesFor(tables, principal);
        return viewGroupDetail(tables, row, { places, members: managesGroups(principal) });
      }),
    editGroup: async (request) => editGroup(request, services),
    previewGroupDeletion: async (request) => previewGroupDeletion(request, services),
    deleteGroup: async (request) => {
      await deleteGroup(request, services);
      return null;
    },
    addGroupMember: async (request) => {
      await addGroupMember(request, services);
      return null;
    },
    removeGroupMember: async (request) => {
      await removeGroupMember(request, services);
      return null;
    },
  };
}

async function listGroups(
  { principal }: OperationRequest<'listGroups'>,
  { store }: Services,
): Promise<GroupList> {
  return store.read(async (tables) => {
    const all = managesGroups(principal);
    const rows = await tables.groups.list();
    const places = await placesFor(tables, principal);
    return {
      groups: rows
        .filter(({ id }) => all || principal.groupIds.includes(id))
        .map((row) => viewGroup(row, { places, memberCount: all ? row.memberCount : null })),
    };
  });
}

/** @throws {not-found} {forbidden} when the group allows what the caller may not do */
async function addGroupMember(
  request: OperationRequest<'addGroupMember'>,
  services: Services,
): Promise<void> {
  const { params, body, principal } = request;
  const scope = auditScopeOf(request, services.clock);
  await services.store.write(async (tables) => {
    const group = await findGroup(tables, params.group);
    const user = await findUser(tables, body.user);
    requireMayChange(principal, group, await readCatalogue(tables));
    const added = await tables.memberships.add({ groupId: group.id, userId: user.id, sinceMs: scope.atMs });
    if (!added) return;
    const details = { user: user.id, userName: user.name };
    const subject = { resource: group.id, resourceName: group.name, details };
    await tables.audit.append([auditEntry(scope, 'group.member-added', subject)]);
  });
  services.authenticator.forgetAll();
}

/** @throws {not-found} {last-administrator} {forbidden} when the group allows what the caller may not do */
async function removeGroupMember(
  request: OperationRequest<'removeGroupMember'>,
  services: Services,
): Promise<void> {
  const { params, principal } = request;
  const scope = auditScopeOf(request, services.clock);
  await services.store.write(async (tables) => {
    const group = await findGroup(tables, params.group);
    const user = await findUser(tables, params.user);
    requireMayChange(principal, group, await readCatalogue(tables));
    const member = { groupId: group.id, userId: user.id };
    const removed = await keepAdministrator(tables, scope.atMs, async () =>
      tables.memberships.remove(member),
    );
    if (!removed) return;
    const details = { user: user.id, userName: user.name };
    const subject = { resource: group.id, resourceName: group.name, details };
    await tables.audit.append([auditEntry(scope, 'group.member-removed', subject)]);
  });
  services.authenticator.forgetAll();
}

async function placesFor(
  tables: Tables,
  { authority }: OperationRequest<'getGroup'>['principal'],
): Promise<VisiblePlaces> {
  return new VisiblePlaces({ authority, catalogue: await readCatalogue(tables) });
}
