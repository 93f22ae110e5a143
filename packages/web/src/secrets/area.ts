// Secrets: their lists, one secret with all that is known of it, adding one, and which exist where.
import { createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { area } from '../app/area.ts';
import { shellRoute } from '../app/parent-routes.ts';

/** What a list is narrowed to. Application and environment count together. */
export type ListSearch = { search?: string; application?: string; environment?: string; manager?: string };
/** What a form for a new secret is filled in with. */
export type AddSearch = { name?: string; application?: string; environment?: string };
export const SECRET_TABS = ['history', 'uses', 'setup-usages', 'changes'] as const;
export type SecretTab = (typeof SECRET_TABS)[number];
export type SecretSearch = { tab?: SecretTab };
export type GridSearch = { search?: string; missing?: true };

type Given = Record<string, unknown>;
const TEXT_MAX = 300;

/** Those of the fields that are texts. */
function textsOf<K extends string>(given: Given, ...fields: K[]): Partial<Record<K, string>> {
  const found: Partial<Record<K, string>> = {};
  for (const field of fields) {
    const value = given[field];
    // What looks like a number or a truth value in an address was typed as a text all the same.
    const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
    if (typeof text === 'string' && text !== '') found[field] = text.slice(0, TEXT_MAX);
  }
  return found;
}

const parseList = (given: Given): ListSearch =>
  textsOf(given, 'search', 'application', 'environment', 'manager');
const parseAdd = (given: Given): AddSearch => textsOf(given, 'name', 'application', 'environment');

export const secretsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/secrets',
  beforeLoad: () => redirect({ to: '/secrets/text', replace: true, throw: true }),
});

export const textSecretsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/secrets/text',
  validateSearch: parseList,
  component: lazyRouteComponent(async () => import('./secrets-page.tsx'), 'TextSecretsPage'),
});

export const fileSecretsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/secrets/files',
  validateSearch: parseList,
  component: lazyRouteComponent(async () => import('./secrets-page.tsx'), 'FileSecretsPage'),
});

export const addTextRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/secrets/add/text',
  validateSearch: parseAdd,
  component: lazyRouteComponent(async () => import('./add-secret-page.tsx'), 'AddTextPage'),
});

export const addFileRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/secrets/add/file',
  validateSearch: parseAdd,
  component: lazyRouteComponent(async () => import('./add-secret-page.tsx'), 'AddFilePage'),
});

export const gridsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/secrets/grid',
  component: lazyRouteComponent(async () => import('./grid-page.tsx'), 'GridsPage'),
});

export const gridRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/secrets/grid/$application',
  validateSearch: (given: Given): GridSearch => ({
    ...textsOf(given, 'search'),
    ...(given['missing'] === true ? { missing: true } : {}),
  }),
  component: lazyRouteComponent(async () => import('./grid-page.tsx'), 'GridPage'),
});

export const secretRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/secrets/$secret',
  validateSearch: ({ tab }: Given): SecretSearch => {
    const known = SECRET_TABS.find((one) => one === tab);
    return known === undefined ? {} : { tab: known };
  },
  component: lazyRouteComponent(async () => import('./secret-page.tsx'), 'SecretPage'),
});

export const secrets = area({
  routes: [
    secretsRoute,
    textSecretsRoute,
    fileSecretsRoute,
    addTextRoute,
    addFileRoute,
    gridsRoute,
    gridRoute,
    secretRoute,
  ],
  navigation: [{ to: '/secrets', label: 'Secrets Management', icon: 'key', section: 'Security', key: 's' }],
});
