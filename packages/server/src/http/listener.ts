// The adapter between Node's HTTP server and the operations: sockets, time-outs, request ids, error answers, graceful end. With
// another HTTP framework this file would change, and answer.ts and read-body.ts beside it; operations would not notice.
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { AppError, isId } from '@sallyport/core';
import type { RequestId } from '@sallyport/core';
import { ROUTES, toWireError } from '@sallyport/protocol';
import type { IdSource } from '../id-source.ts';
import type { Metrics } from '../observability/metrics.ts';
import { nothingThere, sendError } from './answer.ts';
import type { AnswerTo } from './answer.ts';
import { compileRoutes } from './match-route.ts';
import type { Probes } from './probes.ts';
import { serveOperation } from './serve-operation.ts';
import type { OperationServices } from './serve-operation.ts';

export type ListenerServices = OperationServices & {
  probes: Probes;
  pages: Pages;
  ids: IdSource;
  metrics: Metrics;
  logger: Logger;
};

/** Paths that answer a browser with pages and redirects instead of JSON. */
export type Pages = {
  /** Answers, and returns the status; null when the request is for none of them. */
  serve(path: string, to: AnswerTo & { requestId: RequestId }): Promise<number | null>;
};

export type ListenerOptions = {
  host: string;
  /** 0: any free one. */
  port: number;
  /** PEM texts; null: plain HTTP. */
  tls: { certificate: string; key: string } | null;
};

/** Bounds for clients that are slow on purpose: time for the headers, time without a request. */
const HEADERS_MS = 10_000;
const KEEP_ALIVE_MS = 75_000;
const SWEEP_MS = 2000;

export class Listener {
  readonly #services: ListenerServices;
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #match = compileRoutes(ROUTES);
  readonly #running = new Set<Promise<void>>();
  #stopped: Promise<void> | null = null;

  constructor(services: ListenerServices, options: ListenerOptions) {
    this.#services = services;
    this.#options = options;
    const limits = { connectionsCheckingInterval: SWEEP_MS, headersTimeout: HEADERS_MS, requestTimeout: 0 };
    const { tls } = options;
    this.#server =
      tls === null
        ? createHttpServer(limits)
        : createHttpsServer({ ...limits, cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.2' });
    this.#server.keepAliveTimeout = KEEP_ALIVE_MS;
    this.#server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const served = this.#serve(request, response).finally(() => this.#running.delete(served));
      this.#running.add(served);
    });
    this.#server.on('clientError', answerMalformed);
  }

  onUpgrade(upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): void {
    this.#server.on('upgrade', upgrade);
  }

  /** Resolves to the address, e.g. `http://127.0.0.1:8200`. @throws {config-invalid} when it cannot be listened on */
  async listen(): Promise<string> {
    const { host, port, tls } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen({ host, port }, resolve);
    try {
      await promise;
    } catch (thrown) {
      throw new AppError('config-invalid', {
        publicMessage: `The server cannot listen on ${host}, port ${port}: ${(thrown as Error).message}.`,
        cause: thrown,
      });
    }
    this.#server.off('error', reject);
    const { port: bound } = this.#server.address() as AddressInfo;
    return `${tls === null ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${bound}`;
  }

  /** Stops accepting and waits until running requests have ended, at most `graceMs`. */
  async drain(graceMs: number): Promise<void> {
    const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
    this.#stopped = stopped;
    this.#server.close(() => {
      stop();
    });
    this.#server.closeIdleConnections();
    const { promise: expired, resolve } = Promise.withResolvers<void>();
    const cancel = this.#services.clock.after(graceMs, resolve);
    await Promise.race([Promise.all(this.#running), expired]);
    cancel();
  }

  /** After `drain`: ends whatever is still connected. Resolves when no socket is left, upgraded ones included. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await this.#stopped;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const services = this.#services;
    const to = { request, response, requestId: givenId(request) ?? services.ids('request') };
    let operation = 'none';
    try {
      if (this.#stopped !== null) throw shuttingDown(response);
      const match = this.#match(request.method ?? '', request.url ?? '');
      if (match === null) {
        const path = (request.url ?? '').split('?', 1)[0] ?? '';
        const status = (await services.probes.serve(path, to)) ?? (await services.pages.serve(path, to));
        if (status === null) throw nothingThere();
        services.metrics.countRequest(path, status);
        return;
      }
      operation = match.operationId;
      services.metrics.countRequest(operation, await serveOperation(match, to, services));
    } catch (thrown) {
      this.#fail(thrown, to, operation);
    }
  }

  #fail(
    thrown: unknown,
    to: { request: IncomingMessage; response: ServerResponse; requestId: RequestId },
    operation: string,
  ): void {
    const { metrics, logger, clock } = this.#services;
    const { code } = toWireError(thrown);
    const facts = { operation, requestId: to.requestId, code };
    if (code === 'internal' || code === 'storage-unavailable') {
      logger.error({ ...facts, err: thrown }, 'request failed');
    } else logger.debug({ ...facts, err: thrown }, 'request refused');
    if (to.response.headersSent) {
      // Whoever was told of progress has been told of the error as well.
      if (!to.response.writableEnded) to.response.destroy();
      metrics.countRequest(operation, 0);
      return;
    }
    metrics.countRequest(operation, sendError(to, thrown, clock));
  }
}

function givenId(request: IncomingMessage): RequestId | null {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && isId('request', given) ? given : null;
}

function shuttingDown(response: ServerResponse): AppError {
  response.shouldKeepAlive = false;
  return new AppError('shutting-down', { publicMessage: 'The server is stopping.' });
}

/** What is not HTTP gets the same error body, as far as it can be told anything. */
function answerMalformed(error: Error & { code?: string }, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const thrown = new AppError('invalid-request', { publicMessage: 'This is not a complete HTTP request.' });
  const text = JSON.stringify({ error: toWireError(thrown), requestId: 'none' });
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncache-control: no-store\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}
