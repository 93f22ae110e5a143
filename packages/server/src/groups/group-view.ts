// User groups as answers show them. Who does not manage groups is told what the groups that they are in allow, not who else is in them.
import type { GroupDetail, GroupMemberView, GroupView } from '@sallyport/protocol';
import { viewGrant } from '../applications/region-view.ts';
import type { VisiblePlaces } from '../applications/visible-places.ts';
import type { Tables } from '../storage/store.ts';
import type { GroupRow } from './group-store.ts';

/** @param context.memberCount null: the caller may not know */
export function viewGroup(
  row: GroupRow,
  { places, memberCount }: { places: VisiblePlaces; memberCount: number | null },
): GroupView {
  const { id, name, builtIn, account, createdAtMs, updatedAtMs } = row;
  const grants = row.grants.map((grant) => viewGrant(grant, places));
  return { id, name, builtIn, account: [...account], grants, memberCount, createdAtMs, updatedAtMs };
}

/** @param context.members whether the caller may know them */
export async function viewGroupDetail(
  tables: Pick<Tables, 'memberships' | 'users'>,
  row: GroupRow,
  context: { places: VisiblePlaces; members: boolean },
): Promise<GroupDetail> {
  const { places } = context;
  if (!context.members) return { ...viewGroup(row, { places, memberCount: null }), members: null };
  const members: GroupMemberView[] = [];
  for (const { userId, sinceMs } of await tables.memberships.membersOf(row.id)) {
    const user = await tables.users.find(userId);
    if (user === null) continue;
    const { name, displayName, disabledAtMs } = user;
    members.push({ userId, name, displayName, disabled: disabledAtMs !== null, sinceMs });
  }
  return { ...viewGroup(row, { places, memberCount: members.length }), members };
}
