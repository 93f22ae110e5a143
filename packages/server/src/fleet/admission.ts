// Whether a delegate that has proved its identity is admitted: the rules of tokens and approval, within one transaction. Networking
// is in handshake.ts.
import { AppError, checkDisplayName, parseSelectors } from '@sallyport/core';
import type { DelegateMessage } from '@sallyport/protocol';
import { isActive } from '../access/authenticator.ts';
import { hashBearerValue } from '../access/bearer-value.ts';
import { auditEntry } from '../audit/audit-entry.ts';
import type { IdSource } from '../id-source.ts';
import type { Tables } from '../storage/store.ts';
import { tokenRevoked } from './connected-delegates.ts';
import type { DelegateRow, DelegateTokenRow } from './delegate-store.ts';

export type Identify = Extract<DelegateMessage, { type: 'identify' }>;

/** What a delegate says of itself, checked and in normal form. @throws {invalid-name} {invalid-selector} */
export function checkIdentify(identify: Identify): Identify {
  return {
    ...identify,
    name: checkDisplayName(identify.name),
    hostName: identify.hostName.replaceAll(/[^\x20-\x7e]/g, '?'),
    selectors: parseSelectors(identify.selectors),
    kinds: [...new Set(identify.kinds)],
  };
}

/**
 * Registers the delegate or renews its registration.
 * A token is needed the first time, and again once the token that admitted the delegate was revoked. A token that has expired since
 * does not shut out whom it admitted: expiry bounds admission, revocation ends it.
 * @param identify as `checkIdentify` returned it, its signature verified
 * @throws {delegate-token-invalid} {delegate-token-revoked}
 */
export async function admit(
  tables: Tables,
  identify: Identify,
  context: { nowMs: number; fingerprint: string; ids: IdSource },
): Promise<DelegateRow> {
  const { nowMs, fingerprint } = context;
  const known = await tables.delegates.findByIdentityKey(identify.identityKey);
  const admittedBy = known === null ? null : await tables.delegates.tokens.find(known.tokenId);
  const token = await tokenFor(tables, identify.token, { admittedBy, nowMs });
  const isReadmission = known === null || token.id !== known.tokenId;
  const wasTrusted = known !== null && known.approved && admittedBy?.revokedAtMs === null;
  const row: DelegateRow = {
    id: known?.id ?? context.ids('delegate'),
    identityKey: identify.identityKey,
    fingerprint,
    name: identify.name,
    hostName: identify.hostName,
    version: identify.version,
    selectors: identify.selectors,
    addedSelectors: known?.addedSelectors ?? [],
    kinds: identify.kinds,
    tokenId: token.id,
    approved: isReadmission ? wasTrusted || !token.requiresApproval : known.approved,
    createdAtMs: known?.createdAtMs ?? nowMs,
    lastSeenAtMs: nowMs,
  };
  await tables.delegates.save(row);
  if (isReadmission) {
    await tables.delegates.tokens.touch(token.id, nowMs);
    const scope = { atMs: nowMs, actor: { id: row.id, name: row.name }, requestId: null };
    const details = { fingerprint, token: token.id, tokenName: token.name, approved: row.approved };
    await tables.audit.append([
      auditEntry(scope, 'delegate.registered', { resource: row.id, resourceName: row.name, details }),
    ]);
  }
  return row;
}

async function tokenFor(
  tables: Tables,
  value: string | null,
  known: { admittedBy: DelegateTokenRow | null; nowMs: number },
): Promise<DelegateTokenRow> {
  if (value === null) {
    if (known.admittedBy === null) throw invalidToken('This delegate is not registered; it needs a token.');
    if (known.admittedBy.revokedAtMs !== null) throw tokenRevoked();
    return known.admittedBy;
  }
  const token = await tables.delegates.tokens.findByHash(hashBearerValue(value));
  if (token === null) throw invalidToken('The delegate token is unknown.');
  if (token.revokedAtMs !== null) throw tokenRevoked();
  if (token.id !== known.admittedBy?.id && !isActive(token, known.nowMs)) {
    throw invalidToken('The delegate token has expired.');
  }
  return token;
}

function invalidToken(publicMessage: string): AppError {
  return new AppError('delegate-token-invalid', { publicMessage });
}
