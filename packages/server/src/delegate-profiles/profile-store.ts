// The port to start-up profiles and to what came of them on each delegate.
import type { DelegateId, DelegateProfileId, ProfileRunId, SecretId } from '@sallyport/core';
import type { ProfileRun } from '@sallyport/protocol';

export type DelegateProfileRow = {
  id: DelegateProfileId;
  name: string;
  /** As it was written: references, no values. */
  script: string;
  selectors: string[];
  /** null: 600, or as long as the delegate allows. */
  maxSeconds: number | null;
  /** Rises with each change of script or time limit. */
  revision: number;
  /** Who saved it last, with whose right its secrets were named. */
  savedBy: { id: string; name: string };
  createdAtMs: number;
  updatedAtMs: number;
};

export type ProfileRunRow = ProfileRun & { profileId: DelegateProfileId };

/** A profile whose script names a secret. */
export type ProfileNaming = {
  secretId: SecretId;
  profile: Pick<DelegateProfileRow, 'id' | 'name'>;
  /** The name of the secret, or a former one, that stands in the script; null: its id does. */
  by: string | null;
};

export type DelegateProfileStore = {
  /** @throws {name-taken} */
  insert(row: DelegateProfileRow): Promise<void>;
  /** @throws {name-taken} */
  update(row: DelegateProfileRow): Promise<void>;
  /** By id or name. */
  find(reference: string): Promise<DelegateProfileRow | null>;
  /** By name. */
  list(): Promise<DelegateProfileRow[]>;
  /** With its runs. */
  remove(id: DelegateProfileId): Promise<void>;
  /** Profiles whose scripts have the id or a name of one of the secrets, by name; whether the name means that secret is not judged. */
  naming(secretIds: readonly SecretId[]): Promise<ProfileNaming[]>;
  readonly runs: ProfileRunStore;
};

/** Runs kept of one profile on one delegate, and of one profile; the newest. */
export const RUNS_KEPT = { perDelegate: 5, perProfile: 1000 } as const;

export type ProfileRunStore = {
  /** Inserts, or replaces the run of the same profile, delegate and revision; nothing when the profile is gone. Old ones go beyond `RUNS_KEPT`. */
  save(row: ProfileRunRow, output: Uint8Array): Promise<void>;
  /** The newest first. @param filter.delegate name or id; null: of all */
  list(
    profileId: DelegateProfileId,
    filter: { delegate: string | null; limit: number },
  ): Promise<ProfileRunRow[]>;
  find(
    profileId: DelegateProfileId,
    id: ProfileRunId,
  ): Promise<{ row: ProfileRunRow; output: Uint8Array } | null>;
  /** Of all profiles: on each delegate the run of the newest revision, the newest first. `ofAll`: on how many delegates there is one of the profile. */
  latest(perProfile: number): Promise<{ row: ProfileRunRow; ofAll: number }[]>;
  /** Of one delegate, of all profiles. */
  listOf(delegateId: DelegateId): Promise<ProfileRunRow[]>;
};
