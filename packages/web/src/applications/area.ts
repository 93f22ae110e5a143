// Applications with their environments, services and what those refer to.
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { ApplicationAction } from '@sallyport/core';
import type { WhoAmI } from '@sallyport/protocol';
import { area } from '../app/area.ts';
import { shellRoute } from '../app/parent-routes.ts';
import { may, maySomewhere } from '../client/permissions.ts';

const ANY_ACTION: readonly ApplicationAction[] = ['create', 'read', 'update', 'delete', 'use'];

type ListSearch = { search?: string };

export const applicationsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/applications',
  validateSearch: ({ search }: Record<string, unknown>): ListSearch =>
    typeof search === 'string' && search !== '' ? { search: search.slice(0, 128) } : {},
  component: lazyRouteComponent(async () => import('./applications-page.tsx'), 'ApplicationsPage'),
});

export const applicationRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/applications/$application',
  component: lazyRouteComponent(async () => import('./application-page.tsx'), 'ApplicationPage'),
});

export const serviceRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/applications/$application/services/$service',
  component: lazyRouteComponent(async () => import('./service-page.tsx'), 'ServicePage'),
});

export const applications = area({
  routes: [applicationsRoute, applicationRoute, serviceRoute],
  navigation: [{ to: '/applications', label: 'Applications', icon: 'apps', key: 'a', isFor: maySeeSome }],
});

/** Whether there can be any application that they see. */
function maySeeSome(me: WhoAmI): boolean {
  return may(me, 'manage-applications') || ANY_ACTION.some((action) => maySomewhere(me, action));
}
