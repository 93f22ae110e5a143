// The port to stored checkpoints: append only, like the trail that they are about.
import type { DelegateId } from '@sallyport/core';
import type { AuditCheckpoint, StoredAuditCheckpoint } from '@sallyport/protocol';

/** A checkpoint with what is known of its signer. */
export type CheckpointRow = AuditCheckpoint &
  Pick<StoredAuditCheckpoint, 'delegateName' | 'fingerprint'> & {
    delegateId: DelegateId;
  };

export type CheckpointStore = {
  /** Gives it the next number. */
  insert(row: CheckpointRow): Promise<StoredAuditCheckpoint>;
  /** The newest one of the delegate with this identity key. */
  newestOf(identityKey: string): Promise<StoredAuditCheckpoint | null>;
  /** The one about the newest record, whoever signed it. */
  highest(): Promise<StoredAuditCheckpoint | null>;
  /** The newest one of every delegate that ever signed. */
  newestOfEach(): Promise<StoredAuditCheckpoint[]>;
  /** In the order of their numbers, after `number`. */
  after(number: number, limit: number): Promise<StoredAuditCheckpoint[]>;
  /** Newest first, before `number`; null: from the end. */
  list(before: number | null, limit: number): Promise<StoredAuditCheckpoint[]>;
};
