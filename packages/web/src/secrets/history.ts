// What is different about each version of a secret, beside the one before it. Only what is known without opening anything.
import type { SecretVersionMetadata } from '@sallyport/protocol';

export type HistoryEntry = SecretVersionMetadata & {
  /** How much larger than the version before; null: there is none to compare with. */
  moreBytes: number | null;
  isOtherManager: boolean;
  isOtherKey: boolean;
};

/** @param versions newest first */
export function differencesIn(versions: readonly SecretVersionMetadata[]): HistoryEntry[] {
  return versions.map((version, index) => {
    const before = versions[index + 1];
    return {
      ...version,
      moreBytes: before === undefined ? null : version.valueBytes - before.valueBytes,
      isOtherManager: before !== undefined && before.secretsManagerId !== version.secretsManagerId,
      isOtherKey: before !== undefined && before.keyArn !== version.keyArn,
    };
  });
}
