// One small HTTP request to a credentials endpoint near the host: instance metadata, or the container agent. With a time limit
// that really ends it, no proxy, no redirects. Not for KMS and STS.
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

const MAX_BYTES = 65_536;

export type MetadataRequest = {
  url: URL;
  method: 'GET' | 'PUT';
  headers: Readonly<Record<string, string>>;
  timeoutMs: number;
};

export type MetadataAnswer = { statusCode: number; body: string };

/**
 * Sends a request and reads the whole answer, whatever its status.
 * @throws the error of the connection, or a `TimeoutError`
 */
export async function requestMetadata(request: MetadataRequest): Promise<MetadataAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<MetadataAnswer>();
  const send = request.url.protocol === 'https:' ? requestHttps : requestHttp;
  const outgoing = send(request.url, {
    method: request.method,
    headers: request.headers,
    // A pooled connection would outlive the one request that is made every few hours.
    agent: false,
    signal: AbortSignal.timeout(request.timeoutMs),
  });
  outgoing.on('error', reject);
  outgoing.on('response', (incoming) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    incoming.on('error', reject);
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) incoming.destroy(new Error('the answer is too long'));
      else chunks.push(chunk);
    });
    incoming.on('end', () =>
      resolve({ statusCode: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
    );
  });
  outgoing.end();
  return promise;
}

/** Why a request did not get an answer, in a few words for a person. */
export function connectionProblem(thrown: unknown): string {
  const code = (thrown as { code?: unknown }).code;
  const name = thrown instanceof Error ? thrown.name : '';
  if (name === 'AbortError' || name === 'TimeoutError' || code === 'ETIMEDOUT') return 'no answer in time';
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'its name cannot be resolved';
  return typeof code === 'string' ? code : 'the connection failed';
}
