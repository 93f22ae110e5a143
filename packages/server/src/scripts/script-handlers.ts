// Operations of the API on scripts that run on delegates.
import type { ScriptOffers } from '@sallyport/protocol';
import { auditScopeOf } from '../http/operation.ts';
import type { Handlers, OperationRequest } from '../http/operation.ts';
import { findItems } from '../secrets/find-readable.ts';
import { askerOf } from '../secrets/secret-asker.ts';
import type { Services } from '../services.ts';
import { runScript } from './run-script.ts';
import { requireAll, scriptNeeds } from './script-secrets.ts';

type ScriptOperation = 'offersToRunScript' | 'runScript';

export function scriptHandlers(services: Services): Pick<Handlers, ScriptOperation> {
  return {
    offersToRunScript: async (request) => offersToRunScript(request, services),
    runScript: async (request) => runScript(request, services),
  };
}

async function offersToRunScript(
  request: OperationRequest<'offersToRunScript'>,
  services: Services,
): Promise<ScriptOffers> {
  const { store, clock, directory, fleet, releases } = services;
  const asker = await askerOf(request, services);
  const findings = await store.read(async (tables) =>
    findItems(tables, { references: request.body.items, asker }),
  );
  const items = await requireAll(findings, { scope: auditScopeOf(request, clock), releases });
  const { needs } = await scriptNeeds(items, request.body, directory);
  const delegates = fleet.offers(needs);
  if (delegates.length === 0) throw await fleet.noDelegate(needs);
  return { delegates };
}
