// API keys as answers show them: never their values, with the names of their owners.
import type { UserId } from '@sallyport/core';
import type { ApiKeyOwnerView, ApiKeyView, GroupMention } from '@sallyport/protocol';
import { viewGrant } from '../applications/region-view.ts';
import type { VisiblePlaces } from '../applications/visible-places.ts';
import type { Tables } from '../storage/store.ts';
import type { ApiKeyRow } from './api-key-store.ts';
import { stateOf } from './authenticator.ts';

/** In the same order. */
export async function viewApiKeys(
  tables: Tables,
  rows: readonly ApiKeyRow[],
  context: { places: VisiblePlaces; nowMs: number },
): Promise<ApiKeyView[]> {
  const owners = await viewOwners(tables, rows);
  return rows.map((row, index) => ({
    id: row.id,
    name: row.name,
    kind: row.kind,
    owner: owners[index] ?? { type: 'groups', groups: [] },
    restriction: row.restriction && {
      account: [...row.restriction.account],
      grants: row.restriction.grants.map((grant) => viewGrant(grant, context.places)),
    },
    issuerId: row.issuerId,
    state: stateOf(row, context.nowMs),
    createdAtMs: row.createdAtMs,
    expiresAtMs: row.expiresAtMs,
    lastUsedAtMs: row.lastUsedAtMs,
  }));
}

async function viewOwners(tables: Tables, rows: readonly ApiKeyRow[]): Promise<ApiKeyOwnerView[]> {
  const users = new Map<UserId, ApiKeyOwnerView>();
  const groupIds = new Set(rows.flatMap(({ owner }) => (owner.type === 'groups' ? owner.groupIds : [])));
  const groups = await mentionGroups(tables, [...groupIds]);
  const owners: ApiKeyOwnerView[] = [];
  for (const { owner } of rows) {
    if (owner.type === 'groups') {
      owners.push({ type: 'groups', groups: groups.filter(({ id }) => owner.groupIds.includes(id)) });
      continue;
    }
    const view = users.get(owner.userId) ?? (await viewUser(tables, owner.userId));
    users.set(owner.userId, view);
    owners.push(view);
  }
  return owners;
}

async function viewUser(tables: Tables, id: UserId): Promise<ApiKeyOwnerView> {
  const user = await tables.users.find(id);
  return {
    type: 'user',
    id,
    name: user?.name ?? null,
    disabled: user !== null && user.disabledAtMs !== null,
  };
}

/** By name; those that are gone have none and come last. */
export async function mentionGroups(
  tables: Pick<Tables, 'groups'>,
  ids: readonly GroupMention['id'][],
): Promise<GroupMention[]> {
  const found = await tables.groups.findMany(ids);
  const mentions = ids.map((id) => ({ id, name: found.find((group) => group.id === id)?.name ?? null }));
  return mentions.toSorted((a, b) =>
    a.name === null || b.name === null
      ? Number(a.name === null) - Number(b.name === null)
      : a.name.localeCompare(b.name),
  );
}
