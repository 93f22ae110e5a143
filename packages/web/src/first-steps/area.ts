// The start page: what a new installation still needs before the first secret is in it.
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { area } from '../app/area.ts';
import { shellRoute } from '../app/parent-routes.ts';

export const firstStepsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/',
  component: lazyRouteComponent(async () => import('./first-steps-page.tsx'), 'FirstStepsPage'),
});

export const firstSteps = area({
  routes: [firstStepsRoute],
  navigation: [{ to: '/', label: 'First steps', icon: 'check', key: 'f' }],
});
