// A server reduced to its end of the delegate socket: it speaks messages.ts, does what a test tells it, and checks that whatever a
// delegate sends is a message of the protocol. No policy, no storage.
import { generateKeyPairSync, randomBytes, verify } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { makeId } from '@sallyport/core';
import type { TaskId } from '@sallyport/core';
import {
  challengeBytes,
  decodeStreamFrame,
  DELEGATE_CONNECT_PATH,
  DELEGATE_PROTOCOL_VERSION,
  DelegateMessage,
  encodeStreamFrame,
} from '@sallyport/protocol';
import type { ServerMessage, StreamFrame, Task, WireError } from '@sallyport/protocol';
import { publicKeyFromRaw, rawPublicKeyOf } from '@sallyport/protocol/sealing';

export type Identify = Extract<DelegateMessage, { type: 'identify' }>;
export type TaskEnd = Extract<DelegateMessage, { type: 'result' | 'failure' }>;

/** How the server greets. */
export type Greeting = {
  /** Why the delegate is refused; null: it is welcome. */
  refusal: WireError | null;
  saysHello: boolean;
  answersHeartbeats: boolean;
};

/** What the server signs grants with, and which account it is. */
export const GRANTS = generateKeyPairSync('ed25519');
export const ACCOUNT_ID = `acc_${'7'.repeat(32)}`;

export class ScriptedServer {
  readonly url: string;
  /** For connections from now on. */
  greeting: Greeting = { refusal: null, saysHello: true, answersHeartbeats: true };
  readonly #sockets: WebSocketServer;
  readonly #connections: ScriptedConnection[] = [];
  #wake: () => void = () => undefined;

  private constructor(sockets: WebSocketServer) {
    this.#sockets = sockets;
    this.url = `http://127.0.0.1:${(sockets.address() as AddressInfo).port}`;
    sockets.on('connection', (socket) => {
      this.#connections.push(new ScriptedConnection(socket, this.greeting));
      this.#wake();
    });
  }

  static async start(port = 0): Promise<ScriptedServer> {
    const sockets = new WebSocketServer({
      host: '127.0.0.1',
      port,
      path: DELEGATE_CONNECT_PATH,
      maxPayload: 64 * 1_048_576,
    });
    await once(sockets, 'listening');
    return new ScriptedServer(sockets);
  }

  /** The next connection that was made, in order; waits for one if need be. */
  async accept(): Promise<ScriptedConnection> {
    for (;;) {
      const connection = this.#connections.shift();
      if (connection !== undefined) return connection;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    await new Promise((resolve) => this.#sockets.close(resolve));
  }
}

export class ScriptedConnection {
  readonly #socket: WebSocket;
  readonly #greeting: Greeting;
  readonly #challenge = randomBytes(32);
  /** Resolves once the delegate has identified itself properly. */
  readonly identified: Promise<Identify>;
  readonly closed: Promise<{ code: number }>;
  readonly #inbox: (DelegateMessage | StreamFrame)[] = [];
  #waiting: (() => void)[] = [];
  #isClosed = false;

  constructor(socket: WebSocket, greeting: Greeting) {
    this.#socket = socket;
    this.#greeting = greeting;
    const identified = Promise.withResolvers<Identify>();
    this.identified = identified.promise;
    this.identified.catch(() => undefined);
    this.closed = once(socket, 'close').then(([code]) => ({ code: code as number }));
    socket.on('close', () => {
      this.#isClosed = true;
      identified.reject(new Error('the delegate went before it had identified itself'));
      this.#wakeAll();
    });
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) {
        const frame = decodeStreamFrame(data);
        if (frame === null) throw new Error('malformed chunk from the delegate');
        this.#inbox.push(frame);
        return this.#wakeAll();
      }
      const message = DelegateMessage.parse(JSON.parse(data.toString()));
      if (message.type === 'identify') identified.resolve(this.#greet(message));
      if (message.type === 'heartbeat' && greeting.answersHeartbeats) this.send({ type: 'heartbeat-seen' });
      this.#inbox.push(message);
      this.#wakeAll();
    });
    if (!greeting.saysHello) return;
    const challenge = this.#challenge.toString('base64url');
    this.send({ type: 'hello', protocolVersion: DELEGATE_PROTOCOL_VERSION, challenge });
  }

  send(message: ServerMessage): void {
    this.#socket.send(JSON.stringify(message));
  }

  sendText(text: string): void {
    this.#socket.send(text);
  }

  sendChunk(frame: StreamFrame): void {
    this.#socket.send(encodeStreamFrame(frame));
  }

  /** Cuts the connection without a word. */
  drop(): void {
    this.#socket.terminate();
  }

  /** The next message of one type; others stay for later. Rejects when the connection has ended without one. */
  async next<T extends DelegateMessage['type']>(type: T): Promise<Extract<DelegateMessage, { type: T }>> {
    const found = await this.#take((entry) => 'type' in entry && entry.type === type);
    return found as Extract<DelegateMessage, { type: T }>;
  }

  async nextChunk(taskId: TaskId): Promise<StreamFrame> {
    return (await this.#take((entry) => !('type' in entry) && entry.taskId === taskId)) as StreamFrame;
  }

  /** Whether a result or failure of a task has arrived and was not taken yet. */
  hasEnded(taskId: TaskId): boolean {
    return this.#inbox.some((entry) => isEndOf(entry, taskId));
  }

  /** How a task ended. */
  async end(taskId: TaskId): Promise<TaskEnd> {
    return (await this.#take((entry) => isEndOf(entry, taskId))) as TaskEnd;
  }

  /** Credit that has arrived for a task and was not taken yet. */
  takeCredit(taskId: TaskId): number {
    let chunks = 0;
    for (let index = this.#inbox.length - 1; index >= 0; index--) {
      const entry = this.#inbox[index];
      if (entry === undefined || !('type' in entry) || entry.type !== 'credit' || entry.taskId !== taskId) {
        continue;
      }
      chunks += entry.chunks;
      this.#inbox.splice(index, 1);
    }
    return chunks;
  }

  /** Waits until anything has arrived after this call. */
  async anything(): Promise<void> {
    if (this.#isClosed) throw new Error('the connection has ended');
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Sends a task and waits for its end. */
  async run(task: Task): Promise<TaskEnd> {
    this.send({ type: 'task', task });
    return this.end(task.taskId);
  }

  #greet(identify: Identify): Identify {
    const identityKey = Buffer.from(identify.identityKey, 'base64url');
    const publicKey = publicKeyFromRaw('ed25519', identityKey);
    const bytes = challengeBytes({ challenge: this.#challenge, identityKey, token: identify.token });
    const signature = Buffer.from(identify.signature, 'base64url');
    if (publicKey === null || !verify(null, bytes, publicKey, signature)) {
      throw new Error('the delegate did not sign the challenge');
    }
    const { refusal } = this.#greeting;
    if (refusal !== null) {
      this.send({ type: 'refused', error: refusal });
      this.#socket.close();
    } else {
      const delegateId = makeId('delegate', { nowMs: Date.now(), random: randomBytes(10) });
      const grantKey = rawPublicKeyOf(GRANTS.publicKey).toString('base64url');
      this.send({ type: 'welcome', delegateId, accountId: ACCOUNT_ID, grantKey });
    }
    return identify;
  }

  async #take(
    isWanted: (entry: DelegateMessage | StreamFrame) => boolean,
  ): Promise<DelegateMessage | StreamFrame> {
    for (;;) {
      const index = this.#inbox.findIndex(isWanted);
      const [entry] = index < 0 ? [] : this.#inbox.splice(index, 1);
      if (entry !== undefined) return entry;
      if (this.#isClosed) throw new Error('the connection ended before that came');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #wakeAll(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

function isEndOf(entry: DelegateMessage | StreamFrame, taskId: TaskId): boolean {
  return 'type' in entry && (entry.type === 'result' || entry.type === 'failure') && entry.taskId === taskId;
}

/** A refusal as the server words it. */
export function refusalOf(code: WireError['code']): WireError {
  return { code, message: `Refused in a test: ${code}.`, retryable: false };
}
