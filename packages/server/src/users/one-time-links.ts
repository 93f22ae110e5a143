// One-time links: how somebody without a password gets one. The value stands in the link's fragment, which browsers send to no server, so
// it is in no log. Whoever has the link can use it, once and for a while; it is for its maker to hand it to the right person.
import { AppError } from '@sallyport/core';
import { hashBearerValue, isBearerValue, makeBearerValue } from '../access/bearer-value.ts';
import { auditEntry } from '../audit/audit-entry.ts';
import type { AuditScope } from '../audit/audit-entry.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import type { LinkPurpose, LinkRow } from './link-store.ts';
import type { UserRow } from './user-store.ts';

const HOUR_MS = 3_600_000;
const VALID_MS: Readonly<Record<LinkPurpose, number>> = {
  invitation: 72 * HOUR_MS,
  'password-reset': 72 * HOUR_MS,
  'set-up': 24 * HOUR_MS,
};

/** Makes a link in place of earlier ones for the same user and purpose; null: to set up the first user. */
export async function createLink(
  tables: Pick<Tables, 'links' | 'audit'>,
  wanted: { purpose: LinkPurpose; user: Pick<UserRow, 'id' | 'name'> | null; scope: AuditScope },
  services: Pick<Services, 'ids' | 'publicAddress'>,
): Promise<{ link: string; expiresAtMs: number }> {
  const { purpose, user, scope } = wanted;
  const { value, hash } = makeBearerValue('link');
  const id = services.ids('link');
  const expiresAtMs = scope.atMs + VALID_MS[purpose];
  await tables.links.removeExpired(scope.atMs);
  await tables.links.replace({
    id,
    purpose,
    userId: user?.id ?? null,
    hash,
    createdAtMs: scope.atMs,
    expiresAtMs,
  });
  const subject = { resource: user?.id ?? id, resourceName: user?.name ?? null };
  await tables.audit.append([
    auditEntry(scope, 'link.created', { ...subject, details: { link: id, purpose, expiresAtMs } }),
  ]);
  return { link: `${services.publicAddress.url}/#/welcome/${value}`, expiresAtMs };
}

/** A link that can be redeemed, with its user. */
export type ValidLink = { link: LinkRow; user: UserRow | null };

/** @throws {link-invalid} one error for every cause */
export async function findLink(
  tables: Pick<Tables, 'links' | 'users'>,
  asked: { value: string; nowMs: number },
): Promise<ValidLink> {
  const { value, nowMs } = asked;
  const link = isBearerValue('link', value) ? await tables.links.findByHash(hashBearerValue(value)) : null;
  if (link === null || nowMs >= link.expiresAtMs) throw linkInvalid();
  if (link.userId === null) {
    if ((await tables.users.count()) > 0) throw linkInvalid();
    return { link, user: null };
  }
  const user = await tables.users.find(link.userId);
  if (user === null || user.disabledAtMs !== null) throw linkInvalid();
  return { link, user };
}

export function linkInvalid(): AppError {
  return new AppError('link-invalid', {
    publicMessage:
      'This link is not good any more: it is mistyped, was used, has expired, or a newer one was made.',
  });
}
