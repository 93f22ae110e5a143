// Commits a version and its audit record in one transaction. What was true when the write began is judged again here, since a
// delegate worked in between.
import { AppError, isAppError } from '@sallyport/core';
import type { SecretsManagerSettings } from '@sallyport/core';
import type { SecretMetadata } from '@sallyport/protocol';
import { auditEntry } from '../audit/audit-entry.ts';
import type { AuditScope } from '../audit/audit-entry.ts';
import type { Store, Tables } from '../storage/store.ts';
import { viewSecret } from './secret-views.ts';
import type { FoundSecret, SecretVersionRow } from './secret-store.ts';
import type { WritePlan } from './write-plan.ts';

export type Encrypted = { envelope: SecretVersionRow['envelope']; valueBytes: number };

/**
 * Resolves when the version is durable.
 * @throws {edit-conflict} retryable, when another process was faster
 */
export async function commitVersion(
  plan: WritePlan,
  encrypted: Encrypted,
  context: { scope: AuditScope; store: Store },
): Promise<SecretMetadata> {
  const { scope, store } = context;
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
    createdAtMs: scope.atMs,
  };
  try {
    const secretsManagerName = await store.write(async (tables) => {
      const name = await requireSameKey(tables, plan);
      if (plan.existing === null) await tables.secrets.insert(secret);
      if (!(await tables.secrets.addVersion(version)))
        throw conflict('Another version was stored meanwhile.');
      await tables.audit.append([versionEntry(plan, encrypted, scope)]);
      return name;
    });
    const found: FoundSecret = { secret, version, newestVersion: version.version, secretsManagerName };
    return viewSecret(found);
  } catch (thrown) {
    throw isAppError(thrown, 'name-taken')
      ? conflict('A secret of this name was created meanwhile.')
      : thrown;
  }
}

/** An edit that came meanwhile could not know of this version: its settings have to open it as well. */
async function requireSameKey(tables: Tables, plan: WritePlan): Promise<string> {
  const row = await tables.secretsManagers.find(plan.manager.id);
  if (row === null) throw conflict('The secrets manager was deleted meanwhile.');
  const isSame =
    row.revision === plan.manager.revision || whatOpens(row.settings) === whatOpens(plan.manager.settings);
  if (!isSame) throw conflict('The secrets manager was changed meanwhile.');
  return row.name;
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
    },
  });
}

function conflict(publicMessage: string): AppError {
  return new AppError('edit-conflict', { publicMessage, retryable: true });
}
