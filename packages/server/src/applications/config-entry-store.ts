// The port to config entries: the variables and files of services that refer to secrets by id. Each is a setup usage of its secret.
import type {
  ApplicationId,
  ConfigEntryId,
  EnvironmentId,
  EnvironmentType,
  SecretId,
  ServiceId,
} from '@sallyport/core';
import type { ConfigEntryKind } from '@sallyport/protocol';

export type ConfigEntryRow = {
  id: ConfigEntryId;
  serviceId: ServiceId;
  kind: ConfigEntryKind;
  /** Letter case counts: it names an environment variable or a file. */
  name: string;
  /** null: in all environments of the application that have no entry of their own. */
  environmentId: EnvironmentId | null;
  /** One that is stored: it cannot be removed before its entries. */
  secretId: SecretId;
  createdAtMs: number;
  updatedAtMs: number;
};

/** An entry with the names of what it belongs to, and where it counts. */
export type SetupUsage = {
  entry: ConfigEntryRow;
  serviceName: string;
  applicationId: ApplicationId;
  applicationName: string;
  /**
   * The environments in which it counts: its own, or all of the application that have no entry of their own of its kind and name.
   * Those that are there, by name.
   */
  environments: { id: EnvironmentId; name: string; type: EnvironmentType }[];
};

/** Which entries: those of a service, for one environment, or of all services of an application. */
export type EntryOwner = ServiceId | EnvironmentId | ApplicationId;

export type ConfigEntryStore = {
  /** By kind and name, the entry for all environments before those for one. */
  list(of: EntryOwner): Promise<ConfigEntryRow[]>;
  /** Inserts it, or replaces the one of the same service, kind, name and environment: that one is returned, and keeps its id. */
  put(row: ConfigEntryRow): Promise<ConfigEntryRow | null>;
  remove(ids: readonly ConfigEntryId[]): Promise<void>;
  /** The setup usages of a secret, by application, service, kind and name. */
  entriesOfSecret(secretId: SecretId): Promise<SetupUsage[]>;
  /** How many entries refer to each of these secrets; those without any are left out. */
  countsOfSecrets(secretIds: readonly SecretId[]): Promise<Map<SecretId, number>>;
};
