// The port to HTTP: one request out, one answer in, with bodies that may be streams. The Node adapter is node-transport.ts; a
// browser build brings another one. It knows nothing of operations, schemas or sealing.
import type { HttpMethod } from '@sallyport/protocol';

/** How much of a body has gone out. `totalBytes`: of the whole body; null: not known beforehand. */
export type SentBytes = { bytes: number; totalBytes: number | null };

export type TransportRequest = {
  method: HttpMethod;
  /** Path and query below the server's address, beginning with `/`. */
  path: string;
  /** Header names in lower case. */
  headers: Readonly<Record<string, string>>;
  /** Whole, or as a stream that is read only as fast as the server takes it. */
  body: Uint8Array | AsyncIterable<Uint8Array> | null;
  /** Ends the request at whatever point it is. */
  signal: AbortSignal | null;
  /** Told how much of a stream has gone out, again and again. */
  onSent?: ((sent: SentBytes) => void) | undefined;
};

export type TransportResponse = {
  status: number;
  /** The `content-type` header without its parameters, in lower case; empty when there is none. */
  contentType: string;
  /** The `location` header; `null` when there is none. */
  location: string | null;
  /**
   * The whole body.
   * @throws {unreachable} when it is longer than `maxBytes` or breaks off
   */
  bytes(maxBytes: number): Promise<Uint8Array>;
  /** The body as it arrives, with backpressure. Ending the iteration early ends the request. */
  chunks(): AsyncIterable<Uint8Array>;
};

export type Transport = {
  /** The server, e.g. `https://sallyport.example.com`; what known delegates are remembered under. */
  readonly address: string;
  /**
   * Sends one request; resolves when the head of the answer is there, whatever its status.
   * @throws {unreachable} when no answer comes. `data.requestSent` is false when nothing of the request can have arrived.
   */
  send(request: TransportRequest): Promise<TransportResponse>;
  /** Closes idle connections. */
  close(): void;
};
