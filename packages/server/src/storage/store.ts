// The port to storage. One adapter per database under storage/; a contract suite in test/ runs on each. Timing is part of the
// contract: `write` resolves only after its changes are durable, so whoever awaits it may answer.
import type { AuditLog } from '../audit/audit-log.ts';
import type { CheckpointStore } from '../audit/checkpoint-store.ts';
import type { RetentionStore } from '../audit/retention-store.ts';
import type { SinkPositionStore } from '../audit-sinks/sink-position-store.ts';
import type { ApiKeyStore } from '../access/api-key-store.ts';
import type { ApplicationStore } from '../applications/application-store.ts';
import type { ConfigEntryStore } from '../applications/config-entry-store.ts';
import type { DelegateProfileStore } from '../delegate-profiles/profile-store.ts';
import type { DelegateStore } from '../fleet/delegate-store.ts';
import type { GroupStore, MembershipStore } from '../groups/group-store.ts';
import type { EnvelopeCatalogue } from '../secrets/envelope-catalogue.ts';
import type { LocalUseJournals } from '../local-reads/local-use-journals.ts';
import type { SecretEdits, SecretStore } from '../secrets/secret-store.ts';
import type { UsageStore } from '../secrets/usage-store.ts';
import type { EnvelopeUploads } from '../secrets/envelope-uploads.ts';
import type { ManagerTestStore } from '../secrets-managers/manager-test-store.ts';
import type { SecretsManagerStore } from '../secrets-managers/secrets-manager-store.ts';
import type { LinkStore } from '../users/link-store.ts';
import type { SessionStore } from '../users/session-store.ts';
import type { RecoveryCodeStore, UserStore } from '../users/user-store.ts';
import type { WorkloadIssuerStore } from '../workloads/workload-issuer-store.ts';

/** All tables, seen from inside one transaction (`write`) or one snapshot (`read`). */
export type Tables = {
  readonly secrets: SecretStore;
  readonly secretEdits: SecretEdits;
  readonly envelopes: EnvelopeCatalogue;
  readonly usage: UsageStore;
  readonly secretsManagers: SecretsManagerStore;
  readonly managerTests: ManagerTestStore;
  readonly delegates: DelegateStore;
  readonly delegateProfiles: DelegateProfileStore;
  readonly apiKeys: ApiKeyStore;
  readonly applications: ApplicationStore;
  readonly configEntries: ConfigEntryStore;
  readonly groups: GroupStore;
  readonly memberships: MembershipStore;
  readonly users: UserStore;
  readonly recoveryCodes: RecoveryCodeStore;
  readonly sessions: SessionStore;
  readonly links: LinkStore;
  readonly workloadIssuers: WorkloadIssuerStore;
  readonly localUseJournals: LocalUseJournals;
  readonly audit: AuditLog;
  readonly auditCheckpoints: CheckpointStore;
  readonly auditRetention: RetentionStore;
  readonly auditSinks: SinkPositionStore;
  readonly settings: SettingStore;
};

/** Small facts about the installation, e.g. the fingerprint of the root key. */
export type SettingStore = {
  get(name: string): Promise<string | null>;
  set(name: string, value: string): Promise<void>;
};

export type Store = {
  /** Runs `work` on a consistent snapshot. Must not change anything. */
  read<T>(work: (tables: Tables) => Promise<T>): Promise<T>;
  /**
   * Runs `work` in a transaction and commits. Concurrent calls may share one commit: each sees the changes of those before it,
   * and one that throws is undone alone. Resolves after the commit is durable. `work` awaits nothing but `tables`.
   * @throws whatever `work` throws; {name-taken} on a violated unique name; {storage-unavailable} when the database cannot write;
   * {shutting-down} after `close`; {internal} when `work` waits for something else and is given up
   */
  write<T>(work: (tables: Tables) => Promise<T>): Promise<T>;
  /** Streams of envelopes too large for one row; outside transactions until they are attached to a version. */
  readonly uploads: EnvelopeUploads;
  /** Runs the database's own integrity check; resolves to the problems found. */
  checkIntegrity(): Promise<string[]>;
  /** Refuses what comes after, finishes what was asked for before. */
  close(): Promise<void>;
};
