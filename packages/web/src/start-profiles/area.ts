// Start-up profiles: scripts that delegates run once, what came of them, and writing one.
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { area } from '../app/area.ts';
import { shellRoute } from '../app/parent-routes.ts';
import { may } from '../client/permissions.ts';

/** The run whose output is shown. */
export type ProfileSearch = { run?: string };

export const profilesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/start-up-profiles',
  component: lazyRouteComponent(async () => import('./profiles-page.tsx'), 'ProfilesPage'),
});

export const newProfileRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/start-up-profiles/add',
  component: lazyRouteComponent(async () => import('./new-profile-page.tsx'), 'NewProfilePage'),
});

export const profileRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/start-up-profiles/$profile',
  validateSearch: ({ run }: Record<string, unknown>): ProfileSearch =>
    typeof run === 'string' && run !== '' ? { run } : {},
  component: lazyRouteComponent(async () => import('./profile-page.tsx'), 'ProfilePage'),
});

export const editProfileRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/start-up-profiles/$profile/edit',
  component: lazyRouteComponent(async () => import('./edit-profile-page.tsx'), 'EditProfilePage'),
});

export const startProfiles = area({
  routes: [profilesRoute, newProfileRoute, profileRoute, editProfileRoute],
  navigation: [
    {
      to: '/start-up-profiles',
      label: 'Start-up profiles',
      icon: 'script',
      section: 'Security',
      key: 'p',
      isFor: (me) => may(me, 'manage-delegates'),
    },
  ],
});
