// How the API shows secrets: metadata only.
import type { SecretListing, SecretMetadata } from '@sallyport/protocol';
import type { Tables } from '../storage/store.ts';
import { dayOf } from './release-log.ts';
import { viewUsageScope } from './scope-input.ts';
import type { SecretAsker } from './secret-asker.ts';
import type { FoundSecret } from './secret-store.ts';
import { countSetupUsages } from './setup-usages.ts';
import { NO_USAGE } from './usage-store.ts';

/** Over so many days uses are counted. */
export const USAGE_DAYS = 90;

/** @param found with its newest version */
export function viewSecret(found: FoundSecret, asker: SecretAsker): SecretMetadata {
  const { secret, version, secretsManagerName } = found;
  return {
    id: secret.id,
    name: secret.name,
    kind: secret.kind,
    secretsManagerId: version.secretsManagerId,
    secretsManagerName: asker.seesManager(found.managerScope) ? secretsManagerName : null,
    scope: viewUsageScope(secret.scope, asker.places),
    availability: secret.availability,
    version: version.version,
    valueBytes: version.valueBytes,
    createdAtMs: secret.createdAtMs,
    updatedAtMs: version.createdAtMs,
  };
}

/** The same with how often each is used, in a few queries for all of them. */
export async function viewListings(
  tables: Tables,
  found: readonly FoundSecret[],
  { asker, nowMs }: { asker: SecretAsker; nowMs: number },
): Promise<SecretListing[]> {
  const ids = found.map(({ secret }) => secret.id);
  const counts = await tables.usage.countsOf(ids, dayOf(nowMs) - USAGE_DAYS);
  const setups = await countSetupUsages(tables, found, asker.catalogue);
  return found.map((one, index) => {
    const { released, refused, lastReleasedAtMs } = counts[index] ?? NO_USAGE;
    const setupUsages = setups.get(one.secret.id) ?? 0;
    return {
      ...viewSecret(one, asker),
      usage: { setupUsages, releases: released, refusals: refused, lastReleasedAtMs },
    };
  });
}
