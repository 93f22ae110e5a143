// The ports to users and to their recovery codes. Removing a user removes the row and, with it, sessions, links, recovery codes and
// memberships; the id stands for nobody else, ever. What a user may do is a matter of groups and not stored here.
import type { UserId } from '@sallyport/core';

export type UserRow = {
  id: UserId;
  /** What the user signs in with; unique by `nameKey`. */
  name: string;
  displayName: string;
  /** As `PasswordHasher` prints it; null: no password has been set, so none fits. */
  passwordHash: string | null;
  /** Who the user is at a single sign-on provider: its issuer and the subject there. Both or none. */
  externalIssuer: string | null;
  externalSubject: string | null;
  /** The second factor; null: none. */
  totp: TotpRow | null;
  /** Of a second factor that is not confirmed yet, encrypted like the other; null: none was begun. */
  pendingTotpSecret: string | null;
  /** null: may sign in. */
  disabledAtMs: number | null;
  createdAtMs: number;
  lastSignInAtMs: number | null;
};

export type TotpRow = {
  /** The shared secret under the server's root key, bound to the user's id. */
  encryptedSecret: string;
  /** The newest time step whose code was accepted: none up to it is accepted again. */
  lastStep: number;
};

export type UserStore = {
  /** @throws {name-taken} */
  insert(row: UserRow): Promise<void>;
  /** By id, or by name. */
  find(reference: string): Promise<UserRow | null>;
  findExternal(external: { issuer: string; subject: string }): Promise<UserRow | null>;
  /** Replaces everything but id and time of creation; for rows that were read in the same transaction. @throws {name-taken} */
  update(row: UserRow): Promise<void>;
  /** By name, after `afterNameKey`; `search` is found anywhere in name or display name, whatever the case. */
  list(query: { afterNameKey: string | null; search: string | null; limit: number }): Promise<UserRow[]>;
  /** How many there are, disabled ones included. */
  count(): Promise<number>;
  /** With all that is the user's own. */
  remove(id: UserId): Promise<void>;
};

export type RecoveryCodeStore = {
  /** Takes the place of all codes that the user had; an empty list: none are left. */
  replace(userId: UserId, hashes: readonly string[]): Promise<void>;
  /** Uses one up; `false`: the user has no such code. */
  use(userId: UserId, hash: string): Promise<boolean>;
  count(userId: UserId): Promise<number>;
};
