// Sends what was written to one WebSocket in one turn of the event loop with one system call. Many requests are parsed in one turn,
// and each of them sends a task; many tasks end in one turn, and each sends a result. Node only.

/** The part of `net.Socket` that is needed; `ws` keeps it as `_socket`, without a public way to it. */
type Corkable = { cork(): void; uncork(): void };

/** Holds back the writes of one socket until the current turn of the event loop ends. */
export class SocketCork {
  readonly #socket: object;
  #held = false;

  /** @param socket a `WebSocket` of the package `ws`; with any other object, or once it is closed, holding does nothing */
  constructor(socket: object) {
    this.#socket = socket;
  }

  /** To be called before a write. */
  hold(): void {
    if (this.#held) return;
    const { _socket: stream } = this.#socket as { _socket?: Corkable | null };
    if (!stream) return;
    this.#held = true;
    stream.cork();
    setImmediate(() => {
      this.#held = false;
      stream.uncork();
    });
  }
}
