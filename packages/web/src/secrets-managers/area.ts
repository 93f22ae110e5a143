// Secrets managers: their list, adding one, and changing one.
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { area } from '../app/area.ts';
import { shellRoute } from '../app/parent-routes.ts';

export const secretsManagersRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/secrets-managers',
  component: lazyRouteComponent(async () => import('./secrets-managers-page.tsx'), 'SecretsManagersPage'),
});

export const addSecretsManagerRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/secrets-managers/add/$kind',
  component: lazyRouteComponent(
    async () => import('./add-secrets-manager-page.tsx'),
    'AddSecretsManagerPage',
  ),
});

export const secretsManagerRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/secrets-managers/$secretsManager',
  component: lazyRouteComponent(async () => import('./secrets-manager-page.tsx'), 'SecretsManagerPage'),
});

export const secretsManagers = area({
  routes: [secretsManagersRoute, addSecretsManagerRoute, secretsManagerRoute],
  navigation: [
    { to: '/secrets-managers', label: 'Secrets Managers', icon: 'vault', section: 'Security', key: 'm' },
  ],
});
