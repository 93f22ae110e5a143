// Operations of the API by which people look after themselves: profile, password, sessions.
import { AppError, checkDisplayName } from '@sallyport/core';
import type { MyProfile, SessionView } from '@sallyport/protocol';
import { auditEntry } from '../audit/audit-entry.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { Handlers, OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import { checkPassword } from './check-password.ts';
import { ownUser, record, withOwnPassword } from './own-user.ts';
import type { SessionRow } from './session-store.ts';
import type { UserRow } from './user-store.ts';

type MyOperation =
  | 'getMyProfile'
  | 'editMyProfile'
  | 'changeMyPassword'
  | 'listMySessions'
  | 'revokeMySessions';
export type MyServices = Pick<
  Services,
  'store' | 'clock' | 'passwords' | 'guesses' | 'rootKey' | 'authenticator'
>;

export function myHandlers(services: MyServices): Pick<Handlers, MyOperation> {
  const { store, clock } = services;
  return {
    getMyProfile: async ({ principal }) =>
      store.read(async (tables) => viewProfile(tables, await ownUser(tables, principal))),
    editMyProfile: async (request) => editProfile(request, services),
    changeMyPassword: async (request) => {
      await changePassword(request, services);
      return null;
    },
    listMySessions: async ({ principal }) => {
      const rows = await store.read(async (tables) => {
        const user = await ownUser(tables, principal);
        return tables.sessions.listOf(user.id);
      });
      const nowMs = clock.nowMs();
      const live = rows.filter((row) => nowMs < row.expiresAtMs);
      return { sessions: live.map((row) => viewSession(row, principal.sessionId)) };
    },
    revokeMySessions: async (request) => revokeSessions(request, services),
  };
}

async function viewProfile(
  tables: Pick<Tables, 'memberships' | 'recoveryCodes'>,
  user: UserRow,
): Promise<MyProfile> {
  const groups = await tables.memberships.groupsOf(user.id);
  const recoveryCodesLeft = await tables.recoveryCodes.count(user.id);
  return {
    userId: user.id,
    name: user.name,
    displayName: user.displayName,
    hasPassword: user.passwordHash !== null,
    singleSignOn: user.externalIssuer !== null,
    secondFactor: user.totp === null ? null : { recoveryCodesLeft },
    groups: groups.map(({ id, name }) => ({ id, name })),
    createdAtMs: user.createdAtMs,
    lastSignInAtMs: user.lastSignInAtMs,
  };
}

/** Changing nothing leaves no record. */
async function editProfile(
  request: OperationRequest<'editMyProfile'>,
  { store, clock, authenticator }: MyServices,
): Promise<MyProfile> {
  const scope = auditScopeOf(request, clock);
  const displayName = checkDisplayName(request.body.displayName);
  const profile = await store.write(async (tables) => {
    const before = await ownUser(tables, request.principal);
    const after = { ...before, displayName };
    if (before.displayName !== displayName) {
      await tables.users.update(after);
      const changes = [{ field: 'displayName', from: before.displayName, to: displayName }];
      const subject = { resource: after.id, resourceName: after.name, details: { changes } };
      await tables.audit.append([auditEntry(scope, 'user.edited', subject)]);
    }
    return viewProfile(tables, after);
  });
  authenticator.forgetAll();
  return profile;
}

async function changePassword(
  request: OperationRequest<'changeMyPassword'>,
  services: MyServices,
): Promise<void> {
  const { store, clock, passwords, authenticator } = services;
  const { principal, client, body } = request;
  const scope = auditScopeOf(request, clock);
  const user = await store.read(async (tables) => ownUser(tables, principal));
  checkPassword(body.newPassword, user);
  const passwordHash = await passwords.hash(body.newPassword);
  await withOwnPassword(
    { principal, client, scope },
    {
      password: body.currentPassword,
      change: async (tables, current) => {
        await tables.users.update({ ...current, passwordHash });
        await tables.links.removeOf(current.id);
        const ended = await tables.sessions.remove({ userId: current.id, except: principal.sessionId });
        await record(tables, scope, {
          action: 'user.password-changed',
          user: current,
          details: { by: 'user', sessionsEnded: ended },
        });
      },
    },
    services,
  );
  authenticator.forgetAll();
}

async function revokeSessions(
  request: OperationRequest<'revokeMySessions'>,
  { store, clock, authenticator }: MyServices,
): Promise<{ revoked: number }> {
  const { principal, body, cookie } = request;
  const { sessions: which } = body;
  const scope = auditScopeOf(request, clock);
  const revoked = await store.write(async (tables) => {
    const user = await ownUser(tables, principal);
    const chosen =
      which === 'all' ? {} : which === 'others' ? { except: principal.sessionId } : { id: which };
    const count = await tables.sessions.remove({ userId: user.id, ...chosen });
    if (count === 0 && which !== 'all' && which !== 'others') throw noSession();
    if (count > 0) {
      const details = { which, sessions: count };
      await record(tables, scope, { action: 'user.sessions-revoked', user, details });
    }
    return count;
  });
  authenticator.forgetAll();
  if (which === 'all' || which === principal.sessionId) cookie.clear();
  return { revoked };
}

function viewSession(row: SessionRow, currentId: SessionRow['id'] | null): SessionView {
  return {
    id: row.id,
    current: row.id === currentId,
    method: row.method,
    clientAddress: row.clientAddress,
    userAgent: row.userAgent,
    createdAtMs: row.createdAtMs,
    lastUsedAtMs: row.lastUsedAtMs,
    expiresAtMs: row.expiresAtMs,
  };
}

function noSession(): AppError {
  return new AppError('not-found', { publicMessage: 'You have no such session.' });
}
