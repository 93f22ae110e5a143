// The whole audit trail as a file of JSON lines, in the form that `sallyport audit verify` takes: gathered page by page.
import type { AuditExportPage } from '@sallyport/protocol';
import { AppError } from '@sallyport/sdk/browser';
import type { Client } from '@sallyport/sdk/browser';

export type ExportProgress = { records: number; of: number };

/** Version of the file's form. */
const FORM = { format: 'sallyport-audit-trail', version: 1 };

/** @param options.signal ends it between two pages */
export async function exportTrail(
  client: Pick<Client, 'call'>,
  options: { onProgress: (progress: ExportProgress) => void; signal: AbortSignal },
): Promise<Blob> {
  const { onProgress, signal } = options;
  const parts: string[] = [];
  let from = { after: 0, checkpointsAfter: 0 };
  let records = 0;
  for (;;) {
    const page = await client.call('exportAudit', { query: from, signal });
    if (parts.length === 0) parts.push(lineOf(headerOf(page)));
    for (const record of page.records) parts.push(lineOf({ type: 'record', ...record }));
    for (const checkpoint of page.checkpoints) parts.push(lineOf({ type: 'checkpoint', ...checkpoint }));
    records += page.records.length;
    onProgress({ records, of: page.head.sequence - page.floor.sequence });
    if (page.complete) return new Blob(parts, { type: 'application/jsonl' });
    const after = page.records.at(-1)?.sequence ?? from.after;
    const checkpointsAfter = page.checkpoints.at(-1)?.number ?? from.checkpointsAfter;
    if (after === from.after && checkpointsAfter === from.checkpointsAfter) throw stuck();
    from = { after, checkpointsAfter };
  }
}

function headerOf({ accountId, floor }: AuditExportPage): object {
  return { type: 'header', ...FORM, accountId, floor };
}

function lineOf(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

function stuck(): AppError {
  return new AppError('protocol-version-unsupported', {
    publicMessage: 'The server gave a page of the audit trail that leads no further.',
    data: { hint: 'Bring server and client to the same version.' },
  });
}
