// What every user begins as, whoever makes them.
import type { UserRow } from './user-store.ts';

/** A user who has nothing yet but names. */
export function newUser(user: Pick<UserRow, 'id' | 'name' | 'displayName' | 'createdAtMs'>): UserRow {
  return {
    ...user,
    passwordHash: null,
    externalIssuer: null,
    externalSubject: null,
    totp: null,
    pendingTotpSecret: null,
    disabledAtMs: null,
    lastSignInAtMs: null,
  };
}
