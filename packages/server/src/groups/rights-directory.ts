// The rights of users and groups, kept in memory for at most a second: a change of groups or memberships in another process acts within
// that second, one in this process at once, because whoever commits it calls `forget`.
import { addRights } from '@sallyport/core';
import type { GroupId, Rights, UserId } from '@sallyport/core';
import type { AccountChanges } from '../local-reads/account-changes.ts';
import type { Clock } from '../clock.ts';
import type { Store, Tables } from '../storage/store.ts';

/** What somebody has by way of groups. */
export type GroupRights = { groupIds: readonly GroupId[]; rights: Rights };

const MAX_AGE_MS = 1000;
const MAX_ENTRIES = 10_000;

export class RightsDirectory {
  readonly #store: Store;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #changes: Pick<AccountChanges, 'announce'>;
  readonly #kept = new Map<string, { rights: Promise<GroupRights>; readAtMs: number }>();
  #epoch = 0;

  constructor(services: {
    store: Store;
    clock: Pick<Clock, 'nowMs'>;
    changes: Pick<AccountChanges, 'announce'>;
  }) {
    this.#changes = services.changes;
    this.#store = services.store;
    this.#clock = services.clock;
  }

  /** Counts the calls of `forget`: what was read under an earlier one may be out of date. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The groups that a user is in, with their rights added up. Nobody is asked whether the user may sign in. */
  async rightsOfUser(userId: UserId): Promise<GroupRights> {
    return this.#keep(userId, (tables) => readRightsOfUser(tables, userId));
  }

  /** The rights of these groups added up; those that are gone add nothing. */
  async rightsOfGroups(ids: readonly GroupId[]): Promise<Rights> {
    return (await this.#keep(ids.join(' '), (tables) => readRightsOfGroups(tables, ids))).rights;
  }

  /** To be called after a commit that changed groups, memberships, users or API keys. A read that began before is not kept. */
  forget(): void {
    this.#epoch += 1;
    this.#kept.clear();
    this.#changes.announce();
  }

  #keep(key: string, read: (tables: Tables) => Promise<GroupRights>): Promise<GroupRights> {
    const nowMs = this.#clock.nowMs();
    const kept = this.#kept.get(key);
    if (kept !== undefined && nowMs - kept.readAtMs < MAX_AGE_MS) return kept.rights;
    const rights = this.#store.read(read);
    const entry = { rights, readAtMs: nowMs };
    if (this.#kept.size >= MAX_ENTRIES) this.#kept.clear();
    this.#kept.set(key, entry);
    rights.catch(() => {
      if (this.#kept.get(key) === entry) this.#kept.delete(key);
    });
    return rights;
  }
}

/** Within a transaction, always as it is then. */
export async function readRightsOfUser(tables: Tables, userId: UserId): Promise<GroupRights> {
  const groups = await tables.memberships.groupsOf(userId);
  return { groupIds: groups.map(({ id }) => id), rights: addRights(groups) };
}

/** Within a transaction, always as it is then. */
export async function readRightsOfGroups(tables: Tables, ids: readonly GroupId[]): Promise<GroupRights> {
  const groups = await tables.groups.findMany(ids);
  return { groupIds: groups.map(({ id }) => id), rights: addRights(groups) };
}
