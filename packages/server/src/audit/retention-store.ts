// The port for removing the oldest records of the audit trail. What was removed is below the floor, and nothing else can be removed: the
// database itself refuses.
import type { AuditChainHead } from '@sallyport/protocol/audit';

export type RetentionStore = {
  /**
   * Looks at records above `above`, in their order, for the first that was not written before `untilMs`.
   * @returns the last one before it; `more`: the step ended without having found one. null: there is none
   */
  oldUpTo(step: {
    above: number;
    untilMs: number;
    limit: number;
  }): Promise<{ last: AuditChainHead; more: boolean } | null>;
  /** Raises the floor to a record that is there and below the newest checkpoint. */
  raiseFloor(to: AuditChainHead): Promise<void>;
  /** Removes records, checkpoints and index entries below the floor. @returns whether there may be more */
  removeBelowFloor(limit: number): Promise<boolean>;
};
