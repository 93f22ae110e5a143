// Writes what the plan says, a few at a time. One that fails does not stop the others, unless none of them could work any more.
import { AppError, isAppError } from '@sallyport/core';
import type { ErrorCode } from '@sallyport/core';
import type { Client, WriteOptions } from '@sallyport/sdk';
import type { PlannedRow } from './plan-import.ts';

const WRITES_AT_ONCE = 8;
/** With these, the next one would fail in the same way. */
const ENDS_ALL: readonly ErrorCode[] = [
  'unreachable',
  'unauthenticated',
  'shutting-down',
  'storage-unavailable',
  'no-default-secrets-manager',
];

const INTERRUPTED = new AppError('partly-done', { publicMessage: 'the import was interrupted' });

export type RowResult = {
  row: PlannedRow;
  /** The version that was written; null: none. */
  version: number | null;
  /** Why not, if it should have been. */
  error: AppError | null;
};

export type CarryOptions = Pick<WriteOptions, 'scope' | 'secretsManager'> & {
  /** Once it is aborted, no further row is begun. */
  signal: AbortSignal;
};

/** Results in the order of the plan. */
export async function carryOut(
  client: Client,
  plan: readonly PlannedRow[],
  options: CarryOptions,
): Promise<RowResult[]> {
  const results = plan.map((row): RowResult => ({ row, version: null, error: null }));
  const waiting = results.filter(({ row }) => row.action === 'create' || row.action === 'update').values();
  let ended: AppError | null = null;
  const carry = async (result: RowResult): Promise<void> => {
    try {
      if (options.signal.aborted) ended ??= INTERRUPTED;
      if (ended === null) result.version = await write(client, result.row, options);
      else result.error = notTried(ended);
    } catch (thrown) {
      if (!isAppError(thrown)) throw thrown;
      result.error = thrown;
      if (ENDS_ALL.includes(thrown.code)) ended = thrown;
    }
  };
  const work = async (): Promise<void> => {
    for (const result of waiting) await carry(result);
  };
  // One alone first: a delegate that is new to this machine is met once, not by all at once.
  for (const first of waiting.take(1)) await carry(first);
  await Promise.all(Array.from({ length: WRITES_AT_ONCE }, work));
  return results;
}

async function write(
  client: Client,
  row: PlannedRow,
  { scope, secretsManager }: CarryOptions,
): Promise<number> {
  const { reference, value, kind, action, expectedVersion } = row;
  const options: WriteOptions = {
    expectedVersion,
    // A scope is given to new secrets only; the others keep theirs.
    ...(scope === undefined || action !== 'create' ? {} : { scope }),
    ...(secretsManager === undefined ? {} : { secretsManager }),
  };
  const written =
    kind === 'text'
      ? await client.set(reference, value, options)
      : await client.upload(reference, () => ReadableStream.from([value]), options);
  return written.version;
}

function notTried(because: AppError): AppError {
  return new AppError(because.code, { publicMessage: `Not tried: ${because.publicMessage}` });
}
