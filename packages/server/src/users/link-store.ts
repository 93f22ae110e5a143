// The port to one-time links. Only hashes of their values are stored; a link that was redeemed or replaced is gone.
import type { LinkId, UserId } from '@sallyport/core';

/** `set-up`: makes the first user; the others are for a user who is there. */
export const LINK_PURPOSES = ['invitation', 'password-reset', 'set-up'] as const;
export type LinkPurpose = (typeof LINK_PURPOSES)[number];

export type LinkRow = {
  id: LinkId;
  purpose: LinkPurpose;
  /** null exactly for `set-up`. */
  userId: UserId | null;
  /** SHA-256 of its value, hex. */
  hash: string;
  createdAtMs: number;
  expiresAtMs: number;
};

export type LinkStore = {
  /** Takes the place of links of the same purpose for the same user. */
  replace(row: LinkRow): Promise<void>;
  /** Whether it has expired is for the caller to judge. */
  findByHash(hash: string): Promise<LinkRow | null>;
  /** The links of a user; null: those for setting up. */
  listOf(userId: UserId | null): Promise<LinkRow[]>;
  /** Removes the links of a user; null: those for setting up. */
  removeOf(userId: UserId | null): Promise<void>;
  removeExpired(nowMs: number): Promise<number>;
};
