// One delegate's socket after its handshake: sends it tasks, matches what comes back, and fails what it leaves undone. Who gets
// which task is decided elsewhere (connected-delegates.ts, dispatcher.ts).
import type { WebSocket } from 'ws';
import { AppError } from '@sallyport/core';
import type {
  DelegateId,
  DelegateTokenId,
  SecretsManagerKind,
  SecretsManagerId,
  TaskId,
} from '@sallyport/core';
import {
  decodeStreamFrame,
  encodeStreamFrame,
  SOCKET_FRAME_MAX_BYTES,
  toWireError,
} from '@sallyport/protocol';
import type {
  DataKeyCacheState,
  DelegateMessage,
  DelegateOffer,
  LocalRead,
  LocalUses,
  ProfileRevision,
  SecretsManagerAccess,
  ServerMessage,
  Task,
  TaskResult,
} from '@sallyport/protocol';
import { SocketCork } from '@sallyport/protocol/socket';
import type { Clock } from '../clock.ts';
import { delegateFailure, delegateLost, taskTimedOut } from './delegate-failure.ts';
import { selectorsOf } from './delegate-selectors.ts';
import type { DelegateRow } from './delegate-store.ts';
import type { DelegateStanding } from './eligibility.ts';
import { Lease } from './lease.ts';
import { isStreamed, OpenTask } from './open-task.ts';
import type { OnProgress } from './open-task.ts';
import { parseDelegateMessage } from './parse-delegate-message.ts';
import { TaskStream } from './task-stream.ts';

export type SealingOffer = DelegateOffer['offer'];

/** What the connection asks of those around it. */
export type ConnectionEvents = {
  /** @throws {delegate-untrusted} when the offer is not this delegate's */
  checkOffer(offer: SealingOffer): void;
  /** About reads of programs beside the delegate. */
  local(connection: DelegateConnection, message: LocalRead | LocalUses): void;
  /** Which start-up profiles the delegate has begun. */
  begunProfiles(connection: DelegateConnection, begun: readonly ProfileRevision[]): void;
  /** The socket is closed and every task has been failed. */
  closed(connection: DelegateConnection): void;
};

const PROBE_MS = 2000;
/** WebSocket close codes (RFC 6455 section 7.4.1). */
const CLOSE = { goingAway: 1001, protocolError: 1002, policy: 1008 } as const;

export class DelegateConnection implements DelegateStanding {
  readonly id: DelegateId;
  readonly identityKey: string;
  readonly fingerprint: string;
  readonly name: string;
  readonly hostName: string;
  readonly version: string;
  selectors: readonly string[];
  readonly kinds: readonly SecretsManagerKind[];
  readonly tokenId: DelegateTokenId;
  readonly createdAtMs: number;
  approved: boolean;
  draining = false;
  connected = true;
  readonly runsScripts: boolean;
  lastHeardAtMs: number;
  /** As of the last heartbeat; null before the first. */
  dataKeyCache: DataKeyCacheState | null = null;
  offer: SealingOffer;
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #events: ConnectionEvents;
  readonly #cork: SocketCork;
  readonly #tasks = new Map<TaskId, OpenTask>();
  readonly #configured = new Map<SecretsManagerId, number>();
  /** As it was when it connected. */
  readonly #started: DelegateRow;

  constructor(
    row: DelegateRow,
    parts: {
      socket: WebSocket;
      clock: Clock;
      offer: SealingOffer;
      runsScripts: boolean;
      events: ConnectionEvents;
    },
  ) {
    this.id = row.id;
    this.identityKey = row.identityKey;
    this.fingerprint = row.fingerprint;
    this.name = row.name;
    this.hostName = row.hostName;
    this.version = row.version;
    this.selectors = selectorsOf(row);
    this.#started = row;
    this.kinds = row.kinds;
    this.tokenId = row.tokenId;
    this.createdAtMs = row.createdAtMs;
    this.approved = row.approved;
    this.offer = parts.offer;
    this.runsScripts = parts.runsScripts;
    this.lastHeardAtMs = parts.clock.nowMs();
    this.#socket = parts.socket;
    this.#clock = parts.clock;
    this.#events = parts.events;
    this.#cork = new SocketCork(parts.socket);
    this.#socket.on('message', (data: Buffer, isBinary: boolean) => {
      this.#receive(data, isBinary);
    });
    this.#socket.on('close', () => {
      this.#closed();
    });
    if (this.#socket.readyState !== this.#socket.OPEN)
      queueMicrotask(() => {
        this.#closed();
      });
  }

  get tasksInFlight(): number {
    return this.#tasks.size;
  }

  /** Whether so much waits to be sent that more would only pile up. */
  get isCongested(): boolean {
    return this.#socket.bufferedAmount > SOCKET_FRAME_MAX_BYTES;
  }

  send(message: ServerMessage): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#cork.hold();
    this.#socket.send(JSON.stringify(message));
  }

  /** From now on it has these in place of those that were added before. */
  setAddedSelectors(addedSelectors: string[]): void {
    this.selectors = selectorsOf({ ...this.#started, addedSelectors });
  }

  /** Makes the secrets manager known before its first task and after each edit. */
  configure(secretsManagerId: SecretsManagerId, revision: number, access: () => SecretsManagerAccess): void {
    if (this.#configured.get(secretsManagerId) === revision) return;
    this.send({ type: 'configure', secretsManagerId, revision, access: access() });
    this.#configured.set(secretsManagerId, revision);
  }

  forget(secretsManagerId: SecretsManagerId): void {
    if (this.#configured.delete(secretsManagerId)) this.send({ type: 'forget', secretsManagerId });
  }

  /**
   * Sends a task.
   * @param options.leaseMs how long it may take; for streamed tasks, how long without progress
   */
  open(task: Task, options: { leaseMs: number; onProgress: OnProgress | null }): OpenTask {
    const { leaseMs, onProgress } = options;
    const lease = new Lease(this.#clock, {
      idleMs: leaseMs,
      expired: () => {
        this.abandon(task.taskId, taskTimedOut(this.name, leaseMs / 1000));
      },
    });
    const stream = isStreamed(task.kind) ? new TaskStream(task.taskId, this.#transport(lease)) : null;
    const open = new OpenTask(task, { lease, stream, onProgress });
    if (!this.connected) {
      open.fail(delegateLost(this.name, 'went away'));
      return open;
    }
    this.#tasks.set(open.id, open);
    this.send({ type: 'task', task });
    return open;
  }

  /** Gives a task up: tells the delegate to stop and fails it here. Whatever still comes of it is ignored. */
  abandon(taskId: TaskId, reason: AppError): void {
    const task = this.#tasks.get(taskId);
    if (task === undefined) return;
    this.#tasks.delete(taskId);
    this.send({ type: 'cancel', taskId });
    task.fail(reason);
  }

  /** Resolves to whether the other end still answers on this socket. */
  async isAlive(): Promise<boolean> {
    if (this.#socket.readyState !== this.#socket.OPEN) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const cancel = this.#clock.after(PROBE_MS, () => {
      resolve(false);
    });
    const answered = (): void => {
      resolve(true);
    };
    this.#socket.once('pong', answered);
    this.#socket.ping();
    const alive = await promise;
    cancel();
    this.#socket.off('pong', answered);
    return alive;
  }

  /** Ends the connection at once, as after a silence: nothing is waited for. */
  drop(): void {
    this.#closed();
    this.#socket.terminate();
  }

  /** Ends the connection with the reason, which the delegate is told. */
  refuse(error: AppError): void {
    this.send({ type: 'refused', error: toWireError(error) });
    this.#closed();
    this.#socket.close(CLOSE.policy, error.code);
  }

  /** Ends the connection because the server stops. */
  bye(): void {
    this.#socket.close(CLOSE.goingAway, 'shutting-down');
    this.#closed();
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (!this.connected) return;
    this.lastHeardAtMs = this.#clock.nowMs();
    const understood = isBinary ? this.#receiveFrame(data) : this.#receiveText(data);
    if (understood) return;
    this.#closed('broke the protocol');
    this.#socket.close(CLOSE.protocolError, 'protocol violation');
  }

  #receiveText(data: Buffer): boolean {
    const message = parseDelegateMessage(data);
    return message !== null && this.#handle(message);
  }

  #handle(message: DelegateMessage): boolean {
    switch (message.type) {
      case 'heartbeat':
        this.dataKeyCache = message.dataKeyCache ?? null;
        this.send({ type: 'heartbeat-seen' });
        return true;
      case 'progress':
        // Of a task that has been given up meanwhile, it is of no interest.
        return this.#tasks.get(message.taskId)?.progressed(message.steps) ?? true;
      case 'result':
        return this.#complete(message.taskId, message.result);
      case 'failure': {
        const task = this.#tasks.get(message.taskId);
        this.#tasks.delete(message.taskId);
        task?.fail(delegateFailure(message.error, this.name));
        return true;
      }
      case 'credit': {
        const task = this.#tasks.get(message.taskId);
        task?.lease.prolong();
        task?.stream?.grant(message.chunks);
        return true;
      }
      case 'draining':
        this.draining = true;
        return true;
      case 'offer':
        return this.#takeOffer(message.offer);
      case 'local-read':
      case 'local-uses':
        this.#events.local(this, message);
        return true;
      case 'begun-profiles':
        this.#events.begunProfiles(this, message.begun);
        return true;
      case 'identify':
        return false;
      default:
        return unknownMessage(message);
    }
  }

  /** A result that comes late, or of nothing that was asked, is ignored; one of another kind breaks the protocol. */
  #complete(taskId: TaskId, result: TaskResult): boolean {
    const task = this.#tasks.get(taskId);
    if (task === undefined) return true;
    if (!task.complete(result)) return false;
    this.#tasks.delete(taskId);
    return true;
  }

  #takeOffer(offer: SealingOffer): boolean {
    try {
      this.#events.checkOffer(offer);
    } catch (thrown) {
      if (thrown instanceof AppError) return false;
      throw thrown;
    }
    if (offer.identityKey !== this.identityKey || offer.name !== this.name) return false;
    this.offer = offer;
    return true;
  }

  #receiveFrame(data: Buffer): boolean {
    const frame = decodeStreamFrame(data);
    if (frame === null) return false;
    const task = this.#tasks.get(frame.taskId);
    if (task === undefined) return true;
    task.lease.prolong();
    return task.stream?.accept(frame) ?? false;
  }

  #transport(lease: Lease): ConstructorParameters<typeof TaskStream>[1] {
    return {
      sendFrame: (frame) => {
        lease.prolong();
        if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(encodeStreamFrame(frame));
      },
      sendCredit: (taskId, chunks) => {
        lease.prolong();
        this.send({ type: 'credit', taskId, chunks });
      },
    };
  }

  #closed(why = 'went away'): void {
    if (!this.connected) return;
    this.connected = false;
    const tasks = [...this.#tasks.values()];
    this.#tasks.clear();
    for (const task of tasks) task.fail(delegateLost(this.name, why));
    this.#events.closed(this);
  }
}

function unknownMessage(_message: never): false {
  return false;
}
