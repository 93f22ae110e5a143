// Who had a secret, and what was changed about it: read from the audit trail. Whoever may see a secret may see these of it, without the
// right to the trail as a whole.
import type {
  AuditAction,
  AuditRecord,
  SecretChange,
  SecretChangePage,
  SecretUse,
  SecretUsePage,
  UsageScopeView,
  UseByName,
} from '@sallyport/protocol';
import { may, nameKey, parseSecretReference, printSecretReference } from '@sallyport/core';
import type { ApplicationId, EnvironmentId, SecretId, UsageScope } from '@sallyport/core';
import type { VisiblePlaces } from '../applications/visible-places.ts';
import type { AuditFindings } from '../audit/audit-log.ts';
import { searchTrail } from '../audit/search-trail.ts';
import { PAGE_ROWS, parseSequenceCursor, printCursor } from '../http/cursor.ts';
import type { OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import { parseExisting, requireVisible } from './find-secret.ts';
import { viewUsageScope } from './scope-input.ts';
import { askerOf } from './secret-asker.ts';
import type { SecretAsker } from './secret-asker.ts';
import { USAGE_DAYS } from './secret-views.ts';

const DAY_MS = 86_400_000;
const USES_LIST = 'uses';
const CHANGES_LIST = 'changes';
/** So many of the newest releases are looked through for who asks by name. */
const NAMES_LOOKED_AT = 2000;
/** Steps of a search within a transaction. */
const STEPS_MAX = 20;
const USE_ACTIONS = ['secret.released', 'secret.refused'] as const satisfies readonly AuditAction[];
const CHANGE_ACTIONS = [
  'secret.created',
  'secret.version-added',
  'secret.renamed',
  'secret.scope-changed',
  'secret.availability-changed',
  'secret.alias-removed',
] as const satisfies readonly AuditAction[];

export async function listSecretUses(
  request: OperationRequest<'listSecretUses'>,
  services: Services,
): Promise<SecretUsePage> {
  const { query } = request;
  const before = parseSequenceCursor(USES_LIST, query.cursor);
  const actions = query.outcome === undefined ? USE_ACTIONS : ([`secret.${query.outcome}`] as const);
  const asker = await askerOf(request, services);
  const resource = await visibleId(request.params.secret, asker, services);
  const { records, nextBefore } = await searchTrail(
    services.store,
    { resource, actions, fromMs: query.sinceMs ?? null, untilMs: query.untilMs ?? null },
    { before, limit: query.limit ?? PAGE_ROWS },
  );
  return {
    uses: records.map((record) => viewUse(record, asker)),
    nextCursor: nextBefore === null ? null : printCursor(USES_LIST, String(nextBefore)),
  };
}

export async function listSecretChanges(
  request: OperationRequest<'listSecretChanges'>,
  services: Services,
): Promise<SecretChangePage> {
  const { query } = request;
  const before = parseSequenceCursor(CHANGES_LIST, query.cursor);
  const asker = await askerOf(request, services);
  const resource = await visibleId(request.params.secret, asker, services);
  const { records, nextBefore } = await searchTrail(
    services.store,
    { resource, actions: CHANGE_ACTIONS },
    { before, limit: query.limit ?? PAGE_ROWS },
  );
  return {
    changes: records.map((record) => viewChange(record, asker.places)),
    nextCursor: nextBefore === null ? null : printCursor(CHANGES_LIST, String(nextBefore)),
  };
}

async function visibleId(
  reference: string,
  asker: SecretAsker,
  { store }: Pick<Services, 'store'>,
): Promise<SecretId> {
  const parsed = parseExisting(reference);
  return store.read(async (tables) => (await requireVisible(tables, parsed, asker)).secret.id);
}

/** Who had the secret by one of these names in the last 90 days, the latest first. */
export async function usesByName(
  tables: Tables,
  of: { secretId: SecretId; names: ReadonlySet<string>; nowMs: number },
  asker: SecretAsker,
): Promise<UseByName[]> {
  const records = await newestReleases(tables, of);
  const uses = new Map<string, UseByName>();
  for (const record of records) {
    const reference = shownReference(record, asker);
    if (reference === null || !isByOneOf(reference, of.names)) continue;
    const key = `${record.actor} ${reference}`;
    const known = uses.get(key);
    const alone = servedAlone(record);
    const releases = alone?.count ?? 1;
    if (known === undefined) {
      uses.set(key, {
        reference,
        principal: { id: record.actor, name: record.actorName },
        releases,
        lastAtMs: alone?.lastAtMs ?? record.atMs,
        purpose: record.purpose,
      });
    } else known.releases += releases;
  }
  return [...uses.values()];
}

/** Within the caller's transaction, so that nothing comes between looking and deciding; bounded, so that it does not hold it for long. */
async function newestReleases(
  { audit }: Tables,
  of: { secretId: SecretId; nowMs: number },
): Promise<AuditRecord[]> {
  const records: AuditRecord[] = [];
  const filter = {
    resource: of.secretId,
    actions: ['secret.released'] as const,
    fromMs: of.nowMs - USAGE_DAYS * DAY_MS,
  };
  let before: number | null = null;
  for (let step = 0; step < STEPS_MAX && records.length < NAMES_LOOKED_AT; step++) {
    const limit = NAMES_LOOKED_AT - records.length;
    const found: AuditFindings = await audit.search({ ...filter, before, limit });
    records.push(...found.records);
    before = found.continueBefore;
    if (before === null) break;
  }
  return records;
}

function isByOneOf(reference: string, nameKeys: ReadonlySet<string>): boolean {
  const parsed = parseSecretReference(reference);
  return parsed.by === 'name' && nameKeys.has(nameKey(parsed.name));
}

function viewUse(record: AuditRecord, asker: SecretAsker): SecretUse {
  const { details, applicationId, environmentId } = record;
  const { places } = asker;
  const delegate = text(record, 'delegate');
  const version = details['version'];
  return {
    sequence: record.sequence,
    atMs: record.atMs,
    outcome: record.action === 'secret.released' ? 'released' : 'refused',
    code: text(record, 'code'),
    version: typeof version === 'number' ? version : null,
    principal: { id: record.actor, name: record.actorName, kind: record.actorKind },
    application:
      applicationId === null ? null : mention(places.mentionApplication(applicationId as ApplicationId)),
    environment:
      environmentId === null ? null : mention(places.mentionEnvironment(environmentId as EnvironmentId)),
    delegate: delegate === null ? null : { id: delegate, name: text(record, 'delegateName') },
    reference: shownReference(record, asker),
    purpose: record.purpose,
    requestId: record.requestId,
    servedAlone: servedAlone(record),
  };
}

/** null: the server was asked. */
function servedAlone({ details }: AuditRecord): SecretUse['servedAlone'] {
  const { reportedLater, from, count, firstAtMs, lastAtMs } = details;
  const isReport = reportedLater === true && (from === 'memory' || from === 'disk');
  if (!isReport || typeof count !== 'number') return null;
  if (typeof firstAtMs !== 'number' || typeof lastAtMs !== 'number') return null;
  return { from, count, firstAtMs, lastAtMs };
}

/** What it was asked for by, without a place that the asker may not know of, be it there or not. */
function shownReference(record: AuditRecord, asker: SecretAsker): string | null {
  const reference = text(record, 'reference');
  if (reference === null) return null;
  const parsed = parseSecretReference(reference);
  const { place } = parsed;
  if (place === null || may(asker.principal.authority, 'manage-applications')) return reference;
  const environmentId = record.environmentId as EnvironmentId | null;
  const isKnown =
    environmentId === null ? asker.place(place) !== null : asker.places.seesEnvironment(environmentId);
  return isKnown ? reference : printSecretReference({ ...parsed, place: null });
}

function mention({ id, name }: { id: string; name: string | null }): { id: string; name: string | null } {
  return { id, name };
}

function viewChange(record: AuditRecord, places: VisiblePlaces): SecretChange {
  const { details } = record;
  const { changes, version } = details;
  const listed = Array.isArray(changes) ? (changes as SecretChange['changes']) : [];
  // Recorded by ids.
  const scope = (recorded: unknown): UsageScopeView => viewUsageScope(recorded as UsageScope, places);
  const added =
    typeof version === 'number'
      ? [{ field: 'version', from: version === 1 ? null : version - 1, to: version }]
      : [];
  return {
    sequence: record.sequence,
    atMs: record.atMs,
    action: record.action,
    principal: { id: record.actor, name: record.actorName },
    changes: [
      ...listed.map((one) =>
        one.field === 'scope' ? { ...one, from: scope(one.from), to: scope(one.to) } : one,
      ),
      ...added,
    ],
  };
}

function text({ details }: AuditRecord, field: string): string | null {
  const value = details[field];
  return typeof value === 'string' ? value : null;
}
