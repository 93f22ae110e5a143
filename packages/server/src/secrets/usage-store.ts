// The port to counters of how often secrets were used. The uses themselves are records of the audit trail; these say how many there
// were without walking through them. Written in the transaction of the records that they count.
import type { SecretId } from '@sallyport/core';

/** So many more of one secret on one day. */
export type UsageIncrement = {
  secretId: SecretId;
  /** Days since the epoch, UTC. */
  day: number;
  released: number;
  refused: number;
  /** The last of them; 0 when none was released. */
  releasedAtMs: number;
};

export type UsageCounts = { released: number; refused: number; lastReleasedAtMs: number | null };

export const NO_USAGE: UsageCounts = { released: 0, refused: 0, lastReleasedAtMs: null };

export type UsageStore = {
  add(increments: readonly UsageIncrement[]): Promise<void>;
  /** Counts from `sinceDay` on, in the order of `ids`; the last release whenever it was. */
  countsOf(ids: readonly SecretId[], sinceDay: number): Promise<UsageCounts[]>;
};
