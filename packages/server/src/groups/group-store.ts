// The ports to user groups and to who is in them. A group that is removed is gone; its id stands for nothing else, ever, so API keys
// that still name it have no rights by it.
import type { AccountPermission, Grant, GroupId, UserId } from '@sallyport/core';

export type GroupRow = {
  id: GroupId;
  name: string;
  /** Built-in groups are neither changed nor removed. */
  builtIn: boolean;
  account: readonly AccountPermission[];
  grants: readonly Grant[];
  /** 0 for built-in groups. */
  createdAtMs: number;
  updatedAtMs: number;
};

export type GroupStore = {
  /** @throws {name-taken} */
  insert(row: GroupRow): Promise<void>;
  /** Replaces name and rights; `false`: it is not there, or built-in. @throws {name-taken} */
  update(row: GroupRow): Promise<boolean>;
  /** By id, or by name. */
  find(reference: string): Promise<GroupRow | null>;
  /** Those that are there, in no particular order. */
  findMany(ids: readonly GroupId[]): Promise<GroupRow[]>;
  /** Built-in ones first, then by name. */
  list(): Promise<(GroupRow & { memberCount: number })[]>;
  /** With its memberships; `false`: it is not there, or built-in. */
  remove(id: GroupId): Promise<boolean>;
};

/** One user in one group. */
export type Membership = { groupId: GroupId; userId: UserId; sinceMs: number };

export type MembershipStore = {
  /** `false`: the user is in the group already. */
  add(membership: Membership): Promise<boolean>;
  /** `false`: the user is not in the group. */
  remove(member: { groupId: GroupId; userId: UserId }): Promise<boolean>;
  /** Takes a user out of every group. */
  removeUser(userId: UserId): Promise<void>;
  /** Longest-standing first. */
  membersOf(groupId: GroupId): Promise<Membership[]>;
  /** The groups that a user is in, built-in ones first, then by name. */
  groupsOf(userId: UserId): Promise<GroupRow[]>;
};
