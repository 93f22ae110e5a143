// Operations of the API on applications as a whole.
import { nameKey } from '@sallyport/core';
import type { ApplicationPage, ApplicationView, DeletionPreview } from '@sallyport/protocol';
import { auditEntry } from '../audit/audit-entry.ts';
import { Confirmations } from '../http/confirmation.ts';
import { PAGE_ROWS, parseCursor, printCursor } from '../http/cursor.ts';
import type { Handlers, OperationRequest } from '../http/operation.ts';
import { AccountCatalogue } from './account-catalogue.ts';
import type { ApplicationRow, EnvironmentRow } from './application-store.ts';
import { viewApplication } from './application-views.ts';
import { deletionEffect, recordedEffect } from './deletion-effect.ts';
import { changeStructure, placesFor, placesIn } from './structure-change.ts';
import type { StructureServices } from './structure-change.ts';
import { checkPartName, requireApplication, requireStructureRight } from './structure-rights.ts';
import { VisiblePlaces } from './visible-places.ts';

type ApplicationOperation =
  | 'listApplications'
  | 'createApplication'
  | 'getApplication'
  | 'renameApplication'
  | 'previewApplicationDeletion'
  | 'deleteApplication';

const APPLICATIONS_LIST = 'applications';

type Confirming = StructureServices & { confirmations: Confirmations };

export function applicationHandlers(services: StructureServices): Pick<Handlers, ApplicationOperation> {
  const confirming = { ...services, confirmations: new Confirmations(services.rootKey) };
  return {
    listApplications: async (request) => listApplications(request, services),
    createApplication: async (request) => createApplication(request, services),
    getApplication: async (request) => getApplication(request, services),
    renameApplication: async (request) => renameApplication(request, services),
    previewApplicationDeletion: async (request) => previewDeletion(request, confirming),
    deleteApplication: async (request) => {
      await deleteApplication(request, confirming);
      return null;
    },
  };
}

async function listApplications(
  { query, principal }: OperationRequest<'listApplications'>,
  services: StructureServices,
): Promise<ApplicationPage> {
  const places = await placesFor(principal, services);
  const limit = query.limit ?? PAGE_ROWS;
  const after = parseCursor(APPLICATIONS_LIST, query.cursor);
  const search = nameKey(query.search ?? '');
  const page: ApplicationRow[] = [];
  for (const row of places.catalogue.applications) {
    const key = nameKey(row.name);
    if (row.deletedAtMs !== null || (after !== null && key <= after) || !key.includes(search)) continue;
    if (places.seesApplication(row.id)) page.push(row);
    if (page.length > limit) break;
  }
  const more = page.length > limit;
  if (more) page.pop();
  const last = page.at(-1);
  const ids = page.map(({ id }) => id);
  const rows = await services.store.read(async ({ applications }) => applications.services.list(ids));
  const ofApplication = Map.groupBy(rows, ({ applicationId }) => applicationId);
  return {
    applications: page.map((row) => viewApplication(row, ofApplication.get(row.id) ?? [], places)),
    nextCursor: more && last !== undefined ? printCursor(APPLICATIONS_LIST, nameKey(last.name)) : null,
  };
}

async function getApplication(
  { params, principal }: OperationRequest<'getApplication'>,
  services: StructureServices,
): Promise<ApplicationView> {
  const places = await placesFor(principal, services);
  const row = requireApplication(places, params.application);
  const rows = await services.store.read(async ({ applications }) => applications.services.list([row.id]));
  return viewApplication(row, rows, places);
}

async function createApplication(
  request: OperationRequest<'createApplication'>,
  services: StructureServices,
): Promise<ApplicationView> {
  const { principal, body } = request;
  const createdAtMs = services.clock.nowMs();
  const fresh = { createdAtMs, deletedAtMs: null };
  const application: ApplicationRow = {
    id: services.ids('application'),
    name: checkPartName('application', body.name),
    ...fresh,
  };
  const environments = body.environments.map(({ name, type }): EnvironmentRow => ({
    id: services.ids('environment'),
    applicationId: application.id,
    name: checkPartName('environment', name),
    type,
    ...fresh,
  }));
  await changeStructure(request, services, async ({ tables, scope }) => {
    await tables.applications.insert(application);
    for (const row of environments) await tables.applications.environments.insert(row);
    const { id: applicationId } = application;
    const subject = { resource: applicationId, resourceName: application.name, applicationId };
    await tables.audit.append([
      auditEntry(scope, 'application.created', subject),
      ...environments.map(({ id, name, type }) =>
        auditEntry(scope, 'environment.created', {
          resource: id,
          resourceName: name,
          applicationId,
          environmentId: id,
          details: { type },
        }),
      ),
    ]);
  });
  environments.sort((a, b) => (nameKey(a.name) < nameKey(b.name) ? -1 : 1));
  const catalogue = new AccountCatalogue({ applications: [application], environments });
  return viewApplication(application, [], new VisiblePlaces({ authority: principal.authority, catalogue }));
}

async function renameApplication(
  request: OperationRequest<'renameApplication'>,
  services: StructureServices,
): Promise<ApplicationView> {
  const { params, body } = request;
  return changeStructure(request, services, async ({ tables, places, principal, scope }) => {
    const row = requireApplication(places, params.application);
    requireStructureRight({ principal, places }, 'update', row);
    const name = checkPartName('application', body.name);
    if (name !== row.name) {
      await tables.applications.rename(row.id, name);
      const details = { changes: [{ field: 'name', from: row.name, to: name }] };
      const subject = { resource: row.id, resourceName: name, applicationId: row.id, details };
      await tables.audit.append([auditEntry(scope, 'application.renamed', subject)]);
    }
    const rows = await tables.applications.services.list([row.id]);
    return viewApplication({ ...row, name }, rows, places);
  });
}

async function previewDeletion(
  { params, principal }: OperationRequest<'previewApplicationDeletion'>,
  { store, confirmations }: Confirming,
): Promise<DeletionPreview> {
  return store.read(async (tables) => {
    const places = await placesIn(tables, principal);
    const { id } = requireApplication(places, params.application);
    const effect = await deletionEffect(id, { tables, places, principal });
    const confirmable = { operation: 'deleteApplication', target: id, effect };
    return { effect, confirmationToken: confirmations.token(confirmable) };
  });
}

async function deleteApplication(
  request: OperationRequest<'deleteApplication'>,
  services: Confirming,
): Promise<void> {
  const { params, query } = request;
  await changeStructure(request, services, async ({ tables, places, principal, scope }) => {
    const { id, name } = requireApplication(places, params.application);
    const effect = await deletionEffect(id, { tables, places, principal });
    services.confirmations.require(query.confirm ?? null, {
      operation: 'deleteApplication',
      target: id,
      effect,
    });
    for (const service of await tables.applications.services.list([id])) {
      await tables.applications.services.remove(service.id);
    }
    await tables.applications.markDeleted(id, scope.atMs);
    const details = recordedEffect(effect);
    const subject = { resource: id, resourceName: name, applicationId: id, details };
    await tables.audit.append([auditEntry(scope, 'application.deleted', subject)]);
  });
}
