// Whether a delegate may sign a head of the server's audit trail, given what it signed before. Pure: the book of what was signed is
// kept by checkpoint-book.ts.
import { AUDIT_HASH_BYTES, extendHead } from '@sallyport/protocol/audit';
import type { AuditChainHead } from '@sallyport/protocol/audit';
import type { CheckpointRefusal, TaskOf } from '@sallyport/protocol';

/** What the delegate signed last for an account of a server. */
export type SignedHead = AuditChainHead & {
  accountId: string;
  /** The server's address that it was signed for. */
  server: string;
};

export type Judgement =
  /** `since`: what the head provably extends; null: this is the first one. */
  | { is: 'good'; since: AuditChainHead | null }
  | { is: 'signed-another-last'; last: AuditChainHead }
  | { is: 'refused'; reason: CheckpointRefusal; message: string; last: AuditChainHead | null };

type Asked = Pick<TaskOf<'sign-checkpoint'>, 'accountId' | 'head' | 'since' | 'contentHashes'>;

/** @param signed what was signed last, for every account */
export function judgeHead(asked: Asked, signed: readonly SignedHead[], server: string): Judgement {
  const { accountId, head } = asked;
  const known = signed.find((entry) => entry.accountId === accountId);
  if (known === undefined) {
    const other = signed.find((entry) => entry.server === server);
    // Otherwise a server that wants to forget its past would only have to give itself another name.
    if (other !== undefined) {
      return refused('other-account', null, {
        message: `This server was account ${other.accountId} before, and now says that it is ${accountId}.`,
      });
    }
    return { is: 'good', since: null };
  }
  const last = { sequence: known.sequence, hash: known.hash };
  if (head.sequence < last.sequence) {
    return refused('went-backwards', last, {
      message: `The trail had record ${last.sequence} when it was signed last, and now ends with ${head.sequence}.`,
    });
  }
  if (head.sequence === last.sequence) {
    if (head.hash === last.hash) return { is: 'good', since: last };
    return refused('was-rewritten', last, {
      message: `Record ${last.sequence} is not the one that was signed before.`,
    });
  }
  if (asked.since?.sequence !== last.sequence || asked.since.hash !== last.hash) {
    return { is: 'signed-another-last', last };
  }
  if (leadsTo(last, head, Buffer.from(asked.contentHashes, 'base64'))) return { is: 'good', since: last };
  return refused('is-not-proven', last, {
    message: `The records after ${last.sequence}, which was signed before, do not lead to record ${head.sequence} as it is now.`,
  });
}

function leadsTo(last: AuditChainHead, head: AuditChainHead, proof: Buffer): boolean {
  if (proof.length !== (head.sequence - last.sequence) * AUDIT_HASH_BYTES) return false;
  return extendHead(last, proof).hash === head.hash;
}

function refused(
  reason: CheckpointRefusal,
  last: AuditChainHead | null,
  { message }: { message: string },
): Judgement {
  return { is: 'refused', reason, message, last };
}
