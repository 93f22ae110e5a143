// Keeps one connection to the server alive: dials, dials again after a while when it ends, and says how things stand. It never
// gives up by itself, since an operator's fix at the server must not need a restart here.
import type { DelegateId } from '@sallyport/core';
import { HEARTBEAT } from '@sallyport/protocol';
import type { DelegateMessage, StreamFrame, WireError } from '@sallyport/protocol';
import type { Logger } from '../log/logger.ts';
import type { Time } from '../time/time.ts';
import type { Dial } from './dial.ts';
import { Link } from './link.ts';
import type { DelegateLoad, LinkEnd, Welcome, WorkMessage } from './link.ts';
import { reconnectDelayMs } from './reconnect-delay.ts';

/** How a delegate stands to its server. */
export type ConnectionState =
  | { name: 'connecting' }
  | { name: 'connected'; delegateId: DelegateId }
  /** Waits for the next attempt. `error`: why the server refused; null: the connection was lost or could not be made. */
  | { name: 'waiting'; error: WireError | null; detail: string }
  | { name: 'stopped' };

/** What is done with a connection; all calls name the connection they are about. */
export type ConnectionHandlers = {
  identify(challenge: Uint8Array): DelegateMessage;
  welcomed(welcome: Welcome, connection: Link): void;
  message(message: WorkMessage, origin: { connection: Link; messageBytes: number }): void;
  chunk(frame: StreamFrame, connection: Link): void;
  /** Called every ten seconds while connected. */
  beat(): void;
  load(): DelegateLoad;
  ended(connection: Link, end: LinkEnd): void;
  stateChanged(state: ConnectionState): void;
};

export type ServerConnectionOptions = {
  dial: Dial;
  time: Time;
  /** Jitter: a number from 0 to below 1. */
  random: () => number;
  logger: Logger;
  handlers: ConnectionHandlers;
};

/** The connection to the server across all reconnects. */
export class ServerConnection {
  readonly #options: ServerConnectionOptions;
  #state: ConnectionState = { name: 'connecting' };
  #link: Link | null = null;
  #cancelRedial: () => void = () => undefined;
  #failedAttempts = 0;
  #connectedAtMs: number | null = null;
  #onStopped: (() => void) | null = null;

  constructor(options: ServerConnectionOptions) {
    this.#options = options;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Starts dialling. */
  start(): void {
    this.#dial();
  }

  /** Sends when connected; does nothing otherwise. */
  send(message: DelegateMessage): void {
    if (this.#state.name === 'connected') this.#link?.send(message);
  }

  /** Ends the connection, after what was sent has left, and dials no more. */
  async stop(): Promise<void> {
    if (this.#state.name === 'stopped') return;
    const closed = new Promise<void>((resolve) => {
      this.#onStopped = resolve;
    });
    this.#setState({ name: 'stopped' });
    this.#cancelRedial();
    if (this.#link === null) return;
    this.#link.close();
    await closed;
  }

  #dial(): void {
    const { dial, time, handlers } = this.#options;
    this.#setState({ name: 'connecting' });
    this.#connectedAtMs = null;
    const link: Link = new Link(dial(), {
      time,
      events: {
        identify: (challenge) => handlers.identify(challenge),
        welcomed: (welcome) => {
          this.#connectedAtMs = time.monotonicMs();
          this.#setState({ name: 'connected', delegateId: welcome.delegateId });
          handlers.welcomed(welcome, link);
        },
        message: (message, messageBytes) => handlers.message(message, { connection: link, messageBytes }),
        chunk: (frame) => handlers.chunk(frame, link),
        beat: () => handlers.beat(),
        load: () => handlers.load(),
        ended: (end) => this.#ended(link, end),
      },
    });
    this.#link = link;
  }

  #ended(link: Link, end: LinkEnd): void {
    const { time, random, logger, handlers } = this.#options;
    this.#link = null;
    handlers.ended(link, end);
    if (this.#state.name === 'stopped') {
      this.#onStopped?.();
      return;
    }
    // A server that admits and drops us at once must not be dialled in a tight loop.
    const lasted =
      this.#connectedAtMs !== null &&
      time.monotonicMs() - this.#connectedAtMs >= HEARTBEAT.everySeconds * 1000;
    if (lasted) this.#failedAttempts = 0;
    const refusal = end.refusal?.code ?? null;
    const delayMs = reconnectDelayMs({ failedAttempts: this.#failedAttempts, refusal }, random);
    this.#failedAttempts += 1;
    const detail = end.refusal === null ? end.detail : end.refusal.message;
    if (end.refusal === null) logger.warn({ detail, delayMs }, 'no connection to the server; dialling again');
    else logRefusal(logger, end.refusal, delayMs);
    this.#setState({ name: 'waiting', error: end.refusal, detail });
    this.#cancelRedial = time.after(delayMs, () => this.#dial());
  }

  #setState(state: ConnectionState): void {
    this.#state = state;
    this.#options.handlers.stateChanged(state);
  }
}

function logRefusal(logger: Logger, refusal: WireError, delayMs: number): void {
  const { code, message, data } = refusal;
  logger.error({ code, reason: message, hint: data?.hint, delayMs }, 'the server refused this delegate');
}
