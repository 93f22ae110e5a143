// Operations of the API on the services of an application.
import type { ServiceView } from '@sallyport/protocol';
import { auditEntry } from '../audit/audit-entry.ts';
import type { Handlers, OperationRequest } from '../http/operation.ts';
import type { ServiceRow } from './application-store.ts';
import { viewService } from './application-views.ts';
import { changeStructure } from './structure-change.ts';
import type { StructureServices } from './structure-change.ts';
import {
  checkPartName,
  requireApplication,
  requireRoom,
  requireService,
  requireStructureRight,
  STRUCTURE_LIMITS,
} from './structure-rights.ts';

type ServiceOperation = 'createService' | 'renameService' | 'deleteService';

export function serviceHandlers(services: StructureServices): Pick<Handlers, ServiceOperation> {
  return {
    createService: async (request) => createService(request, services),
    renameService: async (request) => renameService(request, services),
    deleteService: async (request) => {
      await deleteService(request, services);
      return null;
    },
  };
}

async function createService(
  request: OperationRequest<'createService'>,
  services: StructureServices,
): Promise<ServiceView> {
  const { params, body } = request;
  return changeStructure(request, services, async ({ tables, places, principal, scope }) => {
    const application = requireApplication(places, params.application);
    requireStructureRight({ principal, places }, 'create', application);
    const { length } = await tables.applications.services.list([application.id]);
    requireRoom(length, STRUCTURE_LIMITS.services, 'services in this application');
    const row: ServiceRow = {
      id: services.ids('service'),
      applicationId: application.id,
      name: checkPartName('service', body.name),
      createdAtMs: scope.atMs,
    };
    await tables.applications.services.insert(row);
    await tables.audit.append([auditEntry(scope, 'service.created', subjectOf(row))]);
    return viewService(row);
  });
}

async function renameService(
  request: OperationRequest<'renameService'>,
  services: StructureServices,
): Promise<ServiceView> {
  const { params, body } = request;
  return changeStructure(request, services, async ({ tables, places, principal, scope }) => {
    const application = requireApplication(places, params.application);
    const row = await requireService(tables, application, params.service);
    requireStructureRight({ principal, places }, 'update', application);
    const name = checkPartName('service', body.name);
    if (name !== row.name) {
      await tables.applications.services.rename(row.id, name);
      const changes = [{ field: 'name', from: row.name, to: name }];
      const subject = { ...subjectOf({ ...row, name }), details: { changes } };
      await tables.audit.append([auditEntry(scope, 'service.renamed', subject)]);
    }
    return viewService({ ...row, name });
  });
}

async function deleteService(
  request: OperationRequest<'deleteService'>,
  services: StructureServices,
): Promise<void> {
  const { params } = request;
  await changeStructure(request, services, async ({ tables, places, principal, scope }) => {
    const application = requireApplication(places, params.application);
    const row = await requireService(tables, application, params.service);
    requireStructureRight({ principal, places }, 'delete', application);
    const entries = await tables.configEntries.list(row.id);
    await tables.applications.services.remove(row.id);
    const subject = { ...subjectOf(row), details: { configEntries: entries.length } };
    await tables.audit.append([auditEntry(scope, 'service.deleted', subject)]);
  });
}

function subjectOf({ id, name, applicationId }: ServiceRow) {
  return { resource: id, resourceName: name, applicationId };
}
