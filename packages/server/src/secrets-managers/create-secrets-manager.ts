// Adds a secrets manager: checked, tried, then saved together with its audit record. The first one becomes the default.
import { AppError } from '@sallyport/core';
import type { SavedSecretsManager } from '@sallyport/protocol';
import { auditEntry } from '../audit/audit-entry.ts';
import { readCatalogue } from '../applications/account-catalogue.ts';
import { parseRegion } from '../applications/region-input.ts';
import { printRegion } from '../applications/region-view.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import { managerAsker, managerAskerOf, requireManagerChange } from './find-secrets-manager.ts';
import { healthOf } from './judge-health.ts';
import { keepTests } from './keep-tests.ts';
import { runPreflight, settingsAfterPreflight } from './preflight.ts';
import { accessBySettings, sealSecretKey } from './secrets-manager-access.ts';
import type { SecretsManagerRow } from './secrets-manager-store.ts';
import { viewSecretsManager } from './secrets-manager-view.ts';
import { checkSecretsManagerName, checkSettings } from './settings-input.ts';

/** @throws see the route `createSecretsManager` */
export async function createSecretsManager(
  request: OperationRequest<'createSecretsManager'>,
  services: Services,
): Promise<SavedSecretsManager> {
  const { store, clock, ids, rootKey } = services;
  const name = checkSecretsManagerName(request.body.name);
  const asker = await managerAskerOf(request, services);
  const usageScope = parseRegion(request.body.usageScope, { places: asker.places });
  requireManagerChange(asker, { name, usageScope });
  const { settings: asked, secretAccessKey } = checkSettings(request.body.settings, null);
  await requireFreeName(name, services);
  const id = ids('secretsManager');
  const subject = { id, access: accessBySettings(asked, secretAccessKey) };
  const preflight = await runPreflight(subject, services, request);
  const nowMs = clock.nowMs();
  const row: SecretsManagerRow = {
    id,
    name,
    isDefault: false,
    revision: 1,
    settingsRevision: 1,
    settings: settingsAfterPreflight(asked, preflight),
    usageScope,
    encryptedSecretKey: secretAccessKey === null ? null : sealSecretKey(secretAccessKey, id, rootKey),
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
  const scope = { ...auditScopeOf(request, clock), atMs: nowMs };
  const isDefault = await store.write(async (tables) => {
    // Again, with the account as it is within this transaction: what the scope names may have been deleted during the preflight.
    const { places } = managerAsker(request.principal, await readCatalogue(tables));
    parseRegion(request.body.usageScope, { places });
    await tables.secretsManagers.insert(row);
    await keepTests(tables, { ...subject, settingsRevision: 1, atMs: nowMs }, preflight.delegates);
    const details = { kind: row.settings.kind, usageScope: printRegion(usageScope) };
    const about = { resource: id, resourceName: name };
    const entries = [auditEntry(scope, 'secrets-manager.created', { ...about, details })];
    const becomesDefault = request.body.makeDefault || (await tables.secretsManagers.findDefault()) === null;
    if (becomesDefault) {
      await tables.secretsManagers.makeDefault(id);
      entries.push(auditEntry(scope, 'secrets-manager.made-default', about));
    }
    await tables.audit.append(entries);
    return becomesDefault;
  });
  const shown = { places: asker.places, health: await healthOf(row, services) };
  return { secretsManager: viewSecretsManager({ ...row, isDefault, secretCount: 0 }, shown), preflight };
}

/** Judged again when it is saved; early, so that nobody waits for a preflight in vain. @throws {name-taken} */
export async function requireFreeName(
  name: string,
  services: Pick<Services, 'store'>,
  except: string | null = null,
): Promise<void> {
  const other = await services.store.read(async ({ secretsManagers }) => secretsManagers.find(name));
  if (other === null || other.id === except) return;
  throw new AppError('name-taken', {
    publicMessage: `There is a secrets manager named "${other.name}" already.`,
  });
}
