// Signing in and one-time links: the pages for people who are not signed in yet.
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { area } from '../app/area.ts';
import { rootRoute } from '../app/parent-routes.ts';

type SignInSearch = {
  /** Where to go afterwards: a path below `#`. */
  next?: string;
  /** Why single sign-on led back here. */
  error?: 'sso-failed' | 'rate-limited';
};

export const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: ({ next, error }: Record<string, unknown>): SignInSearch => ({
    // A path of this page only: what stands here may come from a link that somebody sent.
    ...(typeof next === 'string' && /^\/(?!\/)/.test(next) ? { next } : {}),
    ...(error === 'sso-failed' || error === 'rate-limited' ? { error } : {}),
  }),
  component: lazyRouteComponent(async () => import('./sign-in-page.tsx'), 'SignInPage'),
});

export const welcomeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/welcome/$value',
  component: lazyRouteComponent(async () => import('./welcome-page.tsx'), 'WelcomePage'),
});

export const signIn = area({ routes: [signInRoute, welcomeRoute], navigation: [] });
