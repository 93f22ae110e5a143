// What people see to themselves: profile, password, second factor, sessions, own API keys.
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { area } from '../app/area.ts';
import { shellRoute } from '../app/parent-routes.ts';

export const accountRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/account',
  component: lazyRouteComponent(async () => import('./account-page.tsx'), 'AccountPage'),
});

export const account = area({
  routes: [accountRoute],
  navigation: [{ to: '/account', label: 'My account', icon: 'user', section: 'You', key: 'y' }],
});
