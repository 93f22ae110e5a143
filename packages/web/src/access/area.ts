// Who may do what: users, user groups, API keys, workloads, single sign-on.
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { WhoAmI } from '@sallyport/protocol';
import type { AccountPermission } from '@sallyport/core';
import { area } from '../app/area.ts';
import { shellRoute } from '../app/parent-routes.ts';
import { may } from '../client/permissions.ts';

type ListSearch = { search?: string };

function validateSearch({ search }: Record<string, unknown>): ListSearch {
  return typeof search === 'string' && search !== '' ? { search: search.slice(0, 128) } : {};
}

export const usersRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/access/users',
  validateSearch,
  component: lazyRouteComponent(async () => import('./users-page.tsx'), 'UsersPage'),
});

export const userRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/access/users/$user',
  component: lazyRouteComponent(async () => import('./user-page.tsx'), 'UserPage'),
});

export const groupsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/access/groups',
  component: lazyRouteComponent(async () => import('./groups-page.tsx'), 'GroupsPage'),
});

export const newGroupRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/access/new-group',
  component: lazyRouteComponent(async () => import('./new-group-page.tsx'), 'NewGroupPage'),
});

export const groupRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/access/groups/$group',
  component: lazyRouteComponent(async () => import('./group-page.tsx'), 'GroupPage'),
});

export const editGroupRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/access/groups/$group/edit',
  component: lazyRouteComponent(async () => import('./edit-group-page.tsx'), 'EditGroupPage'),
});

export const apiKeysRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/access/api-keys',
  component: lazyRouteComponent(async () => import('./api-keys-page.tsx'), 'ApiKeysPage'),
});

export const workloadsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/access/workloads',
  component: lazyRouteComponent(async () => import('./workloads-page.tsx'), 'WorkloadsPage'),
});

export const newWorkloadRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/access/new-workload-issuer',
  component: lazyRouteComponent(async () => import('./new-workload-page.tsx'), 'NewWorkloadPage'),
});

export const workloadRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/access/workloads/$issuer',
  component: lazyRouteComponent(async () => import('./edit-workload-page.tsx'), 'EditWorkloadPage'),
});

export const singleSignOnRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/access/single-sign-on',
  component: lazyRouteComponent(async () => import('./single-sign-on-page.tsx'), 'SingleSignOnPage'),
});

const section = 'Access';
const having =
  (permission: AccountPermission) =>
  (me: WhoAmI): boolean =>
    may(me, permission);

export const access = area({
  routes: [
    usersRoute,
    userRoute,
    groupsRoute,
    newGroupRoute,
    groupRoute,
    editGroupRoute,
    apiKeysRoute,
    workloadsRoute,
    newWorkloadRoute,
    workloadRoute,
    singleSignOnRoute,
  ],
  navigation: [
    {
      to: '/access/users',
      label: 'Users',
      icon: 'user',
      section,
      key: 'u',
      isFor: having('manage-users-and-groups'),
    },
    {
      to: '/access/groups',
      label: 'User groups',
      icon: 'users',
      section,
      key: 'g',
      isFor: having('manage-users-and-groups'),
    },
    {
      to: '/access/api-keys',
      label: 'API keys',
      icon: 'key',
      section,
      key: 'k',
      isFor: having('manage-api-keys'),
    },
    {
      to: '/access/workloads',
      label: 'Workloads',
      icon: 'workload',
      section,
      key: 'w',
      isFor: having('administer'),
    },
    {
      to: '/access/single-sign-on',
      label: 'Single sign-on',
      icon: 'signIn',
      section,
      key: 'o',
      isFor: having('administer'),
    },
  ],
});
