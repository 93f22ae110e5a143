// The port to sessions: a person signed in at one browser. Only hashes of the cookie's values are stored.
import type { SessionId, UserId } from '@sallyport/core';

/** How somebody proved who they are. */
export type SignInMethod = 'password' | 'link' | 'single-sign-on';

export type SessionRow = {
  id: SessionId;
  userId: UserId;
  method: SignInMethod;
  /** SHA-256 of the value that counts, hex. */
  hash: string;
  /** When that value was given out. */
  issuedAtMs: number;
  /** Of the value before it; accepted until `formerUntilMs`, for requests that were under way. */
  formerHash: string | null;
  formerUntilMs: number | null;
  createdAtMs: number;
  /** Accurate to a minute. */
  lastUsedAtMs: number;
  /** The session ends then, however much it is used. */
  expiresAtMs: number;
  /** Where the person signed in from. */
  clientAddress: string;
  /** The browser's own words; null: it gave none. */
  userAgent: string | null;
};

export type SessionStore = {
  insert(row: SessionRow): Promise<void>;
  /** By the hash that counts or the one before it, whenever it was accepted. */
  findByHash(hash: string): Promise<SessionRow | null>;
  /** Replaces the hash that counts; `false`: `expectedHash` no longer is that, or the session is gone. */
  rotate(
    id: SessionId,
    change: { expectedHash: string; hash: string; issuedAtMs: number; formerUntilMs: number },
  ): Promise<boolean>;
  touch(id: SessionId, atMs: number): Promise<void>;
  /** Newest first. */
  listOf(userId: UserId): Promise<SessionRow[]>;
  /** One session of a user, or all but `except`; returns how many were removed. */
  remove(which: { userId: UserId; id?: SessionId; except?: SessionId | null }): Promise<number>;
  /** Removes those that ended by age or by not being used since `idleSinceMs`. */
  removeEnded(limits: { nowMs: number; idleSinceMs: number }): Promise<number>;
};
