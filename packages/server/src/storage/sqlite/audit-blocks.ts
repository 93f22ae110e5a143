// The index of the audit trail. One entry per record and column would double the price of every read of a secret, because each entry
// changes another page of the file. Instead each block of 512 records has one entry per value that occurs in it, all of them beside each
// other, made in one go after the block is full: a tenth of the price. A search asks block by block whether it can have something, and
// reads those, and the records that no block has yet.
import { invariant } from '@sallyport/core';
import { sql } from 'kysely';
import type { AuditFilter } from '../../audit/audit-log.ts';
import { auditHead } from './audit-ends.ts';
import { prepare, queryOf, tables } from './query.ts';
import type { Session } from './session.ts';

/** Records in one block. */
export const BLOCK_RECORDS = 512;

const indexed = prepare(() => tables.selectFrom('audit_index').select('blocks').where('id', '=', 1));
const moveIndexed = prepare((p: { blocks: number }) =>
  tables.updateTable('audit_index').set({ blocks: p.blocks }).where('id', '=', 1),
);

const removeBelow = prepare((p: { block: number }) =>
  tables.deleteFrom('audit_blocks').where('block', '<', p.block),
);

/** How many blocks are indexed, from the first one on. */
export function indexedBlocks(session: Session): number {
  const row = session.first(indexed({}));
  invariant(row !== null, 'the audit trail has an index');
  return row.blocks;
}

/** Indexes the next block if it is full. @returns the last record of the block that is next then */
export function indexNextBlock(session: Session): number {
  const block = indexedBlocks(session);
  const lastRecord = (block + 1) * BLOCK_RECORDS;
  if (auditHead(session).sequence < lastRecord) return lastRecord;
  const query = sql`INSERT INTO audit_blocks (facet, block) ${facetsIn(block)}`;
  session.run(queryOf({ compile: () => query.compile(tables) }));
  session.run(moveIndexed({ blocks: block + 1 }));
  return lastRecord + BLOCK_RECORDS;
}

/** The newest blocks that can have such records, newest first: those in which each list has a facet that occurs. */
export function blocksWith(
  session: Session,
  facets: readonly string[][],
  range: { newest: number; oldest: number; limit: number },
): number[] {
  const occurs = facets.map(
    (alternatives) =>
      sql`EXISTS (SELECT 1 FROM audit_blocks b WHERE b.block = n.block AND b.facet IN (${sql.join(alternatives)}))`,
  );
  const query = sql<{ block: number }>`
    WITH RECURSIVE n (block) AS (
      SELECT ${range.newest} UNION ALL SELECT block - 1 FROM n WHERE block > ${range.oldest}
    )
    SELECT block FROM n WHERE ${sql.join(occurs, sql` AND `)} LIMIT ${range.limit}`;
  return session.all(queryOf({ compile: () => query.compile(tables) })).map(({ block }) => block);
}

/** How many values of a block's records the index lacks; 0 unless somebody has tampered with it. */
export function missingFacets(session: Session, block: number): number {
  const query = sql<{ n: number }>`
    SELECT count(*) AS n FROM (
      SELECT facet, block FROM (${facetsIn(block)}) EXCEPT SELECT facet, block FROM audit_blocks WHERE block = ${block}
    )`;
  return session.first(queryOf({ compile: () => query.compile(tables) }))?.n ?? 0;
}

/** Forgets the blocks below the one that has this record; its own entries may then be too many, which does no harm. */
export function forgetBlocksBelow(session: Session, sequence: number): void {
  session.run(removeBelow({ block: Math.floor((sequence - 1) / BLOCK_RECORDS) }));
}

/** What a record must have, as alternatives: one of each list occurs in the block of every record that fits. */
export function facetsOf(filter: AuditFilter): string[][] {
  const { resource, actor, actorName, environmentId, applicationId, actions } = filter;
  const all: string[][] = [];
  // In the order in which they narrow a search down, usually.
  if (resource) all.push([`resource:${resource}`]);
  if (actor) all.push([`actor:${actor}`]);
  if (actorName) all.push([`name:${actorName}`]);
  if (environmentId) all.push([`environment:${environmentId}`]);
  if (applicationId) all.push([`application:${applicationId}`]);
  if (actions) all.push(actions.map((action) => `action:${action}`));
  return all;
}

function facetsIn(block: number) {
  const first = block * BLOCK_RECORDS + 1;
  const within = sql`FROM audit_records WHERE sequence >= ${first} AND sequence < ${first + BLOCK_RECORDS}`;
  return sql`
    SELECT 'resource:' || resource AS facet, ${block} AS block ${within}
    UNION SELECT 'actor:' || actor, ${block} ${within}
    UNION SELECT 'name:' || actor_name, ${block} ${within}
    UNION SELECT 'environment:' || environment_id, ${block} ${within} AND environment_id IS NOT NULL
    UNION SELECT 'application:' || application_id, ${block} ${within} AND application_id IS NOT NULL
    UNION SELECT 'action:' || action, ${block} ${within}
    ORDER BY facet`;
}
