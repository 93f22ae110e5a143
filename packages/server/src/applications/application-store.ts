// The ports to applications, their environments and their services. Applications and environments are never removed, only marked as
// deleted: scopes and grants go on naming their ids, which must never stand for anything else.
import type { ApplicationId, EnvironmentId, EnvironmentType, ServiceId } from '@sallyport/core';

export type ApplicationRow = {
  id: ApplicationId;
  name: string;
  createdAtMs: number;
  /** null: it is there. */
  deletedAtMs: number | null;
};

export type EnvironmentRow = {
  id: EnvironmentId;
  /** Never changes, nor does the type. */
  applicationId: ApplicationId;
  name: string;
  type: EnvironmentType;
  createdAtMs: number;
  /** null: it is there. Set with that of its application at the latest. */
  deletedAtMs: number | null;
};

export type ServiceRow = { id: ServiceId; applicationId: ApplicationId; name: string; createdAtMs: number };

export type ApplicationStore = {
  /** @throws {name-taken} when one that is not deleted has the name */
  insert(row: ApplicationRow): Promise<void>;
  /** All by name, deleted ones included. */
  list(): Promise<ApplicationRow[]>;
  /** A text that was never there before, in no database, after each change of an application or environment. */
  revision(): Promise<string>;
  /** @throws {name-taken} {not-found} when it is deleted or never was */
  rename(id: ApplicationId, name: string): Promise<void>;
  /** Marks it and its environments as deleted; their names become free. The time of the first deletion stays. */
  markDeleted(id: ApplicationId, atMs: number): Promise<void>;
  readonly environments: EnvironmentStore;
  readonly services: ServiceStore;
};

export type EnvironmentStore = {
  /** @throws {name-taken} when one of the same application that is not deleted has the name */
  insert(row: EnvironmentRow): Promise<void>;
  /** All by name, deleted ones included. */
  list(): Promise<EnvironmentRow[]>;
  /** @throws {name-taken} {not-found} when it is deleted or never was */
  rename(id: EnvironmentId, name: string): Promise<void>;
  /** Its name becomes free. The time of the first deletion stays. */
  markDeleted(id: EnvironmentId, atMs: number): Promise<void>;
};

export type ServiceStore = {
  /** @throws {name-taken} when one of the same application has the name */
  insert(row: ServiceRow): Promise<void>;
  /** Those of these applications, by name. */
  list(applicationIds: readonly ApplicationId[]): Promise<ServiceRow[]>;
  /** @throws {name-taken} {not-found} */
  rename(id: ServiceId, name: string): Promise<void>;
  /** Removes it with its config entries. */
  remove(id: ServiceId): Promise<void>;
};
