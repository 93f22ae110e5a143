// Users as answers show them to those who manage them.
import type { UserView } from '@sallyport/protocol';
import type { UserRow } from './user-store.ts';

export function viewUser(row: UserRow): UserView {
  return {
    id: row.id,
    name: row.name,
    displayName: row.displayName,
    state: row.disabledAtMs !== null ? 'disabled' : canSignIn(row) ? 'active' : 'invited',
    hasPassword: row.passwordHash !== null,
    singleSignOn: row.externalIssuer !== null,
    secondFactor: row.totp !== null,
    createdAtMs: row.createdAtMs,
    lastSignInAtMs: row.lastSignInAtMs,
  };
}

/** Whether the user has a way to sign in other than a one-time link. */
export function canSignIn(row: Pick<UserRow, 'passwordHash' | 'externalIssuer'>): boolean {
  return row.passwordHash !== null || row.externalIssuer !== null;
}
