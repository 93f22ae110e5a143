// Answers a program that reads through a delegate: judges it exactly as it would be judged at the API, records what it is given or refused,
// and signs for the delegate what it may serve. Nothing leaves before the records are durable.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError, TEXT_MAX_BYTES } from '@sallyport/core';
import { printAvailability, toWireError } from '@sallyport/protocol';
import type { LocalRead, LocalReadItem } from '@sallyport/protocol';
import { signLocalGrant } from '@sallyport/protocol/local-grants';
import type { AuditScope } from '../audit/audit-entry.ts';
import { isPurpose } from '../audit/purpose.ts';
import type { DelegateConnection } from '../fleet/delegate-connection.ts';
import { delegateLost } from '../fleet/delegate-failure.ts';
import { explainEligibility } from '../fleet/eligibility.ts';
import { auditScopeOf } from '../http/operation.ts';
import { managersOf } from '../secrets/find-readable.ts';
import type { FoundItem, UnreadableItem } from '../secrets/find-readable.ts';
import { refusalRecords, releaseRecord } from '../secrets/release-record.ts';
import type { UseRecord } from '../secrets/release-log.ts';
import { askerOf } from '../secrets/secret-asker.ts';
import { accessOf } from '../secrets-managers/secrets-manager-access.ts';
import type { Services } from '../services.ts';
import type { CallerCheck } from './caller-check.ts';
import { grantFrame, makeGrant } from './make-grant.ts';
import type { GrantFrame } from './make-grant.ts';
import type { ReleasedVersions } from './released-versions.ts';

export type LocalReadServices = Pick<
  Services,
  'auditTrail' | 'catalogue' | 'clock' | 'directory' | 'grantKey' | 'lookups' | 'releases' | 'rootKey'
> & { callers: CallerCheck; released: ReleasedVersions };

/** What is sent at once: `finish` makes the secrets managers known and gives the items, with nothing in between. */
export type ReadyAnswer = { items: LocalReadItem[]; configure: () => void };

/** Signatures made before others get their turn. */
const SIGN_AT_ONCE = 100;
const LARGE_HINT = `A delegate's local endpoint serves values of at most ${TEXT_MAX_BYTES} bytes. Read this one from the server: \`sallyport get\` does so.`;

/** One item of what the caller may have; `refusal` null: this delegate may serve it. */
type Judged = { item: FoundItem; refusal: AppError | null };

/**
 * @throws {delegate-not-eligible} when the delegate may serve nothing; {unauthenticated} {rate-limited} {invalid-request}
 * {storage-unavailable}; {delegate-lost} when it is gone before anything was recorded
 */
export async function answerLocalRead(
  read: LocalRead,
  delegate: DelegateConnection,
  services: LocalReadServices,
): Promise<ReadyAnswer> {
  requireServing(delegate);
  const purpose = purposeOf(read);
  const issuedAtMs = services.clock.nowMs();
  const principal = await services.callers.authenticate(delegate.id, read.callerToken);
  const asker = await askerOf({ principal }, services);
  const references = [...new Set(read.items)];
  const { items, unreadable } = await services.lookups.find({ references, asker, largeHint: LARGE_HINT });
  const judged = await judge(items, delegate, services);
  // Removed or revoked meanwhile: it is given nothing, so nothing is recorded as released.
  requireServing(delegate);
  const scope = auditScopeOf({ principal, purpose, requestId: read.readId }, services.clock);
  const records = recordsOf({ judged, unreadable }, { read, delegate, scope, services });
  await services.releases.record(records);
  const granted = judged.filter(({ refusal }) => refusal === null).map(({ item }) => item);
  services.released.add({ delegate, principal }, granted);
  const frame = grantFrame({
    accountId: services.auditTrail.accountId,
    delegate: delegate.fingerprint,
    apiKey: read.callerToken,
    principal,
    issuedAtMs,
  });
  const answers = new Map<string, LocalReadItem>();
  for (const one of await signAll(granted, frame, services)) answers.set(one.reference, one);
  const refusals = judged.flatMap(({ item: { reference }, refusal: error }) =>
    error === null ? [] : [{ reference, error }],
  );
  for (const { reference, error } of [...refusals, ...unreadable]) {
    answers.set(reference, { outcome: 'refused', reference, error: toWireError(error) });
  }
  const configure = await knowing(granted, delegate, services);
  return { items: references.flatMap((reference) => answers.get(reference) ?? []), configure };
}

/** @throws {delegate-not-eligible} {delegate-lost} */
function requireServing(delegate: DelegateConnection): void {
  if (!delegate.connected) throw delegateLost(delegate.name, 'went away');
  if (delegate.approved) return;
  throw new AppError('delegate-not-eligible', {
    publicMessage: `Delegate ${delegate.name} may serve nothing yet: it waits for approval.`,
    data: { stage: 'select-delegate', hint: `Approve it: \`sallyport delegate approve ${delegate.id}\`.` },
  });
}

/** @throws {invalid-request} */
function purposeOf({ purpose }: LocalRead): string | null {
  const text = purpose?.trim() ?? '';
  if (text === '') return null;
  if (isPurpose(text)) return text;
  throw new AppError('invalid-request', {
    publicMessage: 'The purpose is one line of printable characters.',
  });
}

/** Which of the items this delegate may serve, by its approval, its kinds and its selectors. */
async function judge(
  items: readonly FoundItem[],
  delegate: DelegateConnection,
  services: LocalReadServices,
): Promise<Judged[]> {
  const managers = await managersOf(items, services.directory);
  const { id, name, selectors, kinds, connected, approved, runsScripts } = delegate;
  // What it asks for itself, it may have while it drains.
  const standing = { id, name, selectors, kinds, connected, approved, runsScripts, draining: false };
  const reasons = new Map(
    [...managers].map(([managerId, { settings }]) => [managerId, explainEligibility(standing, [settings])]),
  );
  for (const row of managers.values()) {
    // Before anything is recorded: settings that cannot be read refuse the whole.
    if (reasons.get(row.id)?.length !== 0) continue;
    delegate.configure(row.id, row.revision, () => accessOf(row, services.rootKey));
  }
  return items.map((item) => {
    const why = reasons.get(item.found.version.secretsManagerId) ?? [];
    return { item, refusal: why.length === 0 ? null : notEligible(item, delegate.name, why) };
  });
}

function notEligible({ found }: FoundItem, name: string, reasons: readonly string[]): AppError {
  return new AppError('delegate-not-eligible', {
    publicMessage: `Delegate ${name} may not serve "${found.foundAs}": it ${reasons.join(' and ')}.`,
    data: {
      stage: 'select-delegate',
      hint: 'Read it from the server, which chooses a delegate that may, or through a delegate that fits its secrets manager.',
    },
  });
}

/** A renewal of what was released before is no news; one of anything else is in the trail, but counts as no use. */
function recordsOf(
  found: { judged: readonly Judged[]; unreadable: readonly UnreadableItem[] },
  by: { read: LocalRead; delegate: DelegateConnection; scope: AuditScope; services: LocalReadServices },
): UseRecord[] {
  const { read, delegate, scope, services } = by;
  const more = { local: true, ...(read.renewal ? { renewal: true } : {}) };
  const context = { scope, delegate, releases: services.releases, more };
  const to = { delegate, principal: { id: scope.actor.id } };
  const records = found.judged.flatMap(({ item, refusal }) => {
    if (read.renewal && refusal === null && services.released.has(to, item)) return [];
    const availability = printAvailability(item.found.secret.availability);
    const release = { item, refusedWith: refusal?.code ?? null };
    return [releaseRecord(release, { ...context, more: { ...more, availability } })];
  });
  const { id, name } = delegate;
  const refused = refusalRecords(found.unreadable, {
    ...context,
    more: { ...more, delegate: id, delegateName: name },
  });
  const all = [...records, ...refused];
  return read.renewal ? all.map((record) => ({ ...record, secretId: null })) : all;
}

async function signAll(
  items: readonly FoundItem[],
  frame: GrantFrame,
  { grantKey }: LocalReadServices,
): Promise<LocalReadItem[]> {
  const signed: LocalReadItem[] = [];
  for (const [index, item] of items.entries()) {
    if (index % SIGN_AT_ONCE === SIGN_AT_ONCE - 1) await nextTurn();
    const { envelope } = item.found.version;
    // Files are refused as too large before they get here.
    const bytes = 'inline' in envelope ? envelope.inline : new Uint8Array();
    signed.push({
      outcome: 'granted',
      reference: item.reference,
      grant: signLocalGrant(makeGrant(frame, item, bytes), grantKey.privateKey),
      envelope: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64'),
    });
  }
  return signed;
}

/** Makes the secrets managers known with the settings of now: they may have been edited, and forgotten, while records were written. */
async function knowing(
  items: readonly FoundItem[],
  delegate: DelegateConnection,
  { directory, rootKey }: LocalReadServices,
): Promise<() => void> {
  const managers = await managersOf(items, directory);
  return () => {
    for (const row of managers.values()) {
      delegate.configure(row.id, row.revision, () => accessOf(row, rootKey));
    }
  };
}
