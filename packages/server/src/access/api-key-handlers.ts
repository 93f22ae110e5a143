// Operations of the API on API keys, and on the caller's own identity. A user sees and revokes their own keys, a key of groups itself,
// and who manages API keys all of them; for everybody else a key does not exist.
import { ACCOUNT_PERMISSIONS, AppError, invariant, isId, may } from '@sallyport/core';
import type { ApiKeyId } from '@sallyport/core';
import type { ApiKeyList, WhoAmI } from '@sallyport/protocol';
import manifest from '../../package.json' with { type: 'json' };
import { readCatalogue } from '../applications/account-catalogue.ts';
import { viewGrant } from '../applications/region-view.ts';
import { VisiblePlaces } from '../applications/visible-places.ts';
import { auditEntry } from '../audit/audit-entry.ts';
import { keepAdministrator } from '../groups/require-administrator.ts';
import { PAGE_ROWS, parseCursor, printCursor } from '../http/cursor.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { Handlers, OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import type { ApiKeyQuery, ApiKeyRow } from './api-key-store.ts';
import { mentionGroups, viewApiKeys } from './api-key-view.ts';
import { createApiKey } from './create-api-key.ts';
import type { Principal } from './principal.ts';

type ApiKeyOperation = 'whoAmI' | 'listApiKeys' | 'createApiKey' | 'revokeApiKey';
type ApiKeyServices = Pick<Services, 'store' | 'clock' | 'ids' | 'authenticator' | 'catalogue'>;

const KEY_LIST = 'api-keys';
const POSITION = /^(\d{1,16}):(.+)$/;

export function apiKeyHandlers(services: ApiKeyServices): Pick<Handlers, ApiKeyOperation> {
  return {
    whoAmI: async (request) => whoAmI(request, services),
    listApiKeys: async (request) => listApiKeys(request, services),
    createApiKey: async (request) => createApiKey(request, services),
    revokeApiKey: async (request) => {
      await revokeApiKey(request, services);
      return null;
    },
  };
}

async function whoAmI({ principal }: OperationRequest<'whoAmI'>, services: ApiKeyServices): Promise<WhoAmI> {
  const { kind, id, name, userId, authority, sessionId, expiresAtMs } = principal;
  invariant(kind !== 'anybody' && id !== 'anybody', 'the operation asks for an identity');
  const places = new VisiblePlaces({ authority, catalogue: await services.catalogue.current() });
  const known = await services.store.read(async (tables) => ({
    user: userId && (await tables.users.find(userId)),
    groups: await mentionGroups(tables, principal.groupIds),
  }));
  return {
    kind,
    id,
    name,
    user: userId && { id: userId, name: known.user?.name ?? name },
    groups: known.groups,
    permissions: ACCOUNT_PERMISSIONS.filter((permission) => may(authority, permission)),
    grants: authority.layers.map(({ grants }) => grants.map((grant) => viewGrant(grant, places))),
    sessionId,
    expiresAtMs,
    serverVersion: manifest.version,
  };
}

async function listApiKeys(
  { query, principal }: OperationRequest<'listApiKeys'>,
  services: ApiKeyServices,
): Promise<ApiKeyList> {
  const limit = query.limit ?? PAGE_ROWS;
  const after = parsePosition(parseCursor(KEY_LIST, query.cursor));
  const all = query.owner !== 'me' && managesKeys(principal);
  return services.store.read(async (tables) => {
    const rows = await listVisible(tables, { all, principal, query: { after, limit: limit + 1 } });
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    const catalogue = await readCatalogue(tables);
    const places = new VisiblePlaces({ authority: principal.authority, catalogue });
    return {
      apiKeys: await viewApiKeys(tables, page, { places, nowMs: services.clock.nowMs() }),
      nextCursor: last === undefined ? null : printCursor(KEY_LIST, `${last.createdAtMs}:${last.id}`),
    };
  });
}

async function listVisible(
  { apiKeys }: Tables,
  { all, principal, query }: { all: boolean; principal: Principal; query: ApiKeyQuery },
): Promise<ApiKeyRow[]> {
  if (all) return apiKeys.list(query);
  if (principal.userId !== null) return apiKeys.list({ ...query, userId: principal.userId });
  const own = query.after === null && isId('apiKey', principal.id) ? await apiKeys.find(principal.id) : null;
  return own === null ? [] : [own];
}

async function revokeApiKey(
  request: OperationRequest<'revokeApiKey'>,
  services: ApiKeyServices,
): Promise<void> {
  const scope = auditScopeOf(request, services.clock);
  await services.store.write(async (tables) => {
    const row = await findVisible(tables, request.params.apiKey, request.principal);
    if (row === null) throw noKey();
    if (row.revokedAtMs !== null) return;
    await keepAdministrator(tables, scope.atMs, async () => tables.apiKeys.revoke(row.id, scope.atMs));
    await tables.audit.append([
      auditEntry(scope, 'api-key.revoked', { resource: row.id, resourceName: row.name }),
    ]);
  });
  services.authenticator.forgetAll();
}

/** By id, or by name among own keys first, then among those of groups. */
async function findVisible(
  { apiKeys }: Tables,
  reference: string,
  principal: Principal,
): Promise<ApiKeyRow | null> {
  const sees = (row: ApiKeyRow | null): ApiKeyRow | null =>
    row !== null && isVisible(row, principal) ? row : null;
  if (isId('apiKey', reference)) {
    const row = sees(await apiKeys.find(reference));
    if (row !== null) return row;
  }
  const own = principal.userId && (await apiKeys.find({ name: reference, userId: principal.userId }));
  return own ?? sees(await apiKeys.find({ name: reference, userId: null }));
}

function isVisible({ id, owner }: ApiKeyRow, principal: Principal): boolean {
  const isOwn = owner.type === 'user' && owner.userId === principal.userId;
  return isOwn || id === principal.id || managesKeys(principal);
}

function managesKeys(principal: Principal): boolean {
  return may(principal.authority, 'manage-api-keys');
}

function parsePosition(position: string | null): { createdAtMs: number; id: ApiKeyId } | null {
  if (position === null) return null;
  const [, createdAtMs, id] = POSITION.exec(position) ?? [];
  if (createdAtMs !== undefined && id !== undefined && isId('apiKey', id))
    return { createdAtMs: Number(createdAtMs), id };
  throw new AppError('invalid-request', { publicMessage: 'The cursor is not one of this list.' });
}

function noKey(): AppError {
  return new AppError('not-found', { publicMessage: 'There is no such API key.' });
}
