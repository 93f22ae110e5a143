// Looks for damage: in the file (SQLite's own checks), between the tables, and in the audit trail's chain. Reports, repairs nothing.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { sql } from 'kysely';
import { checkAuditRecord, isSignedCheckpoint } from '@sallyport/protocol/audit';
import type { AuditChainHead } from '@sallyport/protocol/audit';
import { indexedBlocks, missingFacets } from './audit-blocks.ts';
import { SqliteAuditCheckpoints } from './audit-checkpoints-table.ts';
import { auditFloor, auditHead } from './audit-ends.ts';
import { auditRecordsAfter, SqliteAuditLog } from './audit-table.ts';
import { queryOf, tables } from './query.ts';
import type { Query } from './query.ts';
import type { Session } from './session.ts';
import type { Steps } from './uploads-table.ts';

const AUDIT_PAGE = 500;

function raw<Row>(text: ReturnType<typeof sql<Row>>): Query<Row> {
  return queryOf({ compile: () => text.compile(tables) });
}

/** Problems found, one sentence each. @throws {storage-unavailable} when the database cannot be read at all */
export async function findProblems(steps: Steps): Promise<string[]> {
  const inFile = await steps.read(async (session) => [
    ...damageOfFile(session),
    ...brokenReferences(session),
  ]);
  const inSecrets = await steps.read(async (session) => [
    ...versionsOutOfStep(session),
    ...chunksOutOfStep(session),
  ]);
  const inTrail = [
    await breaksOfAuditChain(steps),
    await brokenCheckpoints(steps),
    await gapsOfAuditIndex(steps),
  ];
  return [...inFile, ...inSecrets, ...inTrail.flat()];
}

function damageOfFile(session: Session): string[] {
  return session
    .all(raw(sql<{ integrity_check: string }>`PRAGMA integrity_check`))
    .map((row) => row.integrity_check)
    .filter((line) => line !== 'ok')
    .map((line) => `SQLite reports damage: ${line}`);
}

function brokenReferences(session: Session): string[] {
  return session
    .all(raw(sql<{ table: string; rowid: number | null; parent: string }>`PRAGMA foreign_key_check`))
    .map(
      ({ table, rowid, parent }) =>
        `Row ${rowid ?? '?'} of ${table} refers to a row of ${parent} that is not there.`,
    );
}

function versionsOutOfStep(session: Session): string[] {
  const query = sql<{ id: string; newest_version: number; newest: number; n: number }>`
    SELECT s.id, s.newest_version, coalesce(max(v.version), 0) AS newest, count(v.version) AS n
    FROM secrets s LEFT JOIN secret_versions v ON v.secret_id = s.id
    GROUP BY s.id HAVING newest <> s.newest_version OR n <> s.newest_version`;
  return session
    .all(raw(query))
    .map(
      ({ id, newest_version, newest, n }) =>
        `Secret ${id} should have versions 1 to ${newest_version}, but has ${n}, the newest ${newest}.`,
    );
}

function chunksOutOfStep(session: Session): string[] {
  const query = sql<{ secret_id: string; version: number; n: number }>`
    SELECT v.secret_id, v.version, count(c.sequence) AS n
    FROM secret_versions v LEFT JOIN upload_chunks c ON c.upload_id = v.upload_id
    WHERE v.upload_id IS NOT NULL
    GROUP BY v.upload_id HAVING n = 0 OR max(c.sequence) - min(c.sequence) + 1 <> n`;
  return session
    .all(raw(query))
    .map(({ secret_id, version, n }) =>
      n === 0
        ? `The envelope of ${secret_id} version ${version} has no chunks.`
        : `The envelope of ${secret_id} version ${version} lacks chunks between its first and last.`,
    );
}

/** Walks the trail page by page, each in a snapshot of its own, so that reading goes on meanwhile. */
async function breaksOfAuditChain(steps: Steps): Promise<string[]> {
  const { end, start } = await steps.read(async (session) => ({
    end: auditHead(session),
    start: auditFloor(session),
  }));
  let head: AuditChainHead = start;
  while (head.sequence < end.sequence) {
    const limit = Math.min(AUDIT_PAGE, end.sequence - head.sequence);
    const page = await steps.read(async (session) => auditRecordsAfter(session, head.sequence, limit));
    if (page.length === 0) {
      return [`Audit records ${head.sequence + 1} to ${end.sequence} are missing at the end of the trail.`];
    }
    for (const record of page) {
      const problem = checkAuditRecord(head, record);
      if (problem !== null) return [problem];
      head = record;
      if (head.sequence === end.sequence && head.hash !== end.hash) {
        return [`Audit record ${end.sequence} is not the one that was written last.`];
      }
    }
    await nextTurn();
  }
  return extraRecords(steps, end);
}

/** The head is read before the records, so only the newest head can tell a surplus from a record that was appended meanwhile. */
async function extraRecords(steps: Steps, end: AuditChainHead): Promise<string[]> {
  return steps.read(async (session) => {
    const newest = auditHead(session);
    const [surplus] = auditRecordsAfter(session, newest.sequence, 1);
    if (surplus !== undefined) return [`Audit record ${surplus.sequence} is beyond the end of the trail.`];
    return newest.sequence < end.sequence ? ['The end of the audit trail moved backwards.'] : [];
  });
}

/** Holds the trail against what delegates have signed, as far as it still reaches. */
async function brokenCheckpoints(steps: Steps): Promise<string[]> {
  for (let after = 0; ;) {
    const number = after;
    const page = await steps.read(async (session) => {
      const log = new SqliteAuditLog(session);
      const checkpoints = await new SqliteAuditCheckpoints(session).after(number, AUDIT_PAGE);
      const { floor } = await log.ends();
      const problems: string[] = [];
      for (const checkpoint of checkpoints) {
        const { sequence, hash, delegateName } = checkpoint;
        const what = `Checkpoint ${checkpoint.number} of delegate ${delegateName} for audit record ${sequence}`;
        if (!isSignedCheckpoint(checkpoint)) problems.push(`${what} has no valid signature.`);
        const point = sequence < floor.sequence ? null : await log.pointAt(sequence);
        if (sequence >= floor.sequence && point?.hash !== hash)
          problems.push(`${what} is not about the record that is there.`);
      }
      return { problems, last: checkpoints.at(-1)?.number ?? null };
    });
    if (page.problems.length > 0 || page.last === null) return page.problems;
    after = page.last;
    await nextTurn();
  }
}

/** What the index lacks is not found by searching, though it is there. */
async function gapsOfAuditIndex(steps: Steps): Promise<string[]> {
  const blocks = await steps.read(async (session) => indexedBlocks(session));
  const problems: string[] = [];
  for (let block = 0; block < blocks; block++) {
    const missing = await steps.read(async (session) => missingFacets(session, block));
    if (missing > 0)
      problems.push(`The index of the audit trail lacks ${missing} entries of block ${block}.`);
    if (block % 16 === 0) await nextTurn();
  }
  return problems;
}
