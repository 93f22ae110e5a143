// Operations of the API on delegate tokens.
import { AppError, checkDisplayName } from '@sallyport/core';
import type { CreatedDelegateToken, DelegateTokenView } from '@sallyport/protocol';
import { stateOf } from '../access/authenticator.ts';
import { makeBearerValue } from '../access/bearer-value.ts';
import { auditEntry } from '../audit/audit-entry.ts';
import type { AuditScope } from '../audit/audit-entry.ts';
import { actorOf } from '../http/operation.ts';
import type { Handlers } from '../http/operation.ts';
import type { Services } from '../services.ts';
import type { DelegateTokenRow } from './delegate-store.ts';

type TokenOperation = 'listDelegateTokens' | 'createDelegateToken' | 'revokeDelegateToken';
type TokenServices = Pick<Services, 'store' | 'clock' | 'ids' | 'fleet'>;

export function delegateTokenHandlers(services: TokenServices): Pick<Handlers, TokenOperation> {
  const { store, clock } = services;
  return {
    listDelegateTokens: async () => {
      const rows = await store.read(async ({ delegates }) => delegates.tokens.list());
      const nowMs = clock.nowMs();
      return { tokens: rows.map((row) => viewToken(row, nowMs)) };
    },
    createDelegateToken: async ({ body, principal, requestId }) => {
      const scope = { atMs: clock.nowMs(), actor: actorOf(principal), requestId };
      return createDelegateToken(body, scope, services);
    },
    revokeDelegateToken: async ({ params, principal, requestId }) => {
      const scope = { atMs: clock.nowMs(), actor: actorOf(principal), requestId };
      await revokeDelegateToken(params.token, scope, services);
      return null;
    },
  };
}

/** @throws {invalid-name} {name-taken} */
export async function createDelegateToken(
  input: { name: string; expiresInSeconds: number | null; requiresApproval: boolean },
  scope: AuditScope,
  services: Pick<Services, 'store' | 'ids'>,
): Promise<CreatedDelegateToken> {
  const { value, hash } = makeBearerValue('delegateToken');
  const { expiresInSeconds, requiresApproval } = input;
  const row: DelegateTokenRow = {
    id: services.ids('delegateToken'),
    name: checkDisplayName(input.name),
    hash,
    requiresApproval,
    createdAtMs: scope.atMs,
    expiresAtMs: expiresInSeconds === null ? null : scope.atMs + expiresInSeconds * 1000,
    revokedAtMs: null,
    lastUsedAtMs: null,
  };
  await services.store.write(async ({ delegates, audit }) => {
    await delegates.tokens.insert(row);
    const details = { expiresAtMs: row.expiresAtMs, requiresApproval };
    const subject = { resource: row.id, resourceName: row.name, details };
    await audit.append([auditEntry(scope, 'delegate-token.created', subject)]);
  });
  return { token: viewToken(row, scope.atMs), value };
}

async function revokeDelegateToken(
  reference: string,
  scope: AuditScope,
  { store, fleet }: TokenServices,
): Promise<void> {
  const id = await store.write(async ({ delegates, audit }) => {
    const row = await delegates.tokens.find(reference);
    if (row === null) throw new AppError('not-found', { publicMessage: 'There is no such delegate token.' });
    if (row.revokedAtMs === null) {
      await delegates.tokens.revoke(row.id, scope.atMs);
      const subject = { resource: row.id, resourceName: row.name };
      await audit.append([auditEntry(scope, 'delegate-token.revoked', subject)]);
    }
    return row.id;
  });
  fleet.delegates.revokeToken(id);
}

function viewToken(row: DelegateTokenRow, nowMs: number): DelegateTokenView {
  const { id, name, requiresApproval, createdAtMs, expiresAtMs, lastUsedAtMs } = row;
  return { id, name, state: stateOf(row, nowMs), requiresApproval, createdAtMs, expiresAtMs, lastUsedAtMs };
}
