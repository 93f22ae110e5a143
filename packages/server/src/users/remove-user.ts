// Removing a user for good. The user's own keys are revoked, so that lists show why they no longer work.
import type { UserId } from '@sallyport/core';
import type { ApiKeyRow } from '../access/api-key-store.ts';
import { auditEntry } from '../audit/audit-entry.ts';
import type { AuditScope } from '../audit/audit-entry.ts';
import { keepAdministrator } from '../groups/require-administrator.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { OperationRequest } from '../http/operation.ts';
import type { Tables } from '../storage/store.ts';
import { findManageable } from './find-user.ts';
import type { UserServices } from './user-handlers.ts';

const PAGE_ROWS = 200;

/** @throws {not-found} {forbidden} {last-administrator} */
export async function removeUser(
  request: OperationRequest<'removeUser'>,
  services: UserServices,
): Promise<void> {
  const { params, principal } = request;
  const scope = auditScopeOf(request, services.clock);
  await services.store.write(async (tables) => {
    const user = await findManageable(tables, params.user, principal);
    await keepAdministrator(tables, scope.atMs, async () => {
      await revokeKeys(tables, user.id, scope);
      await tables.users.remove(user.id);
    });
    const { displayName } = user;
    const subject = { resource: user.id, resourceName: user.name, details: { displayName } };
    await tables.audit.append([auditEntry(scope, 'user.removed', subject)]);
  });
  services.authenticator.forgetAll();
}

async function revokeKeys(
  tables: Pick<Tables, 'apiKeys' | 'audit'>,
  userId: UserId,
  scope: AuditScope,
): Promise<void> {
  let after: ApiKeyRow | null = null;
  do {
    const rows: ApiKeyRow[] = await tables.apiKeys.list({ userId, after, limit: PAGE_ROWS });
    for (const { id, name, revokedAtMs } of rows) {
      if (revokedAtMs !== null) continue;
      await tables.apiKeys.revoke(id, scope.atMs);
      const subject = { resource: id, resourceName: name, details: { user: userId } };
      await tables.audit.append([auditEntry(scope, 'api-key.revoked', subject)]);
    }
    after = rows.length < PAGE_ROWS ? null : (rows.at(-1) ?? null);
  } while (after !== null);
}
