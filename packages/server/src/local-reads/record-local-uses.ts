// Records what a delegate reports that it served, or refused, by itself: each number of its journal once, in one transaction with how far the
// journal is recorded. What is reported is believed as far as grants prove it: whom a delegate served what, it cannot make up.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isErrorCode } from '@sallyport/core';
import type { SecretId } from '@sallyport/core';
import { AUDIT_ACTOR_KINDS } from '@sallyport/protocol';
import type { AuditActorKind, LocalGrant, LocalUse, LocalUses, SignedLocalGrant } from '@sallyport/protocol';
import { verifyLocalGrant } from '@sallyport/protocol/local-grants';
import { auditEntry } from '../audit/audit-entry.ts';
import type { AuditEntry } from '../audit/audit-log.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import { isPurpose } from '../audit/purpose.ts';
import type { DelegateConnection } from '../fleet/delegate-connection.ts';
import { dayOf } from '../secrets/release-log.ts';
import type { UsageIncrement } from '../secrets/usage-store.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';

export type LocalUseServices = Pick<Services, 'clock' | 'grantKey' | 'store'> & {
  auditTrail: Pick<AuditTrail, 'accountId'>;
};

type Reporter = Pick<DelegateConnection, 'id' | 'name' | 'fingerprint'>;
/** A use whose grant this server signed for this delegate. */
type ProvenUse = { use: LocalUse; grant: LocalGrant };

/** Signatures checked before others get their turn. */
const CHECK_AT_ONCE = 50;
/** Clocks of server and delegate may differ by so much before a use counts as one after its grant had expired. */
const CLOCK_ALLOWANCE_MS = 60_000;

/**
 * Resolves, once it is durable, to the number up to which this journal is recorded.
 * @throws {storage-unavailable} and then nothing of it is recorded
 */
export async function recordLocalUses(
  message: LocalUses,
  delegate: Reporter,
  services: LocalUseServices,
): Promise<number> {
  const address = { delegate: delegate.fingerprint, journal: message.journal };
  const before = await services.store.read(async ({ localUseJournals }) =>
    localUseJournals.recordedUpTo(address),
  );
  if (message.sequence <= before) return before;
  const proven = await proveAll(message.uses, delegate, services);
  const atMs = services.clock.nowMs();
  return services.store.write(async (tables) => {
    const upTo = await tables.localUseJournals.recordedUpTo(address);
    if (message.sequence <= upTo) return upTo;
    const entries = proven.map((one) => useEntry(one, delegate, atMs));
    const missing = message.sequence - upTo - 1;
    const unproven = message.uses.length - proven.length;
    if (missing > 0 || unproven > 0)
      entries.push(incompleteEntry(message, { delegate, missing, unproven, atMs }));
    await tables.audit.append(entries);
    await tables.usage.add(await incrementsOf(tables, proven, atMs));
    await tables.localUseJournals.advance(address, { sequence: message.sequence, atMs });
    return message.sequence;
  });
}

async function proveAll(
  uses: readonly LocalUse[],
  delegate: Reporter,
  { grantKey, auditTrail }: LocalUseServices,
): Promise<ProvenUse[]> {
  const publicKey = createPublicKey(grantKey.privateKey);
  const known = new Map<string, LocalGrant | null>();
  const proven: ProvenUse[] = [];
  for (const [index, use] of uses.entries()) {
    if (index % CHECK_AT_ONCE === CHECK_AT_ONCE - 1) await nextTurn();
    const key = `${use.grant.signature} ${use.grant.text}`;
    let grant = known.get(key);
    if (grant === undefined) {
      grant = prove(use.grant, publicKey, {
        delegate: delegate.fingerprint,
        accountId: auditTrail.accountId,
      });
      known.set(key, grant);
    }
    if (grant !== null) proven.push({ use, grant });
  }
  return proven;
}

function prove(
  signed: SignedLocalGrant,
  publicKey: KeyObject,
  expected: Pick<LocalGrant, 'delegate' | 'accountId'>,
): LocalGrant | null {
  const grant = verifyLocalGrant(signed, publicKey);
  const isOurs = grant?.delegate === expected.delegate && grant.accountId === expected.accountId;
  return isOurs ? grant : null;
}

/** Recorded now, since the trail is a chain; when it happened stands in the details. */
function useEntry({ use, grant }: ProvenUse, delegate: Reporter, atMs: number): AuditEntry {
  const { firstAtMs, lastAtMs } = timesOf({ use, grant }, atMs);
  const refusedWith = use.outcome === 'released' ? null : use.outcome.refusedWith;
  const isLate = refusedWith === null && use.lastAtMs > grant.expiresAtMs + CLOCK_ALLOWANCE_MS;
  const { id, name, kind } = grant.principal;
  const scope = {
    atMs,
    actor: { id, name },
    ...(isActorKind(kind) ? { actorKind: kind } : {}),
    purpose: use.purpose !== null && isPurpose(use.purpose) ? use.purpose : null,
    requestId: null,
  };
  return auditEntry(scope, refusedWith === null ? 'secret.released' : 'secret.refused', {
    resource: grant.secretId,
    resourceName: grant.name,
    applicationId: grant.place?.application.id ?? null,
    environmentId: grant.place?.environment.id ?? null,
    details: {
      version: grant.version,
      delegate: delegate.id,
      delegateName: delegate.name,
      reference: grant.reference,
      ...(refusedWith === null ? {} : { code: isErrorCode(refusedWith) ? refusedWith : 'internal' }),
      local: true,
      reportedLater: true,
      from: use.from,
      count: use.count,
      firstAtMs,
      lastAtMs,
      ...(isLate ? { afterExpiry: true } : {}),
    },
  });
}

/** Neither before the grant nor after now, whatever a delegate's clock says. */
function timesOf({ use, grant }: ProvenUse, nowMs: number): { firstAtMs: number; lastAtMs: number } {
  const within = (atMs: number): number => Math.min(nowMs, Math.max(grant.issuedAtMs, atMs));
  const lastAtMs = within(use.lastAtMs);
  return { firstAtMs: Math.min(within(use.firstAtMs), lastAtMs), lastAtMs };
}

function incompleteEntry(
  message: LocalUses,
  found: { delegate: Reporter; missing: number; unproven: number; atMs: number },
): AuditEntry {
  const { delegate, missing, unproven, atMs } = found;
  const { id, name } = delegate;
  const scope = { atMs, actor: { id, name }, requestId: null };
  const { journal, sequence } = message;
  const details = { journal, sequence, missingReports: missing, unprovenUses: unproven };
  return auditEntry(scope, 'delegate.uses-incomplete', { resource: id, resourceName: name, details });
}

/** On the day of the use. Secrets that were deleted meanwhile have no counters any more. */
async function incrementsOf(
  tables: Pick<Tables, 'secrets'>,
  proven: readonly ProvenUse[],
  nowMs: number,
): Promise<UsageIncrement[]> {
  const ids = [...new Set(proven.map(({ grant }) => grant.secretId))];
  const found = await tables.secrets.findMany(
    ids.map((id) => ({ by: 'id' as const, id, version: null, place: null })),
  );
  const existing = new Set(found.flat().map(({ secret }) => secret.id));
  const increments = new Map<string, UsageIncrement>();
  for (const one of proven) {
    const { secretId } = one.grant;
    if (!existing.has(secretId)) continue;
    const { lastAtMs } = timesOf(one, nowMs);
    add(increments, { secretId, use: one.use, lastAtMs });
  }
  return [...increments.values()];
}

function add(
  increments: Map<string, UsageIncrement>,
  { secretId, use, lastAtMs }: { secretId: SecretId; use: LocalUse; lastAtMs: number },
): void {
  const day = dayOf(lastAtMs);
  const key = `${secretId} ${day}`;
  const increment = increments.get(key) ?? { secretId, day, released: 0, refused: 0, releasedAtMs: 0 };
  increments.set(key, increment);
  if (use.outcome === 'released') {
    increment.released += use.count;
    increment.releasedAtMs = Math.max(increment.releasedAtMs, lastAtMs);
  } else increment.refused += use.count;
}

function isActorKind(kind: string): kind is AuditActorKind {
  return AUDIT_ACTOR_KINDS.some((one) => one === kind);
}
