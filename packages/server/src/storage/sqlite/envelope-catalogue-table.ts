// All versions of all secrets in SQLite, in the order of the primary key.
import { sql } from 'kysely';
import type { SqlBool } from 'kysely';
import type { EnvelopeCatalogue, EnvelopeQuery } from '../../secrets/envelope-catalogue.ts';
import type { FoundSecret } from '../../secrets/secret-store.ts';
import { foundSecret } from './find-secrets.ts';
import type { FoundColumns } from './find-secrets.ts';
import { queryOf, tables } from './query.ts';
import type { Session } from './session.ts';

/** `EnvelopeCatalogue` inside one transaction. */
export class SqliteEnvelopeCatalogue implements EnvelopeCatalogue {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async page(query: EnvelopeQuery): Promise<FoundSecret[]> {
    return this.#session.all<FoundColumns>(queryOf(pageOfVersions(query))).map(foundSecret);
  }
}

/** Versions lead: cross joins keep SQLite from sorting all of them for each page. */
function pageOfVersions({ after, newestOnly, limit }: EnvelopeQuery) {
  let builder = tables
    .selectFrom('secret_versions as v')
    .crossJoin('secrets as s')
    .crossJoin('secrets_managers as m')
    .crossJoin('secrets_managers as nm')
    .whereRef('s.id', '=', 'v.secret_id')
    .whereRef('m.id', '=', 'v.secrets_manager_id')
    .whereRef('nm.id', '=', 's.secrets_manager_id')
    .select(['s.id', 's.name', 's.name as found_as', 's.kind', 's.scope', 's.created_at_ms'])
    .select(['s.newest_version', 'v.version', 'v.secrets_manager_id', 'v.value_bytes', 'v.created_by'])
    .select(['v.created_at_ms as version_created_at_ms', 'v.upload_id', 'm.name as secrets_manager_name'])
    .select(['s.availability', 'nm.usage_scope as manager_scope'])
    .orderBy('v.secret_id')
    .orderBy('v.version')
    .limit(limit);
  if (newestOnly) builder = builder.whereRef('v.version', '=', 's.newest_version');
  if (after !== null) {
    builder = builder.where(sql<SqlBool>`(v.secret_id, v.version) > (${after.secretId}, ${after.version})`);
  }
  return builder;
}
