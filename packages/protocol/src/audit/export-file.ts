// The file that an audit trail is exported to: JSON lines of three kinds. The header comes first; records follow in their order;
// checkpoints stand anywhere between them.
import { z } from 'zod';
import {
  AccountIdSchema,
  AuditChainPoint,
  AuditCheckpoint,
  AuditRecord,
  StoredAuditCheckpoint,
} from '../api/audit.ts';

/** Version of the file's form. */
export const AUDIT_EXPORT_VERSION = 1;

export const ExportHeader = z.strictObject({
  type: z.literal('header'),
  format: z.literal('sallyport-audit-trail'),
  version: z.literal(AUDIT_EXPORT_VERSION),
  accountId: AccountIdSchema,
  floor: AuditChainPoint.describe('The first record in the file follows this one.'),
});
export type ExportHeader = z.infer<typeof ExportHeader>;

// A file outlives versions of the product: an action that is not known any more, or not yet, is no damage.
const ExportedRecord = AuditRecord.extend({ type: z.literal('record'), action: z.string().max(100) });
const ExportedCheckpoint = StoredAuditCheckpoint.extend({ type: z.literal('checkpoint') });

/** One line of such a file. */
export const ExportLine = z.discriminatedUnion('type', [ExportHeader, ExportedRecord, ExportedCheckpoint]);
export type ExportLine = z.infer<typeof ExportLine>;

/** @returns null when it is no line of an export */
export function parseExportLine(text: string): ExportLine | null {
  const parsed = ExportLine.safeParse(jsonOf(text));
  return parsed.success ? parsed.data : null;
}

/**
 * A checkpoint however it was kept: a line of an export, what `sallyport audit checkpoint` printed, or a line of a delegate's own log.
 * @returns null when it is none
 */
export function parseKeptCheckpoint(text: string): AuditCheckpoint | null {
  const json = jsonOf(text);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return null;
  const shape = Object.keys(AuditCheckpoint.shape);
  const fields = Object.entries(json).filter(([name]) => shape.includes(name));
  const parsed = AuditCheckpoint.safeParse(Object.fromEntries(fields));
  return parsed.success ? parsed.data : null;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
