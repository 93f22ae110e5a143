// What a new scope of a secrets manager does to its secrets, settled within the transaction that changes it, for every caller alike: secrets
// with rows of their own that would lie outside are listed and either stop the change or, confirmed, become inheriting; config entries that
// would lose an inheriting secret, and names that would become equivocal, always stop it.
import { AppError, effectiveScope, fitsUnder, nameKey, scopesClash } from '@sallyport/core';
import type { Region, SecretId } from '@sallyport/core';
import { readCatalogue } from '../applications/account-catalogue.ts';
import type { AccountCatalogue } from '../applications/account-catalogue.ts';
import { auditEntry } from '../audit/audit-entry.ts';
import type { AuditScope } from '../audit/audit-entry.ts';
import type { AuditEntry } from '../audit/audit-log.ts';
import type { OperationRequest } from '../http/operation.ts';
import { SecretAsker } from '../secrets/secret-asker.ts';
import type { FoundSecret } from '../secrets/secret-store.ts';
import {
  countSetupUsages,
  hasUsages,
  printSetupUsages,
  setupUsagesOf,
  usagesLost,
  viewSetupUsages,
} from '../secrets/setup-usages.ts';
import type { SetupUsages } from '../secrets/setup-usages.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import type { SecretsManagerRow } from './secrets-manager-store.ts';

const PAGE = 500;
const NAMED = 20;

/** The change of a scope. */
export type ScopeChange = {
  request: OperationRequest<'editSecretsManager'>;
  before: SecretsManagerRow;
  after: Region;
  scope: AuditScope;
};

/**
 * Lets inherit what was confirmed to; returns its audit entries.
 * @throws {scope-conflict} with the list of what stands against the change, and a token where it can be confirmed
 */
export async function settleScopeConflicts(
  tables: Tables,
  change: ScopeChange,
  services: Services,
): Promise<AuditEntry[]> {
  const { before, after } = change;
  const catalogue = await readCatalogue(tables);
  const asker = new SecretAsker(change.request.principal, catalogue);
  const secrets = await secretsOf(tables, before);
  const outside = secrets.filter(({ secret }) => !fitsUnder(secret.scope, after, catalogue));
  const moved = [...secrets.filter(({ secret }) => secret.scope.type === 'inherit'), ...outside];
  await refuseLostUsages(tables, { moved, after }, asker);
  await refuseNamesakes(tables, { moved, after }, catalogue);
  if (outside.length === 0) return [];
  requireAgreement(outside, change, { asker, services });
  const entries: AuditEntry[] = [];
  for (const { secret } of outside) {
    await tables.secretEdits.setScope(secret.id, { type: 'inherit' });
    const from = JSON.parse(JSON.stringify(secret.scope)) as AuditEntry['details'][string];
    const details = {
      changes: [{ field: 'scope', from, to: { type: 'inherit' } }],
      because: before.id,
    };
    const subject = { resource: secret.id, resourceName: secret.name, details };
    entries.push(auditEntry(change.scope, 'secret.scope-changed', subject));
  }
  return entries;
}

async function secretsOf(tables: Tables, manager: SecretsManagerRow): Promise<FoundSecret[]> {
  const all: FoundSecret[] = [];
  for (;;) {
    const last = all.at(-1);
    const page = await tables.secrets.list({
      after: last === undefined ? null : { nameKey: nameKey(last.secret.name), id: last.secret.id },
      search: null,
      kind: null,
      secretsManagerId: manager.id,
      scopes: null,
      limit: PAGE,
    });
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}

/** @throws {scope-conflict} */
function requireAgreement(
  outside: readonly FoundSecret[],
  change: ScopeChange,
  by: { asker: SecretAsker; services: Pick<Services, 'confirmations'> },
): void {
  const { asker, services } = by;
  const { onConflict, confirmationToken = null } = change.request.body;
  const confirmable = {
    operation: 'editSecretsManager',
    target: change.before.id,
    effect: outside.map(({ secret }) => secret.id).sort(),
  };
  const token = services.confirmations.token(confirmable);
  if (onConflict === 'inherit' && confirmationToken === token) return;
  const seen = outside.filter(({ scope }) => asker.sees(scope));
  const names = seen.slice(0, NAMED).map(({ secret }) => `"${secret.name}"`);
  const hidden = outside.length - seen.length;
  const more = seen.length - names.length + hidden;
  throw new AppError('scope-conflict', {
    publicMessage: `${outside.length === 1 ? '1 secret has' : `${outside.length} secrets have`} a usage scope of ${outside.length === 1 ? 'its' : 'their'} own that would reach beyond that of "${change.before.name}": ${[...names, ...(more > 0 ? [`${more} more`] : [])].join(', ')}.`,
    data: {
      conflicts: seen.map(({ secret }) => ({ id: secret.id, name: secret.name })),
      hidden,
      confirmationToken: token,
      hint: 'Change their scopes first, or let them inherit that of the secrets manager: repeat the change with onConflict "inherit" and this token.',
    },
  });
}

/** @throws {scope-conflict} */
async function refuseLostUsages(
  tables: Tables,
  { moved, after }: { moved: readonly FoundSecret[]; after: Region },
  asker: SecretAsker,
): Promise<void> {
  const { catalogue } = asker;
  const counts = await countSetupUsages(tables, moved, catalogue);
  const effective = effectiveScope({ type: 'inherit' }, after);
  const parts: SetupUsages[] = [];
  for (const found of moved.filter((one) => counts.has(one.secret.id))) {
    const usages = await setupUsagesOf(tables, found, catalogue);
    parts.push(usagesLost(usages, { before: found.scope, after: effective }, catalogue));
  }
  const lost = {
    entries: parts.flatMap(({ entries }) => entries),
    profiles: parts.flatMap(({ profiles }) => profiles),
  };
  if (!hasUsages(lost)) return;
  const seen = viewSetupUsages(lost, asker);
  throw new AppError('scope-conflict', {
    publicMessage: `The new scope does not reach where secrets are in use: ${printSetupUsages(seen)}.`,
    data: { setupUsages: seen.usages, hidden: seen.hidden },
  });
}

/** A wider scope may bring two inheriting secrets of one name to the same place. @throws {scope-conflict} */
async function refuseNamesakes(
  tables: Tables,
  { moved, after }: { moved: readonly FoundSecret[]; after: Region },
  catalogue: AccountCatalogue,
): Promise<void> {
  const scope = effectiveScope({ type: 'inherit' }, after);
  const ids = new Set(moved.map(({ secret }) => secret.id));
  const naming: { id: SecretId; name: string }[] = [];
  for (const { secret } of moved) {
    const names = [secret.name, ...(await tables.secretEdits.aliasesOf(secret.id))];
    naming.push(...names.map((name) => ({ id: secret.id, name })));
  }
  for (let at = 0; at < naming.length; at += PAGE) {
    const part = naming.slice(at, at + PAGE);
    const namesakes = await tables.secrets.findMany(
      part.map(({ name }) => ({ by: 'name', name, version: null, place: null })),
    );
    for (const [index, { id, name }] of part.entries()) {
      const clash = (namesakes[index] ?? []).find(
        (other) =>
          other.secret.id !== id &&
          scopesClash(ids.has(other.secret.id) ? scope : other.scope, scope, catalogue),
      );
      if (clash === undefined) continue;
      throw new AppError('scope-conflict', {
        publicMessage: `With the new scope two secrets named "${name}" could be meant at the same places. Rename one of them first.`,
        data: { secretId: id },
      });
    }
  }
}
