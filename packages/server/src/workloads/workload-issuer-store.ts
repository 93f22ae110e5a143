// The port to issuers whose workloads are let in.
import type { GroupId, Rights, WorkloadIssuerId } from '@sallyport/core';
import type { WorkloadIssuerSettings } from '@sallyport/protocol';

export type WorkloadIssuerRow = {
  id: WorkloadIssuerId;
  name: string;
  /** How a workload shows who it is, and which ones are let in. */
  settings: WorkloadIssuerSettings;
  /** Whose rights its workloads have. Groups that are gone give none. */
  groupIds: readonly GroupId[];
  /** What its workloads may do at most; null: all that the groups may. */
  restriction: Rights | null;
  /** How long a key is good for. */
  ttlSeconds: number;
  createdAtMs: number;
  updatedAtMs: number;
};

export type WorkloadIssuerStore = {
  /** @throws {name-taken} */
  insert(row: WorkloadIssuerRow): Promise<void>;
  /** Replaces everything but id and time of creation. @throws {name-taken} */
  update(row: WorkloadIssuerRow): Promise<void>;
  /** By id, or by name. */
  find(reference: string): Promise<WorkloadIssuerRow | null>;
  /** By name. */
  list(): Promise<WorkloadIssuerRow[]>;
  remove(id: WorkloadIssuerId): Promise<void>;
};
