// Verifies the whole audit trail as it comes from the server, page by page, in a browser: nothing of it is kept. What holds against a server
// that lies to this very program is said by those who call it; what a signature says, holds against everybody.
import { AppError } from '@sallyport/core';
import { WebTrailVerifier } from '@sallyport/protocol/audit-web';
import type {
  AuditChainHead,
  CheckpointToVerify,
  TrailProblem,
  TrailReport,
} from '@sallyport/protocol/audit-web';
import type { Call } from '../http/call.ts';

const PAGE_RECORDS = 1000;
const PAGE_CHECKPOINTS = 500;

/** A head of a trail that was seen before. */
export type SeenHead = AuditChainHead & { seenAtMs: number };

/** What came of it. */
export type AuditVerdict = {
  accountId: string;
  /** The trail begins after this record. */
  floor: number;
  /** Names that the server gives to signers, by fingerprint. */
  names: ReadonlyMap<string, string>;
  /** What was seen before and the trail was held against; null: nothing, or only what retention has removed since. */
  seen: SeenHead | null;
} & ({ problem: TrailProblem } | { problem: null; report: TrailReport; head: AuditChainHead });

export type VerifyOptions = {
  /** Whether a signature with this key counts. */
  isTrusted: (fingerprint: string) => boolean;
  /** What was seen of the account's trail before. */
  seen: (accountId: string) => SeenHead | null;
  onProgress?: (progress: { records: number; of: number }) => void;
  signal?: AbortSignal;
};

/**
 * Holds the trail up to its newest record now against all checkpoints and against what was seen before.
 * @throws whatever the operations of the API throw
 */
export async function verifyAuditTrail(
  client: { call: Call },
  options: VerifyOptions,
): Promise<AuditVerdict> {
  const { signal = null } = options;
  // First the checkpoints, then the records: so none is about a record that is still to come.
  const stored = await checkpointsOf(client, signal);
  const first = await pageAfter(client, 0, signal);
  const { accountId, floor, head } = first;
  const before = options.seen(accountId);
  const seen = before === null || before.sequence < floor.sequence ? null : before;
  const verifier = await WebTrailVerifier.of({
    accountId,
    floor,
    checkpoints: stored.checkpoints.filter(({ sequence }) => sequence >= floor.sequence),
    heads: [
      { ...head, words: "the server's own newest record" },
      ...(seen === null ? [] : [{ ...seen, words: 'what this browser saw before' }]),
    ],
    isTrusted: options.isTrusted,
  });
  const common = { accountId, floor: floor.sequence, names: stored.names, seen };
  let problem = verifier.begin();
  for (let page = first; problem === null && page.records.length > 0;) {
    problem = await verifier.add(page.records);
    const { sequence } = verifier.head;
    options.onProgress?.({ records: sequence - floor.sequence, of: head.sequence - floor.sequence });
    if (problem !== null || page.complete || sequence >= head.sequence) break;
    page = await pageAfter(client, sequence, signal);
  }
  problem ??= verifier.end();
  if (problem !== null) return { ...common, problem };
  return { ...common, problem: null, report: verifier.report(), head: verifier.head };
}

async function pageAfter({ call }: { call: Call }, after: number, signal: AbortSignal | null) {
  // Checkpoints are read apart from records.
  const query = { after, checkpointsAfter: Number.MAX_SAFE_INTEGER, limit: PAGE_RECORDS };
  return call('exportAudit', signal === null ? { query } : { query, signal });
}

async function checkpointsOf(
  { call }: { call: Call },
  signal: AbortSignal | null,
): Promise<{ checkpoints: CheckpointToVerify[]; names: Map<string, string> }> {
  const checkpoints: CheckpointToVerify[] = [];
  const names = new Map<string, string>();
  let cursor: string | null = null;
  do {
    const query = { limit: PAGE_CHECKPOINTS, ...(cursor === null ? {} : { cursor }) };
    const page: Awaited<ReturnType<typeof call<'listAuditCheckpoints'>>> = await call(
      'listAuditCheckpoints',
      signal === null ? { query } : { query, signal },
    );
    for (const {
      number: _number,
      delegateId: _id,
      delegateName,
      fingerprint,
      ...checkpoint
    } of page.checkpoints) {
      checkpoints.push({ ...checkpoint, words: `the checkpoint of delegate ${delegateName}` });
      names.set(fingerprint, delegateName);
    }
    if (page.nextCursor !== null && page.nextCursor === cursor) throw stuck();
    cursor = page.nextCursor;
  } while (cursor !== null);
  return { checkpoints, names };
}

function stuck(): AppError {
  return new AppError('protocol-version-unsupported', {
    publicMessage: 'The server gave a page of checkpoints that leads no further.',
    data: { hint: 'Bring server and client to the same version.' },
  });
}
