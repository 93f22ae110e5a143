// Searches the audit trail to the end of a page: in steps, between which others get their turn, and not for ever.
import type { AuditRecord } from '@sallyport/protocol';
import type { Store } from '../storage/store.ts';
import type { AuditFilter } from './audit-log.ts';

/** Each looks at about 20,000 records, or at the index of two million. */
const STEPS_MAX = 100;

export type TrailPage = {
  /** Newest first. */
  records: AuditRecord[];
  /** Where the next page begins: below this sequence. null: nothing follows. */
  nextBefore: number | null;
};

/** May find fewer than `limit` records although more follow: only `nextBefore` tells. */
export async function searchTrail(
  store: Store,
  filter: AuditFilter,
  page: { before: number | null; limit: number },
): Promise<TrailPage> {
  const records: AuditRecord[] = [];
  let { before } = page;
  for (let step = 0; step < STEPS_MAX; step++) {
    const from = before;
    const limit = page.limit - records.length;
    const found = await store.read(async ({ audit }) => audit.search({ ...filter, before: from, limit }));
    records.push(...found.records);
    before = found.continueBefore;
    if (before === null || records.length === page.limit) break;
  }
  return { records, nextBefore: before };
}
