// Trails and checkpoints for tests of the audit chain: real hashes, real keys, plain contents.
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { AuditCheckpoint, AuditRecord } from '../src/index.ts';
import {
  AUDIT_CHAIN_START,
  canonicalJson,
  chainRecord,
  checkpointBytes,
  headOf,
} from '../src/audit/index.ts';
import type { AuditChainHead, AuditContent, CheckpointToVerify } from '../src/audit/index.ts';
import { fingerprintOf, rawPublicKeyOf } from '../src/sealing/index.ts';

export const NOW_MS = 1_790_000_000_000;
export const ACCOUNT_ID = `acc_${'a'.repeat(32)}`;

export function content(over: Partial<AuditContent> = {}): AuditContent {
  return {
    atMs: NOW_MS,
    actor: 'key_1',
    actorKind: 'api-key',
    actorName: 'ci',
    action: 'secret.released',
    resource: 'sec_1',
    resourceName: 'db-password',
    applicationId: null,
    environmentId: null,
    purpose: null,
    requestId: null,
    details: { version: 1 },
    ...over,
  };
}

/** So many records that follow `head`. */
export function trail(
  count: number,
  head: AuditChainHead = AUDIT_CHAIN_START,
  over: Partial<AuditContent> = {},
): AuditRecord[] {
  const records: AuditRecord[] = [];
  let last = head;
  for (let index = 0; index < count; index++) {
    const { record } = chainRecord(last, content({ atMs: NOW_MS + last.sequence, ...over }));
    records.push(record);
    last = record;
  }
  return records;
}

/** A record as it was written before content hashes. */
export function firstVersionRecord(head: AuditChainHead, over: Partial<AuditRecord> = {}): AuditRecord {
  const said = content();
  const { atMs, actor, actorName, action, resource, resourceName, requestId, details } = said;
  const sequence = head.sequence + 1;
  const hashed = { sequence, atMs, actor, actorName, action, resource, resourceName, requestId, details };
  const hash = createHash('sha256').update(head.hash).update(canonicalJson(hashed)).digest('hex');
  return { ...said, sequence, chainVersion: 1, contentHash: null, hash, ...over };
}

/** A delegate that signs whatever it is told to. */
export function signer() {
  const { privateKey } = generateKeyPairSync('ed25519');
  const fingerprint = fingerprintOf(rawPublicKeyOf(privateKey));
  return {
    fingerprint,
    signs(head: AuditChainHead, over: Partial<AuditCheckpoint> = {}): CheckpointToVerify {
      return { ...signed(privateKey, head, over), words: 'the checkpoint of delegate prod-1' };
    },
  };
}

function signed(
  privateKey: KeyObject,
  head: AuditChainHead,
  over: Partial<AuditCheckpoint>,
): AuditCheckpoint {
  const unsigned = {
    accountId: ACCOUNT_ID,
    ...headOf(head),
    since: null,
    signedAtMs: NOW_MS,
    identityKey: rawPublicKeyOf(privateKey).toString('base64url'),
    ...over,
  };
  return { ...unsigned, signature: sign(null, checkpointBytes(unsigned), privateKey).toString('base64url') };
}
