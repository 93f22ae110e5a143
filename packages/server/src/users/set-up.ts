// The way into a server that has no users yet: a one-time link that makes the first one, an account administrator.
import type { AuditScope } from '../audit/audit-entry.ts';
import type { Services } from '../services.ts';
import { createLink } from './one-time-links.ts';

/** A set-up link in place of earlier ones; null: there are users, who invite others. */
export async function createSetupLink(
  scope: AuditScope,
  services: Pick<Services, 'store' | 'ids' | 'publicAddress'>,
): Promise<string | null> {
  return services.store.write(async (tables) => {
    if ((await tables.users.count()) > 0) return null;
    const made = await createLink(tables, { purpose: 'set-up', user: null, scope }, services);
    return made.link;
  });
}
