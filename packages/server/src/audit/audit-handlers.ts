// Operations of the API on the audit trail.
import { AppError, isId } from '@sallyport/core';
import type { AuditExportPage } from '@sallyport/protocol';
import { PAGE_ROWS, parseCursor, printCursor } from '../http/cursor.ts';
import type { Handlers, OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import type { AuditFilter } from './audit-log.ts';
import { searchTrail } from './search-trail.ts';

const RECORDS = 'audit';
const CHECKPOINTS = 'audit-checkpoints';
const EXPORT_ROWS = 500;
/** Ids as the product makes them, and the one actor that has none. */
const ACTOR_ID = /^(?:[a-z]{2,3}_[0-9a-z]{26}|server)$/;

type AuditOperation =
  | 'listAudit'
  | 'exportAudit'
  | 'auditStatus'
  | 'listAuditCheckpoints'
  | 'createAuditCheckpoint';
type AuditServices = Pick<Services, 'store' | 'catalogue' | 'auditTrail'>;

export function auditHandlers(services: AuditServices): Pick<Handlers, AuditOperation> {
  const { store, auditTrail } = services;
  return {
    listAudit: async ({ query }) => {
      const before = parsePosition(parseCursor(RECORDS, query.cursor));
      const filter = await filterOf(query, services);
      const page = await searchTrail(store, filter, { before, limit: query.limit ?? PAGE_ROWS });
      return { records: page.records, nextCursor: nextCursor(RECORDS, page.nextBefore) };
    },
    exportAudit: async ({ query }) => exportPage(query, services),
    auditStatus: async () => auditTrail.status(),
    listAuditCheckpoints: async ({ query }) => {
      const limit = query.limit ?? PAGE_ROWS;
      const before = parsePosition(parseCursor(CHECKPOINTS, query.cursor));
      const rows = await store.read(async ({ auditCheckpoints }) => auditCheckpoints.list(before, limit + 1));
      const checkpoints = rows.slice(0, limit);
      const last = rows.length > limit ? (checkpoints.at(-1)?.number ?? null) : null;
      return { checkpoints, nextCursor: nextCursor(CHECKPOINTS, last) };
    },
    createAuditCheckpoint: async () => auditTrail.checkpointer.signNow(),
  };
}

/** @throws {not-found} {invalid-request} */
async function filterOf(
  query: OperationRequest<'listAudit'>['query'],
  { catalogue }: AuditServices,
): Promise<AuditFilter> {
  const { principal, resource, action, application, environment, fromMs, untilMs } = query;
  const byId = principal !== undefined && ACTOR_ID.test(principal);
  const filter: AuditFilter = {
    actor: byId ? principal : null,
    actorName: byId ? null : (principal ?? null),
    resource: resource ?? null,
    actions: action ?? null,
    fromMs: fromMs ?? null,
    untilMs: untilMs ?? null,
  };
  // By id also what is deleted: its records are there for ever.
  if (application !== undefined) {
    const id = isId('application', application)
      ? application
      : (await catalogue.current()).findApplication(application)?.id;
    if (id === undefined) throw notThere('application');
    filter.applicationId = id;
  }
  if (environment !== undefined && isId('environment', environment)) filter.environmentId = environment;
  else if (environment !== undefined) {
    if (application === undefined) {
      throw new AppError('invalid-request', {
        publicMessage: 'An environment is given by its id, or by its name together with its application.',
      });
    }
    const known = await catalogue.current();
    const found = known.findApplication(application);
    const id = found === null ? undefined : known.findEnvironment(found.id, environment)?.id;
    if (id === undefined) throw notThere('environment');
    filter.environmentId = id;
  }
  return filter;
}

/** All of it as it was at one moment, so that no checkpoint is about a record that is not there yet. */
async function exportPage(
  query: OperationRequest<'exportAudit'>['query'],
  { store, auditTrail }: AuditServices,
): Promise<AuditExportPage> {
  const { after = 0, checkpointsAfter = 0, limit = EXPORT_ROWS } = query;
  return store.read(async ({ audit, auditCheckpoints }) => {
    const { head, floor } = await audit.ends();
    const records = await audit.after(after, limit);
    const reached = records.at(-1)?.sequence ?? Math.max(after, floor.sequence);
    const next = await auditCheckpoints.after(checkpointsAfter, limit);
    // They are handed out by their numbers: one about a later record holds up those behind it.
    const early = next.findIndex(({ sequence }) => sequence > reached);
    const checkpoints = early < 0 ? next : next.slice(0, early);
    const delegates = (await auditCheckpoints.newestOfEach()).map((signer) => ({
      delegateId: signer.delegateId,
      name: signer.delegateName,
      identityKey: signer.identityKey,
      fingerprint: signer.fingerprint,
    }));
    const complete = reached >= head.sequence && early < 0 && next.length < limit;
    return { accountId: auditTrail.accountId, floor, head, records, checkpoints, delegates, complete };
  });
}

function nextCursor(list: string, position: number | null): string | null {
  return position === null ? null : printCursor(list, String(position));
}

function parsePosition(position: string | null): number | null {
  if (position === null) return null;
  if (/^[1-9]\d{0,14}$/.test(position)) return Number(position);
  throw new AppError('invalid-request', { publicMessage: 'The cursor is not one of this list.' });
}

function notThere(what: 'application' | 'environment'): AppError {
  return new AppError('not-found', { publicMessage: `There is no such ${what}.` });
}
