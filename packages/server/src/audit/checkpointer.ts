// Decides when the audit trail's head is to be signed and by whom: after so many records or so much time, by the delegate that has not
// signed for longest. A refusal is the alarm that all of this is for: it is logged, counted, recorded and shown.
import type { Logger } from 'pino';
import { AppError } from '@sallyport/core';
import type { DelegateId } from '@sallyport/core';
import type { StoredAuditCheckpoint } from '@sallyport/protocol';
import type { AuditChainHead } from '@sallyport/protocol/audit';
import type { BackgroundWork } from '../background-work.ts';
import type { Clock } from '../clock.ts';
import type { DelegateConnection } from '../fleet/delegate-connection.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { AuditMetrics } from '../observability/metrics.ts';
import { auditEntry } from './audit-entry.ts';
import { signHead } from './sign-head.ts';
import type { Signing, SigningRefusal, SigningServices } from './sign-head.ts';

/** At most one round in this time, however much is written. */
const PAUSE_MS = 1000;
/** The first round after a start comes early, as a part of the usual time, and whether anything was written or not. */
const FIRST_ROUND = 1 / 6;

export type CheckpointerServices = SigningServices & {
  clock: Clock;
  background: BackgroundWork;
  fleet: Fleet;
  metrics: AuditMetrics;
  logger: Logger;
};

export type CheckpointerLimits = {
  /** A round is due after so many records that nobody has signed. */
  records: number;
  /** Or after so long, if there is any. */
  seconds: number;
};

/** Why a delegate last refused. */
export type ShownRefusal = Pick<SigningRefusal, 'reason' | 'message'> & { atMs: number };

export class Checkpointer {
  readonly #services: CheckpointerServices;
  readonly #limits: CheckpointerLimits;
  readonly #refusals = new Map<DelegateId, ShownRefusal>();
  readonly #failedAtMs = new Map<DelegateId, number>();
  readonly #signedAtMs = new Map<DelegateId, number>();
  #refusalCount = 0;
  /** The newest record that anybody has signed. */
  #signedTo = 0;
  #newestAtMs: number | null = null;
  /** Whether anybody has signed since the start: until then the database may be an older copy of itself. */
  #isConfirmed = false;
  #roundAtMs: number;
  #turn: Promise<unknown> = Promise.resolve();
  #working = false;

  constructor(services: CheckpointerServices, limits: CheckpointerLimits) {
    this.#services = services;
    this.#limits = limits;
    this.#roundAtMs = services.clock.nowMs();
  }

  /** Reads who has signed when; to be called once, before the first round. */
  async open(): Promise<void> {
    const newest = await this.#services.store.read(async ({ auditCheckpoints }) =>
      auditCheckpoints.newestOfEach(),
    );
    for (const checkpoint of newest) this.#remember(checkpoint);
  }

  /** When the newest checkpoint was signed; null: there is none. */
  get newestAtMs(): number | null {
    return this.#newestAtMs;
  }

  /** Refusals since the start. */
  get refusalCount(): number {
    return this.#refusalCount;
  }

  /** Why this delegate refuses; null when it does not, or was not asked since the start. */
  refusalOf(id: DelegateId): ShownRefusal | null {
    return this.#refusals.get(id) ?? null;
  }

  /** A `TrailFollower`. */
  follow(head: AuditChainHead): void {
    const { clock, background } = this.#services;
    if (this.#working || !this.#isDue(head)) return;
    const candidates = this.#candidates();
    if (candidates.length === 0) return;
    this.#working = true;
    this.#roundAtMs = clock.nowMs();
    background.start('have the audit trail signed', async () => {
      try {
        await this.#signByFirst(candidates, head);
      } finally {
        this.#working = false;
      }
    });
  }

  /**
   * Has the newest record signed now by the first delegate that is able to.
   * @throws {no-delegate} {delegate-refused}; {delegate-lost} {task-timeout} and the like when the last one failed by that
   */
  async signNow(): Promise<StoredAuditCheckpoint> {
    const { fleet, store } = this.#services;
    let failure: unknown = null;
    for (const delegate of this.#candidates({ all: true })) {
      const { head } = await store.read(async ({ audit }) => audit.ends());
      try {
        const signing = await this.#signAlone(delegate, head);
        if (signing.is === 'signed') return signing.checkpoint;
        failure = refused(delegate, signing.refusal);
      } catch (thrown) {
        failure = thrown;
      }
    }
    if (failure instanceof Error) throw failure;
    throw await fleet.noDelegate([]);
  }

  #isDue(head: AuditChainHead): boolean {
    const open = head.sequence - this.#signedTo;
    const waitedMs = this.#services.clock.nowMs() - this.#roundAtMs;
    if (head.sequence === 0 || waitedMs < PAUSE_MS) return false;
    const waited = waitedMs / (this.#limits.seconds * 1000);
    if (!this.#isConfirmed) return waited >= FIRST_ROUND;
    return open >= this.#limits.records || (open > 0 && waited >= 1);
  }

  /** Who may sign now: whoever has not signed for longest comes first. One that has just refused or failed is left alone for a while. */
  #candidates({ all = false } = {}): DelegateConnection[] {
    const { fleet, clock } = this.#services;
    const sinceMs = clock.nowMs() - this.#limits.seconds * 1000;
    const asked = (delegate: DelegateConnection): number => this.#signedAtMs.get(delegate.id) ?? 0;
    return fleet.delegates
      .eligible([])
      .filter((delegate) => all || (this.#failedAtMs.get(delegate.id) ?? -Infinity) <= sinceMs)
      .sort((a, b) => asked(a) - asked(b));
  }

  /** Failures and refusals have been told already. */
  async #signByFirst(candidates: readonly DelegateConnection[], head: AuditChainHead): Promise<void> {
    for (const delegate of candidates) {
      const signing = await this.#signAlone(delegate, head).catch(() => null);
      if (signing?.is === 'signed') return;
    }
  }

  /** One signature at a time: two proofs to one delegate would each miss what the other has added. */
  async #signAlone(delegate: DelegateConnection, head: AuditChainHead): Promise<Signing> {
    const turn = this.#turn.then(() => this.#sign(delegate, head));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #sign(delegate: DelegateConnection, head: AuditChainHead): Promise<Signing> {
    const { clock, logger, metrics } = this.#services;
    try {
      const signing = await signHead(delegate, head, this.#services);
      if (signing.is === 'refused') await this.#refused(delegate, signing.refusal);
      else this.#signed(signing.checkpoint);
      return signing;
    } catch (thrown) {
      this.#failedAtMs.set(delegate.id, clock.nowMs());
      metrics.countCheckpoint('failed');
      logger.warn({ err: thrown, delegate: delegate.name }, 'a delegate could not sign the audit trail');
      throw thrown;
    }
  }

  #signed(checkpoint: StoredAuditCheckpoint): void {
    this.#remember(checkpoint);
    this.#isConfirmed = true;
    this.#failedAtMs.delete(checkpoint.delegateId);
    this.#refusals.delete(checkpoint.delegateId);
    this.#services.metrics.countCheckpoint('signed');
  }

  #remember({ delegateId, sequence, signedAtMs }: StoredAuditCheckpoint): void {
    this.#signedTo = Math.max(this.#signedTo, sequence);
    this.#newestAtMs = Math.max(this.#newestAtMs ?? 0, signedAtMs);
    this.#signedAtMs.set(delegateId, signedAtMs);
  }

  async #refused(delegate: DelegateConnection, refusal: SigningRefusal): Promise<void> {
    const { clock, logger, metrics, store } = this.#services;
    const { reason, message, offered, last } = refusal;
    const atMs = clock.nowMs();
    const known = this.#refusals.get(delegate.id);
    this.#refusalCount += 1;
    this.#failedAtMs.set(delegate.id, atMs);
    this.#refusals.set(delegate.id, { reason, message, atMs });
    metrics.countCheckpoint('refused');
    logger.error(
      { delegate: delegate.name, delegateId: delegate.id, reason, offered, last },
      `A DELEGATE REFUSES TO SIGN THE AUDIT TRAIL: ${message}`,
    );
    // Once per reason: each record is a change that is to be signed in turn.
    if (known?.reason === reason) return;
    const scope = { atMs, actor: { id: delegate.id, name: delegate.name }, requestId: null };
    const details = { reason, message, offered, signed: last };
    const subject = { resource: delegate.id, resourceName: delegate.name, details };
    await store.write(async ({ audit }) =>
      audit.append([auditEntry(scope, 'audit.checkpoint-refused', subject)]),
    );
  }
}

function refused(delegate: DelegateConnection, refusal: SigningRefusal): AppError {
  return new AppError('delegate-refused', {
    publicMessage: `Delegate ${delegate.name} does not sign the audit trail: ${refusal.message}`,
    data: {
      delegate: delegate.name,
      reason: refusal.reason,
      hint: 'Keep the database as it is and find out what was changed: docs/guide/audit.md says how.',
    },
  });
}
