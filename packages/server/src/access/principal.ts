// Who sends a request, as everything behind the authenticator sees it.
import { AppError, may, NO_AUTHORITY } from '@sallyport/core';
import type { AccountPermission, ApiKeyId, Authority, GroupId, SessionId, UserId } from '@sallyport/core';

export type Principal = {
  /** `workload`: a program that exchanged an identity of its own for a short-lived key. */
  kind: 'user' | 'api-key' | 'workload' | 'anybody';
  /** What the audit trail names as the actor: the user, or the key. */
  id: UserId | ApiKeyId | 'anybody';
  name: string;
  /** The user, or the one whose key it is; null for keys of groups. */
  userId: UserId | null;
  /** Groups whose rights it has, by way of its user or directly. */
  groupIds: readonly GroupId[];
  authority: Authority;
  /** null: not by a session. */
  sessionId: SessionId | null;
  expiresAtMs: number | null;
};

/** Whoever calls an operation that asks for no identity. */
export const ANYBODY: Principal = {
  kind: 'anybody',
  id: 'anybody',
  name: 'anybody',
  userId: null,
  groupIds: [],
  authority: NO_AUTHORITY,
  sessionId: null,
  expiresAtMs: null,
};

/** @throws {forbidden} naming the permission */
export function requirePermission(principal: Principal, permission: AccountPermission): void {
  if (may(principal.authority, permission)) return;
  throw new AppError('forbidden', {
    publicMessage: `This needs the account permission "${permission}", which ${principal.name} does not have.`,
    data: { permission },
  });
}
