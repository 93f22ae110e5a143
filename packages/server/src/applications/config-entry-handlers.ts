// Operations of the API on the config entries of a service. What they refer to is kept by id, so a renamed secret stays referred to.
import { AppError, isId, maySeeSecret } from '@sallyport/core';
import type { SecretId } from '@sallyport/core';
import type { ConfigEntryList, ConfigEntryView } from '@sallyport/protocol';
import type { Principal } from '../access/principal.ts';
import { auditEntry } from '../audit/audit-entry.ts';
import type { Handlers, OperationRequest } from '../http/operation.ts';
import type { FoundSecret } from '../secrets/secret-store.ts';
import type { Tables } from '../storage/store.ts';
import type { ApplicationRow, EnvironmentRow, ServiceRow } from './application-store.ts';
import { environmentsWhereItCounts, problemOfEntryName, unusableIn } from './config-entry-places.ts';
import type { ConfigEntryRow } from './config-entry-store.ts';
import { requireReferredSecret } from './referred-secret.ts';
import { changeStructure, placesIn } from './structure-change.ts';
import type { StructureServices } from './structure-change.ts';
import {
  requireApplication,
  requireAt,
  requireEnvironment,
  requireRoom,
  requireService,
  requireThroughout,
  STRUCTURE_LIMITS,
} from './structure-rights.ts';
import type { VisiblePlaces } from './visible-places.ts';

type ConfigEntryOperation = 'listConfigEntries' | 'putConfigEntry' | 'removeConfigEntry';

export function configEntryHandlers(services: StructureServices): Pick<Handlers, ConfigEntryOperation> {
  return {
    listConfigEntries: async (request) => listEntries(request, services),
    putConfigEntry: async (request) => putEntry(request, services),
    removeConfigEntry: async (request) => {
      await removeEntry(request, services);
      return null;
    },
  };
}

/** The service that a path names, and what may be seen of it by whom. */
type Surroundings = {
  tables: Tables;
  principal: Principal;
  places: VisiblePlaces;
  application: ApplicationRow;
  service: ServiceRow;
};

async function listEntries(
  { params, principal }: OperationRequest<'listConfigEntries'>,
  { store }: StructureServices,
): Promise<ConfigEntryList> {
  return store.read(async (tables) => {
    const around = await surroundingsOf(params, {
      tables,
      principal,
      places: await placesIn(tables, principal),
    });
    const entries = await tables.configEntries.list(around.service.id);
    const visible = entries.filter((entry) => environmentOf(entry, around) !== undefined);
    return { entries: await viewEntries(visible, entries, around) };
  });
}

async function putEntry(
  request: OperationRequest<'putConfigEntry'>,
  services: StructureServices,
): Promise<ConfigEntryView> {
  const { params, body } = request;
  const problem = problemOfEntryName(body);
  return changeStructure(request, services, async (change) => {
    const { tables, places, scope } = change;
    const around = await surroundingsOf(params, change);
    const { application, service } = around;
    const environment =
      body.environment === null ? null : requireEnvironment(places, application, body.environment);
    requireUpdate(environment, around);
    if (problem !== null) throw new AppError('invalid-name', { publicMessage: problem });
    const { kind, name } = body;
    const key = { kind, name, environmentId: environment?.id ?? null };
    const siblings = await tables.configEntries.list(service.id);
    const environments = environmentsWhereItCounts(
      key,
      siblings,
      places.catalogue.environmentsOf(application.id),
    );
    const { secret } = await requireReferredSecret(body.secret, { application, environments }, change);
    const row: ConfigEntryRow = {
      id: services.ids('configEntry'),
      serviceId: service.id,
      ...key,
      secretId: secret.id,
      createdAtMs: scope.atMs,
      updatedAtMs: scope.atMs,
    };
    const before = siblings.find((one) => sameKey(one, key)) ?? null;
    if (before === null)
      requireRoom(siblings.length, STRUCTURE_LIMITS.configEntries, 'entries of this service');
    if (before?.secretId !== secret.id) {
      await tables.configEntries.put(row);
      const changes = [{ field: 'secret', from: before?.secretId ?? null, to: secret.id }];
      const details = { serviceId: service.id, kind, secretName: secret.name, changes };
      const subject = { ...subjectOf(before ?? row, application), details };
      await tables.audit.append([auditEntry(scope, 'config-entry.set', subject)]);
    }
    const after = await tables.configEntries.list(service.id);
    const [view] = await viewEntries(
      after.filter((one) => sameKey(one, key)),
      after,
      around,
    );
    return view as ConfigEntryView;
  });
}

async function removeEntry(
  request: OperationRequest<'removeConfigEntry'>,
  services: StructureServices,
): Promise<void> {
  const { params } = request;
  await changeStructure(request, services, async (change) => {
    const { tables, scope } = change;
    const around = await surroundingsOf(params, change);
    const entries = isId('configEntry', params.entry)
      ? await tables.configEntries.list(around.service.id)
      : [];
    const entry = entries.find(({ id }) => id === params.entry);
    const environment = entry && environmentOf(entry, around);
    if (entry === undefined || environment === undefined) {
      throw new AppError('not-found', { publicMessage: 'There is no such config entry.' });
    }
    requireUpdate(environment, around);
    await tables.configEntries.remove([entry.id]);
    const { serviceId, kind, secretId } = entry;
    const subject = { ...subjectOf(entry, around.application), details: { serviceId, kind, secretId } };
    await tables.audit.append([auditEntry(scope, 'config-entry.removed', subject)]);
  });
}

/** @throws {not-found} */
async function surroundingsOf(
  params: { application: string; service: string },
  { tables, principal, places }: Pick<Surroundings, 'tables' | 'principal' | 'places'>,
): Promise<Surroundings> {
  const application = requireApplication(places, params.application);
  const service = await requireService(tables, application, params.service);
  return { tables, principal, places, application, service };
}

/** Config entries decide which secrets a service gets, so `manage-applications` alone does not change them. @throws {forbidden} */
function requireUpdate(environment: EnvironmentRow | null, around: Surroundings): void {
  if (environment === null) requireThroughout(around, 'update', around.application);
  else requireAt(around.principal, 'update', environment);
}

/** The environment that the entry names; null: all of them; undefined: one that the caller may not see. */
function environmentOf(
  { environmentId }: ConfigEntryRow,
  { places, application }: Surroundings,
): EnvironmentRow | null | undefined {
  if (environmentId === null) return null;
  return places.findEnvironment(application.id, environmentId) ?? undefined;
}

function sameKey(a: EntryKey, b: EntryKey): boolean {
  return a.kind === b.kind && a.name === b.name && a.environmentId === b.environmentId;
}
type EntryKey = Pick<ConfigEntryRow, 'kind' | 'name' | 'environmentId'>;

function subjectOf({ id, name, environmentId }: ConfigEntryRow, application: ApplicationRow) {
  return { resource: id, resourceName: name, applicationId: application.id, environmentId };
}

/** @param siblings all entries of the service */
async function viewEntries(
  entries: readonly ConfigEntryRow[],
  siblings: readonly ConfigEntryRow[],
  around: Surroundings,
): Promise<ConfigEntryView[]> {
  const { places, application } = around;
  const secrets = await visibleSecrets(entries, around);
  const environments = places.catalogue
    .environmentsOf(application.id)
    .filter(({ id }) => places.seesEnvironment(id));
  return entries.map((entry) => {
    const { id, serviceId, kind, name, secretId, createdAtMs, updatedAtMs } = entry;
    const environment = environmentOf(entry, around) ?? null;
    const found = secrets.get(secretId);
    const counts = environmentsWhereItCounts(entry, siblings, environments);
    return {
      id,
      serviceId,
      kind,
      name,
      environment: environment && { id: environment.id, name: environment.name },
      secret: { id: secretId, name: found?.secret.name ?? null },
      unusableIn: found === undefined ? [] : unusableIn(found.scope, counts).map((one) => one.name),
      createdAtMs,
      updatedAtMs,
    };
  });
}

async function visibleSecrets(
  entries: readonly ConfigEntryRow[],
  { tables, principal, places }: Surroundings,
): Promise<Map<SecretId, FoundSecret>> {
  const ids = [...new Set(entries.map(({ secretId }) => secretId))];
  const found = await tables.secrets.findMany(
    ids.map((id) => ({ by: 'id', id, version: null, place: null })),
  );
  const asker = { authority: principal.authority, catalogue: places.catalogue };
  return new Map(
    found
      .flat()
      .filter(({ scope }) => maySeeSecret(asker, scope))
      .map((one) => [one.secret.id, one]),
  );
}
