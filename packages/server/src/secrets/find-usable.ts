// Finds every secret that may be used at one place, for programs that take all of it: all, or a refusal, since a program that gets a part
// would not notice. Whoever may use secrets there without seeing them has to know their names.
import { AppError, isUsableAt, mayAt, nameKey, printSecretReference } from '@sallyport/core';
import type { PlaceReference } from '@sallyport/core';
import { PLACE_MAX_ITEMS } from '@sallyport/protocol';
import type { FoundPlace } from '../applications/account-catalogue.ts';
import type { Tables } from '../storage/store.ts';
import { noPlace } from './choose-secret.ts';
import type { FoundItem } from './find-readable.ts';
import type { SecretAsker } from './secret-asker.ts';
import type { FoundSecret, SecretListQuery } from './secret-store.ts';

const PAGE = 500;

/**
 * In the order of names, each with a reference that names the place as the caller did.
 * @throws {not-found} when the place is not there; {forbidden} without `read` and `use` there; {value-too-large} when there is more than `PLACE_MAX_ITEMS`
 */
export async function findUsableAt(
  tables: Tables,
  asked: { place: PlaceReference; asker: SecretAsker },
): Promise<FoundItem[]> {
  const { asker } = asked;
  const place = asker.place(asked.place);
  if (place === null) throw noPlace();
  for (const action of ['read', 'use'] as const) {
    if (!mayAt(asker.principal.authority, action, place)) throw noRight(action, place);
  }
  const scopes = (await tables.secrets.scopesInUse()).filter(({ scope }) => isUsableAt(scope, place));
  const items: FoundItem[] = [];
  let after: SecretListQuery['after'] = null;
  while (scopes.length > 0) {
    const page: FoundSecret[] = await tables.secrets.list({
      after,
      search: null,
      kind: null,
      secretsManagerId: null,
      scopes: scopes.map(({ key }) => key),
      limit: PAGE,
    });
    for (const found of page) {
      const { name } = found.secret;
      const reference = printSecretReference({ by: 'name', name, version: null, place: asked.place });
      items.push({ reference, found, place });
    }
    const last = page.at(-1);
    if (items.length > PLACE_MAX_ITEMS) throw tooMany();
    if (page.length < PAGE || last === undefined) break;
    after = { nameKey: nameKey(last.secret.name), id: last.secret.id };
  }
  return items;
}

function noRight(action: 'read' | 'use', { application, environment }: FoundPlace): AppError {
  const there = `${application.name}/${environment.name}`;
  return new AppError('forbidden', {
    publicMessage:
      action === 'read'
        ? `You may use secrets in ${there}, but not be told which there are: that needs the action "read" there.`
        : `You may not use secrets in ${there}.`,
    data: {
      hint:
        action === 'read'
          ? 'Name the secrets that are needed, one by one, or ask for a user group with the action "read" there.'
          : 'Ask for a user group with the action "use" there.',
    },
  });
}

function tooMany(): AppError {
  return new AppError('value-too-large', {
    publicMessage: `More than ${PLACE_MAX_ITEMS} secrets may be used there; that is more than one program is given.`,
    data: { hint: 'Name the secrets that are needed, one by one.' },
  });
}
