// Creates start-up profiles and changes them. Who does that decides what runs on delegates, and with which secrets: so they have to be
// allowed to run scripts, and to use each of the secrets themselves.
import { AppError, checkDisplayName, parseSelectors } from '@sallyport/core';
import { PROFILES_MAX } from '@sallyport/protocol';
import { actorOf, auditScopeOf } from '../http/operation.ts';
import type { OperationRequest } from '../http/operation.ts';
import { requirePermission } from '../access/principal.ts';
import { readCatalogue } from '../applications/account-catalogue.ts';
import { requireRoom } from '../applications/structure-rights.ts';
import { auditEntry } from '../audit/audit-entry.ts';
import type { AuditEntry } from '../audit/audit-log.ts';
import { SecretAsker } from '../secrets/secret-asker.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import { findScriptSecrets, hashOf, referencesIn } from './profile-script.ts';
import type { DelegateProfileRow } from './profile-store.ts';

type Create = OperationRequest<'createDelegateProfile'>;
type Edit = OperationRequest<'editDelegateProfile'>;
type Detail = AuditEntry['details'][string];

/** @throws {forbidden} {invalid-name} {name-taken} {invalid-selector}, and what the script or its secrets are refused with */
export async function createProfile(
  request: Create,
  services: Pick<Services, 'store' | 'clock' | 'ids'>,
): Promise<DelegateProfileRow> {
  const { body, principal } = request;
  requirePermission(principal, 'run-scripts');
  const scope = auditScopeOf(request, services.clock);
  const row: DelegateProfileRow = {
    id: services.ids('delegateProfile'),
    name: checkDisplayName(body.name),
    script: body.script,
    selectors: parseSelectors(body.selectors),
    maxSeconds: body.maxSeconds,
    revision: 1,
    savedBy: actorOf(principal),
    createdAtMs: scope.atMs,
    updatedAtMs: scope.atMs,
  };
  await services.store.write(async (tables) => {
    requireRoom((await tables.delegateProfiles.list()).length, PROFILES_MAX, 'start-up profiles');
    await requireUsable(tables, row, request);
    await tables.delegateProfiles.insert(row);
    const subject = { resource: row.id, resourceName: row.name, details: printProfile(row) };
    await tables.audit.append([auditEntry(scope, 'delegate-profile.created', subject)]);
  });
  return row;
}

/** Changing nothing leaves no record. @throws {not-found} {edit-conflict}, and as `createProfile` */
export async function editProfile(
  request: Edit,
  services: Pick<Services, 'store' | 'clock'>,
): Promise<DelegateProfileRow> {
  const { body, principal, params } = request;
  requirePermission(principal, 'run-scripts');
  const scope = auditScopeOf(request, services.clock);
  return services.store.write(async (tables) => {
    const before = await findProfile(tables, params.profile);
    if (body.expectedRevision !== undefined && body.expectedRevision !== before.revision)
      throw changedMeanwhile();
    const after: DelegateProfileRow = {
      ...before,
      name: body.name === undefined ? before.name : checkDisplayName(body.name),
      script: body.script ?? before.script,
      selectors: body.selectors === undefined ? before.selectors : parseSelectors(body.selectors),
      maxSeconds: body.maxSeconds === undefined ? before.maxSeconds : body.maxSeconds,
      savedBy: actorOf(principal),
      updatedAtMs: Math.max(scope.atMs, before.updatedAtMs + 1),
    };
    const runsAnew =
      after.script !== before.script || after.maxSeconds !== before.maxSeconds || body.runAgain;
    if (runsAnew) after.revision += 1;
    const changes = changesBetween(before, after);
    if (changes.length === 0) return before;
    // Whatever is changed: other selectors hand the secrets to other delegates.
    await requireUsable(tables, after, request);
    await tables.delegateProfiles.update(after);
    const subject = { resource: after.id, resourceName: after.name, details: { changes } };
    await tables.audit.append([auditEntry(scope, 'delegate-profile.edited', subject)]);
    return after;
  });
}

/** @throws {not-found} */
export async function findProfile(
  { delegateProfiles }: Pick<Tables, 'delegateProfiles'>,
  reference: string,
): Promise<DelegateProfileRow> {
  const row = await delegateProfiles.find(reference);
  if (row !== null) return row;
  throw new AppError('not-found', { publicMessage: 'There is no such start-up profile.' });
}

async function requireUsable(
  tables: Tables,
  { script }: DelegateProfileRow,
  { principal }: Create | Edit,
): Promise<void> {
  const catalogue = await readCatalogue(tables);
  const asker = new SecretAsker(principal, catalogue);
  await findScriptSecrets(tables, referencesIn(script), { catalogue, asker });
}

function changesBetween(
  before: DelegateProfileRow,
  after: DelegateProfileRow,
): { field: string; from: Detail; to: Detail }[] {
  const from: Record<string, Detail> = { name: before.name, ...printProfile(before) };
  const to: Record<string, Detail> = { name: after.name, ...printProfile(after) };
  return Object.keys(to)
    .map((field) => ({ field, from: from[field] ?? null, to: to[field] ?? null }))
    .filter((change) => JSON.stringify(change.from) !== JSON.stringify(change.to));
}

/** For audit records: of the script its hash and its references. */
function printProfile({
  script,
  selectors,
  maxSeconds,
  revision,
}: DelegateProfileRow): Record<string, Detail> {
  return {
    sha256: hashOf(script),
    secrets: [...referencesIn(script)],
    selectors: [...selectors],
    maxSeconds,
    revision,
  };
}

function changedMeanwhile(): AppError {
  return new AppError('edit-conflict', {
    publicMessage: 'Somebody else has changed this start-up profile meanwhile. Look at it again.',
  });
}
