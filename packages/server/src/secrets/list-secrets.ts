// Lists secrets that the asker may see. Visibility is decided per scope, of which there are few, and the database does the rest: so pages
// are full, in order, and as fast for somebody who may see little.
import { AppError, isUsableAt, nameKey } from '@sallyport/core';
import type { SecretPage } from '@sallyport/protocol';
import { PAGE_ROWS, parseCursor, printCursor } from '../http/cursor.ts';
import type { OperationRequest } from '../http/operation.ts';
import { managerForSecrets } from '../secrets-managers/find-secrets-manager.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import { noPlace } from './choose-secret.ts';
import { askerOf } from './secret-asker.ts';
import type { SecretAsker } from './secret-asker.ts';
import type { SecretListQuery } from './secret-store.ts';
import { viewListings } from './secret-views.ts';

const SECRETS_LIST = 'secrets';

type Query = OperationRequest<'listSecrets'>['query'];

/** @throws {not-found} when the place or secrets manager that it is limited to is not there */
export async function listSecrets(
  request: OperationRequest<'listSecrets'>,
  services: Services,
): Promise<SecretPage> {
  const { query } = request;
  const limit = query.limit ?? PAGE_ROWS;
  const asker = await askerOf(request, services);
  const after = parseAfter(query.cursor);
  return services.store.read(async (tables) => {
    const rows = await tables.secrets.list({
      ...(await filterOf(query, { tables, asker })),
      after,
      limit: limit + 1,
    });
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    const context = { asker, nowMs: services.clock.nowMs() };
    return {
      secrets: await viewListings(tables, page, context),
      nextCursor:
        last === undefined
          ? null
          : printCursor(SECRETS_LIST, JSON.stringify([nameKey(last.secret.name), last.secret.id])),
    };
  });
}

async function filterOf(
  query: Query,
  { tables, asker }: { tables: Tables; asker: SecretAsker },
): Promise<Omit<SecretListQuery, 'after' | 'limit'>> {
  const { search, kind = null, application, environment, secretsManager } = query;
  if ((application === undefined) !== (environment === undefined)) {
    throw new AppError('invalid-request', { publicMessage: 'Give application and environment together.' });
  }
  const place =
    application === undefined || environment === undefined ? null : asker.place({ application, environment });
  if (application !== undefined && place === null) throw noPlace();
  const scopes = await tables.secrets.scopesInUse();
  const visible = scopes.filter(
    ({ scope }) => asker.sees(scope) && (place === null || isUsableAt(scope, place)),
  );
  const manager =
    secretsManager === undefined
      ? null
      : await managerForSecrets(tables, { named: secretsManager, kept: null }, asker);
  return {
    search: search === undefined || search === '' ? null : search,
    kind,
    secretsManagerId: manager?.id ?? null,
    scopes: visible.length === scopes.length ? null : visible.map(({ key }) => key),
  };
}

function parseAfter(cursor: string | undefined): SecretListQuery['after'] {
  const position = parseCursor(SECRETS_LIST, cursor);
  if (position === null) return null;
  try {
    const [key, id] = JSON.parse(position) as unknown[];
    if (typeof key === 'string' && typeof id === 'string') return { nameKey: key, id };
  } catch {
    // Falls through to the one error.
  }
  throw new AppError('invalid-request', { publicMessage: 'The cursor is not one of this list.' });
}
