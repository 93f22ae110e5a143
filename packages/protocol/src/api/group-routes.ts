// Operations on user groups. Changing one needs, beyond the permission, to have what is given (docs/guide/access.md).
import { ConfirmedQuery, DeletionPreview } from './applications.ts';
import { AddGroupMember, CreateGroup, EditGroup, GroupDetail, GroupList, GroupView } from './groups.ts';
import { route } from './route.ts';
import type { Route } from './route.ts';

const tag = 'access';

export const GROUP_ROUTES = {
  listGroups: route({
    method: 'GET',
    path: '/v1/groups',
    tag,
    access: 'signed-in',
    summary: 'User groups: those that the caller is in, or all with `manage-users-and-groups`.',
    response: GroupList,
    errors: [],
  }),
  createGroup: route({
    method: 'POST',
    path: '/v1/groups',
    tag,
    access: 'manage-users-and-groups',
    summary: 'Create a user group.',
    body: CreateGroup,
    response: GroupView,
    status: 201,
    errors: ['invalid-name', 'name-taken', 'invalid-scope'],
  }),
  getGroup: route({
    method: 'GET',
    path: '/v1/groups/{group}',
    tag,
    access: 'signed-in',
    summary: 'One user group and its members.',
    response: GroupDetail,
    errors: ['not-found'],
  }),
  editGroup: route({
    method: 'PATCH',
    path: '/v1/groups/{group}',
    tag,
    access: 'manage-users-and-groups',
    summary: 'Rename a user group, or replace its rights.',
    body: EditGroup,
    response: GroupView,
    errors: [
      'not-found',
      'invalid-name',
      'name-taken',
      'invalid-scope',
      'edit-conflict',
      'last-administrator',
    ],
  }),
  previewGroupDeletion: route({
    method: 'GET',
    path: '/v1/groups/{group}/deletion',
    tag,
    access: 'manage-users-and-groups',
    summary: 'Who and what would lose rights with the group.',
    response: DeletionPreview,
    errors: ['not-found'],
  }),
  deleteGroup: route({
    method: 'DELETE',
    path: '/v1/groups/{group}',
    tag,
    access: 'manage-users-and-groups',
    summary: 'Delete a user group as previewed.',
    query: ConfirmedQuery,
    response: null,
    status: 204,
    errors: ['not-found', 'confirmation-required', 'last-administrator'],
  }),
  addGroupMember: route({
    method: 'POST',
    path: '/v1/groups/{group}/members',
    tag,
    access: 'manage-users-and-groups',
    summary: 'Put a user into a group; repeating it is no error.',
    body: AddGroupMember,
    response: null,
    status: 204,
    errors: ['not-found'],
  }),
  removeGroupMember: route({
    method: 'DELETE',
    path: '/v1/groups/{group}/members/{user}',
    tag,
    access: 'manage-users-and-groups',
    summary: 'Take a user out of a group; repeating it is no error.',
    response: null,
    status: 204,
    errors: ['not-found', 'last-administrator'],
  }),
} as const satisfies Record<string, Route>;
