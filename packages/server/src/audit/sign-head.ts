// Has one delegate sign the head of the audit trail: proves to it, step by step, that the head continues what it signed before, and checks
// what it gives back before it is stored.
import { AppError } from '@sallyport/core';
import { CHECKPOINT_MAX_RECORDS } from '@sallyport/protocol';
import type { AuditCheckpoint, StoredAuditCheckpoint, TaskResultOf } from '@sallyport/protocol';
import { headOf, isSignedCheckpoint } from '@sallyport/protocol/audit';
import type { AuditChainHead } from '@sallyport/protocol/audit';
import type { DelegateConnection } from '../fleet/delegate-connection.ts';
import type { Dispatcher } from '../fleet/dispatcher.ts';
import type { Store } from '../storage/store.ts';

export type SigningServices = { store: Store; dispatcher: Dispatcher; accountId: string };

/** Why nothing was signed, in the delegate's words or, for `no-proof`, in ours. */
export type SigningRefusal = {
  reason: Extract<TaskResultOf<'sign-checkpoint'>['outcome'], { is: 'refused' }>['reason'] | 'no-proof';
  message: string;
  offered: AuditChainHead;
  /** What the delegate signed last. */
  last: AuditChainHead | null;
};

export type Signing =
  | { is: 'signed'; checkpoint: StoredAuditCheckpoint }
  | { is: 'refused'; refusal: SigningRefusal };

/** What the delegate is asked to sign next, on its way to the head. */
type Step = { target: AuditChainHead; since: AuditChainHead | null; proof: Buffer };

/** A delegate says where it stands at most once more than it is told; more often is not meant well. */
const CORRECTIONS_MAX = 2;

/**
 * @throws whatever the task fails with; {delegate-untrusted} when the delegate gives back something else than it was asked for
 */
export async function signHead(
  delegate: DelegateConnection,
  head: AuditChainHead,
  services: SigningServices,
): Promise<Signing> {
  const { store, dispatcher, accountId } = services;
  const newest = await store.read(async (tables) => tables.auditCheckpoints.newestOf(delegate.identityKey));
  let since = newest === null ? null : headOf(newest);
  for (let corrections = 0; ;) {
    const step = await nextStep(store, head, since);
    if ('reason' in step) return { is: 'refused', refusal: step };
    const { target, proof } = step;
    const { outcome } = await dispatcher.run<'sign-checkpoint'>(delegate, {
      kind: 'sign-checkpoint',
      accountId,
      head: target,
      since,
      contentHashes: proof.toString('base64'),
    });
    if (outcome.is === 'refused') {
      const { reason, message, last } = outcome;
      return { is: 'refused', refusal: { reason, message, last, offered: target } };
    }
    if (outcome.is === 'signed-another-last') {
      if (++corrections > CORRECTIONS_MAX) throw notAsAsked(delegate);
      since = outcome.last;
      continue;
    }
    const stored = await keep(outcome.checkpoint, step, { delegate, services });
    if (target.sequence === head.sequence) return { is: 'signed', checkpoint: stored };
    since = target;
  }
}

async function nextStep(
  store: Store,
  head: AuditChainHead,
  since: AuditChainHead | null,
): Promise<Step | SigningRefusal> {
  // Nothing to prove to a delegate that has not signed yet, and nothing that could be proven backwards: it is the delegate's to refuse.
  if (since === null || since.sequence >= head.sequence)
    return { target: head, since, proof: Buffer.alloc(0) };
  const upTo = Math.min(head.sequence, since.sequence + CHECKPOINT_MAX_RECORDS);
  const found = await store.read(async ({ audit }) => ({
    proof: await audit.contentHashes({ above: since.sequence, upTo }),
    target: upTo === head.sequence ? head : await audit.pointAt(upTo),
  }));
  const { proof, target } = found;
  if (proof !== null && target !== null) return { target, since, proof };
  return {
    reason: 'no-proof',
    message: `The delegate signed record ${since.sequence} last, and not all records from there to ${upTo} are in the database.`,
    offered: head,
    last: since,
  };
}

async function keep(
  checkpoint: AuditCheckpoint,
  asked: Step,
  context: { delegate: DelegateConnection; services: SigningServices },
): Promise<StoredAuditCheckpoint> {
  const { delegate, services } = context;
  const { since, target } = asked;
  const isAsAsked =
    checkpoint.accountId === services.accountId &&
    checkpoint.identityKey === delegate.identityKey &&
    isSame(checkpoint, target) &&
    // One that has lost its memory says so; what it signs is still about this head.
    (checkpoint.since === null || isSame(checkpoint.since, since)) &&
    isSignedCheckpoint(checkpoint);
  if (!isAsAsked) throw notAsAsked(delegate);
  return services.store.write(async ({ auditCheckpoints }) =>
    auditCheckpoints.insert({
      ...checkpoint,
      delegateId: delegate.id,
      delegateName: delegate.name,
      fingerprint: delegate.fingerprint,
    }),
  );
}

function isSame(a: AuditChainHead, b: AuditChainHead | null): boolean {
  return a.sequence === b?.sequence && a.hash === b.hash;
}

function notAsAsked(delegate: DelegateConnection): AppError {
  return new AppError('delegate-untrusted', {
    publicMessage: `Delegate ${delegate.name} answered with a checkpoint that is not the one it was asked for.`,
    data: { delegate: delegate.name },
  });
}
