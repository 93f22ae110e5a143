// Operations on users. Changing one who may do more than the caller is refused, except for those who may administer the account: otherwise
// a reset link would be a way to become anybody.
import { route } from './route.ts';
import type { Route } from './route.ts';
import { RevokedSessions } from './sessions.ts';
import {
  CreatedLink,
  EditUser,
  InviteUser,
  ListUsersQuery,
  UserDetail,
  UserPage,
  UserView,
} from './users.ts';

const tag = 'users';
const access = 'manage-users-and-groups';

export const USER_ROUTES = {
  listUsers: route({
    method: 'GET',
    path: '/v1/users',
    tag,
    access,
    summary: 'Users by name, paged.',
    query: ListUsersQuery,
    response: UserPage,
    errors: [],
  }),
  inviteUser: route({
    method: 'POST',
    path: '/v1/users',
    tag,
    access,
    summary: 'Create a user and a one-time link by which they set their password; it is shown this once.',
    body: InviteUser,
    response: CreatedLink,
    status: 201,
    errors: ['invalid-name', 'name-taken', 'not-found'],
  }),
  getUser: route({
    method: 'GET',
    path: '/v1/users/{user}',
    tag,
    access,
    summary: 'One user.',
    response: UserDetail,
    errors: ['not-found'],
  }),
  editUser: route({
    method: 'PATCH',
    path: '/v1/users/{user}',
    tag,
    access,
    summary: 'Rename, disable or enable a user.',
    body: EditUser,
    response: UserView,
    errors: ['not-found', 'invalid-name', 'name-taken', 'last-administrator'],
  }),
  removeUser: route({
    method: 'DELETE',
    path: '/v1/users/{user}',
    tag,
    access,
    summary: 'Remove a user for good, with sessions, keys and memberships.',
    response: null,
    status: 204,
    errors: ['not-found', 'last-administrator'],
  }),
  createResetLink: route({
    method: 'POST',
    path: '/v1/users/{user}/reset-link',
    tag,
    access,
    summary:
      'A one-time link by which a user sets a new password; it replaces earlier ones and is shown this once.',
    response: CreatedLink,
    status: 201,
    errors: ['not-found'],
  }),
  revokeUserSessions: route({
    method: 'POST',
    path: '/v1/users/{user}/revoke-sessions',
    tag,
    access,
    summary: 'End all sessions of a user at once.',
    response: RevokedSessions,
    errors: ['not-found'],
  }),
  resetUserTotp: route({
    method: 'POST',
    path: '/v1/users/{user}/reset-second-factor',
    tag,
    access,
    summary: 'Take away the second factor of a user who has lost it.',
    response: null,
    status: 204,
    errors: ['not-found'],
  }),
} as const satisfies Record<string, Route>;
