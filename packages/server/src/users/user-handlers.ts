// Operations of the API on users, for those who manage them.
import { nameKey } from '@sallyport/core';
import type { CreatedLink, UserDetail, UserPage } from '@sallyport/protocol';
import { PAGE_ROWS, parseCursor, printCursor } from '../http/cursor.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { Handlers, OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import { editUser } from './edit-user.ts';
import { findManageable, findUser } from './find-user.ts';
import { inviteUser } from './invite-user.ts';
import type { LinkPurpose } from './link-store.ts';
import { createLink } from './one-time-links.ts';
import { record } from './own-user.ts';
import { removeUser } from './remove-user.ts';
import { canSignIn, viewUser } from './user-view.ts';

type UserOperation =
  | 'listUsers'
  | 'inviteUser'
  | 'getUser'
  | 'editUser'
  | 'removeUser'
  | 'createResetLink'
  | 'revokeUserSessions'
  | 'resetUserTotp';
export type UserServices = Pick<Services, 'store' | 'clock' | 'ids' | 'publicAddress' | 'authenticator'>;

const USER_LIST = 'users';

export function userHandlers(services: UserServices): Pick<Handlers, UserOperation> {
  return {
    listUsers: async (request) => listUsers(request, services),
    inviteUser: async (request) => inviteUser(request, services),
    getUser: async (request) => getUser(request, services),
    editUser: async (request) => editUser(request, services),
    removeUser: async (request) => {
      await removeUser(request, services);
      return null;
    },
    createResetLink: async (request) => createResetLink(request, services),
    revokeUserSessions: async (request) => revokeSessions(request, services),
    resetUserTotp: async (request) => {
      await resetTotp(request, services);
      return null;
    },
  };
}

async function listUsers(
  { query }: OperationRequest<'listUsers'>,
  { store }: UserServices,
): Promise<UserPage> {
  const limit = query.limit ?? PAGE_ROWS;
  const afterNameKey = parseCursor(USER_LIST, query.cursor);
  const { search = null } = query;
  const rows = await store.read(async ({ users }) => users.list({ afterNameKey, search, limit: limit + 1 }));
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  const nextCursor = last === undefined ? null : printCursor(USER_LIST, nameKey(last.name));
  return { users: page.map(viewUser), nextCursor };
}

async function getUser(
  { params }: OperationRequest<'getUser'>,
  { store, clock }: UserServices,
): Promise<UserDetail> {
  return store.read(async (tables) => {
    const row = await findUser(tables, params.user);
    const groups = await tables.memberships.groupsOf(row.id);
    const nowMs = clock.nowMs();
    const sessions = (await tables.sessions.listOf(row.id)).filter((session) => nowMs < session.expiresAtMs);
    const link = (await tables.links.listOf(row.id)).find(({ expiresAtMs }) => nowMs < expiresAtMs);
    return {
      ...viewUser(row),
      groups: groups.map(({ id, name }) => ({ id, name })),
      sessionCount: sessions.length,
      pendingLink: link === undefined ? null : { purpose: link.purpose, expiresAtMs: link.expiresAtMs },
    };
  });
}

async function createResetLink(
  request: OperationRequest<'createResetLink'>,
  services: UserServices,
): Promise<CreatedLink> {
  const scope = auditScopeOf(request, services.clock);
  return services.store.write(async (tables) => {
    const user = await findManageable(tables, request.params.user, request.principal);
    const purpose: LinkPurpose = canSignIn(user) ? 'password-reset' : 'invitation';
    const made = await createLink(tables, { purpose, user, scope }, services);
    return { user: viewUser(user), ...made };
  });
}

async function revokeSessions(
  request: OperationRequest<'revokeUserSessions'>,
  { store, clock, authenticator }: UserServices,
): Promise<{ revoked: number }> {
  const scope = auditScopeOf(request, clock);
  const revoked = await store.write(async (tables) => {
    const user = await findUser(tables, request.params.user);
    const sessions = await tables.sessions.remove({ userId: user.id });
    const details = { which: 'all', sessions };
    if (sessions > 0) await record(tables, scope, { action: 'user.sessions-revoked', user, details });
    return sessions;
  });
  authenticator.forgetAll();
  return { revoked };
}

async function resetTotp(
  request: OperationRequest<'resetUserTotp'>,
  { store, clock }: UserServices,
): Promise<void> {
  const scope = auditScopeOf(request, clock);
  await store.write(async (tables) => {
    const user = await findManageable(tables, request.params.user, request.principal);
    if (user.totp === null && user.pendingTotpSecret === null) return;
    await tables.users.update({ ...user, totp: null, pendingTotpSecret: null });
    await tables.recoveryCodes.replace(user.id, []);
    if (user.totp !== null) await record(tables, scope, { action: 'user.totp-disabled', user });
  });
}
