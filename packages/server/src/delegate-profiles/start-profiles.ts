// Sees to it that each connected delegate runs the start-up profiles that are meant for it, each revision once, one after the other by name.
// What decides is what the delegate says that it has begun, and what is kept here of its runs; each of both alone keeps a second run away.
import { AppError, missingSelectors } from '@sallyport/core';
import type { DelegateId, DelegateProfileId, ProfileRunId } from '@sallyport/core';
import type { ProfileRevision } from '@sallyport/protocol';
import type { DelegateConnection } from '../fleet/delegate-connection.ts';
import type { Services } from '../services.ts';
import { ProfileRecord, profileDeleted } from './profile-record.ts';
import type { DelegateProfileRow, ProfileRunRow } from './profile-store.ts';
import { runProfile } from './run-profile.ts';

/** After a refusal, e.g. since a secret may not be used everywhere: whoever puts it right need not start the delegate anew. */
const RETRY_MS = 60_000;

type StartServices = Pick<
  Services,
  'store' | 'clock' | 'ids' | 'releases' | 'catalogue' | 'directory' | 'dispatcher' | 'background' | 'fleet'
>;

/** What is known of one connection. */
type Standing = {
  begun: Map<DelegateProfileId, number>;
  isBusy: boolean;
  isToLookAgain: boolean;
  /** Refused on this connection, and not yet to be tried again. */
  refused: Set<string>;
};

type Due = { profile: DelegateProfileRow; before: ProfileRunRow | null };

export class StartProfiles {
  readonly #services: StartServices;
  readonly #record: ProfileRecord;
  readonly #standings = new Map<DelegateConnection, Standing>();
  readonly #followed = new Set<ProfileRunId>();
  /** Runs that are under way, or about to be. */
  readonly #underWay = new Set<{ profileId: DelegateProfileId; stop: AbortController }>();

  constructor(services: StartServices) {
    this.#services = services;
    this.#record = new ProfileRecord(services);
  }

  /** Whether this server hears of the run and will know its end. */
  follows(id: ProfileRunId): boolean {
    return this.#followed.has(id);
  }

  /** A delegate has connected and says what it has begun. */
  connected(delegate: DelegateConnection, begun: readonly ProfileRevision[]): void {
    if (this.#standings.has(delegate)) return;
    this.#standings.set(delegate, {
      begun: new Map(begun.map(({ profileId, revision }) => [profileId, revision])),
      isBusy: false,
      isToLookAgain: false,
      refused: new Set(),
    });
    this.#services.background.start('what was interrupted of start-up profiles', async () => {
      await this.#endInterrupted(delegate);
      this.#look(delegate);
    });
  }

  disconnected(delegate: DelegateConnection): void {
    this.#standings.delete(delegate);
  }

  /** To be called when a delegate was approved, or has other selectors. */
  consider(id: DelegateId): void {
    const delegate = this.#services.fleet.delegates.get(id);
    if (delegate !== null) this.#look(delegate);
  }

  /** To be called when profiles were created or edited. */
  considerAll(): void {
    for (const delegate of this.#standings.keys()) this.#look(delegate);
  }

  /** To be called when a profile was deleted: ends its runs. */
  deleted(id: DelegateProfileId): void {
    for (const { profileId, stop } of this.#underWay) if (profileId === id) stop.abort(profileDeleted());
  }

  #look(delegate: DelegateConnection): void {
    const standing = this.#standings.get(delegate);
    if (standing === undefined || !delegate.connected || !delegate.approved) return;
    if (standing.isBusy) {
      standing.isToLookAgain = true;
      return;
    }
    standing.isBusy = true;
    this.#services.background.start('start-up profiles of a delegate', async () => {
      try {
        await this.#runDue(delegate, standing);
      } finally {
        standing.isBusy = false;
        if (standing.isToLookAgain) this.#lookAgain(delegate, standing);
      }
    });
  }

  #lookAgain(delegate: DelegateConnection, standing: Standing): void {
    standing.isToLookAgain = false;
    this.#look(delegate);
  }

  async #runDue(delegate: DelegateConnection, standing: Standing): Promise<void> {
    for (;;) {
      if (!delegate.connected || delegate.draining) return;
      standing.isToLookAgain = false;
      const [due] = await this.#dueOn(delegate, standing);
      if (due === undefined) return;
      const { id, revision } = due.profile;
      const hasBegun = await this.#run(delegate, due);
      if (hasBegun) standing.begun.set(id, revision);
      else this.#tryLater(delegate, standing, `${id} ${revision}`);
    }
  }

  async #run(delegate: DelegateConnection, { profile, before }: Due): Promise<boolean> {
    let followed: ProfileRunId | null = null;
    const run = { profileId: profile.id, stop: new AbortController() };
    this.#underWay.add(run);
    try {
      return await runProfile(
        { profile, delegate, before, signal: run.stop.signal },
        { ...this.#services, record: this.#record },
        ({ id }) => {
          followed = id;
          this.#followed.add(id);
        },
      );
    } finally {
      this.#underWay.delete(run);
      if (followed !== null) this.#followed.delete(followed);
    }
  }

  #tryLater(delegate: DelegateConnection, standing: Standing, attempt: string): void {
    standing.refused.add(attempt);
    this.#services.clock.after(RETRY_MS, () => {
      standing.refused.delete(attempt);
      this.#look(delegate);
    });
  }

  /** What is meant for the delegate and has not begun there, by name. */
  async #dueOn(delegate: DelegateConnection, { begun, refused }: Standing): Promise<Due[]> {
    const { profiles, runs } = await this.#services.store.read(async ({ delegateProfiles }) => ({
      profiles: await delegateProfiles.list(),
      runs: await delegateProfiles.runs.listOf(delegate.id),
    }));
    return profiles.flatMap((profile) => {
      const { id, revision, selectors } = profile;
      if (missingSelectors(selectors, delegate.selectors).length > 0) return [];
      if (revision <= (begun.get(id) ?? 0) || refused.has(`${id} ${revision}`)) return [];
      const before = runs.find((run) => run.profileId === id && run.revision === revision) ?? null;
      return before === null || before.state === 'refused' ? [{ profile, before }] : [];
    });
  }

  /** A delegate that connects anew runs nothing any more: its scripts end with its connection. */
  async #endInterrupted(delegate: DelegateConnection): Promise<void> {
    const { store } = this.#services;
    const runs = await store.read(async ({ delegateProfiles }) => delegateProfiles.runs.listOf(delegate.id));
    for (const run of runs) {
      if (run.state !== 'running' || this.#followed.has(run.id)) continue;
      const profile = await store.read(async ({ delegateProfiles }) => delegateProfiles.find(run.profileId));
      if (profile === null) continue;
      const error = new AppError('delegate-lost', { publicMessage: 'The server was stopped while it ran.' });
      const on = { profile: { ...profile, revision: run.revision }, delegate };
      await this.#record.interrupted(on, run, { error, output: new Uint8Array() });
    }
  }
}
