// Makes API keys: for the calling user, for groups, for workloads that have shown who they are, and for the operator of the server.
import { AppError, checkDisplayName, may } from '@sallyport/core';
import type { GroupId, Rights, WorkloadIssuerId } from '@sallyport/core';
import type { CreatedApiKey } from '@sallyport/protocol';
import { readCatalogue } from '../applications/account-catalogue.ts';
import { VisiblePlaces } from '../applications/visible-places.ts';
import { auditEntry } from '../audit/audit-entry.ts';
import type { AuditScope } from '../audit/audit-entry.ts';
import { ACCOUNT_ADMINISTRATOR } from '../groups/built-in-groups.ts';
import { noGroup } from '../groups/find-group.ts';
import { requireAllOf, requireMayGive } from '../groups/give-rights.ts';
import { readRightsOfGroups, readRightsOfUser } from '../groups/rights-directory.ts';
import { parseRights, printRights } from '../groups/rights-input.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { OperationRequest } from '../http/operation.ts';
import type { IdSource } from '../id-source.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import type { ApiKeyOwner, ApiKeyRow } from './api-key-store.ts';
import { viewApiKeys } from './api-key-view.ts';
import { authorityOf } from './authenticator.ts';
import { makeBearerValue } from './bearer-value.ts';
import { requirePermission } from './principal.ts';
import type { Principal } from './principal.ts';

/** Keys of workloads are kept for so long after they expired, so that the audit trail's actors can still be looked up. */
const EXPIRED_WORKLOADS_KEPT_MS = 24 * 3_600_000;

type CreateRequest = OperationRequest<'createApiKey'>;

/**
 * The operation `createApiKey`.
 * @throws {invalid-name} {name-taken} {invalid-scope} {not-found}
 * @throws {forbidden} when the key would have more than its maker, or, made by a key, outlive it
 */
export async function createApiKey(
  request: CreateRequest,
  services: Pick<Services, 'store' | 'clock' | 'ids'>,
): Promise<CreatedApiKey> {
  const { body, principal } = request;
  const scope = auditScopeOf(request, services.clock);
  const name = checkDisplayName(body.name);
  const expiresAtMs = body.expiresInSeconds === null ? null : scope.atMs + body.expiresInSeconds * 1000;
  requireNotOutliving(principal, expiresAtMs);
  return services.store.write(async (tables) => {
    const catalogue = await readCatalogue(tables);
    const places = new VisiblePlaces({ authority: principal.authority, catalogue });
    const owner = await ownerFor(request, tables);
    const restriction = body.restriction && parseRights(body.restriction, { places });
    const { rights } = await readRightsOf(tables, owner);
    const given = { authority: authorityOf(rights, restriction), catalogue };
    // A key is no way out of its own restriction, not even one that may administer.
    if (principal.sessionId === null) requireAllOf(principal, given);
    else requireMayGive(principal, given);
    const key = { name, owner, restriction, expiresAtMs };
    const { row, value } = await insertApiKey(tables, key, { scope, ids: services.ids });
    const [apiKey] = await viewApiKeys(tables, [row], { places, nowMs: scope.atMs });
    return { apiKey: apiKey as NonNullable<typeof apiKey>, value };
  });
}

/** A key of the group that can do everything, for whoever runs the server. Gives its value. @throws {invalid-name} {name-taken} */
export async function createAdminKey(
  name: string,
  scope: AuditScope,
  services: Pick<Services, 'store' | 'ids'>,
): Promise<string> {
  const owner: ApiKeyOwner = { type: 'groups', groupIds: [ACCOUNT_ADMINISTRATOR] };
  const key = { name: checkDisplayName(name), owner, restriction: null, expiresAtMs: null };
  const { value } = await services.store.write(async (tables) =>
    insertApiKey(tables, key, { scope, ids: services.ids }),
  );
  return value;
}

/**
 * Makes the key of a workload, within the transaction that records what it was given for.
 * @param workload.subject who it is, for people to read
 */
export async function insertWorkloadKey(
  tables: Pick<Tables, 'apiKeys'>,
  workload: {
    subject: string;
    issuerId: WorkloadIssuerId;
    groupIds: readonly GroupId[];
    restriction: Rights | null;
    createdAtMs: number;
    expiresAtMs: number;
  },
  ids: IdSource,
): Promise<{ row: ApiKeyRow; value: string }> {
  const { subject, issuerId, groupIds, restriction, createdAtMs, expiresAtMs } = workload;
  await tables.apiKeys.removeExpiredWorkloads(createdAtMs - EXPIRED_WORKLOADS_KEPT_MS);
  const { value, hash } = makeBearerValue('apiKey');
  const row: ApiKeyRow = {
    id: ids('apiKey'),
    name: subject,
    kind: 'workload',
    hash,
    owner: { type: 'groups', groupIds },
    restriction,
    issuerId,
    createdAtMs,
    expiresAtMs,
    revokedAtMs: null,
    lastUsedAtMs: null,
  };
  await tables.apiKeys.insert(row);
  return { row, value };
}

/** Within a transaction, with its record; what the key may have was checked before. @throws {name-taken} */
export async function insertApiKey(
  tables: Pick<Tables, 'apiKeys' | 'audit'>,
  key: Pick<ApiKeyRow, 'name' | 'owner' | 'restriction' | 'expiresAtMs'>,
  { scope, ids }: { scope: AuditScope; ids: IdSource },
): Promise<{ row: ApiKeyRow; value: string }> {
  const { value, hash } = makeBearerValue('apiKey');
  const row: ApiKeyRow = {
    ...key,
    id: ids('apiKey'),
    kind: 'api-key',
    hash,
    issuerId: null,
    createdAtMs: scope.atMs,
    revokedAtMs: null,
    lastUsedAtMs: null,
  };
  await tables.apiKeys.insert(row);
  const { owner, restriction, expiresAtMs } = row;
  const details = {
    owner: owner.type === 'user' ? owner.userId : [...owner.groupIds],
    restriction: restriction && printRights(restriction),
    expiresAtMs,
  };
  await tables.audit.append([
    auditEntry(scope, 'api-key.created', { resource: row.id, resourceName: row.name, details }),
  ]);
  return { row, value };
}

function requireNotOutliving(principal: Principal, expiresAtMs: number | null): void {
  const limitMs = principal.sessionId === null ? principal.expiresAtMs : null;
  if (limitMs === null || (expiresAtMs !== null && expiresAtMs <= limitMs)) return;
  if (may(principal.authority, 'administer')) return;
  throw new AppError('forbidden', {
    publicMessage: `A key cannot make one that outlives it, and ${principal.name} ends at ${new Date(limitMs).toISOString()}.`,
    data: { expiresAtMs: limitMs },
  });
}

/** @throws {forbidden} {not-found} */
async function ownerFor({ body, principal }: CreateRequest, tables: Tables): Promise<ApiKeyOwner> {
  if (body.owner === 'me' && principal.userId !== null) return { type: 'user', userId: principal.userId };
  requirePermission(principal, 'manage-api-keys');
  if (body.owner === 'me') return { type: 'groups', groupIds: principal.groupIds };
  const groupIds = new Set<GroupId>();
  for (const reference of body.owner.groups) {
    const group = await tables.groups.find(reference);
    if (group === null) throw noGroup();
    groupIds.add(group.id);
  }
  return { type: 'groups', groupIds: [...groupIds] };
}

function readRightsOf(tables: Tables, owner: ApiKeyOwner): ReturnType<typeof readRightsOfUser> {
  return owner.type === 'user'
    ? readRightsOfUser(tables, owner.userId)
    : readRightsOfGroups(tables, owner.groupIds);
}
