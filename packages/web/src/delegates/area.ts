// Delegates: which there are and what they are up to, their tokens, and how to start another one.
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { area } from '../app/area.ts';
import { shellRoute } from '../app/parent-routes.ts';

export const delegatesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/delegates',
  component: lazyRouteComponent(async () => import('./delegates-page.tsx'), 'DelegatesPage'),
});

export const addDelegateRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/delegates/add',
  component: lazyRouteComponent(async () => import('./add-delegate-page.tsx'), 'AddDelegatePage'),
});

export const delegates = area({
  routes: [delegatesRoute, addDelegateRoute],
  navigation: [{ to: '/delegates', label: 'Delegates', icon: 'delegate', section: 'Security', key: 'd' }],
});
