// One connection from the dialled socket to its end: handshake, heartbeats, silence watch, messages both ways. It does not decide
// what happens next; the connection (server-connection.ts) does.
import type { WebSocket, RawData } from 'ws';
import { AppError } from '@sallyport/core';
import { decodeStreamFrame, encodeStreamFrame, HEARTBEAT, toWireError } from '@sallyport/protocol';
import { SocketCork } from '@sallyport/protocol/socket';
import type { DelegateMessage, ServerMessage, StreamFrame, WireError } from '@sallyport/protocol';
import type { TaskConnection } from '../tasks/task-runner.ts';
import type { Time } from '../time/time.ts';
import { readServerMessage } from './read-message.ts';

/** Messages that come after the welcome. */
export type WorkMessage = Exclude<
  ServerMessage,
  { type: 'hello' | 'welcome' | 'refused' | 'heartbeat-seen' }
>;

/** The server's greeting. */
export type Welcome = Extract<ServerMessage, { type: 'welcome' }>;

/** How a connection ended. `detail` is for the log. */
export type LinkEnd = { refusal: WireError } | { refusal: null; detail: string };

/** What a delegate has to do, and what it spares. */
export type DelegateLoad = Omit<Extract<DelegateMessage, { type: 'heartbeat' }>, 'type'>;

export type LinkEvents = {
  /** Answers the server's hello. */
  identify(challenge: Uint8Array): DelegateMessage;
  welcomed(welcome: Welcome): void;
  /** `messageBytes`: length of the frame that it came in. */
  message(message: WorkMessage, messageBytes: number): void;
  chunk(frame: StreamFrame): void;
  /** Before each heartbeat; a good moment for what is done regularly. */
  beat(): void;
  /** What each heartbeat tells. */
  load(): DelegateLoad;
  /** Called once, last. */
  ended(end: LinkEnd): void;
};

const NORMAL_CLOSURE = 1000;
const PROTOCOL_ERROR = 1002;
const CLOSE_WITHIN_MS = 2000;

/** One connection. */
export class Link implements TaskConnection {
  readonly #socket: WebSocket;
  readonly #cork: SocketCork;
  readonly #time: Time;
  readonly #events: LinkEvents;
  #phase: 'hello' | 'welcome' | 'work' | 'closing' | 'ended' = 'hello';
  #detail: string | null = null;
  #refusal: WireError | null = null;
  #lastWordAtMs: number;
  #cancelWatch: () => void = () => undefined;
  #cancelHeartbeat: () => void = () => undefined;

  constructor(socket: WebSocket, parts: { time: Time; events: LinkEvents }) {
    this.#socket = socket;
    this.#cork = new SocketCork(socket);
    this.#time = parts.time;
    this.#events = parts.events;
    this.#lastWordAtMs = this.#time.monotonicMs();
    socket.on('message', (data, isBinary) => this.#received(data, isBinary));
    socket.on('ping', () => this.#heard());
    socket.on('unexpected-response', (_request, response) => {
      this.#detail ??= `the server answered with HTTP status ${response.statusCode ?? 0}`;
      response.destroy();
      socket.terminate();
    });
    socket.on('error', (error) => {
      // Of the socket only: an address, a system error code, a TLS problem.
      this.#detail ??= error.message;
    });
    socket.on('close', () => this.#closed());
    this.#watchSilence();
  }

  /** Sends a control message; does nothing once the connection has ended. */
  send(message: DelegateMessage): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#cork.hold();
    this.#socket.send(JSON.stringify(message));
  }

  /** Sends a chunk; does nothing once the connection has ended. */
  sendFrame(frame: StreamFrame): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(encodeStreamFrame(frame));
  }

  /** Closes after what was sent has left; gives up waiting for the other side after two seconds. */
  close(): void {
    if (this.#phase === 'closing' || this.#phase === 'ended') return;
    this.#detail ??= 'closed by this delegate';
    this.#closeWith(NORMAL_CLOSURE);
  }

  #received(data: RawData, isBinary: boolean): void {
    this.#heard();
    // With the socket's default binaryType a message is one Buffer.
    if (this.#phase === 'closing' || this.#phase === 'ended' || !Buffer.isBuffer(data)) return;
    if (!isBinary) return this.#readText(data);
    const frame = this.#phase === 'work' ? decodeStreamFrame(data) : null;
    if (frame === null) return this.#breakOff('the server sent a malformed chunk');
    this.#events.chunk(frame);
  }

  #readText(frame: Buffer): void {
    const read = readServerMessage(frame);
    if (read.outcome === 'message') return this.#take(read.message, frame.length);
    if (read.outcome === 'malformed' || this.#phase !== 'work') {
      const where = read.outcome === 'malformed' ? ` (${read.where})` : '';
      return this.#breakOff(`the server sent a message that is not understood${where}`);
    }
    const error = new AppError('protocol-version-unsupported', {
      publicMessage: 'The delegate does not understand this task. Update it to the version of the server.',
    });
    this.send({ type: 'failure', taskId: read.taskId, error: toWireError(error) });
  }

  #take(message: ServerMessage, messageBytes: number): void {
    switch (message.type) {
      case 'hello':
        if (this.#phase !== 'hello') return this.#breakOff('the server said hello twice');
        this.#phase = 'welcome';
        this.send(this.#events.identify(Buffer.from(message.challenge, 'base64url')));
        return;
      case 'welcome':
        if (this.#phase !== 'welcome') return this.#breakOff('the server sent welcome out of turn');
        this.#phase = 'work';
        this.#scheduleHeartbeat();
        this.#events.welcomed(message);
        return;
      case 'refused':
        this.#refusal = message.error;
        this.#closeWith(NORMAL_CLOSURE);
        return;
      case 'heartbeat-seen':
        return;
      case 'configure':
      case 'forget':
      case 'task':
      case 'cancel':
      case 'credit':
      case 'local-read-answer':
      case 'local-uses-seen':
      case 'recheck':
        if (this.#phase !== 'work') return this.#breakOff('the server sent work before its welcome');
        this.#events.message(message, messageBytes);
    }
  }

  #scheduleHeartbeat(): void {
    this.#cancelHeartbeat = this.#time.after(HEARTBEAT.everySeconds * 1000, () => {
      this.#events.beat();
      this.send({ type: 'heartbeat', ...this.#events.load() });
      this.#scheduleHeartbeat();
    });
  }

  #heard(): void {
    this.#lastWordAtMs = this.#time.monotonicMs();
  }

  /** From the first dial on: a handshake that hangs ends the same way. */
  #watchSilence(): void {
    const lostAfterMs = HEARTBEAT.lostAfterSeconds * 1000;
    const silentMs = this.#time.monotonicMs() - this.#lastWordAtMs;
    if (silentMs >= lostAfterMs) {
      this.#detail ??= `no word from the server for ${lostAfterMs / 1000} s`;
      this.#socket.terminate();
      return;
    }
    this.#cancelWatch = this.#time.after(lostAfterMs - silentMs, () => this.#watchSilence());
  }

  #breakOff(detail: string): void {
    this.#detail ??= detail;
    this.#closeWith(PROTOCOL_ERROR);
  }

  /** Nothing that arrives from now on is read; the other side has two seconds to answer. */
  #closeWith(code: number): void {
    this.#phase = 'closing';
    this.#cancelHeartbeat();
    this.#cancelWatch();
    this.#cancelWatch = this.#time.after(CLOSE_WITHIN_MS, () => this.#socket.terminate());
    this.#socket.close(code);
  }

  #closed(): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    this.#cancelWatch();
    this.#cancelHeartbeat();
    const detail = this.#detail ?? 'the server closed the connection';
    this.#events.ended(this.#refusal === null ? { refusal: null, detail } : { refusal: this.#refusal });
  }
}
