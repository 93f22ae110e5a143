// Deletes user groups. Who and what loses rights is shown first and confirmed; API keys and rules that name the group stay, and it gives
// them nothing any more.
import { hash } from 'node:crypto';
import { may } from '@sallyport/core';
import type { DeletionEffect, DeletionPreview } from '@sallyport/protocol';
import { isActive } from '../access/authenticator.ts';
import type { ApiKeyRow } from '../access/api-key-store.ts';
import type { Principal } from '../access/principal.ts';
import { readCatalogue } from '../applications/account-catalogue.ts';
import { recordedEffect } from '../applications/deletion-effect.ts';
import { auditEntry } from '../audit/audit-entry.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import type { UserRow } from '../users/user-store.ts';
import { requireNotBuiltIn } from './edit-group.ts';
import { findGroup } from './find-group.ts';
import { requireMayChange } from './give-rights.ts';
import type { GroupRow } from './group-store.ts';
import { keepAdministrator } from './require-administrator.ts';

type DeletionServices = Pick<Services, 'store' | 'clock' | 'authenticator' | 'confirmations'>;

const OPERATION = 'deleteGroup';
const EXAMPLES_MAX = 10;
const PAGE_ROWS = 200;

/**
 * The operation `previewGroupDeletion`.
 * @throws {not-found} {forbidden} for a built-in group
 */
export async function previewGroupDeletion(
  { params, principal }: OperationRequest<'previewGroupDeletion'>,
  { store, clock, confirmations }: DeletionServices,
): Promise<DeletionPreview> {
  return store.read(async (tables) => {
    const row = await findGroup(tables, params.group);
    requireNotBuiltIn(row);
    const effect = await effectOf(tables, row, { principal, nowMs: clock.nowMs() });
    return {
      effect,
      confirmationToken: confirmations.token({ operation: OPERATION, target: row.id, effect }),
    };
  });
}

/**
 * The operation `deleteGroup`. A group that gives nobody anything needs no confirmation.
 * @throws {not-found} {confirmation-required} {last-administrator}
 * @throws {forbidden} for a built-in group, or one that allows what the caller may not do
 */
export async function deleteGroup(
  request: OperationRequest<'deleteGroup'>,
  services: DeletionServices,
): Promise<void> {
  const { params, principal } = request;
  const scope = auditScopeOf(request, services.clock);
  await services.store.write(async (tables) => {
    const row = await findGroup(tables, params.group);
    requireNotBuiltIn(row);
    requireMayChange(principal, row, await readCatalogue(tables));
    const effect = await effectOf(tables, row, { principal, nowMs: scope.atMs });
    if (effect.consequences.length > 0) {
      const confirmable = { operation: OPERATION, target: row.id, effect };
      services.confirmations.require(request.query.confirm ?? null, confirmable);
    }
    await keepAdministrator(tables, scope.atMs, async () => tables.groups.remove(row.id));
    const subject = { resource: row.id, resourceName: row.name, details: recordedEffect(effect) };
    await tables.audit.append([auditEntry(scope, 'group.deleted', subject)]);
  });
  services.authenticator.forgetAll();
}

async function effectOf(
  tables: Tables,
  group: GroupRow,
  { principal, nowMs }: { principal: Principal; nowMs: number },
): Promise<DeletionEffect> {
  const users = await usersIn(tables, group);
  const keys = await activeKeysOf(tables, group, nowMs);
  const issuers = (await tables.workloadIssuers.list()).filter(({ groupIds }) => groupIds.includes(group.id));
  const seesKeys = may(principal.authority, 'manage-api-keys');
  const consequences: DeletionEffect['consequences'] = [];
  if (users.length > 0) {
    const sentence = `${counted(users.length, 'user')} will no longer have the rights of this group.`;
    consequences.push({ kind: 'user', count: users.length, examples: examplesOf(users), sentence });
  }
  if (keys.length > 0) {
    const sentence = `${counted(keys.length, 'API key')} will no longer have the rights of this group.`;
    const examples = seesKeys ? examplesOf(keys) : [];
    consequences.push({ kind: 'api-key', count: keys.length, examples, sentence });
  }
  if (issuers.length > 0) {
    const sentence = `Workloads of ${counted(issuers.length, 'issuer')} will no longer have the rights of this group.`;
    const examples = may(principal.authority, 'administer') ? examplesOf(issuers) : [];
    consequences.push({ kind: 'workload-issuer', count: issuers.length, examples, sentence });
  }
  const affected = [...users, ...keys, ...issuers].map(({ id }) => id).toSorted();
  return { consequences, digest: hash('sha256', affected.join('\n'), 'hex') };
}

async function usersIn(tables: Tables, group: GroupRow): Promise<UserRow[]> {
  const users: UserRow[] = [];
  for (const { userId } of await tables.memberships.membersOf(group.id)) {
    const user = await tables.users.find(userId);
    if (user !== null) users.push(user);
  }
  return users;
}

/** Keys of workloads are left out: they end soon, and others come and go all the time. */
async function activeKeysOf({ apiKeys }: Tables, group: GroupRow, nowMs: number): Promise<ApiKeyRow[]> {
  const found: ApiKeyRow[] = [];
  for (let after: ApiKeyRow | null = null; ;) {
    const rows: ApiKeyRow[] = await apiKeys.list({ groupId: group.id, after, limit: PAGE_ROWS });
    found.push(...rows.filter((row) => row.kind === 'api-key' && isActive(row, nowMs)));
    after = rows.at(-1) ?? null;
    if (rows.length < PAGE_ROWS) return found;
  }
}

function examplesOf(rows: readonly { name: string }[]): string[] {
  return rows.slice(0, EXAMPLES_MAX).map(({ name }) => name);
}

function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}
