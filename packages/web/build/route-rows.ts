// How the server's operations are called, as a small module: made of the protocol's route table at build time, so that its schemas stay out
// of what a browser loads first.
import { ROUTES } from '@sallyport/protocol';
import { rowsOf } from '@sallyport/sdk/browser';
import type { Plugin } from 'vite';

const NAME = 'virtual:route-rows';
const RESOLVED = '\0virtual:route-rows';

/** Serves `virtual:route-rows`. */
export function routeRows(): Plugin {
  return {
    name: 'sallyport-route-rows',
    resolveId: (id) => (id === NAME ? RESOLVED : null),
    load: (id) => (id === RESOLVED ? `export default ${JSON.stringify(rowsOf(ROUTES))};` : null),
  };
}
