// That somebody can always administer the account. A way to do so is a user who can sign in and is in a group with `administer`, or an
// API key of such a user or group that is neither revoked nor expired. Keys of workloads do not count: they end by themselves soon.
import { AppError, may } from '@sallyport/core';
import type { GroupId, UserId } from '@sallyport/core';
import type { ApiKeyRow } from '../access/api-key-store.ts';
import { authorityOf, isActive } from '../access/authenticator.ts';
import type { Tables } from '../storage/store.ts';
import type { GroupRow } from './group-store.ts';

type AdministrationTables = Pick<Tables, 'apiKeys' | 'groups' | 'memberships' | 'users'>;

const PAGE_ROWS = 200;

/**
 * Makes a change within a transaction that may take away the last way to administer the account: disables or removes a user, takes one out of a group,
 * takes rights from a group, revokes a key. Where there was none before, nothing is lost.
 * @throws {last-administrator} when none would be left; the transaction is undone with it
 */
export async function keepAdministrator<T>(
  tables: AdministrationTables,
  nowMs: number,
  change: () => Promise<T>,
): Promise<T> {
  const before = await hasAdministrator(tables, nowMs);
  const result = await change();
  if (!before || (await hasAdministrator(tables, nowMs))) return result;
  throw new AppError('last-administrator', {
    publicMessage:
      'This would leave nobody who can administer the account. Make somebody else an account administrator, or create another API key of such a group, first.',
  });
}

/** Whether there is a way to administer the account, as it is in this transaction. */
export async function hasAdministrator(tables: AdministrationTables, nowMs: number): Promise<boolean> {
  for (const group of await tables.groups.list()) {
    if (!group.account.includes('administer')) continue;
    if (await hasUser(tables, group, nowMs)) return true;
    if (await someKey(tables, { groupId: group.id }, (key) => administers(key, group, nowMs))) return true;
  }
  return false;
}

async function hasUser(tables: AdministrationTables, group: GroupRow, nowMs: number): Promise<boolean> {
  for (const { userId } of await tables.memberships.membersOf(group.id)) {
    const user = await tables.users.find(userId);
    if (user === null || user.disabledAtMs !== null) continue;
    if (user.passwordHash !== null || user.externalIssuer !== null) return true;
    if (await someKey(tables, { userId }, (key) => administers(key, group, nowMs))) return true;
  }
  return false;
}

async function someKey(
  { apiKeys }: AdministrationTables,
  of: { userId: UserId } | { groupId: GroupId },
  fits: (key: ApiKeyRow) => boolean,
): Promise<boolean> {
  for (let after: ApiKeyRow | null = null; ;) {
    const rows: ApiKeyRow[] = await apiKeys.list({ ...of, after, limit: PAGE_ROWS });
    if (rows.some(fits)) return true;
    after = rows.at(-1) ?? null;
    if (rows.length < PAGE_ROWS) return false;
  }
}

function administers(key: ApiKeyRow, group: GroupRow, nowMs: number): boolean {
  const authority = authorityOf(group, key.restriction);
  return key.kind === 'api-key' && isActive(key, nowMs) && may(authority, 'administer');
}
