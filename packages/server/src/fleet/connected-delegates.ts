// The delegates that are connected to this process: one connection per identity, and in which order they are offered work.
import { AppError } from '@sallyport/core';
import type { DelegateId, DelegateTokenId, SecretsManagerId } from '@sallyport/core';
import { HEARTBEAT } from '@sallyport/protocol';
import type { Clock } from '../clock.ts';
import type { DelegateConnection } from './delegate-connection.ts';
import type { DelegateRests } from './delegate-rests.ts';
import { explainEligibility } from './eligibility.ts';
import type { DelegateNeed } from './eligibility.ts';

const SWEEP_EVERY_MS = 1000;
const LOST_AFTER_MS = HEARTBEAT.lostAfterSeconds * 1000;

export class ConnectedDelegates {
  readonly #clock: Clock;
  readonly #rests: DelegateRests;
  readonly #connections = new Map<DelegateId, DelegateConnection>();
  /** Tokens revoked and delegates removed since the start: a handshake that had passed its checks before must not slip in. */
  readonly #revokedTokens = new Set<DelegateTokenId>();
  readonly #removed = new Set<DelegateId>();
  /** Selectors that were changed since the start, for the same reason. */
  readonly #addedSelectors = new Map<DelegateId, string[]>();
  #cancelSweep: () => void = () => undefined;

  constructor(services: { clock: Clock; rests: DelegateRests }) {
    this.#clock = services.clock;
    this.#rests = services.rests;
  }

  /** Starts looking for delegates that have gone silent. */
  watch(): void {
    this.#cancelSweep = this.#clock.after(SWEEP_EVERY_MS, () => {
      const nowMs = this.#clock.nowMs();
      for (const connection of this.#connections.values()) {
        if (nowMs - connection.lastHeardAtMs >= LOST_AFTER_MS) connection.drop();
      }
      this.watch();
    });
  }

  get size(): number {
    return this.#connections.size;
  }

  all(): DelegateConnection[] {
    return [...this.#connections.values()];
  }

  get(id: DelegateId): DelegateConnection | null {
    return this.#connections.get(id) ?? null;
  }

  findByIdentityKey(identityKey: string): DelegateConnection | null {
    return this.all().find((connection) => connection.identityKey === identityKey) ?? null;
  }

  /**
   * @throws {delegate-identity-in-use} {delegate-token-revoked} {delegate-token-invalid} when that came to be while it was shaking hands
   */
  add(connection: DelegateConnection): void {
    if (this.#connections.has(connection.id)) throw identityInUse(connection.name);
    if (this.#revokedTokens.has(connection.tokenId)) throw tokenRevoked();
    if (this.#removed.has(connection.id)) throw delegateRemoved();
    const added = this.#addedSelectors.get(connection.id);
    if (added !== undefined) connection.setAddedSelectors(added);
    this.#connections.set(connection.id, connection);
  }

  /** To be called when a connection has ended. */
  delete(connection: DelegateConnection): void {
    if (this.#connections.get(connection.id) === connection) this.#connections.delete(connection.id);
  }

  /** Disconnects what the token admitted; to be called after the revocation has been committed. */
  revokeToken(tokenId: DelegateTokenId): void {
    this.#revokedTokens.add(tokenId);
    for (const connection of this.all()) {
      if (connection.tokenId === tokenId) connection.refuse(tokenRevoked());
    }
  }

  /** Disconnects a delegate; to be called after its removal has been committed. */
  remove(id: DelegateId): void {
    this.#removed.add(id);
    this.#connections.get(id)?.refuse(delegateRemoved());
  }

  /** Gives a delegate other added selectors; to be called after that has been committed. */
  setAddedSelectors(id: DelegateId, addedSelectors: string[]): void {
    this.#addedSelectors.set(id, addedSelectors);
    this.#connections.get(id)?.setAddedSelectors(addedSelectors);
  }

  approve(id: DelegateId): void {
    const connection = this.#connections.get(id);
    if (connection !== undefined) connection.approved = true;
  }

  /** Makes every delegate drop what it knows of a secrets manager. */
  forget(secretsManagerId: SecretsManagerId): void {
    for (const connection of this.#connections.values()) connection.forget(secretsManagerId);
  }

  /** Delegates that may work for all of `needs`, best first: those that rest come last, others by tasks in flight. */
  eligible(needs: readonly DelegateNeed[]): DelegateConnection[] {
    const rests = (delegate: DelegateConnection): number =>
      this.#rests.restingUntilMs(delegate.id) === null ? 0 : 1;
    return this.all()
      .filter((delegate) => explainEligibility(delegate, needs).length === 0)
      .sort((a, b) => rests(a) - rests(b) || a.tasksInFlight - b.tasksInFlight);
  }

  /** The same without those that rest, unless there are no others. */
  preferred(needs: readonly DelegateNeed[]): DelegateConnection[] {
    const eligible = this.eligible(needs);
    const rested = eligible.filter((delegate) => this.#rests.restingUntilMs(delegate.id) === null);
    return rested.length > 0 ? rested : eligible;
  }

  /**
   * The delegate that a request was sealed for, if it may do the work now.
   * @throws {delegate-not-eligible}
   */
  require(id: DelegateId, needs: readonly DelegateNeed[]): DelegateConnection {
    const connection = this.#connections.get(id);
    if (connection === undefined) throw notEligible('The delegate of this request is not connected.');
    const reasons = explainEligibility(connection, needs);
    if (reasons.length > 0) {
      throw notEligible(`Delegate ${connection.name} may not do this: it ${reasons.join(' and ')}.`);
    }
    if (connection.isCongested) throw notEligible(`Delegate ${connection.name} has too much to do.`);
    const rests = this.#rests.restingUntilMs(id) !== null;
    if (rests && !this.preferred(needs).includes(connection)) {
      throw notEligible(`Delegate ${connection.name} rests after failures; others can do this.`);
    }
    return connection;
  }

  /** Ends every connection. */
  close(): void {
    this.#cancelSweep();
    for (const connection of this.all()) connection.bye();
  }
}

export function identityInUse(name: string): AppError {
  return new AppError('delegate-identity-in-use', {
    publicMessage: `A delegate with the identity of ${name} is connected already.`,
  });
}

export function tokenRevoked(): AppError {
  return new AppError('delegate-token-revoked', {
    publicMessage: 'The delegate token that admitted this delegate was revoked.',
  });
}

function delegateRemoved(): AppError {
  return new AppError('delegate-token-invalid', {
    publicMessage: 'This delegate was removed. It needs a delegate token to come back.',
  });
}

function notEligible(publicMessage: string): AppError {
  return new AppError('delegate-not-eligible', { publicMessage });
}
