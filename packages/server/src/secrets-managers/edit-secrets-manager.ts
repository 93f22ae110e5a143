// Changes a secrets manager. A rename needs no delegate; changed settings are tried like new ones, and where secrets exist, on their
// data keys too. Whoever edits at the same time loses as `edit-conflict`.
import { AppError } from '@sallyport/core';
import type { SecretsManagerSettings } from '@sallyport/core';
import type {
  PreflightOutcome,
  RegionInput,
  SavedSecretsManager,
  SecretsManagerAccess,
} from '@sallyport/protocol';
import { readCatalogue } from '../applications/account-catalogue.ts';
import { parseRegion } from '../applications/region-input.ts';
import { printRegion } from '../applications/region-view.ts';
import { auditEntry } from '../audit/audit-entry.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import { requireFreeName } from './create-secrets-manager.ts';
import { findCounted, managerAsker, managerAskerOf, requireManagerChange } from './find-secrets-manager.ts';
import type { CountedRow, ManagerAsker } from './find-secrets-manager.ts';
import { changedSettings, refuseContextChange, requireDataKeysOpen, withFormerKeys } from './key-change.ts';
import { healthOf } from './judge-health.ts';
import { keepTests } from './keep-tests.ts';
import { runPreflight, settingsAfterPreflight } from './preflight.ts';
import { redactedChanges } from './redacted-changes.ts';
import { settleScopeConflicts } from './scope-conflicts.ts';
import { accessBySettings, openSecretKey, sealSecretKey } from './secrets-manager-access.ts';
import type { SecretsManagerRow } from './secrets-manager-store.ts';
import { viewSecretsManager } from './secrets-manager-view.ts';
import { checkSecretsManagerName, checkSettings } from './settings-input.ts';

/** What need not be tried on secrets. */
const TRIED_ON_NOTHING: ReadonlySet<string> = new Set(['name', 'usageScope']);

type SettingsEdit = {
  settings: SecretsManagerSettings;
  encryptedSecretKey: string | null;
  /** null: nothing had to be tried. */
  tried: { outcome: PreflightOutcome; access: SecretsManagerAccess } | null;
  /** Names of what differs. */
  changed: string[];
};

/** @throws see the route `editSecretsManager` */
export async function editSecretsManager(
  request: OperationRequest<'editSecretsManager'>,
  services: Services,
): Promise<SavedSecretsManager> {
  const { body } = request;
  const asker = await managerAskerOf(request, services);
  const before = await findCounted(services.store, request.params.secretsManager, asker);
  requireManagerChange(asker, before);
  const usageScope = scopeAfter(body.usageScope, before, asker);
  if (body.expectedRevision !== undefined && body.expectedRevision !== before.revision) throw editConflict();
  const name = body.name === undefined ? before.name : checkSecretsManagerName(body.name);
  if (name !== before.name) await requireFreeName(name, services, before.id);
  const edit = await editSettings(request, before, services);
  const isRescoped = printRegion(usageScope) !== printRegion(before.usageScope);
  const changed = [
    ...(name === before.name ? [] : ['name']),
    ...(isRescoped ? ['usageScope'] : []),
    ...edit.changed,
  ];
  if (changed.length === 0) {
    const shown = { places: asker.places, health: await healthOf(before, services) };
    return { secretsManager: viewSecretsManager(before, shown), preflight: null };
  }
  const row: SecretsManagerRow = {
    ...rowOf(before),
    name,
    revision: before.revision + 1,
    settingsRevision: edit.tried === null ? before.settingsRevision : before.revision + 1,
    settings: edit.settings,
    encryptedSecretKey: edit.encryptedSecretKey,
    usageScope,
    updatedAtMs: services.clock.nowMs(),
  };
  const secretCount = await save({ row, before, changed, tried: edit.tried }, request, services);
  services.directory.forget(row.id);
  if (edit.changed.length > 0) services.fleet.delegates.forget(row.id);
  const shown = { places: asker.places, health: await healthOf(row, services) };
  return {
    secretsManager: viewSecretsManager({ ...row, secretCount }, shown),
    preflight: edit.tried?.outcome ?? null,
  };
}

/** @throws {invalid-scope} {forbidden} */
function scopeAfter(
  input: RegionInput | undefined,
  before: CountedRow,
  asker: ManagerAsker,
): CountedRow['usageScope'] {
  if (input === undefined) return before.usageScope;
  const usageScope = parseRegion(input, { places: asker.places, kept: before.usageScope });
  requireManagerChange(asker, { name: before.name, usageScope });
  return usageScope;
}

async function editSettings(
  request: OperationRequest<'editSecretsManager'>,
  before: CountedRow,
  services: Services,
): Promise<SettingsEdit> {
  const input = request.body.settings;
  const { encryptedSecretKey } = before;
  const same = { settings: before.settings, encryptedSecretKey, tried: null, changed: [] };
  if (input === undefined) return same;
  const { settings: asked, secretAccessKey } = checkSettings(input, before);
  const changed = changedSettings(before.settings, asked);
  if (secretAccessKey !== null) changed.push('secretAccessKey');
  if (changed.length === 0) return same;
  refuseContextChange(before, changed);
  if (changed.every((field) => field === 'dataKeyCache')) {
    // How long delegates keep data keys is no matter of AWS: nothing has to be tried.
    return { ...same, settings: { ...before.settings, dataKeyCache: asked.dataKeyCache }, changed };
  }
  const isKeyMode = asked.kind === 'aws-kms' && asked.credentials.type === 'access-keys';
  const secret = secretAccessKey ?? (isKeyMode ? openSecretKey(before, services.rootKey) : null);
  const holdsSecrets = before.secretCount > 0;
  const tried = withFormerKeys(before.settings, asked, holdsSecrets);
  const subject = { id: before.id, access: accessBySettings(tried, secret) };
  const preflight = await runPreflight(subject, services, request);
  const pinned = settingsAfterPreflight(asked, preflight);
  const settings = withFormerKeys(before.settings, pinned, holdsSecrets);
  if (holdsSecrets) {
    await requireDataKeysOpen(
      before,
      { id: before.id, access: accessBySettings(settings, secret) },
      services,
    );
  }
  return {
    settings,
    encryptedSecretKey: encryptedAfter({ isKeyMode, secretAccessKey }, before, services),
    tried: { outcome: preflight, access: subject.access },
    changed,
  };
}

function encryptedAfter(
  given: { isKeyMode: boolean; secretAccessKey: string | null },
  before: CountedRow,
  services: Services,
): string | null {
  if (!given.isKeyMode) return null;
  if (given.secretAccessKey === null) return before.encryptedSecretKey;
  return sealSecretKey(given.secretAccessKey, before.id, services.rootKey);
}

/** Resolves to the number of secrets. */
async function save(
  edit: { row: SecretsManagerRow; before: CountedRow; changed: string[]; tried: SettingsEdit['tried'] },
  request: OperationRequest<'editSecretsManager'>,
  services: Services,
): Promise<number> {
  const { row, before, changed, tried } = edit;
  const scope = { ...auditScopeOf(request, services.clock), atMs: row.updatedAtMs };
  return services.store.write(async (tables) => {
    const now = (await tables.secretsManagers.list()).find(({ id }) => id === row.id);
    // A first secret that came meanwhile is encrypted with the old settings, and nobody has tried the new ones on it.
    const gainedSecrets = before.secretCount === 0 && now !== undefined && now.secretCount > 0;
    if (now === undefined || (gainedSecrets && changed.some((field) => !TRIED_ON_NOTHING.has(field))))
      throw editConflict();
    const isRescoped = changed.includes('usageScope');
    // Again, with the account as it is within this transaction: what the scope names may have been deleted since.
    if (isRescoped) {
      scopeAfter(request.body.usageScope, now, managerAsker(request.principal, await readCatalogue(tables)));
    }
    const entries = isRescoped
      ? await settleScopeConflicts(tables, { request, before: now, after: row.usageScope, scope }, services)
      : [];
    const isSaved = await tables.secretsManagers.update(
      { ...row, isDefault: now.isDefault },
      before.revision,
    );
    if (!isSaved) throw editConflict();
    if (tried !== null) {
      const { id, settingsRevision, updatedAtMs } = row;
      const tested = { id, access: tried.access, settingsRevision, atMs: updatedAtMs };
      await keepTests(tables, tested, tried.outcome.delegates);
    }
    const renamedFrom = before.name === row.name ? null : before.name;
    const changes = redactedChanges({ before, after: row }, changed, services.rootKey);
    const details = { revision: row.revision, changed, renamedFrom, changes };
    const subject = { resource: row.id, resourceName: row.name, details };
    await tables.audit.append([auditEntry(scope, 'secrets-manager.edited', subject), ...entries]);
    row.isDefault = now.isDefault;
    return now.secretCount;
  });
}

function rowOf(counted: CountedRow): SecretsManagerRow {
  const { secretCount: _count, ...row } = counted;
  return row;
}

function editConflict(): AppError {
  return new AppError('edit-conflict', {
    publicMessage: 'The secrets manager was changed by somebody else meanwhile.',
  });
}
