// Operations of the HTTP API on scripts that run on delegates.
import { route } from './route.ts';
import type { Route } from './route.ts';
import { RunScript, ScriptOffers, ScriptOffersRequest } from './scripts.ts';
import { TASK_ERRORS } from './secret-routes.ts';

export const SCRIPT_ROUTES = {
  offersToRunScript: route({
    method: 'POST',
    path: '/v1/offers/script',
    tag: 'sealing',
    access: 'run-scripts',
    summary: 'Delegates that could run a script with these secrets, with their signed sealing keys.',
    body: ScriptOffersRequest,
    response: ScriptOffers,
    errors: ['not-found', 'invalid-name', 'invalid-selector', 'ambiguous-name', 'no-delegate'],
  }),
  runScript: route({
    method: 'POST',
    path: '/v1/scripts/run',
    tag: 'scripts',
    access: 'run-scripts',
    summary: 'Run a script on a delegate; its output comes as a stream.',
    body: RunScript,
    response: null,
    responseKind: 'frames',
    errors: [
      ...TASK_ERRORS,
      'not-found',
      'invalid-name',
      'invalid-selector',
      'ambiguous-name',
      'value-too-large',
      'envelope-rejected',
      'rate-limited',
    ],
  }),
} as const satisfies Record<string, Route>;
