// The WebSocket endpoint that delegates dial: takes over the HTTP upgrade, bounds what a stranger may cost, and hands the socket to
// the handshake.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { DELEGATE_CONNECT_PATH, SOCKET_FRAME_MAX_BYTES } from '@sallyport/protocol';
import { shakeHands } from './handshake.ts';
import type { HandshakeServices } from './handshake.ts';

const HANDSHAKE_MS = 10_000;
const HANDSHAKES_MAX = 256;
/** An `identify` has a few kilobytes. */
const STRANGER_MAX_BYTES = 64 * 1024;

export class DelegateEndpoint {
  readonly #services: HandshakeServices;
  readonly #logger: Logger;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: SOCKET_FRAME_MAX_BYTES,
    clientTracking: true,
  });
  #handshakes = 0;
  #closing = false;

  constructor(services: HandshakeServices & { logger: Logger }) {
    this.#services = services;
    this.#logger = services.logger;
  }

  /** Takes over an upgrade request; any other path than the endpoint's is answered 404. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const path = (request.url ?? '').split('?', 1)[0];
    if (path !== DELEGATE_CONNECT_PATH) return refuse(socket, '404 Not Found');
    if (this.#closing || this.#handshakes >= HANDSHAKES_MAX) return refuse(socket, '503 Service Unavailable');
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      void this.#greet(webSocket, socket);
    });
  }

  close(): void {
    this.#closing = true;
    this.#services.delegates.close();
    for (const socket of this.#sockets.clients) socket.close(1001);
  }

  /** Ends what `close` has not ended. */
  terminate(): void {
    for (const socket of this.#sockets.clients) socket.terminate();
  }

  async #greet(webSocket: WebSocket, stream: Duplex): Promise<void> {
    webSocket.on('error', (error) => {
      this.#logger.debug({ err: error }, 'delegate socket failed');
    });
    this.#handshakes += 1;
    try {
      const connection = await shakeHands(webSocket, this.#firstMessage(webSocket, stream), this.#services);
      if (connection !== null) {
        this.#logger.info({ delegate: connection.id, name: connection.name }, 'delegate connected');
      }
    } catch (thrown) {
      this.#logger.error({ err: thrown }, 'handshake with a delegate failed');
    } finally {
      this.#handshakes -= 1;
    }
  }

  /** null: none in time, too many bytes, or gone. */
  async #firstMessage(webSocket: WebSocket, stream: Duplex): Promise<string | null> {
    const { promise, resolve } = Promise.withResolvers<string | null>();
    let bytes = 0;
    const count = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > STRANGER_MAX_BYTES) resolve(null);
    };
    const gone = (): void => {
      resolve(null);
    };
    stream.on('data', count);
    webSocket.once('close', gone);
    webSocket.once('message', (data: Buffer, isBinary: boolean) => {
      resolve(isBinary ? null : data.toString('utf8'));
    });
    const cancel = this.#services.clock.after(HANDSHAKE_MS, gone);
    const message = await promise;
    cancel();
    stream.off('data', count);
    webSocket.off('close', gone);
    return message;
  }
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
