// Operations on API keys, and on the caller's own identity.
import { ApiKeyList, CreateApiKey, CreatedApiKey, ListApiKeysQuery, WhoAmI } from './api-keys.ts';
import { route } from './route.ts';
import type { Route } from './route.ts';

const tag = 'access';

export const API_KEY_ROUTES = {
  whoAmI: route({
    method: 'GET',
    path: '/v1/whoami',
    tag,
    access: 'signed-in',
    summary: 'Who the caller is, and what they may do.',
    response: WhoAmI,
    errors: [],
  }),

  listApiKeys: route({
    method: 'GET',
    path: '/v1/api-keys',
    tag,
    access: 'signed-in',
    summary: 'API keys without their values: own ones, or all with `manage-api-keys`.',
    query: ListApiKeysQuery,
    response: ApiKeyList,
    errors: [],
  }),
  createApiKey: route({
    method: 'POST',
    path: '/v1/api-keys',
    tag,
    access: 'signed-in',
    summary:
      'Create an API key for yourself, or for groups with `manage-api-keys`; its value is shown this once.',
    body: CreateApiKey,
    response: CreatedApiKey,
    status: 201,
    errors: ['name-taken', 'invalid-name', 'invalid-scope', 'not-found'],
  }),
  revokeApiKey: route({
    method: 'DELETE',
    path: '/v1/api-keys/{apiKey}',
    tag,
    access: 'signed-in',
    summary: 'Revoke an API key at once: an own one, or any with `manage-api-keys`.',
    response: null,
    status: 204,
    errors: ['not-found', 'last-administrator'],
  }),
} as const satisfies Record<string, Route>;
