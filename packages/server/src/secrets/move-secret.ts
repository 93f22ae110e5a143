// What has to hold for a secret to come under another secrets manager: it keeps every place where it may be used, and at those that it
// gains no other secret has one of its names. Judged when the write begins, and again in the transaction that ends it.
import { AppError, effectiveScope, regionContains } from '@sallyport/core';
import type { Catalogue } from '@sallyport/core';
import type { SecretsManagerRow } from '../secrets-managers/secrets-manager-store.ts';
import type { Tables } from '../storage/store.ts';
import { requireNoNamesake } from './namesakes.ts';
import type { FoundSecret } from './secret-store.ts';

/** @throws {scope-too-wide} {name-taken} */
export async function requireRoomUnder(
  tables: Tables,
  move: { found: FoundSecret; manager: SecretsManagerRow },
  catalogue: Catalogue,
): Promise<void> {
  const { found, manager } = move;
  const { secret, scope: before } = found;
  const after = effectiveScope(secret.scope, manager.usageScope);
  const keepsAll =
    before.type !== 'rows' || (after.type === 'rows' && regionContains(after.rows, before.rows, catalogue));
  if (!keepsAll) {
    throw new AppError('scope-too-wide', {
      publicMessage: `"${secret.name}" may be used at places where the secrets manager "${manager.name}" may not.`,
      data: { hint: 'Widen the scope of that secrets manager, or give the secret a scope of its own first.' },
    });
  }
  const names = [secret.name, ...(await tables.secretEdits.aliasesOf(secret.id))];
  await requireNoNamesake(tables, { names, scope: after, of: secret.id }, catalogue);
}
