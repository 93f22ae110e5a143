// Verifies an exported audit trail with nothing but the file, what was kept of earlier checkpoints, and the fingerprints of delegates that
// are trusted. Needs no server.
import { open, readFile } from 'node:fs/promises';
import { AppError } from '@sallyport/core';
import type { AuditCheckpoint } from '@sallyport/protocol';
import { NODE_PROOF, parseExportLine, parseKeptCheckpoint, TrailVerifier } from '@sallyport/protocol/audit';
import type { CheckpointToVerify, ExportLine, TrailReport } from '@sallyport/protocol/audit';
import { printableLine } from '../output/printable.ts';
import { readLines } from './read-lines.ts';
import { trailBroken } from './trail-broken.ts';

export type Verified = TrailReport & {
  accountId: string;
  /** The trail begins after this record. */
  floor: number;
  /** Checkpoints that were kept outside of the export and hold. */
  kept: number;
  /** Names that the export gives to signers, by fingerprint. */
  names: Record<string, string>;
};

type Header = Extract<ExportLine, { type: 'header' }>;
/** What can be read in one go, before the records. */
type Outline = { header: Header; checkpoints: CheckpointToVerify[]; names: Map<string, string> };

/**
 * @throws {audit-trail-broken} naming the first record that is wrong
 * @throws {config-invalid} when a file is not what it should be
 */
export async function verifyFile(
  path: string,
  against: { kept: readonly CheckpointToVerify[]; isTrusted: (fingerprint: string) => boolean },
): Promise<Verified> {
  await requireFile(path);
  const { header, checkpoints, names } = await outlineOf(path);
  const trail = {
    accountId: header.accountId,
    floor: header.floor,
    checkpoints: [...checkpoints, ...against.kept],
    isTrusted: against.isTrusted,
  };
  const verifier = new TrailVerifier(trail, NODE_PROOF);
  const problem = verifier.begin() ?? (await feed(path, verifier)) ?? verifier.end();
  if (problem !== null) throw trailBroken(problem, { accountId: header.accountId });
  return {
    accountId: header.accountId,
    floor: header.floor.sequence,
    ...verifier.report(),
    kept: against.kept.length,
    names: Object.fromEntries(names),
  };
}

/**
 * Checkpoints from a file in which somebody kept them: an earlier export, what `audit checkpoint` printed, or a delegate's own log.
 * @throws {config-invalid} when there are none
 */
export async function readKeptCheckpoints(path: string): Promise<CheckpointToVerify[]> {
  await requireFile(path);
  const kept: CheckpointToVerify[] = [];
  const add = (checkpoint: AuditCheckpoint | null): void => {
    if (checkpoint !== null) kept.push({ ...checkpoint, words: `the checkpoint kept in ${path}` });
  };
  // One that was printed over several lines is no JSON line by line.
  for await (const { text } of readLines(path)) add(parseKeptCheckpoint(text));
  if (kept.length === 0) add(parseKeptCheckpoint(await readFile(path, 'utf8')));
  if (kept.length > 0) return kept;
  throw new AppError('config-invalid', {
    publicMessage: `The file ${path} has no checkpoint in it.`,
    data: {
      hint: 'Give what `sallyport audit checkpoint` printed, an earlier export, or audit-checkpoints.jsonl of a delegate.',
    },
  });
}

async function feed(path: string, verifier: TrailVerifier): Promise<ReturnType<TrailVerifier['add']>> {
  for await (const { text } of readLines(path)) {
    const line = parseExportLine(text);
    const problem = line?.type === 'record' ? verifier.add(line) : null;
    if (problem !== null) return problem;
  }
  return null;
}

/** Reads the file a first time: records need not be kept for it, checkpoints may stand before or after what they are about. */
async function outlineOf(path: string): Promise<Outline> {
  let header: Header | null = null;
  let sequence = 0;
  const checkpoints: CheckpointToVerify[] = [];
  const names = new Map<string, string>();
  for await (const { text, number, isWhole } of readLines(path)) {
    const line = parseExportLine(text);
    if (header === null) {
      if (line?.type !== 'header') throw notAnExport(path);
      header = line;
      ({ sequence } = line.floor);
      continue;
    }
    if (line === null || line.type === 'header' || !isWhole) {
      const what = isWhole
        ? `Line ${number} of the file, after record ${sequence}, is damaged.`
        : `The file ends in the middle of line ${number}, after record ${sequence}. Run the export again to continue it.`;
      throw trailBroken({ sequence: sequence + 1, atMs: null, what });
    }
    if (line.type === 'record') {
      ({ sequence } = line);
      continue;
    }
    const { type: _, number: _number, delegateId: _id, delegateName, fingerprint, ...checkpoint } = line;
    checkpoints.push({ ...checkpoint, words: `the checkpoint of delegate ${printableLine(delegateName)}` });
    names.set(fingerprint, delegateName);
  }
  if (header === null) throw notAnExport(path);
  return { header, checkpoints, names };
}

/** @throws {config-invalid} when there is no such file, or it cannot be read */
async function requireFile(path: string): Promise<void> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => error);
  if (file instanceof Error) {
    const isThere = file.code !== 'ENOENT' && file.code !== 'ENOTDIR';
    throw new AppError('config-invalid', {
      publicMessage: isThere
        ? `The file ${path} cannot be read (${file.code ?? file.message}).`
        : `There is no file ${path}.`,
      data: {
        hint: isThere
          ? 'Look at its permissions.'
          : 'Check the path. `sallyport audit export FILE` makes an export of the trail as it is now.',
      },
    });
  }
  const isFolder = (await file.stat()).isDirectory();
  await file.close();
  if (isFolder) throw notAnExport(path);
}

function notAnExport(path: string): AppError {
  return new AppError('config-invalid', {
    publicMessage: `The file ${path} is not an exported audit trail.`,
    data: { hint: 'Make one with `sallyport audit export FILE`.' },
  });
}
