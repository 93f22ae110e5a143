// Operations of the HTTP API on stored envelopes: the two halves of an export.
import { DownloadEnvelopes, EnvelopePage, ListEnvelopesQuery } from './envelopes.ts';
import { route } from './route.ts';
import type { Route } from './route.ts';

export const ENVELOPE_ROUTES = {
  listEnvelopes: route({
    method: 'GET',
    path: '/v1/envelopes',
    tag: 'envelopes',
    access: 'administer',
    summary: 'Stored envelopes of all secrets, paged: what it takes to open each one, without the envelopes.',
    query: ListEnvelopesQuery,
    response: EnvelopePage,
    errors: [],
  }),
  downloadEnvelopes: route({
    method: 'POST',
    path: '/v1/envelopes/download',
    tag: 'envelopes',
    access: 'administer',
    summary: 'Up to 500 envelopes as they are stored, as a stream; recorded for each secret.',
    body: DownloadEnvelopes,
    response: null,
    responseKind: 'frames',
    errors: [],
  }),
} as const satisfies Record<string, Route>;
