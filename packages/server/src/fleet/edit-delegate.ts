// Changes the selectors that were added to a delegate. That decides who uses which keys, so it acts at once; and where it would leave a
// secrets manager without any delegate, somebody has to have been shown that.
import { AppError, parseSelectors } from '@sallyport/core';
import type { DelegateEditPreview } from '@sallyport/protocol';
import { auditEntry } from '../audit/audit-entry.ts';
import { readCatalogue } from '../applications/account-catalogue.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { OperationRequest } from '../http/operation.ts';
import { managerAsker, seesManager } from '../secrets-managers/find-secrets-manager.ts';
import type { ManagerAsker } from '../secrets-managers/find-secrets-manager.ts';
import type { SecretsManagerRow } from '../secrets-managers/secrets-manager-store.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import { selectorsOf } from './delegate-selectors.ts';
import type { DelegateRow } from './delegate-store.ts';
import { explainEligibility } from './eligibility.ts';
import type { DelegateStanding } from './eligibility.ts';
import { disconnected } from './fleet.ts';

type EditServices = Pick<Services, 'store' | 'clock' | 'fleet' | 'confirmations'>;

/**
 * The operation `editDelegate`. Changing nothing leaves no record.
 * @throws {not-found} {invalid-selector} {edit-conflict} {confirmation-required}
 */
export async function editDelegate(
  request: OperationRequest<'editDelegate'>,
  services: EditServices,
): Promise<DelegateRow> {
  const { body, principal } = request;
  const { store, clock, fleet, confirmations } = services;
  const scope = auditScopeOf(request, clock);
  const addedSelectors = parseSelectors(body.addedSelectors);
  const edited = await store.write(async (tables) => {
    const { delegates, audit } = tables;
    const before = await delegates.find(request.params.delegate);
    if (before === null) throw noDelegate();
    const expected = body.expectedAddedSelectors;
    if (expected !== undefined && !isSame(expected, before.addedSelectors)) throw othersWereAdded();
    if (isSame(addedSelectors, before.addedSelectors)) return { row: before, lost: [] };
    const row = { ...before, addedSelectors };
    const loss = await lossBy({ before, row }, tables, services);
    if (loss.left.length > 0) {
      const asker = managerAsker(principal, await readCatalogue(tables));
      confirmations.require(body.confirmationToken ?? null, {
        operation: 'editDelegate',
        target: [row.id, ...addedSelectors].join(' '),
        effect: previewFor(asker, loss.left),
      });
    }
    await delegates.save(row);
    const changes = [{ field: 'addedSelectors', from: before.addedSelectors, to: addedSelectors }];
    const subject = { resource: row.id, resourceName: row.name, details: { changes } };
    await audit.append([auditEntry(scope, 'delegate.edited', subject)]);
    return { row, lost: loss.lost };
  });
  fleet.delegates.setAddedSelectors(edited.row.id, edited.row.addedSelectors);
  // What it may no longer be used for, it has no business to know, access keys least of all.
  for (const { id } of edited.lost) fleet.delegates.get(edited.row.id)?.forget(id);
  return edited.row;
}

/** `lost`: secrets managers that the delegate may no longer work for. `left`: those of them that would have no delegate at all. */
async function lossBy(
  { before, row }: { before: DelegateRow; row: DelegateRow },
  { delegates, secretsManagers }: Tables,
  { fleet }: EditServices,
): Promise<{ lost: SecretsManagerRow[]; left: SecretsManagerRow[] }> {
  const standing = (one: DelegateRow): DelegateStanding => fleet.delegates.get(one.id) ?? disconnected(one);
  const [now, then] = [standing(before), withSelectors(standing(before), row)];
  const others = (await delegates.list()).filter(({ id }) => id !== row.id).map(standing);
  const managers = await secretsManagers.list();
  return {
    lost: managers.filter((one) => mayWork(asIfConnected(now), one) && !mayWork(asIfConnected(then), one)),
    left: leftAlone(managers, { before: now, after: then, others }),
  };
}

function previewFor(asker: ManagerAsker, left: readonly SecretsManagerRow[]): DelegateEditPreview {
  const seen = left.filter((manager) => seesManager(asker, manager));
  return {
    withoutDelegate: seen.map(({ name }) => name),
    hiddenWithoutDelegate: left.length - seen.length,
  };
}

/** Also where there is none of this name. */
export function noDelegate(): AppError {
  return new AppError('not-found', {
    publicMessage: 'There is no such delegate, or several have this name: then give its id.',
  });
}

/** Secrets managers that would lose their last delegate: of those that are connected now, or of all that are registered. */
function leftAlone(
  managers: readonly SecretsManagerRow[],
  delegates: { before: DelegateStanding; after: DelegateStanding; others: readonly DelegateStanding[] },
): SecretsManagerRow[] {
  const { before, after, others } = delegates;
  const looksAt = [(one: DelegateStanding) => one, asIfConnected];
  return managers.filter((manager) =>
    looksAt.some(
      (look) =>
        mayWork(look(before), manager) &&
        !mayWork(look(after), manager) &&
        !others.some((other) => mayWork(look(other), manager)),
    ),
  );
}

function mayWork(delegate: DelegateStanding, { settings }: SecretsManagerRow): boolean {
  return explainEligibility(delegate, [settings]).length === 0;
}

function asIfConnected(delegate: DelegateStanding): DelegateStanding {
  const { id, name, selectors, kinds, approved, runsScripts } = delegate;
  return { id, name, selectors, kinds, approved, runsScripts, connected: true, draining: false };
}

function withSelectors(delegate: DelegateStanding, row: DelegateRow): DelegateStanding {
  const { id, name, kinds, approved, connected, draining, runsScripts } = delegate;
  return { id, name, kinds, approved, connected, draining, runsScripts, selectors: selectorsOf(row) };
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((one) => others.includes(one));
}

function othersWereAdded(): AppError {
  return new AppError('edit-conflict', {
    publicMessage: 'Somebody else has changed the selectors of this delegate meanwhile. Look at them again.',
  });
}
