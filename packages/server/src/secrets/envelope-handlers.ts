// Operations of the API on stored envelopes. Whoever may administer has all of them, whatever their scopes: an export that leaves some
// out is none, and what is exported opens with the customer's own keys only.
import { ALL_RIGHTS, AppError, isId } from '@sallyport/core';
import type { Authority } from '@sallyport/core';
import { VisiblePlaces } from '../applications/visible-places.ts';
import { PAGE_ROWS, parseCursor, printCursor } from '../http/cursor.ts';
import type { Handlers } from '../http/operation.ts';
import type { Services } from '../services.ts';
import { downloadEnvelopes } from './download-envelopes.ts';
import type { EnvelopeQuery } from './envelope-catalogue.ts';
import { viewEnvelopes } from './view-envelopes.ts';

const ENVELOPES_LIST = 'envelopes';
const EVERYTHING: Authority = { layers: [ALL_RIGHTS] };

export function envelopeHandlers(services: Services): Pick<Handlers, 'listEnvelopes' | 'downloadEnvelopes'> {
  const { store, auditTrail } = services;
  return {
    listEnvelopes: async (request) => {
      const { query } = request;
      const after = parseAfter(query.cursor);
      const limit = query.limit ?? PAGE_ROWS;
      const newestOnly = query.newest === 'true';
      const found = await store.read(async ({ envelopes }) =>
        envelopes.page({ after, newestOnly, limit: limit + 1 }),
      );
      // Whole, whatever the asker sees elsewhere: what is exported is to be put in place again.
      const places = new VisiblePlaces({
        authority: EVERYTHING,
        catalogue: await services.catalogue.current(),
      });
      const viewed = await viewEnvelopes(found.slice(0, limit), { store, places });
      const { passed, envelopes } = viewed;
      const hasMore = passed < found.length;
      const last = found[passed - 1]?.version;
      return {
        accountId: auditTrail.accountId,
        envelopes,
        nextCursor:
          hasMore && last !== undefined
            ? printCursor(ENVELOPES_LIST, `${last.secretId}@${last.version}`)
            : null,
      };
    },
    downloadEnvelopes: async (request) => downloadEnvelopes(request, services),
  };
}

/** @throws {invalid-request} */
function parseAfter(cursor: string | undefined): EnvelopeQuery['after'] {
  const position = parseCursor(ENVELOPES_LIST, cursor);
  if (position === null) return null;
  const [, secretId = '', version = ''] = /^(.+)@([1-9]\d{0,8})$/.exec(position) ?? [];
  if (isId('secret', secretId)) return { secretId, version: Number(version) };
  throw new AppError('invalid-request', { publicMessage: 'The cursor is not one of this list.' });
}
