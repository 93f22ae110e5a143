// The records of reads: written after a delegate has answered and before anything of the answer goes to the client. If they cannot be
// written, nothing is released.
import type { AppError } from '@sallyport/core';
import { auditEntry } from '../audit/audit-entry.ts';
import type { AuditScope } from '../audit/audit-entry.ts';
import type { AuditEntry } from '../audit/audit-log.ts';
import type { DelegateConnection } from '../fleet/delegate-connection.ts';
import type { ReleaseLog } from './release-log.ts';
import type { FoundSecret } from './secret-store.ts';

export type ReleaseContext = { scope: AuditScope; releases: ReleaseLog; delegate: DelegateConnection };

/** One secret of a read; `refusedWith` is null when its value is in the answer. */
export type Release = { found: FoundSecret; refusedWith: string | null };

/** @throws {storage-unavailable} and then nothing may be released */
export async function recordReleases(releases: readonly Release[], context: ReleaseContext): Promise<void> {
  await context.releases.record(releases.map((release) => releaseEntry(release, context)));
}

/**
 * Records that a whole read was refused. Does not itself fail: there is nothing that could be released any more.
 * A session that a delegate does not know is routine: the client opens another one and asks again.
 */
export async function recordRefusal(
  secrets: readonly FoundSecret[],
  error: AppError,
  context: ReleaseContext,
): Promise<void> {
  if (error.code === 'session-unknown') return;
  try {
    await recordReleases(
      secrets.map((found) => ({ found, refusedWith: error.code })),
      context,
    );
  } catch {
    // The caller is about to report the refusal itself, which matters more to whoever asked.
  }
}

function releaseEntry({ found, refusedWith }: Release, context: ReleaseContext): AuditEntry {
  const { id, name } = context.delegate;
  const details = { version: found.version.version, delegate: id, delegateName: name };
  const subject = { resource: found.secret.id, resourceName: found.secret.name };
  return refusedWith === null
    ? auditEntry(context.scope, 'secret.released', { ...subject, details })
    : auditEntry(context.scope, 'secret.refused', { ...subject, details: { ...details, code: refusedWith } });
}
