// Operations of the API on secrets managers.
import { AppError } from '@sallyport/core';
import type { DelegatePreflight, PreflightOutcome, SecretsManagerView } from '@sallyport/protocol';
import { auditEntry } from '../audit/audit-entry.ts';
import { readCatalogue } from '../applications/account-catalogue.ts';
import { clientGone } from '../http/live-answer.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { Handlers, OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import { createSecretsManager } from './create-secrets-manager.ts';
import { editSecretsManager } from './edit-secrets-manager.ts';
import {
  findCounted,
  managerAsker,
  managerAskerOf,
  managerForSecrets,
  requireManagerChange,
  seesManager,
} from './find-secrets-manager.ts';
import { healthOf, healthOfAll, testsOf } from './judge-health.ts';
import { keepTests } from './keep-tests.ts';
import { runPreflight } from './preflight.ts';
import type { PreflightSubject } from './preflight.ts';
import { accessBySettings, accessOf } from './secrets-manager-access.ts';
import type { SecretsManagerRow } from './secrets-manager-store.ts';
import { viewSecretsManager } from './secrets-manager-view.ts';
import { checkSettings } from './settings-input.ts';

type SecretsManagerOperation =
  | 'listSecretsManagers'
  | 'createSecretsManager'
  | 'preflightSettings'
  | 'getSecretsManager'
  | 'editSecretsManager'
  | 'testSecretsManager'
  | 'listSecretsManagerTests'
  | 'makeDefaultSecretsManager'
  | 'deleteSecretsManager';

export function secretsManagerHandlers(services: Services): Pick<Handlers, SecretsManagerOperation> {
  const { store } = services;
  return {
    listSecretsManagers: async (request) => {
      const asker = await managerAskerOf(request, services);
      const rows = await store.read(async ({ secretsManagers }) => secretsManagers.list());
      const visible = rows.filter((row) => seesManager(asker, row));
      const healthOfEach = await healthOfAll(visible, services);
      const { places } = asker;
      return {
        secretsManagers: visible.map((row) => viewSecretsManager(row, { places, health: healthOfEach(row) })),
      };
    },
    createSecretsManager: async (request) => createSecretsManager(request, services),
    preflightSettings: async (request) => {
      const { settings, secretAccessKey } = checkSettings(request.body.settings, null);
      const access = accessBySettings(settings, secretAccessKey);
      const subject = { id: services.ids('secretsManager'), access, name: null, settingsRevision: null };
      return testAndRecord(subject, request, services);
    },
    getSecretsManager: async (request) => viewOne(request, services),
    editSecretsManager: async (request) => editSecretsManager(request, services),
    testSecretsManager: async (request) => {
      const asker = await managerAskerOf(request, services);
      const row = await findCounted(store, request.params.secretsManager, asker);
      const { id, name, settingsRevision } = row;
      const subject = { id, access: accessOf(row, services.rootKey), name, settingsRevision };
      return testAndRecord(subject, request, services);
    },
    listSecretsManagerTests: async (request) => {
      const asker = await managerAskerOf(request, services);
      return testsOf(await findCounted(store, request.params.secretsManager, asker), services);
    },
    makeDefaultSecretsManager: async (request) => {
      await makeDefault(request, services);
      return viewOne(request, services);
    },
    deleteSecretsManager: async (request) => {
      await deleteSecretsManager(request, services);
      return null;
    },
  };
}

async function viewOne(
  request: OperationRequest<'getSecretsManager'> | OperationRequest<'makeDefaultSecretsManager'>,
  services: Services,
): Promise<SecretsManagerView> {
  const asker = await managerAskerOf(request, services);
  const row = await findCounted(services.store, request.params.secretsManager, asker);
  return viewSecretsManager(row, { places: asker.places, health: await healthOf(row, services) });
}

/** A test uses the key, so it is recorded, saved settings or not. What came of saved ones is kept, also of a test that was called off. */
async function testAndRecord(
  subject: PreflightSubject & { name: string | null; settingsRevision: number | null },
  request: OperationRequest<'testSecretsManager'> | OperationRequest<'preflightSettings'>,
  services: Services,
): Promise<PreflightOutcome> {
  let outcome: PreflightOutcome | null = null;
  let delegates: string[] = [];
  const finished: DelegatePreflight[] = [];
  try {
    outcome = await runPreflight(subject, services, {
      signal: request.signal,
      progress: (event) => {
        if (event.is === 'asked') delegates = event.delegates.map(({ delegateId }) => delegateId);
        if (event.is === 'finished') finished.push(event.delegate);
        request.progress(event);
      },
    });
  } catch (thrown) {
    if (!request.signal.aborted) throw thrown;
  }
  const scope = auditScopeOf(request, services.clock);
  const details = {
    ok: outcome?.ok === true,
    ...(outcome === null ? { calledOff: true } : {}),
    delegates,
  };
  const entry = auditEntry(scope, 'secrets-manager.tested', {
    resource: subject.id,
    resourceName: subject.name,
    details,
  });
  const { settingsRevision } = subject;
  await services.store.write(async (tables) => {
    if (settingsRevision !== null) {
      await keepTests(tables, { ...subject, settingsRevision, atMs: scope.atMs }, finished);
    }
    await tables.audit.append([entry]);
  });
  // Whoever called it off is gone and reads no answer.
  if (outcome === null) throw clientGone();
  return outcome;
}

async function makeDefault(
  request: OperationRequest<'makeDefaultSecretsManager'>,
  services: Services,
): Promise<void> {
  const scope = auditScopeOf(request, services.clock);
  await services.store.write(async (tables) => {
    const { secretsManagers, audit } = tables;
    const row = await requireChangeable(tables, request);
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
  const scope = auditScopeOf(request, services.clock);
  const id = await services.store.write(async (tables) => {
    const { secretsManagers, audit } = tables;
    const row = await requireChangeable(tables, request);
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

/** @throws {not-found} {forbidden} */
async function requireChangeable(
  tables: Tables,
  request: OperationRequest<'makeDefaultSecretsManager'> | OperationRequest<'deleteSecretsManager'>,
): Promise<SecretsManagerRow> {
  const asker = managerAsker(request.principal, await readCatalogue(tables));
  const choice = { named: request.params.secretsManager, kept: null };
  const row = await managerForSecrets(tables, choice, asker);
  requireManagerChange(asker, row);
  return row;
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
