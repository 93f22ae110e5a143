// One listener of the local endpoint: an HTTP server on one address, with bounds for clients that are slow, many or broken.
import { createServer as createHttpServer } from 'node:http';
import type { Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { AppError } from '@sallyport/core';
import { codeOf } from '../data-folder/private-file.ts';
import type { ListenAddress } from './listen-address.ts';
import { serveRequest } from './serve-request.ts';
import type { EndpointServices, Entrance } from './serve-request.ts';
import { SocketKey } from './socket-key.ts';
import type { TlsTexts } from './tls-files.ts';
import { listenOnSocket } from './unix-socket.ts';

export type ListenerOptions = {
  address: ListenAddress;
  /** Further host names; in lower case. */
  hosts: ReadonlySet<string>;
  /** For addresses beyond loopback. */
  tls: TlsTexts | null;
  maxConnections: number;
};

const BOUNDS = {
  connectionsCheckingInterval: 1000,
  /** Slow headers. */
  headersTimeout: 5000,
  requestTimeout: 20_000,
  keepAliveTimeout: 75_000,
  maxHeaderSize: 16_384,
} as const;
const HEADERS_MAX = 64;

export class LocalListener {
  readonly #server: Server | HttpsServer;
  readonly #options: ListenerOptions;
  readonly #services: EndpointServices;
  readonly #running = new Set<Promise<void>>();

  constructor(options: ListenerOptions, services: EndpointServices) {
    this.#options = options;
    this.#services = services;
    const { tls } = options;
    this.#server =
      tls === null
        ? createHttpServer(BOUNDS)
        : createHttpsServer({ ...BOUNDS, ...tls, minVersion: 'TLSv1.2' });
    this.#server.maxConnections = options.maxConnections;
    this.#server.maxHeadersCount = HEADERS_MAX;
    this.#server.on('clientError', answerMalformed);
    // Without a listener of its own it would hang half open.
    this.#server.on('connect', (_request, socket: Duplex) => socket.destroy());
  }

  /** Resolves to the address as programs use it. @throws {config-invalid} when it cannot be listened on */
  async listen(): Promise<string> {
    const { address, tls } = this.#options;
    const key =
      address.kind === 'unix' && address.keyFile !== null
        ? new SocketKey(address.keyFile, this.#services.time)
        : null;
    // A key file that cannot be used is found at the start, not by the first program.
    await key?.read();
    if (address.kind === 'unix') {
      this.#serveWith({ hosts: null, key });
      await listenOnSocket(this.#server, address);
      return `unix:${address.path}`;
    }
    const { host, isLoopback } = address;
    await this.#listenOnTcp(address);
    const { port } = this.#server.address() as AddressInfo;
    this.#serveWith({ hosts: { isLoopback, port, names: this.#options.hosts }, key });
    return `${tls === null ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  /** Renewed certificates are for connections from now on. */
  renewTls(tls: TlsTexts): void {
    if ('setSecureContext' in this.#server) this.#server.setSecureContext(tls);
  }

  /** Takes no new requests, and waits for those under way. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.#server.closeIdleConnections();
    await Promise.all(this.#running);
    this.#server.closeAllConnections();
    await closed;
  }

  #serveWith(entrance: Entrance): void {
    this.#server.on('request', (request, response) => {
      const served = serveRequest({ request, response }, entrance, this.#services).finally(() =>
        this.#running.delete(served),
      );
      this.#running.add(served);
    });
  }

  async #listenOnTcp({ host, port }: { host: string; port: number }): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen({ host, port }, resolve);
    try {
      await promise;
    } catch (thrown) {
      throw new AppError('config-invalid', {
        publicMessage: `The local endpoint cannot listen on ${host}, port ${port} (${codeOf(thrown) ?? 'unknown reason'}).`,
        data: { hint: 'Choose another port with --local-listen, or stop what listens there.' },
        cause: thrown,
      });
    } finally {
      this.#server.off('error', reject);
    }
  }
}

/** What is not HTTP, or takes too long, gets one line. */
function answerMalformed(error: Error, socket: Duplex): void {
  if (codeOf(error) === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const isLate = codeOf(error) === 'ERR_HTTP_REQUEST_TIMEOUT';
  const status = isLate ? '408 Request Timeout' : '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
