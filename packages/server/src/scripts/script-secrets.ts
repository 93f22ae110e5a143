// The secrets of a script: all of them, or an error that names each one that is missing. A script that lacks one is not run.
import { AppError, parseSelectors } from '@sallyport/core';
import type { ScriptFacts } from '@sallyport/protocol';
import type { DelegateNeed } from '../fleet/eligibility.ts';
import { managersOf } from '../secrets/find-readable.ts';
import type { Findings, FoundItem, UnreadableItem } from '../secrets/find-readable.ts';
import type { ReleaseLog } from '../secrets/release-log.ts';
import { recordUnreadable } from '../secrets/release-record.ts';
import type { AuditScope } from '../audit/audit-entry.ts';
import type { SecretsManagerDirectory } from '../secrets-managers/secrets-manager-directory.ts';
import type { SecretsManagerRow } from '../secrets-managers/secrets-manager-store.ts';

/** @throws {not-found} {forbidden} {ambiguous-name} {invalid-name} {value-too-large}, the refusals recorded */
export async function requireAll(
  findings: Findings,
  record: { scope: AuditScope; releases: ReleaseLog },
): Promise<FoundItem[]> {
  const [first] = findings.unreadable;
  if (first === undefined) return findings.items;
  await recordUnreadable(findings.unreadable, record);
  throw findings.unreadable.length === 1 ? errorOf(first) : errorOfAll(first.error, findings.unreadable);
}

/** What a script with these secrets asks of a delegate. @throws {invalid-selector} */
export async function scriptNeeds(
  items: readonly FoundItem[],
  { selectors }: Pick<ScriptFacts, 'selectors'>,
  directory: SecretsManagerDirectory,
): Promise<{ managers: SecretsManagerRow[]; needs: DelegateNeed[] }> {
  const managers = [...(await managersOf(items, directory)).values()];
  const script: DelegateNeed = { kind: 'script', selectors: parseSelectors(selectors) };
  return { managers, needs: [script, ...managers.map(({ settings }) => settings)] };
}

function errorOf({ reference, error }: UnreadableItem): AppError {
  const { code, publicMessage, data } = error;
  return new AppError(code, { publicMessage: `${reference}: ${publicMessage}`, data, cause: error });
}

function errorOfAll(first: AppError, unreadable: readonly UnreadableItem[]): AppError {
  const named = unreadable.map(({ reference, error }) => `${reference} (${error.publicMessage})`);
  return new AppError(first.code, {
    publicMessage: `${unreadable.length} secrets of the script cannot be read: ${named.join(', ')}`,
    data: {
      failures: unreadable.map(({ reference, error }) => ({
        reference,
        code: error.code,
        message: error.publicMessage,
      })),
    },
  });
}
