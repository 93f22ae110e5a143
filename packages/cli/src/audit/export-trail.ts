// Writes the audit trail to a file of JSON lines and goes on where an earlier export ended. What comes is held against what is there: a
// server whose past has changed is found while it is exported.
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { AppError } from '@sallyport/core';
import type { AuditExportPage } from '@sallyport/protocol';
import { AUDIT_EXPORT_VERSION, findTrailProblem, headOf, parseExportLine } from '@sallyport/protocol/audit';
import type { AuditChainHead } from '@sallyport/protocol/audit';
import { readLines } from './read-lines.ts';
import { trailBroken } from './trail-broken.ts';

/** How far a file reaches. */
type Reached = {
  /** null: the file is new. */
  accountId: string | null;
  head: AuditChainHead;
  /** Number of the last checkpoint in it. */
  checkpoint: number;
  records: number;
  /** Length of what is whole. */
  bytes: number;
};

export type ExportedTrail = {
  accountId: string;
  /** Whether the file was there. */
  continued: boolean;
  /** Added now. */
  records: number;
  checkpoints: number;
  /** Last record in the file; 0: none. */
  lastSequence: number;
};

/** Asks for the next page. */
export type NextPage = (from: { after: number; checkpointsAfter: number }) => Promise<AuditExportPage>;

const NOTHING: AuditChainHead = { sequence: 0, hash: '0'.repeat(64) };

/**
 * @throws {audit-trail-broken} when the file, or what the server gives, is not one chain
 * @throws {config-invalid} when the file is something else, or cannot be continued
 */
export async function exportTrail(path: string, nextPage: NextPage): Promise<ExportedTrail> {
  const file = await open(path, 'a+', 0o600);
  try {
    const start = await reachedBy(path);
    // A line that was only partly written is written again.
    await file.truncate(start.bytes);
    return await append(file, start, { path, nextPage });
  } finally {
    await file.close();
  }
}

async function append(
  file: FileHandle,
  start: Reached,
  { path, nextPage }: { path: string; nextPage: NextPage },
): Promise<ExportedTrail> {
  let { accountId, head, checkpoint } = start;
  let [records, checkpoints] = [0, 0];
  for (;;) {
    const page = await nextPage({ after: head.sequence, checkpointsAfter: checkpoint });
    const lines: unknown[] = [];
    if (accountId === null) {
      ({ accountId } = page);
      head = headOf(page.floor);
      lines.push({
        type: 'header',
        format: 'sallyport-audit-trail',
        version: AUDIT_EXPORT_VERSION,
        accountId,
        floor: head,
      });
    }
    requireSameTrail(page, { accountId, head, path });
    for (const record of page.records) {
      const problem = findTrailProblem(head, record);
      if (problem !== null) throw trailBroken(problem);
      lines.push({ type: 'record', ...record });
      head = headOf(record);
    }
    for (const one of page.checkpoints) lines.push({ type: 'checkpoint', ...one });
    checkpoint = page.checkpoints.at(-1)?.number ?? checkpoint;
    records += page.records.length;
    checkpoints += page.checkpoints.length;
    if (lines.length > 0) {
      await file.appendFile(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      await file.sync();
    }
    if (page.complete) break;
    if (lines.length === 0) throw stuck();
  }
  const continued = start.accountId !== null;
  return { accountId, continued, records, checkpoints, lastSequence: head.sequence };
}

function requireSameTrail(
  page: AuditExportPage,
  file: { accountId: string; head: AuditChainHead; path: string },
): void {
  const { accountId, head, path } = file;
  if (page.accountId !== accountId) {
    throw unusable(path, `it is the trail of account ${accountId}, and the server has ${page.accountId}`);
  }
  if (page.head.sequence < head.sequence) {
    throw trailBroken({
      sequence: page.head.sequence + 1,
      atMs: null,
      what: `The server's trail ends with record ${page.head.sequence}, and ${path} already has record ${head.sequence}: records were removed, or the database was replaced by an older copy.`,
    });
  }
  if (page.head.sequence === head.sequence && page.head.hash !== head.hash) {
    throw trailBroken({
      sequence: head.sequence,
      atMs: null,
      what: `The server's record ${head.sequence} is not the one in ${path}: the trail was rewritten.`,
    });
  }
  if (page.floor.sequence > head.sequence) {
    throw unusable(
      path,
      `it ends with record ${head.sequence}, and the server has removed the records up to ${page.floor.sequence}. Export to a new file`,
    );
  }
}

/** Reads the whole file: only a file that is sound is continued. */
async function reachedBy(path: string): Promise<Reached> {
  const reached: Reached = { accountId: null, head: NOTHING, checkpoint: 0, records: 0, bytes: 0 };
  for await (const { text, number, endBytes, isWhole } of readLines(path)) {
    if (!isWhole) break;
    const line = parseExportLine(text);
    if (line === null || (line.type === 'header') !== (number === 1)) {
      throw unusable(path, `line ${number} is not one of an export`);
    }
    if (line.type === 'header') {
      reached.accountId = line.accountId;
      reached.head = line.floor;
    } else if (line.type === 'record') {
      const problem = findTrailProblem(reached.head, line);
      if (problem !== null) throw trailBroken(problem);
      reached.head = headOf(line);
      reached.records += 1;
    } else reached.checkpoint = Math.max(reached.checkpoint, line.number);
    reached.bytes = endBytes;
  }
  return reached;
}

function unusable(path: string, why: string): AppError {
  return new AppError('config-invalid', { publicMessage: `The file ${path} cannot be continued: ${why}.` });
}

function stuck(): AppError {
  return new AppError('answer-mismatch', {
    publicMessage: 'The server says that more is to come, and sends nothing.',
  });
}
