// Every operation of the HTTP API under /v1, by operation id. Health and metrics are outside: they need no API key.
import { API_KEY_ROUTES } from './api-key-routes.ts';
import { APPLICATION_ROUTES } from './applications-routes.ts';
import { AUDIT_ROUTES } from './audit-routes.ts';
import { DELEGATE_PROFILE_ROUTES } from './delegate-profile-routes.ts';
import { DELEGATE_ROUTES } from './delegate-routes.ts';
import { ENVELOPE_ROUTES } from './envelope-routes.ts';
import { GROUP_ROUTES } from './group-routes.ts';
import type { Route } from './route.ts';
import { SCRIPT_ROUTES } from './script-routes.ts';
import { SECRET_ROUTES } from './secret-routes.ts';
import { SECRETS_MANAGER_ROUTES } from './secrets-manager-routes.ts';
import { SESSION_ROUTES } from './session-routes.ts';
import { USER_ROUTES } from './user-routes.ts';
import { SSO_ROUTES } from './sso-routes.ts';
import { WORKLOAD_ROUTES } from './workload-routes.ts';

export const ROUTES = {
  ...AUDIT_ROUTES,

  ...SECRETS_MANAGER_ROUTES,
  ...SECRET_ROUTES,
  ...ENVELOPE_ROUTES,
  ...SCRIPT_ROUTES,
  ...DELEGATE_ROUTES,
  ...DELEGATE_PROFILE_ROUTES,
  ...APPLICATION_ROUTES,
  ...API_KEY_ROUTES,
  ...GROUP_ROUTES,
  ...SESSION_ROUTES,
  ...USER_ROUTES,
  ...SSO_ROUTES,
  ...WORKLOAD_ROUTES,
} as const satisfies Record<string, Route>;

/** Name of an operation of the HTTP API. */
export type OperationId = keyof typeof ROUTES;
