// The two routes that all others hang on: the root, and the shell with its navigation, for which somebody has to be signed in.
import { createRootRoute, createRoute } from '@tanstack/react-router';

export const rootRoute = createRootRoute();

/** Parent of every page that is for signed-in people. */
export const shellRoute = createRoute({ getParentRoute: () => rootRoute, id: 'shell' });
