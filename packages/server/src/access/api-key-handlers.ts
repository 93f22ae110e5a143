// Operations of the API on API keys, and on the caller's own identity.
import { AppError, checkDisplayName } from '@sallyport/core';
import type { ApiKeyView, CreatedApiKey } from '@sallyport/protocol';
import manifest from '../../package.json' with { type: 'json' };
import { auditEntry } from '../audit/audit-entry.ts';
import type { AuditScope } from '../audit/audit-entry.ts';
import { actorOf } from '../http/operation.ts';
import type { Handlers, OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import type { ApiKeyRow } from './api-key-store.ts';
import { isActive, stateOf } from './authenticator.ts';
import { makeBearerValue } from './bearer-value.ts';

type ApiKeyOperation = 'whoAmI' | 'listApiKeys' | 'createApiKey' | 'revokeApiKey';
type ApiKeyServices = Pick<Services, 'store' | 'clock' | 'ids' | 'authenticator'>;

export function apiKeyHandlers(services: ApiKeyServices): Pick<Handlers, ApiKeyOperation> {
  const { store, clock } = services;
  return {
    whoAmI: ({ principal }) =>
      Promise.resolve({
        apiKeyId: principal.id,
        name: principal.name,
        expiresAtMs: principal.expiresAtMs,
        serverVersion: manifest.version,
      }),
    listApiKeys: async () => {
      const rows = await store.read(async ({ apiKeys }) => apiKeys.list());
      const nowMs = clock.nowMs();
      return { apiKeys: rows.map((row) => viewApiKey(row, nowMs)) };
    },
    createApiKey: async (request) => {
      const scope = {
        atMs: clock.nowMs(),
        actor: actorOf(request.principal),
        requestId: request.requestId,
      };
      return createApiKey(request.body, scope, services);
    },
    revokeApiKey: async (request) => {
      await revokeApiKey(request, services);
      return null;
    },
  };
}

/** @throws {invalid-name} {name-taken} */
export async function createApiKey(
  input: { name: string; expiresInSeconds: number | null },
  scope: AuditScope,
  services: Pick<Services, 'store' | 'ids'>,
): Promise<CreatedApiKey> {
  const { value, hash } = makeBearerValue('apiKey');
  const { expiresInSeconds } = input;
  const row: ApiKeyRow = {
    id: services.ids('apiKey'),
    name: checkDisplayName(input.name),
    hash,
    createdAtMs: scope.atMs,
    expiresAtMs: expiresInSeconds === null ? null : scope.atMs + expiresInSeconds * 1000,
    revokedAtMs: null,
    lastUsedAtMs: null,
  };
  await services.store.write(async ({ apiKeys, audit }) => {
    await apiKeys.insert(row);
    const subject = { resource: row.id, resourceName: row.name, details: { expiresAtMs: row.expiresAtMs } };
    await audit.append([auditEntry(scope, 'api-key.created', subject)]);
  });
  return { apiKey: viewApiKey(row, scope.atMs), value };
}

async function revokeApiKey(
  request: OperationRequest<'revokeApiKey'>,
  services: ApiKeyServices,
): Promise<void> {
  const nowMs = services.clock.nowMs();
  const scope = { atMs: nowMs, actor: actorOf(request.principal), requestId: request.requestId };
  await services.store.write(async ({ apiKeys, audit }) => {
    const row = await apiKeys.find(request.params.apiKey);
    if (row === null) throw new AppError('not-found', { publicMessage: 'There is no such API key.' });
    if (row.revokedAtMs !== null) return;
    const others = (await apiKeys.list()).filter((other) => other.id !== row.id && isActive(other, nowMs));
    if (others.length === 0) throw lastKey();
    await apiKeys.revoke(row.id, nowMs);
    await audit.append([auditEntry(scope, 'api-key.revoked', { resource: row.id, resourceName: row.name })]);
  });
  services.authenticator.forgetAll();
}

function viewApiKey(row: ApiKeyRow, nowMs: number): ApiKeyView {
  const { id, name, createdAtMs, expiresAtMs, lastUsedAtMs } = row;
  return { id, name, state: stateOf(row, nowMs), createdAtMs, expiresAtMs, lastUsedAtMs };
}

function lastKey(): AppError {
  return new AppError('forbidden', {
    publicMessage:
      'This is the last active API key: revoking it would lock everybody out. Create another one first.',
  });
}
