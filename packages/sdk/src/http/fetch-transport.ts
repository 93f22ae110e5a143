// HTTP for browsers over fetch. The session cookie goes along by itself, to this page's own server and nowhere else; redirects are not
// followed. Browsers cannot send a body while they make it over HTTP/1.1, so a stream is gathered first: into a Blob, which they keep on
// disk when it is large, and which holds sealed chunks only.
import { isAppError } from '@sallyport/core';
import type { Transport, TransportRequest, TransportResponse } from './transport.ts';
import { brokenOff, idleTimedOut, tooLong, unreachable } from './unreachable.ts';

export type FetchTransportOptions = {
  /** The server, without a slash at the end; what known delegates are remembered under. */
  address: string;
  /** How long nothing may happen on a request, in milliseconds. */
  idleTimeoutMs: number;
};

/** The transport of browsers. */
export function fetchTransport(options: FetchTransportOptions): Transport {
  return {
    address: options.address,
    send: async (request) => new FetchExchange(request, options).send(),
    // Connections are the browser's own.
    close: () => undefined,
  };
}

/** One request and its answer. */
class FetchExchange {
  readonly #request: TransportRequest;
  readonly #address: string;
  readonly #idleTimeoutMs: number;
  readonly #aborter = new AbortController();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(request: TransportRequest, { address, idleTimeoutMs }: FetchTransportOptions) {
    this.#request = request;
    this.#address = address;
    this.#idleTimeoutMs = idleTimeoutMs;
  }

  async send(): Promise<TransportResponse> {
    const { method, path, headers, body, signal, onSent } = this.#request;
    signal?.throwIfAborted();
    signal?.addEventListener('abort', () => this.#aborter.abort(signal.reason), { once: true });
    const gathered = await this.#gather(body);
    if (onSent !== undefined && gathered !== null) {
      const { newXhr, sendByXhr } = await import('./send-by-xhr.ts');
      const xhr = newXhr();
      if (xhr !== null) {
        return sendByXhr(xhr, {
          method,
          url: this.#address + path,
          headers,
          body: gathered,
          signal: this.#aborter.signal,
          address: this.#address,
          idleTimeoutMs: this.#idleTimeoutMs,
          onSent,
        });
      }
    }
    try {
      this.#wait();
      const response = await fetch(this.#address + path, {
        method,
        headers,
        body: gathered,
        signal: this.#aborter.signal,
        cache: 'no-store',
        credentials: 'same-origin',
        redirect: 'manual',
        referrerPolicy: 'no-referrer',
      });
      return this.#responseOf(response);
    } catch (error) {
      this.#stopWaiting();
      throw this.#explain(error, (cause) =>
        unreachable(this.#address, { cause: networkCause(cause), reusedConnection: false }),
      );
    }
  }

  async #gather(body: TransportRequest['body']): Promise<Blob | null> {
    if (body === null) return null;
    if (body instanceof Uint8Array) return new Blob([body as Uint8Array<ArrayBuffer>]);
    let gathered = new Blob([]);
    let parts: Uint8Array<ArrayBuffer>[] = [];
    let bytes = 0;
    for await (const part of body) {
      this.#aborter.signal.throwIfAborted();
      parts.push(part as Uint8Array<ArrayBuffer>);
      bytes += part.length;
      if (bytes < GATHERED_PIECE_BYTES) continue;
      gathered = new Blob([gathered, ...parts]);
      parts = [];
      bytes = 0;
    }
    return new Blob([gathered, ...parts]);
  }

  #responseOf(response: Response): TransportResponse {
    return {
      status: response.status,
      contentType: (response.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '',
      // A browser shows the page that there is a redirect, and not where it leads.
      location: response.headers.get('location'),
      bytes: async (maxBytes) => this.#readAll(response, maxBytes),
      chunks: () => this.#chunks(response),
    };
  }

  async #readAll(response: Response, maxBytes: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of this.#chunks(response)) {
      size += part.length;
      if (size > maxBytes) throw tooLong(this.#address, maxBytes);
      parts.push(part);
    }
    const whole = new Uint8Array(size);
    let offset = 0;
    for (const part of parts) {
      whole.set(part, offset);
      offset += part.length;
    }
    return whole;
  }

  /** By reader, since not every browser can iterate over a stream. */
  async *#chunks(response: Response): AsyncGenerator<Uint8Array> {
    const reader = response.body?.getReader();
    if (reader === undefined) {
      this.#stopWaiting();
      return;
    }
    let ended = false;
    try {
      for (;;) {
        this.#wait();
        const next = await reader.read();
        this.#stopWaiting();
        if (next.done) {
          ended = true;
          return;
        }
        yield next.value;
      }
    } catch (error) {
      throw this.#explain(error, (cause) => brokenOff(this.#address, cause));
    } finally {
      this.#stopWaiting();
      if (!ended) await reader.cancel().catch(() => undefined);
    }
  }

  #wait(): void {
    this.#stopWaiting();
    this.#timer = setTimeout(() => {
      this.#aborter.abort(idleTimedOut(this.#address, this.#idleTimeoutMs));
    }, this.#idleTimeoutMs);
  }

  #stopWaiting(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #explain(error: unknown, fault: (cause: unknown) => unknown): unknown {
    if (this.#aborter.signal.aborted) return this.#aborter.signal.reason;
    return isAppError(error) ? error : fault(error);
  }
}

/** Parts are handed to the browser in pieces of this size, so that they do not pile up in this page's memory. */
const GATHERED_PIECE_BYTES = 8 * 1_048_576;

/** Outside of browsers the reason stands one level deeper; in them there is none to see. */
function networkCause(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}
