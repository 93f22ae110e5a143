// Who could sign the audit trail and who has, as the status shows it.
import type { DelegateId } from '@sallyport/core';
import type { AuditStatus, StoredAuditCheckpoint } from '@sallyport/protocol';
import type { DelegateRow } from '../fleet/delegate-store.ts';
import type { ShownRefusal } from './checkpointer.ts';

type Signer = AuditStatus['signers'][number];

export type SignerFacts = {
  nowMs: number;
  isConnected: (id: DelegateId) => boolean;
  refusalOf: (id: DelegateId) => ShownRefusal | null;
};

/**
 * Approved delegates, and those that have signed although they are not, or not any more.
 * @param newest the newest checkpoint of each signer
 */
export function viewSigners(
  delegates: readonly DelegateRow[],
  newest: readonly StoredAuditCheckpoint[],
  facts: SignerFacts,
): Signer[] {
  const signers = new Map<string, Signer>();
  const known = [
    ...delegates.filter(({ approved }) => approved),
    // A delegate that came back under another name shows the one that it has now.
    ...newest.map(({ delegateId: id, delegateName: name, fingerprint }) => ({ id, name, fingerprint })),
  ];
  for (const { id, name, fingerprint } of known) {
    if (signers.has(fingerprint)) continue;
    const connected = facts.isConnected(id);
    const refusal = facts.refusalOf(id);
    signers.set(fingerprint, { delegateId: id, name, fingerprint, connected, last: null, refusal });
  }
  for (const { fingerprint, sequence, signedAtMs } of newest) {
    const signer = signers.get(fingerprint);
    const ageSeconds = Math.max(0, Math.round((facts.nowMs - signedAtMs) / 1000));
    if (signer !== undefined) signer.last = { sequence, signedAtMs, ageSeconds };
  }
  return [...signers.values()];
}
