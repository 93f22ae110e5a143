// The operation of the API that reads the audit trail.
import { AppError } from '@sallyport/core';
import { PAGE_ROWS, parseCursor, printCursor } from '../http/cursor.ts';
import type { Handlers } from '../http/operation.ts';
import type { Services } from '../services.ts';

const AUDIT_LIST = 'audit';

export function auditHandlers({ store }: Pick<Services, 'store'>): Pick<Handlers, 'listAudit'> {
  return {
    listAudit: async ({ query }) => {
      const limit = query.limit ?? PAGE_ROWS;
      const before = parseSequence(parseCursor(AUDIT_LIST, query.cursor));
      const { resource = null, action = null } = query;
      const rows = await store.read(async ({ audit }) =>
        audit.list({ before, limit: limit + 1, resource, action }),
      );
      const records = rows.slice(0, limit);
      const last = rows.length > limit ? records.at(-1) : undefined;
      const nextCursor = last === undefined ? null : printCursor(AUDIT_LIST, String(last.sequence));
      return { records, nextCursor };
    },
  };
}

function parseSequence(position: string | null): number | null {
  if (position === null) return null;
  if (/^[1-9]\d{0,14}$/.test(position)) return Number(position);
  throw new AppError('invalid-request', { publicMessage: 'The cursor is not one of this list.' });
}
