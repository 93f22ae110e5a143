// What can be changed of a secret without a new version, in SQLite. A secret's own name stands in two places: with the secret, for lists,
// and among the names that find secrets.
import { AppError, nameKey } from '@sallyport/core';
import type { SecretId, UsageScope } from '@sallyport/core';
import type { Availability } from '@sallyport/protocol';
import type { SecretEdits } from '../../secrets/secret-store.ts';
import { prepare, tables } from './query.ts';
import type { SecretNameColumns } from './schema.ts';
import type { Session } from './session.ts';
import { printScope } from './stored-scope.ts';

const rename = prepare((p: { id: SecretId; name: string; nameKey: string }) =>
  tables.updateTable('secrets').set({ name: p.name, name_key: p.nameKey }).where('id', '=', p.id),
);
const created = prepare((p: { id: SecretId }) =>
  tables.selectFrom('secrets').select('created_at_ms').where('id', '=', p.id),
);
const removeOwnName = prepare((p: { id: SecretId }) =>
  tables.deleteFrom('secret_names').where('secret_id', '=', p.id).where('is_alias', '=', 0),
);
const removeName = prepare((p: { id: SecretId; nameKey: string; isAlias: number }) =>
  tables
    .deleteFrom('secret_names')
    .where('name_key', '=', p.nameKey)
    .where('secret_id', '=', p.id)
    .where('is_alias', '=', p.isAlias),
);
const insertName = prepare((p: SecretNameColumns) =>
  tables
    .insertInto('secret_names')
    .values({
      name_key: p.name_key,
      secret_id: p.secret_id,
      name: p.name,
      is_alias: p.is_alias,
      created_at_ms: p.created_at_ms,
    })
    .onConflict((conflict) => conflict.columns(['name_key', 'secret_id']).doNothing()),
);
const setScope = prepare((p: { id: SecretId; scope: string }) =>
  tables.updateTable('secrets').set({ scope: p.scope }).where('id', '=', p.id),
);
const setAvailability = prepare((p: { id: SecretId; availability: string }) =>
  tables.updateTable('secrets').set({ availability: p.availability }).where('id', '=', p.id),
);
const aliases = prepare((p: { id: SecretId }) =>
  tables
    .selectFrom('secret_names')
    .select('name')
    .where('secret_id', '=', p.id)
    .where('is_alias', '=', 1)
    .orderBy('created_at_ms')
    .orderBy('name_key'),
);

/** `SecretEdits` inside one transaction. */
export class SqliteSecretEdits implements SecretEdits {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async rename(id: SecretId, name: string): Promise<void> {
    const secret = this.#session.first(created({ id }));
    if (secret === null) throw new AppError('not-found', { publicMessage: 'There is no such secret.' });
    const key = nameKey(name);
    this.#session.run(rename({ id, name, nameKey: key }));
    this.#session.run(removeOwnName({ id }));
    // Back to a name that it had before: then that is no alias any more.
    this.#session.run(removeName({ id, nameKey: key, isAlias: 1 }));
    this.#session.run(
      insertName({ name_key: key, secret_id: id, name, is_alias: 0, created_at_ms: secret.created_at_ms }),
    );
  }

  async setScope(id: SecretId, scope: UsageScope): Promise<void> {
    this.#session.run(setScope({ id, scope: printScope(scope) }));
  }

  async setAvailability(id: SecretId, availability: Availability): Promise<void> {
    this.#session.run(setAvailability({ id, availability: JSON.stringify(availability) }));
  }

  async addAlias(id: SecretId, { name, atMs }: { name: string; atMs: number }): Promise<void> {
    this.#session.run(
      insertName({ name_key: nameKey(name), secret_id: id, name, is_alias: 1, created_at_ms: atMs }),
    );
  }

  async removeAlias(id: SecretId, name: string): Promise<boolean> {
    return this.#session.run(removeName({ id, nameKey: nameKey(name), isAlias: 1 })) === 1;
  }

  async aliasesOf(id: SecretId): Promise<string[]> {
    return this.#session.all(aliases({ id })).map(({ name }) => name);
  }
}
