// Commits a version and its audit record in one transaction. What was true when the write began is judged again here, since a
// delegate worked in between.
import { AppError, effectiveScope, fitsUnder, isAppError } from '@sallyport/core';
import type { SecretsManagerSettings, UsageScope } from '@sallyport/core';
import { printAvailability } from '@sallyport/protocol';
import { auditEntry } from '../audit/audit-entry.ts';
import type { AuditScope } from '../audit/audit-entry.ts';
import { readCatalogue } from '../applications/account-catalogue.ts';
import type { AccountCatalogue } from '../applications/account-catalogue.ts';
import type { SecretsManagerRow } from '../secrets-managers/secrets-manager-store.ts';
import type { Services } from '../services.ts';
import type { Store, Tables } from '../storage/store.ts';
import { requireRoomUnder } from './move-secret.ts';
import { requireNoNamesake } from './namesakes.ts';
import type { FoundSecret, SecretVersionRow } from './secret-store.ts';
import type { WritePlan } from './write-plan.ts';

export type Encrypted = { envelope: SecretVersionRow['envelope']; valueBytes: number };

/**
 * Resolves when the version is durable, to the secret with it.
 * @throws {edit-conflict} retryable, when another process was faster
 */
export async function commitVersion(
  plan: WritePlan,
  encrypted: Encrypted,
  context: { scope: AuditScope } & Pick<Services, 'store' | 'changes'>,
): Promise<FoundSecret> {
  const { scope, store, changes } = context;
  const { target } = plan;
  const version: SecretVersionRow = {
    secretId: target.secretId,
    version: target.version,
    secretsManagerId: target.secretsManagerId,
    envelope: encrypted.envelope,
    valueBytes: encrypted.valueBytes,
    createdAtMs: scope.atMs,
    createdBy: scope.actor.name,
  };
  const secret = plan.existing?.secret ?? {
    id: target.secretId,
    name: target.name,
    kind: target.kind,
    scope: plan.scope,
    availability: plan.availability,
    createdAtMs: scope.atMs,
  };
  const manager = await commit(store, async (tables) => {
    const current = await requireSameKey(tables, plan);
    await requireSameScope(tables, plan, current);
    if (plan.existing === null) await insertNamed(tables, secret, current);
    if (!(await tables.secrets.addVersion(version))) throw conflict('Another version was stored meanwhile.');
    await tables.audit.append([versionEntry(plan, encrypted, scope)]);
    return current;
  });
  changes.announce();
  return {
    secret,
    foundAs: target.name,
    version,
    newestVersion: version.version,
    secretsManagerName: manager.name,
    managerScope: manager.usageScope,
    scope: effectiveScope(secret.scope, manager.usageScope),
  };
}

/** A name that was free when the write began was taken by somebody faster: the same write may now add a version to theirs. */
async function commit<T>(store: Store, work: (tables: Tables) => Promise<T>): Promise<T> {
  try {
    return await store.write(work);
  } catch (thrown) {
    throw isAppError(thrown, 'name-taken')
      ? conflict('A secret of this name was created meanwhile.')
      : thrown;
  }
}

async function insertNamed(
  tables: Tables,
  secret: FoundSecret['secret'],
  manager: SecretsManagerRow,
): Promise<void> {
  const scope = effectiveScope(secret.scope, manager.usageScope);
  const catalogue = await readCatalogue(tables);
  requireExisting(secret.scope, catalogue);
  await requireNoNamesake(tables, { names: [secret.name], scope, of: secret.id }, catalogue);
  await tables.secrets.insert(secret, manager.id);
}

/** A new scope names only what is there, also when it was deleted while a delegate worked. */
function requireExisting(scope: UsageScope, catalogue: AccountCatalogue): void {
  if (scope.type !== 'rows') return;
  const there = new Set<string>(catalogue.places().map(({ environmentId }) => environmentId));
  const isThere = scope.rows.every(
    ({ applications, environments }) =>
      (applications === 'all' || applications.every((id) => catalogue.findApplication(id) !== null)) &&
      (typeof environments === 'string' || environments.every((id) => there.has(id))),
  );
  if (!isThere) throw conflict('An application or environment of the scope was deleted meanwhile.');
}

/** An edit that came meanwhile could not know of this version: its settings have to open it as well. */
async function requireSameKey(tables: Tables, plan: WritePlan): Promise<SecretsManagerRow> {
  const row = await tables.secretsManagers.find(plan.manager.id);
  if (row === null) throw conflict('The secrets manager was deleted meanwhile.');
  const isSame =
    row.revision === plan.manager.revision || whatOpens(row.settings) === whatOpens(plan.manager.settings);
  if (!isSame) throw conflict('The secrets manager was changed meanwhile.');
  return row;
}

/** The secrets manager may have been narrowed meanwhile, or the secret's scope changed. */
async function requireSameScope(tables: Tables, plan: WritePlan, manager: SecretsManagerRow): Promise<void> {
  const isNarrowed =
    manager.revision !== plan.manager.revision &&
    !fitsUnder(plan.scope, manager.usageScope, await readCatalogue(tables));
  if (isNarrowed) throw conflict('The scope of the secrets manager was narrowed meanwhile.');
  if (plan.existing === null) return;
  const { secret } = plan.existing;
  const [[now] = []] = await tables.secrets.findMany([
    { by: 'id', id: secret.id, version: null, place: null },
  ]);
  if (now === undefined) throw conflict('The secret was deleted meanwhile.');
  if (JSON.stringify(now.secret.scope) !== JSON.stringify(secret.scope))
    throw conflict('The scope of the secret was changed meanwhile.');
  if (manager.id === now.version.secretsManagerId) return;
  try {
    await requireRoomUnder(tables, { found: now, manager }, await readCatalogue(tables));
  } catch (thrown) {
    if (!isAppError(thrown, 'scope-too-wide')) throw thrown;
    throw conflict('The scope of one of the secrets managers was changed meanwhile.');
  }
}

function whatOpens(settings: SecretsManagerSettings): string {
  const context = Object.entries(settings.context).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([settings.kind === 'aws-kms' ? settings.pinnedKeyArn : null, context]);
}

function versionEntry(
  plan: WritePlan,
  encrypted: Encrypted,
  scope: AuditScope,
): ReturnType<typeof auditEntry> {
  const { target, delegate, existing } = plan;
  return auditEntry(scope, existing === null ? 'secret.created' : 'secret.version-added', {
    resource: target.secretId,
    resourceName: existing?.secret.name ?? target.name,
    details: {
      version: target.version,
      kind: target.kind,
      secretsManager: target.secretsManagerId,
      delegate: delegate.id,
      valueBytes: encrypted.valueBytes,
      ...(existing === null
        ? {
            scope: JSON.stringify(plan.scope),
            availability: printAvailability(plan.availability),
          }
        : {}),
    },
  });
}

function conflict(publicMessage: string): AppError {
  return new AppError('edit-conflict', { publicMessage, retryable: true });
}
