// What is kept of runs of start-up profiles: the run itself for those who look after delegates, and the records of the audit trail. The
// start is recorded, with the releases of the secrets, before the delegate is told to start.
import { AppError } from '@sallyport/core';
import type { ScriptEnd } from '@sallyport/protocol';
import { auditEntry, SERVER_ACTOR } from '../audit/audit-entry.ts';
import type { AuditEntry } from '../audit/audit-log.ts';
import type { AuditScope } from '../audit/audit-entry.ts';
import type { FoundItem } from '../secrets/find-readable.ts';
import { releaseRecord } from '../secrets/release-record.ts';
import type { Services } from '../services.ts';
import type { DelegateConnection } from '../fleet/delegate-connection.ts';
import { hashOf } from './profile-script.ts';
import type { DelegateProfileRow, ProfileRunRow } from './profile-store.ts';

type RecordServices = Pick<Services, 'store' | 'clock' | 'ids' | 'releases'>;

/** A revision of a profile on one delegate. */
export type ProfileOnDelegate = {
  profile: DelegateProfileRow;
  delegate: Pick<DelegateConnection, 'id' | 'name'>;
};

const NO_OUTPUT = new Uint8Array();

export class ProfileRecord {
  readonly #services: RecordServices;

  constructor(services: RecordServices) {
    this.#services = services;
  }

  /** @throws {storage-unavailable} {not-found} when the profile was deleted meanwhile; then it must not be started */
  async started(on: ProfileOnDelegate, run: ProfileRunRow, items: readonly FoundItem[]): Promise<void> {
    const { store, releases } = this.#services;
    await store.write(async ({ delegateProfiles }) => {
      if ((await delegateProfiles.find(run.profileId)) === null) throw profileDeleted();
      await delegateProfiles.runs.save(run, NO_OUTPUT);
    });
    const scope = this.#scope();
    const { profile, delegate } = on;
    const more = { profile: profile.id, profileName: profile.name, revision: profile.revision };
    const details = { secrets: items.length, maxSeconds: profile.maxSeconds, savedBy: profile.savedBy.id };
    await releases.record([
      { entry: this.#entry(on, 'delegate-profile.started', details), secretId: null, isRelease: false },
      ...items.map((item) => releaseRecord({ item, refusedWith: null }, { scope, releases, delegate, more })),
    ]);
  }

  async ended(
    on: ProfileOnDelegate,
    run: ProfileRunRow,
    came: { end: ScriptEnd; output: Uint8Array },
  ): Promise<void> {
    const { end, output } = came;
    const row: ProfileRunRow = { ...run, state: 'ended', endedAtMs: this.#services.clock.nowMs(), end };
    await this.#write(row, output, this.#entry(on, 'delegate-profile.ended', { ...end }));
  }

  async interrupted(
    on: ProfileOnDelegate,
    run: ProfileRunRow,
    came: { error: AppError; output: Uint8Array },
  ): Promise<void> {
    const { error, output } = came;
    const endedAtMs = this.#services.clock.nowMs();
    const row: ProfileRunRow = { ...run, state: 'interrupted', endedAtMs, error: errorOf(error) };
    const details = { code: error.code, reason: error.publicMessage };
    await this.#write(row, output, this.#entry(on, 'delegate-profile.ended', details));
  }

  /** @param before what is kept of the last attempt; the same refusal again leaves no further record */
  async refused(on: ProfileOnDelegate, error: AppError, before: ProfileRunRow | null): Promise<void> {
    const { code, message } = errorOf(error);
    if (before?.state === 'refused' && before.error?.code === code && before.error.message === message)
      return;
    const row: ProfileRunRow = { ...this.newRun(on), state: 'refused', error: { code, message } };
    await this.#write(row, NO_OUTPUT, this.#entry(on, 'delegate-profile.refused', { code, reason: message }));
  }

  async #write(row: ProfileRunRow, output: Uint8Array, entry: AuditEntry): Promise<void> {
    await this.#services.store.write(async ({ delegateProfiles, audit }) => {
      await delegateProfiles.runs.save(row, output);
      await audit.append([entry]);
    });
  }

  /** A run that begins now; kept by `started`. */
  newRun({ profile, delegate }: ProfileOnDelegate): ProfileRunRow {
    return {
      id: this.#services.ids('profileRun'),
      profileId: profile.id,
      delegateId: delegate.id,
      delegateName: delegate.name,
      revision: profile.revision,
      sha256: hashOf(profile.script),
      state: 'running',
      startedAtMs: this.#services.clock.nowMs(),
      endedAtMs: null,
      end: null,
      error: null,
      unmasked: [],
    };
  }

  #entry(
    { profile, delegate }: ProfileOnDelegate,
    action: 'delegate-profile.started' | 'delegate-profile.ended' | 'delegate-profile.refused',
    details: AuditEntry['details'],
  ): AuditEntry {
    return auditEntry(this.#scope(), action, {
      resource: profile.id,
      resourceName: profile.name,
      details: {
        delegate: delegate.id,
        delegateName: delegate.name,
        revision: profile.revision,
        sha256: hashOf(profile.script),
        ...details,
      },
    });
  }

  #scope(): AuditScope {
    return { atMs: this.#services.clock.nowMs(), actor: SERVER_ACTOR, requestId: null };
  }
}

/** Why a run ends when its profile goes. */
export function profileDeleted(): AppError {
  return new AppError('not-found', { publicMessage: 'The start-up profile was deleted.' });
}

function errorOf({ code, publicMessage }: AppError): { code: string; message: string } {
  return { code, message: publicMessage };
}
