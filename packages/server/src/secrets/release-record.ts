// The records of reads: written after a delegate has answered and before anything of the answer goes to the client. If they cannot be
// written, nothing is released. What policy refuses is recorded as well, before it is refused, and in the same way whether there is such
// a secret or not: neither the answer nor the time that it takes tells.
import type { AppError } from '@sallyport/core';
import { auditEntry } from '../audit/audit-entry.ts';
import type { AuditScope } from '../audit/audit-entry.ts';
import type { AuditEntry } from '../audit/audit-log.ts';
import type { DelegateConnection } from '../fleet/delegate-connection.ts';
import type { FoundItem, UnreadableItem } from './find-readable.ts';
import type { ReleaseLog, UseRecord } from './release-log.ts';

export type ReleaseContext = {
  scope: AuditScope;
  releases: ReleaseLog;
  delegate: Pick<DelegateConnection, 'id' | 'name'>;
  /** Goes into the details of every record. */
  more?: AuditEntry['details'];
};

/** One secret of a read; `refusedWith` is null when its value is in the answer. */
export type Release = { item: FoundItem; refusedWith: string | null };

/** What the trail names as resource when a reference stands for no secret. */
export const NO_RESOURCE = 'none';

/** @throws {storage-unavailable} and then nothing may be released */
export async function recordReleases(
  releases: readonly Release[],
  unreadable: readonly UnreadableItem[],
  context: ReleaseContext,
): Promise<void> {
  await context.releases.record([
    ...releases.map((release) => releaseRecord(release, context)),
    ...refusalRecords(unreadable, context),
  ]);
}

/** Records what policy refused, where nothing at all is released. @throws {storage-unavailable} */
export async function recordUnreadable(
  unreadable: readonly UnreadableItem[],
  context: Pick<ReleaseContext, 'scope' | 'releases' | 'more'>,
): Promise<void> {
  await context.releases.record(refusalRecords(unreadable, context));
}

/**
 * Records that a whole read was refused. Does not itself fail: there is nothing that could be released any more.
 * A session that a delegate does not know is routine: the client opens another one and asks again.
 */
export async function recordRefusal(
  items: readonly FoundItem[],
  error: AppError,
  context: ReleaseContext,
): Promise<void> {
  if (error.code === 'session-unknown') return;
  try {
    const releases = items.map((item) => ({ item, refusedWith: error.code }));
    await recordReleases(releases, [], context);
  } catch {
    // The caller is about to report the refusal itself, which matters more to whoever asked.
  }
}

/** @returns what is to be recorded of one secret */
export function releaseRecord({ item, refusedWith }: Release, context: ReleaseContext): UseRecord {
  const { scope, delegate, more = {} } = context;
  const { found, place, reference } = item;
  const isRelease = refusedWith === null;
  const details = {
    version: found.version.version,
    delegate: delegate.id,
    delegateName: delegate.name,
    reference,
    ...(isRelease ? {} : { code: refusedWith }),
    ...more,
  };
  const entry = auditEntry(scope, isRelease ? 'secret.released' : 'secret.refused', {
    resource: found.secret.id,
    resourceName: found.secret.name,
    applicationId: place?.applicationId ?? null,
    environmentId: place?.environmentId ?? null,
    details,
  });
  return { entry, secretId: found.secret.id, isRelease };
}

/** @returns what is to be recorded of what policy refused; nothing of what is malformed */
export function refusalRecords(
  unreadable: readonly UnreadableItem[],
  { scope, more = {} }: Pick<ReleaseContext, 'scope' | 'more'>,
): UseRecord[] {
  return unreadable.flatMap(({ reference, error, refusal }) => {
    if (refusal === null) return [];
    const { subject, place, reason } = refusal;
    const entry = auditEntry(scope, 'secret.refused', {
      resource: subject?.secret.id ?? NO_RESOURCE,
      resourceName: subject?.secret.name ?? null,
      applicationId: place?.applicationId ?? null,
      environmentId: place?.environmentId ?? null,
      details: { code: error.code, reason, reference, ...more },
    });
    return [{ entry, secretId: subject?.secret.id ?? null, isRelease: false }];
  });
}
