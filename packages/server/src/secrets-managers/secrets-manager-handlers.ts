// Operations of the API on secrets managers.
import { AppError } from '@sallyport/core';
import { auditEntry } from '../audit/audit-entry.ts';
import { actorOf } from '../http/operation.ts';
import type { Handlers, OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import { createSecretsManager } from './create-secrets-manager.ts';
import { editSecretsManager } from './edit-secrets-manager.ts';
import { findCounted, findOrDefault, noSecretsManager } from './find-secrets-manager.ts';
import { runPreflight } from './preflight.ts';
import type { PreflightSubject } from './preflight.ts';
import { accessBySettings, accessOf } from './secrets-manager-access.ts';
import { viewSecretsManager } from './secrets-manager-view.ts';
import { checkSettings } from './settings-input.ts';

type SecretsManagerOperation =
  | 'listSecretsManagers'
  | 'createSecretsManager'
  | 'preflightSettings'
  | 'getSecretsManager'
  | 'editSecretsManager'
  | 'testSecretsManager'
  | 'makeDefaultSecretsManager'
  | 'deleteSecretsManager';

export function secretsManagerHandlers(services: Services): Pick<Handlers, SecretsManagerOperation> {
  const { store } = services;
  return {
    listSecretsManagers: async () => {
      const rows = await store.read(async ({ secretsManagers }) => secretsManagers.list());
      return { secretsManagers: rows.map(viewSecretsManager) };
    },
    createSecretsManager: async (request) => createSecretsManager(request, services),
    preflightSettings: async (request) => {
      const { settings, secretAccessKey } = checkSettings(request.body.settings, null);
      const access = accessBySettings(settings, secretAccessKey);
      const subject = { id: services.ids('secretsManager'), access, name: null };
      return testAndRecord(subject, request, services);
    },
    getSecretsManager: async ({ params }) =>
      viewSecretsManager(await findCounted(store, params.secretsManager)),
    editSecretsManager: async (request) => editSecretsManager(request, services),
    testSecretsManager: async (request) => {
      const row = await findOrDefault(store, request.params.secretsManager);
      const subject = { id: row.id, access: accessOf(row, services.rootKey), name: row.name };
      return testAndRecord(subject, request, services);
    },
    makeDefaultSecretsManager: async (request) => {
      await makeDefault(request, services);
      return viewSecretsManager(await findCounted(store, request.params.secretsManager));
    },
    deleteSecretsManager: async (request) => {
      await deleteSecretsManager(request, services);
      return null;
    },
  };
}

/** A test uses the key, so it is recorded, saved settings or not. */
async function testAndRecord(
  subject: PreflightSubject & { name: string | null },
  request: OperationRequest<'testSecretsManager'> | OperationRequest<'preflightSettings'>,
  services: Services,
): ReturnType<typeof runPreflight> {
  const outcome = await runPreflight(subject, services);
  const scope = {
    atMs: services.clock.nowMs(),
    actor: actorOf(request.principal),
    requestId: request.requestId,
  };
  const details = { ok: outcome.ok, delegates: outcome.delegates.map(({ delegateId }) => delegateId) };
  const entry = auditEntry(scope, 'secrets-manager.tested', {
    resource: subject.id,
    resourceName: subject.name,
    details,
  });
  await services.store.write(async ({ audit }) => {
    await audit.append([entry]);
  });
  return outcome;
}

async function makeDefault(
  request: OperationRequest<'makeDefaultSecretsManager'>,
  services: Services,
): Promise<void> {
  const scope = {
    atMs: services.clock.nowMs(),
    actor: actorOf(request.principal),
    requestId: request.requestId,
  };
  await services.store.write(async ({ secretsManagers, audit }) => {
    const row = await secretsManagers.find(request.params.secretsManager);
    if (row === null) throw noSecretsManager();
    if (row.isDefault) return;
    await secretsManagers.makeDefault(row.id);
    await audit.append([
      auditEntry(scope, 'secrets-manager.made-default', { resource: row.id, resourceName: row.name }),
    ]);
  });
}

async function deleteSecretsManager(
  request: OperationRequest<'deleteSecretsManager'>,
  services: Services,
): Promise<void> {
  const scope = {
    atMs: services.clock.nowMs(),
    actor: actorOf(request.principal),
    requestId: request.requestId,
  };
  const id = await services.store.write(async ({ secretsManagers, audit }) => {
    const row = await secretsManagers.find(request.params.secretsManager);
    if (row === null) throw noSecretsManager();
    if (row.isDefault) throw isDefault(row.name);
    const secretCount = await secretsManagers.remove(row.id);
    if (secretCount > 0) throw inUse(row.name, secretCount);
    await audit.append([
      auditEntry(scope, 'secrets-manager.deleted', { resource: row.id, resourceName: row.name }),
    ]);
    return row.id;
  });
  services.directory.forget(id);
  services.fleet.delegates.forget(id);
}

function isDefault(name: string): AppError {
  return new AppError('secrets-manager-is-default', {
    publicMessage: `"${name}" is the default secrets manager and cannot be deleted.`,
  });
}

function inUse(name: string, secretCount: number): AppError {
  const secrets = secretCount === 1 ? '1 secret is' : `${secretCount} secrets are`;
  return new AppError('secrets-manager-in-use', {
    publicMessage: `${secrets} still encrypted with "${name}".`,
    data: { secretCount },
  });
}
