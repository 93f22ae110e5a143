// Which client the suites run on: the one for Node, unless browser-client.test.ts puts the one for web pages in its place. What differs
// between them by nature is named here; everything else both have to keep.
import { ROUTES } from '@sallyport/protocol';
import { createClient as createNodeClient } from '../src/index.ts';
import type { Client, ClientOptions } from '../src/index.ts';

export function createClient(options: ClientOptions): Client {
  return createNodeClient({ ...options, routes: ROUTES });
}

export const traits = {
  /** Uploads are sent while they are read, so that a refusal ends the reading. Browsers gather them first. */
  streamsUploads: true,
  /** Replaces kept-alive connections that turn out to be closed. In browsers, the browser does. */
  ownsConnections: true,
  /** Checks the form of every answer. A page is of one build with the server that it calls. */
  checksAnswers: true,
};
