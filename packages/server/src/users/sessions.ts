// Beginning and ending sessions. A session begins with a value that was never seen before, whatever the browser sent, and only after
// everything that was asked for has been proved: there is no session that is half signed in.
import { AppError } from '@sallyport/core';
import type { SessionId } from '@sallyport/core';
import { hashBearerValue, isBearerValue, makeBearerValue } from '../access/bearer-value.ts';
import { auditEntry } from '../audit/audit-entry.ts';
import type { AuditScope } from '../audit/audit-entry.ts';
import type { ClientFacts } from '../http/client-address.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import type { SignInMethod } from './session-store.ts';
import type { UserRow } from './user-store.ts';

/** A session that has just begun. */
export type NewSession = {
  sessionId: SessionId;
  /** For the cookie; kept nowhere else. */
  value: string;
  expiresAtMs: number;
};

/**
 * Begins a session within a transaction, as the record that somebody signed in says too.
 * @param begin.user as read in the same transaction
 * @param begin.scope of the request; its actor is replaced by the user
 * @throws {sign-in-failed} when the user is disabled
 */
export async function createSession(
  tables: Pick<Tables, 'sessions' | 'users' | 'audit'>,
  begin: { user: UserRow; method: SignInMethod; client: ClientFacts; scope: AuditScope },
  services: Pick<Services, 'ids' | 'config'>,
): Promise<NewSession> {
  const { user, method, client } = begin;
  const { atMs } = begin.scope;
  const { sessionHours, sessionIdleMinutes } = services.config;
  if (user.disabledAtMs !== null) throw signInFailed();
  const { value, hash } = makeBearerValue('session');
  const sessionId = services.ids('session');
  const expiresAtMs = atMs + sessionHours * 3_600_000;
  await tables.sessions.removeEnded({ nowMs: atMs, idleSinceMs: atMs - sessionIdleMinutes * 60_000 });
  await tables.sessions.insert({
    id: sessionId,
    userId: user.id,
    method,
    hash,
    issuedAtMs: atMs,
    formerHash: null,
    formerUntilMs: null,
    createdAtMs: atMs,
    lastUsedAtMs: atMs,
    expiresAtMs,
    clientAddress: client.address,
    userAgent: client.userAgent,
  });
  await tables.users.update({ ...user, lastSignInAtMs: atMs });
  const details = { method, session: sessionId, address: client.address };
  await tables.audit.append([
    auditEntry(asUser(begin.scope, user), 'user.signed-in', {
      resource: user.id,
      resourceName: user.name,
      details,
    }),
  ]);
  return { sessionId, value, expiresAtMs };
}

/**
 * Ends the session of a cookie's value within a transaction, if there is such a session.
 * @param end.value as the browser sent it; null: it sent none
 */
export async function endSession(
  tables: Pick<Tables, 'sessions' | 'users' | 'audit'>,
  end: { value: string | null; scope: AuditScope },
): Promise<void> {
  const { value, scope } = end;
  if (value === null || !isBearerValue('session', value)) return;
  const row = await tables.sessions.findByHash(hashBearerValue(value));
  const user = row === null ? null : await tables.users.find(row.userId);
  if (row === null || user === null) return;
  await tables.sessions.remove({ userId: user.id, id: row.id });
  await tables.audit.append([
    auditEntry(asUser(scope, user), 'user.signed-out', {
      resource: user.id,
      resourceName: user.name,
      details: { session: row.id },
    }),
  ]);
}

/** The same request, done by this user. */
export function asUser(scope: AuditScope, user: Pick<UserRow, 'id' | 'name'>): AuditScope {
  return { ...scope, actor: { id: user.id, name: user.name }, actorKind: 'user' };
}

/** One error for every way in which signing in can fail. */
export function signInFailed(): AppError {
  return new AppError('sign-in-failed', {
    publicMessage:
      'Signing in failed: the name, the password or the code is wrong, or the user may not sign in.',
  });
}
