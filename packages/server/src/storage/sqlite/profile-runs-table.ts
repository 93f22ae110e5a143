// Runs of start-up profiles, in SQLite.
import { nameKey } from '@sallyport/core';
import type { DelegateId, DelegateProfileId, ProfileRunId } from '@sallyport/core';
import { sql } from 'kysely';
import { RUNS_KEPT } from '../../delegate-profiles/profile-store.ts';
import type { ProfileRunRow, ProfileRunStore } from '../../delegate-profiles/profile-store.ts';
import type { ProfileRunColumns } from './delegate-profiles-migration.ts';
import { prepare, queryOf, tables } from './query.ts';
import type { Session } from './session.ts';

type WithoutOutput = Omit<ProfileRunColumns, 'output'>;
type Facts = Omit<
  ProfileRunRow,
  'id' | 'profileId' | 'delegateId' | 'delegateName' | 'revision' | 'startedAtMs'
>;

const COLUMNS = [
  'id',
  'profile_id',
  'delegate_id',
  'delegate_name',
  'delegate_name_key',
  'revision',
  'facts',
  'started_at_ms',
] as const;

const isThere = prepare((p: { id: DelegateProfileId }) =>
  tables.selectFrom('delegate_profiles').select('id').where('id', '=', p.id),
);
const upsert = prepare((p: ProfileRunColumns) =>
  tables
    .insertInto('profile_runs')
    .values({
      id: p.id,
      profile_id: p.profile_id,
      delegate_id: p.delegate_id,
      delegate_name: p.delegate_name,
      delegate_name_key: p.delegate_name_key,
      revision: p.revision,
      facts: p.facts,
      started_at_ms: p.started_at_ms,
      output: p.output,
    })
    .onConflict((conflict) =>
      conflict.columns(['profile_id', 'delegate_id', 'revision']).doUpdateSet({
        id: p.id,
        delegate_name: p.delegate_name,
        delegate_name_key: p.delegate_name_key,
        facts: p.facts,
        started_at_ms: p.started_at_ms,
        output: p.output,
      }),
    ),
);
const forgetOfDelegate = prepare(
  (p: { profileId: DelegateProfileId; delegateId: DelegateId; kept: number }) =>
    tables
      .deleteFrom('profile_runs')
      .where('profile_id', '=', p.profileId)
      .where('delegate_id', '=', p.delegateId)
      .where('id', 'not in', (query) =>
        query
          .selectFrom('profile_runs as other')
          .select('other.id')
          .where('other.profile_id', '=', p.profileId)
          .where('other.delegate_id', '=', p.delegateId)
          .orderBy('other.revision', 'desc')
          .limit(p.kept),
      ),
);
const forgetOfProfile = prepare((p: { profileId: DelegateProfileId; kept: number }) =>
  tables
    .deleteFrom('profile_runs')
    .where('profile_id', '=', p.profileId)
    .where('id', 'not in', (query) =>
      query
        .selectFrom('profile_runs as other')
        .select('other.id')
        .where('other.profile_id', '=', p.profileId)
        .orderBy('other.started_at_ms', 'desc')
        .orderBy('other.id', 'desc')
        .limit(p.kept),
    ),
);
const byId = prepare((p: { profileId: DelegateProfileId; id: ProfileRunId }) =>
  tables.selectFrom('profile_runs').selectAll().where('profile_id', '=', p.profileId).where('id', '=', p.id),
);
const byDelegate = prepare((p: { delegateId: DelegateId }) =>
  tables.selectFrom('profile_runs').select(COLUMNS).where('delegate_id', '=', p.delegateId),
);
const latest = prepare((p: { perProfile: number }) =>
  tables
    .with('newest', (query) =>
      query
        .selectFrom('profile_runs')
        .select(COLUMNS)
        .select(
          sql<number>`row_number() OVER (PARTITION BY profile_id, delegate_id ORDER BY revision DESC)`.as(
            'age',
          ),
        ),
    )
    .with('ranked', (query) =>
      query
        .selectFrom('newest')
        .select(COLUMNS)
        .select([
          sql<number>`row_number() OVER (PARTITION BY profile_id ORDER BY started_at_ms DESC, id DESC)`.as(
            'place',
          ),
          sql<number>`count(*) OVER (PARTITION BY profile_id)`.as('of_all'),
        ])
        .where('age', '=', 1),
    )
    .selectFrom('ranked')
    .select(COLUMNS)
    .select('of_all')
    .where('place', '<=', p.perProfile)
    .orderBy('profile_id')
    .orderBy('place'),
);

/** `ProfileRunStore` inside one transaction. */
export class SqliteProfileRuns implements ProfileRunStore {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async save(row: ProfileRunRow, output: Uint8Array): Promise<void> {
    const { profileId, delegateId } = row;
    if (this.#session.first(isThere({ id: profileId })) === null) return;
    this.#session.run(upsert({ ...columnsOf(row), output }));
    this.#session.run(forgetOfDelegate({ profileId, delegateId, kept: RUNS_KEPT.perDelegate }));
    this.#session.run(forgetOfProfile({ profileId, kept: RUNS_KEPT.perProfile }));
  }

  async list(
    profileId: DelegateProfileId,
    filter: { delegate: string | null; limit: number },
  ): Promise<ProfileRunRow[]> {
    const { delegate, limit } = filter;
    const all = tables
      .selectFrom('profile_runs')
      .select(COLUMNS)
      .where('profile_id', '=', profileId)
      .orderBy('started_at_ms', 'desc')
      .orderBy('id', 'desc')
      .limit(limit);
    const query =
      delegate === null
        ? all
        : all.where((where) =>
            where.or([
              where('delegate_id', '=', delegate as DelegateId),
              where('delegate_name_key', '=', nameKey(delegate)),
            ]),
          );
    return this.#session.all<WithoutOutput>(queryOf(query)).map(rowOf);
  }

  async find(
    profileId: DelegateProfileId,
    id: ProfileRunId,
  ): Promise<{ row: ProfileRunRow; output: Uint8Array } | null> {
    const columns = this.#session.first(byId({ profileId, id }));
    return columns && { row: rowOf(columns), output: columns.output };
  }

  async latest(perProfile: number): Promise<{ row: ProfileRunRow; ofAll: number }[]> {
    return this.#session
      .all(latest({ perProfile }))
      .map(({ of_all, ...columns }) => ({ row: rowOf(columns), ofAll: of_all }));
  }

  async listOf(delegateId: DelegateId): Promise<ProfileRunRow[]> {
    return this.#session.all(byDelegate({ delegateId })).map(rowOf);
  }
}

function columnsOf(row: ProfileRunRow): WithoutOutput {
  const { id, profileId, delegateId, delegateName, revision, startedAtMs, ...facts } = row;
  return {
    id,
    profile_id: profileId,
    delegate_id: delegateId,
    delegate_name: delegateName,
    delegate_name_key: nameKey(delegateName),
    revision,
    facts: JSON.stringify(facts satisfies Facts),
    started_at_ms: startedAtMs,
  };
}

function rowOf(columns: WithoutOutput): ProfileRunRow {
  return {
    id: columns.id,
    profileId: columns.profile_id,
    delegateId: columns.delegate_id,
    delegateName: columns.delegate_name,
    revision: columns.revision,
    startedAtMs: columns.started_at_ms,
    ...(JSON.parse(columns.facts) as Facts),
  };
}
