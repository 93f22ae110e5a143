// Deletes secrets. One that config entries or start-up profiles refer to is not deleted, unless by force, which is a right of its own; one
// that somebody asks for by name is deleted only by whoever was told of that.
import { AppError, nameKey } from '@sallyport/core';
import type { SecretDeletionPreview } from '@sallyport/protocol';
import { requirePermission } from '../access/principal.ts';
import { readCatalogue } from '../applications/account-catalogue.ts';
import { auditEntry } from '../audit/audit-entry.ts';
import type { Confirmable } from '../http/confirmation.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import { parseExisting, requireChangeable } from './find-secret.ts';
import { SecretAsker, askerOf } from './secret-asker.ts';
import type { FoundSecret } from './secret-store.ts';
import { usesByName } from './secret-usages.ts';
import {
  hasUsages,
  printSetupUsage,
  printSetupUsages,
  setupUsagesOf,
  viewSetupUsages,
} from './setup-usages.ts';
import type { SetupUsages } from './setup-usages.ts';

type Deletion = {
  found: FoundSecret;
  aliases: string[];
  setupUsages: SetupUsages;
  usesByName: Awaited<ReturnType<typeof usesByName>>;
};

/** @throws {not-found} {ambiguous-name} {forbidden} */
export async function previewSecretDeletion(
  request: OperationRequest<'previewSecretDeletion'>,
  services: Services,
): Promise<SecretDeletionPreview> {
  const asker = await askerOf(request, services);
  const reference = parseExisting(request.params.secret);
  const nowMs = services.clock.nowMs();
  const deletion = await services.store.read(async (tables) =>
    planDeletion(tables, { found: await requireChangeable(tables, reference, asker), nowMs }, asker),
  );
  const { secret, newestVersion } = deletion.found;
  return {
    secret: { id: secret.id, name: secret.name },
    versions: newestVersion,
    aliases: deletion.aliases,
    setupUsages: viewSetupUsages(deletion.setupUsages, asker),
    usesByName: deletion.usesByName,
    confirmationToken: services.confirmations.token(confirmableOf(deletion, asker)),
  };
}

/** @throws see the route `deleteSecret` */
export async function deleteSecret(
  request: OperationRequest<'deleteSecret'>,
  services: Services,
): Promise<void> {
  const { confirm = null, force } = request.query;
  const isForced = force === 'true';
  if (isForced) requirePermission(request.principal, 'force-delete-secrets');
  const reference = parseExisting(request.params.secret);
  const scope = auditScopeOf(request, services.clock);
  await services.store.write(async (tables) => {
    const asker = new SecretAsker(request.principal, await readCatalogue(tables));
    const found = await requireChangeable(tables, reference, asker);
    const deletion = await planDeletion(tables, { found, nowMs: scope.atMs }, asker);
    const { setupUsages } = deletion;
    const isSetUp = hasUsages(setupUsages);
    if (isSetUp && !isForced) throw inUse(deletion, asker);
    const isMissed = deletion.usesByName.length > 0 || isSetUp;
    if (isMissed) services.confirmations.require(confirm, confirmableOf(deletion, asker));
    const { secret, newestVersion } = found;
    const configEntries = setupUsages.entries.map(({ entry }) => entry.id);
    // Profiles stay: there is more to them than one secret. Until they are edited, they are refused where they have not run.
    const startProfiles = setupUsages.profiles.map(({ profile }) => profile.id);
    await tables.configEntries.remove(configEntries);
    await tables.secrets.remove(secret.id);
    const details = {
      versions: newestVersion,
      ...(isForced ? { forced: true, configEntries, startProfiles } : {}),
    };
    const subject = { resource: secret.id, resourceName: secret.name, details };
    await tables.audit.append([auditEntry(scope, 'secret.deleted', subject)]);
  });
  services.changes.announce();
}

async function planDeletion(
  tables: Tables,
  { found, nowMs }: { found: FoundSecret; nowMs: number },
  asker: SecretAsker,
): Promise<Deletion> {
  const { secret } = found;
  const aliases = await tables.secretEdits.aliasesOf(secret.id);
  const names = new Set([secret.name, ...aliases].map(nameKey));
  return {
    found,
    aliases,
    setupUsages: await setupUsagesOf(tables, found, asker.catalogue),
    usesByName: await usesByName(tables, { secretId: secret.id, names, nowMs }, asker),
  };
}

/** Counts go on growing while somebody thinks about it; what would be gone, and who would miss it, is what is confirmed. */
function confirmableOf({ found, setupUsages, usesByName: uses }: Deletion, asker: SecretAsker): Confirmable {
  const seen = viewSetupUsages(setupUsages, asker);
  return {
    operation: 'deleteSecret',
    target: found.secret.id,
    effect: {
      versions: found.newestVersion,
      configEntries: seen.usages.filter(({ kind }) => kind !== 'start-up-profile').map(printSetupUsage),
      startProfiles: seen.usages.flatMap((one) =>
        one.kind === 'start-up-profile' ? [one.profile.name] : [],
      ),
      hiddenConfigEntries: seen.hidden,
      missedBy: uses.map(({ reference, principal }) => ({ reference, principal: principal.name })),
    },
  };
}

function inUse({ found, setupUsages }: Deletion, asker: SecretAsker): AppError {
  const seen = viewSetupUsages(setupUsages, asker);
  return new AppError('in-use', {
    publicMessage: `"${found.secret.name}" is in use: ${printSetupUsages(seen)}.`,
    data: {
      setupUsages: seen.usages,
      hidden: seen.hidden,
      hint: 'Remove those config entries, and edit those start-up profiles, first. With the permission "force-delete-secrets" it can be deleted all the same, and the entries with it; the profiles are then refused until they are edited.',
    },
  });
}
