// The port to the last test of each secrets manager at each delegate.
import type { DelegateId, SecretsManagerId } from '@sallyport/core';
import type { DelegatePreflight } from '@sallyport/protocol';

/** What a delegate found, or why it did not report. */
export type TestFindings = Pick<DelegatePreflight, 'report' | 'error'>;

export type ManagerTestRow = {
  secretsManagerId: SecretsManagerId;
  delegateId: DelegateId;
  /** `settingsRevision` of the settings that were tried. */
  settingsRevision: number;
  /** When it ended. */
  atMs: number;
  ok: boolean;
  /** Of all stages, in whole milliseconds; null: the delegate did not report. */
  elapsedMs: number | null;
  /** In a few words; null: it passed. */
  failure: string | null;
  warningCount: number;
};

export type ManagerTestStore = {
  /**
   * Keeps it in place of the former test at the same delegate. Nothing when a test of later settings is kept already, or when the secrets
   * manager or the delegate is gone.
   */
  save(row: ManagerTestRow, findings: TestFindings): Promise<void>;
  /** Of one secrets manager or, with null, of all; without their findings. */
  list(secretsManagerId: SecretsManagerId | null): Promise<ManagerTestRow[]>;
  /** Of one secrets manager. */
  listFindings(
    secretsManagerId: SecretsManagerId,
  ): Promise<{ delegateId: DelegateId; findings: TestFindings }[]>;
};
