// Searches the audit trail in steps that each look at a bounded number of records, newest first.
import { sql } from 'kysely';
import type { AuditRecord } from '@sallyport/protocol';
import type { AuditFilter, AuditFindings } from '../../audit/audit-log.ts';
import { BLOCK_RECORDS, blocksWith, facetsOf, indexedBlocks } from './audit-blocks.ts';
import { auditFloor, auditHeadRow } from './audit-ends.ts';
import type { AuditRecordColumns } from './audit-migration.ts';
import { prepare, queryOf, tables } from './query.ts';
import type { Session } from './session.ts';

/** Records that one step reads at most, one after the other. */
const STEP_RECORDS = 20_000;
const STEP_BLOCKS = Math.floor(STEP_RECORDS / BLOCK_RECORDS);
/** Blocks whose entries one step looks at. */
const BLOCK_WINDOW = 4096;

const lastBeforeTime = prepare((p: { atMs: number }) =>
  tables
    .selectFrom('audit_records')
    .select('sequence')
    .where('at_ms', '<', p.atMs)
    .orderBy('at_ms', 'desc')
    .orderBy('sequence', 'desc')
    .limit(1),
);
const firstAfterTime = prepare((p: { atMs: number }) =>
  tables
    .selectFrom('audit_records')
    .select('sequence')
    .where('at_ms', '>', p.atMs)
    .orderBy('at_ms')
    .orderBy('sequence')
    .limit(1),
);

/** Sequences above `above` and below `before`. */
type Range = { above: number; before: number };

/** One step, as `AuditLog.search` promises it. */
export function searchStep(
  session: Session,
  query: AuditFilter & { before: number | null; limit: number },
): AuditFindings {
  const range = rangeOf(session, query);
  if (range.before - range.above < 2) return { records: [], continueBefore: null };
  const facets = facetsOf(query);
  const indexedTo = facets.length === 0 ? 0 : indexedBlocks(session) * BLOCK_RECORDS;
  if (range.before - 1 <= indexedTo) return searchBlocks(session, query, { range, facets });
  // Above the index, or without anything that it could help with: record by record.
  const above = Math.max(range.above, indexedTo, range.before - 1 - STEP_RECORDS);
  const records = recordsIn(session, query, { above, before: range.before });
  const last = records.at(-1);
  if (records.length === query.limit && last !== undefined) return { records, continueBefore: last.sequence };
  return { records, continueBefore: above > range.above ? above + 1 : null };
}

function searchBlocks(
  session: Session,
  query: AuditFilter & { limit: number },
  { range, facets }: { range: Range; facets: readonly string[][] },
): AuditFindings {
  const newest = blockOf(range.before - 1);
  const oldest = Math.max(blockOf(range.above + 1), newest - BLOCK_WINDOW + 1);
  const blocks = blocksWith(session, facets, { newest, oldest, limit: STEP_BLOCKS });
  const records: AuditRecord[] = [];
  for (const block of blocks) {
    const first = block * BLOCK_RECORDS + 1;
    const within = {
      above: Math.max(range.above, first - 1),
      before: Math.min(range.before, first + BLOCK_RECORDS),
    };
    const limit = query.limit - records.length;
    records.push(...recordsIn(session, { ...query, limit }, within));
    const last = records.at(-1);
    if (records.length === query.limit && last !== undefined)
      return { records, continueBefore: last.sequence };
  }
  const lowest = blocks.length < STEP_BLOCKS ? oldest : (blocks.at(-1) ?? oldest);
  const continueBefore = lowest * BLOCK_RECORDS + 1;
  return { records, continueBefore: continueBefore - 1 > range.above ? continueBefore : null };
}

/**
 * The part of the trail that can have such records. Times only nearly follow the chain, since a request's time is when it began; but if no
 * record is earlier than one before it by more than `disorder`, then whatever comes before a record of time t has at most t + disorder,
 * and whatever comes after it at least t - disorder.
 */
function rangeOf(session: Session, query: AuditFilter & { before: number | null }): Range {
  const head = auditHeadRow(session);
  const range = { above: auditFloor(session).sequence, before: head.sequence + 1 };
  if (isGiven(query.before)) range.before = Math.min(range.before, query.before);
  if (isGiven(query.fromMs)) {
    const earlier = session.first(lastBeforeTime({ atMs: query.fromMs - head.disorder_ms }));
    range.above = Math.max(range.above, earlier?.sequence ?? 0);
  }
  if (isGiven(query.untilMs)) {
    const later = session.first(firstAfterTime({ atMs: query.untilMs + head.disorder_ms }));
    range.before = Math.min(range.before, later?.sequence ?? range.before);
  }
  return range;
}

function recordsIn(session: Session, query: AuditFilter & { limit: number }, range: Range): AuditRecord[] {
  let builder = tables
    .selectFrom('audit_records')
    .selectAll()
    .where('sequence', '>', range.above)
    .where('sequence', '<', range.before)
    .orderBy('sequence', 'desc')
    .limit(query.limit);
  const { actor, actorName, resource, actions, applicationId, environmentId, fromMs, untilMs } = query;
  if (isGiven(actor)) builder = builder.where('actor', '=', actor);
  if (isGiven(actorName)) builder = builder.where('actor_name', '=', actorName);
  if (isGiven(resource)) builder = builder.where('resource', '=', resource);
  if (isGiven(actions)) builder = builder.where('action', 'in', actions);
  if (isGiven(applicationId)) builder = builder.where('application_id', '=', applicationId);
  if (isGiven(environmentId)) builder = builder.where('environment_id', '=', environmentId);
  // The unary plus keeps SQLite from preferring the index of times, whose order it would have to sort.
  if (isGiven(fromMs)) builder = builder.where(sql`+at_ms`, '>=', fromMs);
  if (isGiven(untilMs)) builder = builder.where(sql`+at_ms`, '<', untilMs);
  return session.all(queryOf(builder)).map(auditRecordOf);
}

function blockOf(sequence: number): number {
  return Math.floor((sequence - 1) / BLOCK_RECORDS);
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}

/** A row as a record. */
export function auditRecordOf(columns: AuditRecordColumns): AuditRecord {
  return {
    sequence: columns.sequence,
    chainVersion: columns.chain_version,
    atMs: columns.at_ms,
    actor: columns.actor,
    actorKind: columns.actor_kind,
    actorName: columns.actor_name,
    action: columns.action,
    resource: columns.resource,
    resourceName: columns.resource_name,
    applicationId: columns.application_id,
    environmentId: columns.environment_id,
    purpose: columns.purpose,
    requestId: columns.request_id,
    details: JSON.parse(columns.details) as AuditRecord['details'],
    contentHash: columns.content_hash,
    hash: columns.hash,
  };
}
