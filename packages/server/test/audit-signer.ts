// A delegate's pen for tests of the audit trail: a real identity key that signs whatever head it is shown.
import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { AuditCheckpoint, TaskOf, TaskResultOf } from '@sallyport/protocol';
import { checkpointBytes } from '@sallyport/protocol/audit';
import type { AuditChainHead } from '@sallyport/protocol/audit';
import { fingerprintOf, rawPublicKeyOf } from '@sallyport/protocol/sealing';
import type { CheckpointRow } from '../src/audit/checkpoint-store.ts';
import { newId, NOW_MS } from './storage-rows.ts';

export const ACCOUNT_ID = `acc_${'0'.repeat(32)}`;

export function signCheckpoint(
  privateKey: KeyObject,
  about: AuditChainHead & Pick<AuditCheckpoint, 'accountId' | 'since' | 'signedAtMs'>,
): AuditCheckpoint {
  const { accountId, sequence, hash, since, signedAtMs } = about;
  const identityKey = rawPublicKeyOf(privateKey).toString('base64url');
  const unsigned = { accountId, sequence, hash, since, signedAtMs, identityKey };
  return { ...unsigned, signature: sign(null, checkpointBytes(unsigned), privateKey).toString('base64url') };
}

/** Checkpoints of one delegate as they are stored. */
export function newSigner(name = 'prod-1') {
  const { privateKey } = generateKeyPairSync('ed25519');
  const delegateId = newId('delegate');
  const fingerprint = fingerprintOf(rawPublicKeyOf(privateKey));
  return {
    fingerprint,
    delegateId,
    row(
      head: AuditChainHead,
      over: { since?: AuditChainHead | null; signedAtMs?: number } = {},
    ): CheckpointRow {
      const { since = null, signedAtMs = NOW_MS } = over;
      const { sequence, hash } = head;
      const checkpoint = signCheckpoint(privateKey, {
        accountId: ACCOUNT_ID,
        sequence,
        hash,
        since: since && { sequence: since.sequence, hash: since.hash },
        signedAtMs,
      });
      return { ...checkpoint, delegateId, delegateName: name, fingerprint };
    },
  };
}

/** What a delegate answers that believes everything. */
export function signTask(
  privateKey: KeyObject,
  task: TaskOf<'sign-checkpoint'>,
): TaskResultOf<'sign-checkpoint'> {
  const { accountId, head, since } = task;
  const checkpoint = signCheckpoint(privateKey, { ...head, accountId, since, signedAtMs: Date.now() });
  return { kind: 'sign-checkpoint', outcome: { is: 'signed', checkpoint } };
}
