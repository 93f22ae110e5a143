// Records of scripts: one when a script starts, together with the releases of its secrets and before the delegate is told to start it; one
// when it ends; one when it was refused. The script is named and its hash given, never its text.
import type { AppError } from '@sallyport/core';
import type { ScriptEnd, ScriptFacts } from '@sallyport/protocol';
import { auditEntry } from '../audit/audit-entry.ts';
import type { AuditScope } from '../audit/audit-entry.ts';
import type { AuditEntry } from '../audit/audit-log.ts';
import type { FoundItem } from '../secrets/find-readable.ts';
import { recordRefusal, releaseRecord } from '../secrets/release-record.ts';
import type { ReleaseContext } from '../secrets/release-record.ts';

/** A script and what is recorded of it. */
export type RecordedScript = {
  facts: ScriptFacts;
  items: readonly FoundItem[];
  context: ReleaseContext;
};

/** @throws {storage-unavailable} and then it must not be started */
export async function recordStart(script: RecordedScript): Promise<void> {
  const { context, items, facts } = script;
  const details = {
    secrets: items.length,
    maxSeconds: facts.maxSeconds,
    selectors: facts.selectors.join(','),
  };
  await context.releases.record([
    { entry: entryOf(script, 'script.started', details), secretId: null, isRelease: false },
    ...items.map((item) => releaseRecord({ item, refusedWith: null }, context)),
  ]);
}

/** @param atMs when it ended @throws {storage-unavailable} */
export async function recordEnd(
  script: RecordedScript,
  outcome: ScriptEnd | { code: string },
  atMs: number,
): Promise<void> {
  const { context } = script;
  const scope: AuditScope = { ...context.scope, atMs };
  const ended = { ...script, context: { ...context, scope } };
  const entry = entryOf(ended, 'script.ended', { ...outcome });
  await context.releases.record([{ entry, secretId: null, isRelease: false }]);
}

/** Records that a delegate did not start it. Does not itself fail: whoever asked is told of the refusal in any case. */
export async function recordNotStarted(script: RecordedScript, error: AppError): Promise<void> {
  const { context, items } = script;
  if (error.code === 'session-unknown') return;
  await recordRefusal(items, error, context);
  const entry = entryOf(script, 'script.refused', { code: error.code });
  await context.releases.record([{ entry, secretId: null, isRelease: false }]).catch(() => undefined);
}

function entryOf(
  { facts, context: { scope, delegate } }: RecordedScript,
  action: 'script.started' | 'script.ended' | 'script.refused',
  details: AuditEntry['details'],
): AuditEntry {
  return auditEntry(scope, action, {
    resource: delegate.id,
    resourceName: delegate.name,
    details: { script: facts.name, sha256: facts.sha256, ...details },
  });
}
