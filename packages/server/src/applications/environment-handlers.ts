// Operations of the API on the environments of an application.
import type { DeletionPreview, EnvironmentView } from '@sallyport/protocol';
import { auditEntry } from '../audit/audit-entry.ts';
import { Confirmations } from '../http/confirmation.ts';
import type { Handlers, OperationRequest } from '../http/operation.ts';
import type { EnvironmentRow } from './application-store.ts';
import { viewEnvironment } from './application-views.ts';
import { deletionEffect, recordedEffect } from './deletion-effect.ts';
import { changeStructure, placesIn } from './structure-change.ts';
import type { StructureChange, StructureServices } from './structure-change.ts';
import {
  checkPartName,
  requireApplication,
  requireEnvironment,
  requireEnvironmentRight,
  requireNewEnvironmentRight,
  requireRoom,
  STRUCTURE_LIMITS,
} from './structure-rights.ts';

type EnvironmentOperation =
  | 'createEnvironment'
  | 'renameEnvironment'
  | 'previewEnvironmentDeletion'
  | 'deleteEnvironment';

type Confirming = StructureServices & { confirmations: Confirmations };

export function environmentHandlers(services: StructureServices): Pick<Handlers, EnvironmentOperation> {
  const confirming = { ...services, confirmations: new Confirmations(services.rootKey) };
  return {
    createEnvironment: async (request) => createEnvironment(request, services),
    renameEnvironment: async (request) => renameEnvironment(request, services),
    previewEnvironmentDeletion: async (request) => previewDeletion(request, confirming),
    deleteEnvironment: async (request) => {
      await deleteEnvironment(request, confirming);
      return null;
    },
  };
}

async function createEnvironment(
  request: OperationRequest<'createEnvironment'>,
  services: StructureServices,
): Promise<EnvironmentView> {
  const { params, body } = request;
  return changeStructure(request, services, async ({ tables, places, principal, scope }) => {
    const application = requireApplication(places, params.application);
    requireNewEnvironmentRight(principal, application, body.type);
    const { length } = places.catalogue.environmentsOf(application.id);
    requireRoom(length, STRUCTURE_LIMITS.environments, 'environments in this application');
    const row: EnvironmentRow = {
      id: services.ids('environment'),
      applicationId: application.id,
      name: checkPartName('environment', body.name),
      type: body.type,
      createdAtMs: scope.atMs,
      deletedAtMs: null,
    };
    await tables.applications.environments.insert(row);
    const subject = { ...subjectOf(row), details: { type: row.type } };
    await tables.audit.append([auditEntry(scope, 'environment.created', subject)]);
    return viewEnvironment(row);
  });
}

async function renameEnvironment(
  request: OperationRequest<'renameEnvironment'>,
  services: StructureServices,
): Promise<EnvironmentView> {
  const { params, body } = request;
  return changeStructure(request, services, async ({ tables, places, principal, scope }) => {
    const row = requireNamed(places, params);
    requireEnvironmentRight(principal, 'update', row);
    const name = checkPartName('environment', body.name);
    if (name !== row.name) {
      await tables.applications.environments.rename(row.id, name);
      const changes = [{ field: 'name', from: row.name, to: name }];
      const subject = { ...subjectOf({ ...row, name }), details: { changes } };
      await tables.audit.append([auditEntry(scope, 'environment.renamed', subject)]);
    }
    return viewEnvironment({ ...row, name });
  });
}

async function previewDeletion(
  { params, principal }: OperationRequest<'previewEnvironmentDeletion'>,
  { store, confirmations }: Confirming,
): Promise<DeletionPreview> {
  return store.read(async (tables) => {
    const places = await placesIn(tables, principal);
    const row = requireNamed(places, params);
    requireEnvironmentRight(principal, 'delete', row);
    const effect = await deletionEffect(row.id, { tables, places, principal });
    const confirmable = { operation: 'deleteEnvironment', target: row.id, effect };
    return { effect, confirmationToken: confirmations.token(confirmable) };
  });
}

async function deleteEnvironment(
  request: OperationRequest<'deleteEnvironment'>,
  services: Confirming,
): Promise<void> {
  const { params, query } = request;
  await changeStructure(request, services, async ({ tables, places, principal, scope }) => {
    const row = requireNamed(places, params);
    requireEnvironmentRight(principal, 'delete', row);
    const effect = await deletionEffect(row.id, { tables, places, principal });
    services.confirmations.require(query.confirm ?? null, {
      operation: 'deleteEnvironment',
      target: row.id,
      effect,
    });
    const entries = await tables.configEntries.list(row.id);
    await tables.configEntries.remove(entries.map(({ id }) => id));
    await tables.applications.environments.markDeleted(row.id, scope.atMs);
    const subject = { ...subjectOf(row), details: recordedEffect(effect) };
    await tables.audit.append([auditEntry(scope, 'environment.deleted', subject)]);
  });
}

/** @throws {not-found} */
function requireNamed(
  places: StructureChange['places'],
  params: { application: string; environment: string },
): EnvironmentRow {
  return requireEnvironment(places, requireApplication(places, params.application), params.environment);
}

function subjectOf({ id, name, applicationId }: EnvironmentRow) {
  return { resource: id, resourceName: name, applicationId, environmentId: id };
}
