// Sends a gathered upload by XMLHttpRequest: the only thing in browsers that tells how much of a body has gone out. Answers of uploads are
// short, so it reads them whole.
import { brokenOff, idleTimedOut, unreachable } from './unreachable.ts';
import type { SentBytes, TransportResponse } from './transport.ts';

export type XhrUpload = {
  method: string;
  url: string;
  headers: Readonly<Record<string, string>>;
  body: Blob;
  signal: AbortSignal;
  /** The server, for what errors say. */
  address: string;
  /** How long nothing may happen, in milliseconds. */
  idleTimeoutMs: number;
  onSent: (sent: SentBytes) => void;
};

/** What is used of XMLHttpRequest (xhr.spec.whatwg.org); this package is checked without the types of browsers. */
type Xhr = {
  readonly upload: { onprogress: ((event: { loaded: number; total: number }) => void) | null };
  onload: (() => void) | null;
  onerror: (() => void) | null;
  onprogress: (() => void) | null;
  responseType: string;
  readonly response: unknown;
  readonly responseURL: string;
  readonly status: number;
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  getResponseHeader(name: string): string | null;
  send(body: Blob): void;
  abort(): void;
};

/** null: outside of browsers. */
export function newXhr(): Xhr | null {
  const { XMLHttpRequest: Constructor } = globalThis as { XMLHttpRequest?: new () => Xhr };
  return Constructor === undefined ? null : new Constructor();
}

/** @throws {unreachable} and the reason of the signal */
export async function sendByXhr(xhr: Xhr, upload: XhrUpload): Promise<TransportResponse> {
  const { signal, address, idleTimeoutMs, onSent, url } = upload;
  const { promise, resolve, reject } = Promise.withResolvers<TransportResponse>();
  const giveUp = (reason: unknown): void => {
    xhr.abort();
    reject(reason);
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => giveUp(idleTimedOut(address, idleTimeoutMs)), idleTimeoutMs);
  };
  const onAbort = (): void => giveUp(signal.reason);
  xhr.open(upload.method, url);
  xhr.responseType = 'arraybuffer';
  for (const [name, value] of Object.entries(upload.headers)) xhr.setRequestHeader(name, value);
  xhr.upload.onprogress = ({ loaded, total }) => {
    wait();
    onSent({ bytes: loaded, totalBytes: total });
  };
  xhr.onprogress = wait;
  xhr.onload = () => {
    // It follows redirects by itself, and must not be believed to have come from the server then.
    if (new URL(xhr.responseURL).href === new URL(url).href) resolve(responseOf(xhr, address));
    else reject(brokenOff(address, null));
  };
  xhr.onerror = () => reject(unreachable(address, { cause: null, reusedConnection: false }));
  signal.addEventListener('abort', onAbort, { once: true });
  wait();
  xhr.send(upload.body);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

function responseOf(xhr: Xhr, address: string): TransportResponse {
  const bytes = new Uint8Array(xhr.response as ArrayBuffer);
  return {
    status: xhr.status,
    contentType: (xhr.getResponseHeader('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '',
    location: null,
    bytes: async (maxBytes) => {
      if (bytes.length > maxBytes) throw brokenOff(address, null);
      return bytes;
    },
    chunks: async function* () {
      yield bytes;
    },
  };
}
