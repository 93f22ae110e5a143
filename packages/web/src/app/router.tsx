// The addresses of the web UI. They stand behind `#`, so that the server needs to know none of them and one-time links stay out of its logs.
import { createHashHistory, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { access } from '../access/area.ts';
import { account } from '../account/area.ts';
import { applications } from '../applications/area.ts';
import { audit } from '../audit/area.ts';
import { delegates } from '../delegates/area.ts';
import { firstSteps } from '../first-steps/area.ts';
import { secrets } from '../secrets/area.ts';
import { secretsManagers } from '../secrets-managers/area.ts';
import { signIn } from '../sign-in/area.ts';
import { startProfiles } from '../start-profiles/area.ts';
import { LoadingState } from '../ui/states.tsx';
import { NotFoundPage } from './not-found-page.tsx';
import { PageFault } from './page-fault.tsx';
import { rootRoute, shellRoute } from './parent-routes.ts';
import { Root } from './root.tsx';

rootRoute.update({ component: Root, notFoundComponent: NotFoundPage });
shellRoute.update({ component: lazyRouteComponent(async () => import('./shell.tsx'), 'Shell') });

const routeTree = rootRoute.addChildren([
  ...signIn.routes,
  shellRoute.addChildren([
    ...firstSteps.routes,
    ...secrets.routes,
    ...secretsManagers.routes,
    ...delegates.routes,
    ...startProfiles.routes,
    ...applications.routes,
    ...access.routes,
    ...account.routes,
    ...audit.routes,
  ]),
]);

// oxlint-disable-next-line typescript/explicit-function-return-type -- the type of the router is what makes links typed
export const createAppRouter = () =>
  createRouter({
    routeTree,
    history: createHashHistory(),
    defaultPreload: 'intent',
    defaultPendingComponent: LoadingState,
    defaultErrorComponent: PageFault,
    scrollRestoration: true,
  });

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
