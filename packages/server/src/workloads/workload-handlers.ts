// Operations of the API on issuers whose workloads are let in, and the exchange of their identities for keys.
import { AppError } from '@sallyport/core';
import type { WorkloadIssuerView } from '@sallyport/protocol';
import { mentionGroups } from '../access/api-key-view.ts';
import { SpentProofs } from '../access/spent-proofs.ts';
import { placesIn } from '../applications/structure-change.ts';
import { viewGrant } from '../applications/region-view.ts';
import type { VisiblePlaces } from '../applications/visible-places.ts';
import { auditEntry } from '../audit/audit-entry.ts';
import { auditScopeOf } from '../http/operation.ts';
import type { Handlers, OperationRequest } from '../http/operation.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import { exchangeWorkloadIdentity } from './exchange.ts';
import { IssuerKeys } from './issuer-keys.ts';
import { createIssuer, editIssuer } from './save-issuer.ts';
import type { WorkloadIssuerRow } from './workload-issuer-store.ts';

type WorkloadOperation =
  | 'exchangeWorkloadIdentity'
  | 'listWorkloadIssuers'
  | 'createWorkloadIssuer'
  | 'getWorkloadIssuer'
  | 'editWorkloadIssuer'
  | 'deleteWorkloadIssuer';

export function workloadHandlers(services: Services): Pick<Handlers, WorkloadOperation> {
  const { store, clock } = services;
  const exchange = {
    ...services,
    issuerKeys: new IssuerKeys(clock),
    spentProofs: new SpentProofs(clock),
  };
  return {
    exchangeWorkloadIdentity: async (request) => exchangeWorkloadIdentity(request, exchange),
    listWorkloadIssuers: async ({ principal }) =>
      store.read(async (tables) => {
        const places = await placesIn(tables, principal);
        const issuers: WorkloadIssuerView[] = [];
        for (const row of await tables.workloadIssuers.list())
          issuers.push(await viewIssuer(tables, row, places));
        return { issuers };
      }),
    createWorkloadIssuer: async (request) =>
      store.write(async (tables) => {
        const places = await placesIn(tables, request.principal);
        const row = await createIssuer(request, { tables, places }, services);
        return viewIssuer(tables, row, places);
      }),
    getWorkloadIssuer: async ({ params, principal }) =>
      store.read(async (tables) => {
        const row = await findIssuer(tables, params.workloadIssuer);
        return viewIssuer(tables, row, await placesIn(tables, principal));
      }),
    editWorkloadIssuer: async (request) => {
      const view = await store.write(async (tables) => {
        const places = await placesIn(tables, request.principal);
        const before = await findIssuer(tables, request.params.workloadIssuer);
        const after = await editIssuer(request, { tables, places, before }, services);
        return viewIssuer(tables, after, places);
      });
      services.authenticator.forgetAll();
      return view;
    },
    deleteWorkloadIssuer: async (request) => {
      await deleteIssuer(request, services);
      return null;
    },
  };
}

async function deleteIssuer(
  request: OperationRequest<'deleteWorkloadIssuer'>,
  services: Pick<Services, 'store' | 'clock' | 'authenticator'>,
): Promise<void> {
  const scope = auditScopeOf(request, services.clock);
  await services.store.write(async (tables) => {
    const row = await findIssuer(tables, request.params.workloadIssuer);
    const keysEnded = await tables.apiKeys.revokeOfIssuer(row.id, scope.atMs);
    await tables.workloadIssuers.remove(row.id);
    const subject = { resource: row.id, resourceName: row.name, details: { keysEnded } };
    await tables.audit.append([auditEntry(scope, 'workload-issuer.deleted', subject)]);
  });
  services.authenticator.forgetAll();
}

/** @throws {not-found} */
async function findIssuer(
  { workloadIssuers }: Pick<Tables, 'workloadIssuers'>,
  reference: string,
): Promise<WorkloadIssuerRow> {
  const row = await workloadIssuers.find(reference);
  if (row !== null) return row;
  throw new AppError('not-found', { publicMessage: 'There is no such workload issuer.' });
}

async function viewIssuer(
  tables: Tables,
  row: WorkloadIssuerRow,
  places: VisiblePlaces,
): Promise<WorkloadIssuerView> {
  const { id, name, settings, restriction, ttlSeconds, createdAtMs, updatedAtMs } = row;
  return {
    id,
    name,
    settings,
    groups: await mentionGroups(tables, row.groupIds),
    restriction: restriction && {
      account: [...restriction.account],
      grants: restriction.grants.map((grant) => viewGrant(grant, places)),
    },
    ttlSeconds,
    createdAtMs,
    updatedAtMs,
  };
}
