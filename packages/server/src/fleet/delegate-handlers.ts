// Operations of the API on delegates.
import type { DelegateView } from '@sallyport/protocol';
import { auditEntry } from '../audit/audit-entry.ts';
import type { AuditScope } from '../audit/audit-entry.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { Handlers } from '../http/operation.ts';
import { findOrDefault, managerAskerOf } from '../secrets-managers/find-secrets-manager.ts';
import type { Services } from '../services.ts';
import type { DelegateRow } from './delegate-store.ts';
import { editDelegate, noDelegate } from './edit-delegate.ts';
import { disconnected } from './fleet.ts';

type DelegateOperation =
  | 'listDelegates'
  | 'explainDelegates'
  | 'approveDelegate'
  | 'editDelegate'
  | 'removeDelegate';
type DelegateServices = Pick<
  Services,
  'store' | 'clock' | 'fleet' | 'rests' | 'catalogue' | 'confirmations' | 'startProfiles'
>;

export function delegateHandlers(services: DelegateServices): Pick<Handlers, DelegateOperation> {
  const { store, clock, fleet } = services;
  return {
    listDelegates: async () => {
      const rows = await store.read(async ({ delegates }) => delegates.list());
      return { delegates: rows.map((row) => viewDelegate(row, services)) };
    },
    explainDelegates: async (request) => {
      const asker = await managerAskerOf(request, services);
      const { name, settings } = await store.read(async (tables) =>
        findOrDefault(tables, request.body.secretsManager, asker),
      );
      return {
        secretsManager: name,
        selectors: [...settings.selectors],
        delegates: await fleet.explain([
          settings,
          ...(request.body.scripts ? [{ kind: 'script', selectors: [] } as const] : []),
        ]),
      };
    },
    approveDelegate: async (request) => {
      const row = await approve(request.params.delegate, auditScopeOf(request, clock), services);
      services.startProfiles.consider(row.id);
      return viewDelegate(row, services);
    },
    editDelegate: async (request) => {
      const row = await editDelegate(request, services);
      services.startProfiles.consider(row.id);
      return viewDelegate(row, services);
    },
    removeDelegate: async (request) => {
      await remove(request.params.delegate, auditScopeOf(request, clock), services);
      return null;
    },
  };
}

async function approve(
  reference: string,
  scope: AuditScope,
  { store, fleet }: DelegateServices,
): Promise<DelegateRow> {
  const approved = await store.write(async ({ delegates, audit }) => {
    const row = await delegates.find(reference);
    if (row === null) throw noDelegate();
    if (row.approved) return row;
    const changed = { ...row, approved: true };
    await delegates.save(changed);
    const subject = { resource: row.id, resourceName: row.name, details: { fingerprint: row.fingerprint } };
    await audit.append([auditEntry(scope, 'delegate.approved', subject)]);
    return changed;
  });
  fleet.delegates.approve(approved.id);
  return approved;
}

async function remove(
  reference: string,
  scope: AuditScope,
  { store, fleet }: DelegateServices,
): Promise<void> {
  const id = await store.write(async ({ delegates, audit }) => {
    const row = await delegates.find(reference);
    if (row === null) throw noDelegate();
    await delegates.remove(row.id);
    const subject = { resource: row.id, resourceName: row.name, details: { fingerprint: row.fingerprint } };
    await audit.append([auditEntry(scope, 'delegate.removed', subject)]);
    return row.id;
  });
  fleet.delegates.remove(id);
}

function viewDelegate(row: DelegateRow, { fleet, rests }: DelegateServices): DelegateView {
  const connection = fleet.delegates.get(row.id);
  const standing = connection ?? disconnected(row);
  return {
    id: row.id,
    name: row.name,
    fingerprint: row.fingerprint,
    hostName: row.hostName,
    version: row.version,
    state: stateOf(standing),
    selectors: [...standing.selectors],
    startSelectors: [...row.selectors],
    addedSelectors: [...row.addedSelectors],
    kinds: [...row.kinds],
    runsScripts: standing.runsScripts,
    tasksInFlight: connection?.tasksInFlight ?? 0,
    dataKeyCache: connection?.connected === true ? connection.dataKeyCache : null,
    restingUntilMs: rests.restingUntilMs(row.id),
    lastHeartbeatAtMs: connection?.lastHeardAtMs ?? row.lastSeenAtMs,
    createdAtMs: row.createdAtMs,
  };
}

function stateOf(standing: {
  connected: boolean;
  approved: boolean;
  draining: boolean;
}): DelegateView['state'] {
  if (!standing.approved) return 'waiting-for-approval';
  if (!standing.connected) return 'disconnected';
  return standing.draining ? 'draining' : 'connected';
}
