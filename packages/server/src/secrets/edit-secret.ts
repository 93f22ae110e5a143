// Changes what is around a secret's value: its name, its aliases, its scope and its availability. Whoever would be cut off is told of first: config entries
// at places that the scope would no longer cover refuse it, as start-up profiles do, and a name that somebody asks by, or a start-up profile
// names, has to be confirmed away, or left as alias.
import { AppError, checkSecretName, effectiveScope, isId, may, nameKey } from '@sallyport/core';
import type { EffectiveScope, UsageScope } from '@sallyport/core';
import { isSameAvailability, printAvailability } from '@sallyport/protocol';
import type { Availability, SecretMetadata, UseByName } from '@sallyport/protocol';
import { readCatalogue } from '../applications/account-catalogue.ts';
import { auditEntry } from '../audit/audit-entry.ts';
import type { AuditEntry } from '../audit/audit-log.ts';
import type { ProfileNaming } from '../delegate-profiles/profile-store.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { OperationRequest } from '../http/operation.ts';
import { noSecretsManager } from '../secrets-managers/find-secrets-manager.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import { parseExisting, requireChange, requireChangeable } from './find-secret.ts';
import { requireNoNamesake } from './namesakes.ts';
import { parseUsageScope, requireFit } from './scope-input.ts';
import { SecretAsker, askerOf } from './secret-asker.ts';
import type { FoundSecret } from './secret-store.ts';
import { usesByName } from './secret-usages.ts';
import { viewSecret } from './secret-views.ts';
import { hasUsages, printSetupUsages, setupUsagesOf, usagesLost, viewSetupUsages } from './setup-usages.ts';

type EditRequest = OperationRequest<'editSecret'>;

/** What an edit comes to. */
type Edit = {
  name: string;
  /** All that it can be found by afterwards. */
  names: string[];
  scope: UsageScope;
  effective: EffectiveScope;
  availability: Availability;
  removedAliases: string[];
};

/** @throws see the route `editSecret` */
export async function editSecret(request: EditRequest, services: Services): Promise<SecretMetadata> {
  const { body } = request;
  const reference = parseExisting(request.params.secret);
  const name = body.name === undefined ? undefined : checkNewName(body.name);
  const { principal } = await askerOf(request, services);
  const auditScope = auditScopeOf(request, services.clock);
  const edited = await services.store.write(async (tables) => {
    // With the account as it is within this transaction: nothing that is decided here can have become wrong meanwhile.
    const asker = new SecretAsker(principal, await readCatalogue(tables));
    const before = await requireChangeable(tables, reference, asker);
    const edit = await planEdit(tables, { body: { ...body, name }, before }, asker);
    const { secret } = before;
    const isRenamed = edit.name !== secret.name;
    const isRescoped = JSON.stringify(edit.scope) !== JSON.stringify(secret.scope);
    if (isRescoped) await requireNobodyOutside(tables, { before, edit }, asker);
    if (isRenamed || isRescoped) {
      const naming = { names: edit.names, scope: edit.effective, of: secret.id };
      await requireNoNamesake(tables, naming, asker.catalogue);
    }
    await confirmLostNames(tables, { request, before, edit }, { services, asker });
    const entries = await carryOut(tables, { before, edit, leaveAlias: body.leaveAlias }, auditScope);
    await tables.audit.append(entries);
    const { availability } = edit;
    const after = { ...secret, name: edit.name, scope: edit.scope, availability };
    return viewSecret({ ...before, secret: after, scope: edit.effective }, asker);
  });
  services.changes.announce();
  return edited;
}

async function planEdit(
  tables: Tables,
  of: { body: Omit<EditRequest['body'], 'name'> & { name: string | undefined }; before: FoundSecret },
  asker: SecretAsker,
): Promise<Edit> {
  const { body, before } = of;
  const { secret } = before;
  // The scope that bounds it is that of the newest version's secrets manager.
  const [[newest = before] = []] = await tables.secrets.findMany([
    { by: 'id', id: secret.id, version: null, place: null },
  ]);
  const manager = await tables.secretsManagers.find(newest.version.secretsManagerId);
  if (manager === null) throw noSecretsManager();
  const scope =
    body.scope === undefined ? secret.scope : parseUsageScope(body.scope, asker.places, secret.scope);
  const effective = effectiveScope(scope, manager.usageScope);
  if (body.scope !== undefined) {
    requireChange({ secret, scope: effective }, asker);
    requireFit(scope, manager, asker);
  }
  const aliases = new Map(
    (await tables.secretEdits.aliasesOf(secret.id)).map((alias) => [nameKey(alias), alias]),
  );
  const removedAliases = body.removeAliases.map((asked) => {
    const alias = aliases.get(nameKey(asked));
    if (alias !== undefined) return alias;
    throw new AppError('not-found', { publicMessage: `"${secret.name}" has no alias "${asked}".` });
  });
  const name = body.name ?? secret.name;
  const kept = [...aliases.values()].filter((alias) => !removedAliases.includes(alias));
  const names = [name, ...kept, ...(body.leaveAlias ? [secret.name] : [])];
  const availability = body.availability ?? secret.availability;
  return { name, names, scope, effective, availability, removedAliases };
}

/** @throws {scope-conflict} when config entries, or start-up profiles, would lose the secret somewhere */
async function requireNobodyOutside(
  tables: Tables,
  { before, edit }: { before: FoundSecret; edit: Edit },
  asker: SecretAsker,
): Promise<void> {
  const usages = await setupUsagesOf(tables, before, asker.catalogue);
  const lost = usagesLost(usages, { before: before.scope, after: edit.effective }, asker.catalogue);
  if (!hasUsages(lost)) return;
  const seen = viewSetupUsages(lost, asker);
  throw new AppError('scope-conflict', {
    publicMessage: `The new scope does not reach where "${before.secret.name}" is in use: ${printSetupUsages(seen)}.`,
    data: { setupUsages: seen.usages, hidden: seen.hidden },
  });
}

/** @throws {confirmation-required} when somebody asks by a name that would be gone, and that was not confirmed */
async function confirmLostNames(
  tables: Tables,
  of: { request: EditRequest; before: FoundSecret; edit: Edit },
  { services, asker }: { services: Services; asker: SecretAsker },
): Promise<void> {
  const { request, before, edit } = of;
  const { secret } = before;
  const kept = new Set(edit.names.map(nameKey));
  const names = new Set([secret.name, ...edit.removedAliases].map(nameKey)).difference(kept);
  if (names.size === 0) return;
  const nowMs = services.clock.nowMs();
  const broken = await usesByName(tables, { secretId: secret.id, names, nowMs }, asker);
  const { profiles } = await setupUsagesOf(tables, before, asker.catalogue);
  const cutOff = profiles.filter(({ by }) => by !== null && names.has(nameKey(by)));
  if (broken.length + cutOff.length === 0) return;
  // Counts go on growing while somebody thinks about it; who is affected is what is confirmed.
  const effect = {
    from: secret.name,
    to: edit.name,
    breaks: [...broken.map(brokenReference), ...cutOff.map((one) => brokenProfile(one, asker))],
  };
  services.confirmations.require(request.body.confirmationToken ?? null, {
    operation: 'editSecret',
    target: secret.id,
    effect,
  });
}

function brokenReference({ reference, principal }: UseByName): { reference: string; principal: string } {
  return { reference, principal: principal.name ?? principal.id };
}

/** Not named to those who may not see start-up profiles. */
function brokenProfile(
  { by, profile }: ProfileNaming,
  { principal }: SecretAsker,
): { reference: string; principal: string } {
  const isVisible = may(principal.authority, 'manage-delegates');
  return {
    reference: by ?? '',
    principal: isVisible ? `start-up profile ${profile.name}` : 'a start-up profile',
  };
}

async function carryOut(
  tables: Tables,
  of: { before: FoundSecret; edit: Edit; leaveAlias: boolean },
  auditScope: ReturnType<typeof auditScopeOf>,
): Promise<AuditEntry[]> {
  const { before, edit, leaveAlias } = of;
  const { id, name, scope, availability } = before.secret;
  const entries: AuditEntry[] = [];
  const record = (
    action:
      | 'secret.renamed'
      | 'secret.scope-changed'
      | 'secret.availability-changed'
      | 'secret.alias-removed',
    details: AuditEntry['details'],
  ) => {
    entries.push(auditEntry(auditScope, action, { resource: id, resourceName: edit.name, details }));
  };
  if (edit.name !== name) {
    const keepsOld = leaveAlias && nameKey(name) !== nameKey(edit.name);
    await tables.secretEdits.rename(id, edit.name);
    if (keepsOld) await tables.secretEdits.addAlias(id, { name, atMs: auditScope.atMs });
    record('secret.renamed', {
      changes: [{ field: 'name', from: name, to: edit.name }],
      alias: keepsOld,
    });
  }
  if (JSON.stringify(edit.scope) !== JSON.stringify(scope)) {
    await tables.secretEdits.setScope(id, edit.scope);
    record('secret.scope-changed', {
      changes: [{ field: 'scope', from: asJson(scope), to: asJson(edit.scope) }],
    });
  }
  if (!isSameAvailability(edit.availability, availability)) {
    await tables.secretEdits.setAvailability(id, edit.availability);
    const [from, to] = [printAvailability(availability), printAvailability(edit.availability)];
    record('secret.availability-changed', { changes: [{ field: 'availability', from, to }] });
  }
  for (const alias of edit.removedAliases) {
    await tables.secretEdits.removeAlias(id, alias);
    record('secret.alias-removed', { changes: [{ field: 'alias', from: alias, to: null }] });
  }
  return entries;
}

/** As plain JSON: what is recorded must not change with what it was made of. */
function asJson(scope: UsageScope): AuditEntry['details'][string] {
  return JSON.parse(JSON.stringify(scope)) as AuditEntry['details'][string];
}

/** @throws {invalid-name} */
function checkNewName(name: string): string {
  if (isId('secret', name)) {
    throw new AppError('invalid-name', { publicMessage: 'A name must not look like an id.' });
  }
  return checkSecretName(name);
}
