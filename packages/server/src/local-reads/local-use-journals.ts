// The port that remembers how far the journals are recorded in which delegates report what they served by themselves. Moved on in the
// transaction of the records, so that each number of a journal is recorded once.

/** A journal as one delegate keeps it. */
export type JournalAddress = {
  /** Fingerprint. */
  delegate: string;
  journal: string;
};

/** So many journals of one delegate are remembered, those that were written to last. A delegate begins one per data folder. */
export const JOURNALS_KEPT = 64;

export type LocalUseJournals = {
  /** Highest number that is recorded; 0: none. */
  recordedUpTo(address: JournalAddress): Promise<number>;
  /** Records that all up to this number is recorded. The oldest of more than `JOURNALS_KEPT` journals of the delegate are forgotten. */
  advance(address: JournalAddress, to: { sequence: number; atMs: number }): Promise<void>;
};
