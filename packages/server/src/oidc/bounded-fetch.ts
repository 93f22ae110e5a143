// Requests from the server to an OpenID provider or token issuer. These are the only ones that the server makes by itself, to addresses
// that an administrator has set: no redirect is followed, no answer is waited for or read without end.

/** The largest document that is read: key sets and provider metadata have a few kilobytes. */
export const ANSWER_MAX_BYTES = 524_288;
const TIMEOUT_MS = 5000;

export type FetchOptions = {
  method?: string;
  headers?: NonNullable<RequestInit['headers']>;
  body?: RequestInit['body'];
  signal?: AbortSignal;
};

/**
 * As `fetch`, with the whole answer read. A redirect is returned as what it is.
 * @throws when there is no whole answer in time, or it is too large
 */
export async function boundedFetch(url: string | URL, options: FetchOptions = {}): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
  const response = await fetch(url, { ...options, redirect: 'manual', signal });
  const { status, statusText, headers } = response;
  const body = await readAll(response);
  // A response with these has no body, and cannot be made with one.
  const isBodiless = [101, 204, 205, 304].includes(status);
  return new Response(isBodiless ? null : body, { status, statusText, headers });
}

async function readAll(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > ANSWER_MAX_BYTES) throw new Error(`the answer has more than ${ANSWER_MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  const all = new Uint8Array(bytes);
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.length;
  }
  return all;
}
