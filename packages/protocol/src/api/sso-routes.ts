// Operations on the settings of single sign-on.
import { route } from './route.ts';
import type { Route } from './route.ts';
import { PutSso, SsoSettings, SsoStatus, SsoView } from './sso.ts';

const tag = 'single sign-on';

export const SSO_ROUTES = {
  ssoStatus: route({
    method: 'GET',
    path: '/v1/sso/status',
    tag,
    access: 'anybody',
    summary: 'Whether people can sign in by single sign-on.',
    response: SsoStatus,
    errors: [],
  }),
  getSso: route({
    method: 'GET',
    path: '/v1/sso',
    tag,
    access: 'administer',
    summary: 'The settings of single sign-on.',
    response: SsoSettings,
    errors: [],
  }),
  putSso: route({
    method: 'PUT',
    path: '/v1/sso',
    tag,
    access: 'administer',
    summary: 'Set single sign-on up, or change it.',
    body: PutSso,
    response: SsoView,
    errors: ['not-found'],
  }),
  removeSso: route({
    method: 'DELETE',
    path: '/v1/sso',
    tag,
    access: 'administer',
    summary: 'Turn single sign-on off. Users stay, and with them their sessions.',
    response: null,
    status: 204,
    errors: ['not-found'],
  }),
} as const satisfies Record<string, Route>;
