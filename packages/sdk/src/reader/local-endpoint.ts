// A delegate's local endpoint as a source of secrets: for programs beside a delegate, which get values from it in clear over loopback or a
// Unix socket, also while the server is away. What it answers is believed as far as its form goes: whoever could forge it already reads
// what this program reads.
import { AppError, isErrorCode } from '@sallyport/core';
import type { SecretId, SecretKind } from '@sallyport/core';
import { Plaintext, TEXT_MAX_BYTES } from '@sallyport/core';
import { RESOLVE_MAX_ITEMS } from '@sallyport/protocol/client';
import { checkToken } from '../client/token-source.ts';
import { parseAddress } from '../http/address.ts';
import { nodeTransport } from '../http/node-transport.ts';
import type { Transport } from '../http/transport.ts';
import { notSallyport } from '../http/unreachable.ts';
import type { ReadOutcome } from '../secrets/resolve-secrets.ts';
import type { SecretsSource } from './secrets-source.ts';

export type LocalEndpointOptions = {
  /** `http://127.0.0.1:7271`, an https address, or `unix:/run/sallyport.sock`. */
  address: string;
  /** An API key; null for a Unix socket whose file permissions say who the caller is. */
  token: string | null;
  /** What the values are for; it goes into the audit trail. At most 200 characters. */
  purpose?: string;
  /** Certificates of authorities to trust instead of the system's, PEM. */
  caPem?: string;
  /** Time for a connection to come about, in milliseconds. Default 1,000. */
  connectTimeoutMs?: number;
  /** Time that nothing may happen on a connection in use, in milliseconds. Default 30,000. */
  idleTimeoutMs?: number;
};

type Json = Readonly<Record<string, unknown>>;

const UNIX = 'unix:';
/** A Unix socket has no host; this is what the request names. */
const HOST_OF_SOCKET = 'http://localhost';
/** Each value may take base64's third more, and some metadata. */
const ANSWER_MAX_BYTES = 64 * TEXT_MAX_BYTES;
const PATH = '/v1/resolve';

/** A delegate's local endpoint. @throws {config-invalid} when address, key or certificates cannot be used */
export function localEndpoint(options: LocalEndpointOptions): SecretsSource {
  const { address, token, purpose } = options;
  if (token !== null) checkToken(token);
  const socketPath = address.startsWith(UNIX) ? address.slice(UNIX.length) : null;
  const transport = nodeTransport({
    address: parseAddress(socketPath === null ? address : HOST_OF_SOCKET, { allowPlainHttp: false }),
    socketPath,
    caPem: options.caPem ?? null,
    connectTimeoutMs: options.connectTimeoutMs ?? 1000,
    idleTimeoutMs: options.idleTimeoutMs ?? 30_000,
  });
  return {
    read: async (references) => {
      const outcomes: ReadOutcome[] = [];
      for (let from = 0; from < references.length; from += RESOLVE_MAX_ITEMS) {
        const part = references.slice(from, from + RESOLVE_MAX_ITEMS);
        const body = { references: part, ...(purpose === undefined ? {} : { purpose }) };
        outcomes.push(...outcomesOf(await post(transport, { token, body }), part));
      }
      return outcomes;
    },
    close: () => transport.close(),
  };
}

async function post(
  transport: Transport,
  { token, body }: { token: string | null; body: Json },
): Promise<unknown> {
  const response = await transport.send({
    method: 'POST',
    path: PATH,
    headers: {
      accept: 'application/json',
      'content-type': 'application/json',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    body: new TextEncoder().encode(JSON.stringify(body)),
    signal: null,
  });
  const json = parseJson(await response.bytes(ANSWER_MAX_BYTES));
  if (response.status === 200) return json;
  throw errorOf(isObject(json) ? json['error'] : undefined) ?? notSallyport(transport.address, response);
}

function outcomesOf(answer: unknown, references: readonly string[]): ReadOutcome[] {
  const items = isObject(answer) && Array.isArray(answer['items']) ? (answer['items'] as unknown[]) : [];
  const outcomes = new Map<string, ReadOutcome>();
  for (const item of items) {
    const outcome = isObject(item) ? outcomeOf(item) : null;
    if (outcome !== null) outcomes.set(outcome.reference, outcome);
  }
  return references.map((reference) => outcomes.get(reference) ?? { reference, error: leftOut() });
}

/** null when it is of no form that is known. */
function outcomeOf(item: Json): ReadOutcome | null {
  const { reference, secretId, name, version, kind, value, encoding } = item;
  if (typeof reference !== 'string') return null;
  const error = errorOf(item['error']);
  if (error !== null) return { reference, error };
  if (typeof value !== 'string' || typeof name !== 'string' || typeof version !== 'number') return null;
  return {
    reference,
    secretId: secretId as SecretId,
    name,
    version,
    kind: kind as SecretKind,
    value: new Plaintext(encoding === 'base64' ? fromBase64(value) : new TextEncoder().encode(value)),
  };
}

/** null when it is no error of ours. */
function errorOf(error: unknown): AppError | null {
  if (!isObject(error)) return null;
  const { code, message, retryable, data } = error;
  if (typeof code !== 'string' || !isErrorCode(code) || typeof message !== 'string') return null;
  return new AppError(code, {
    publicMessage: message,
    ...(typeof retryable === 'boolean' ? { retryable } : {}),
    data: isObject(data) ? data : {},
  });
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** `undefined` when it is not JSON. */
function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function leftOut(): AppError {
  return new AppError('answer-mismatch', {
    publicMessage: 'The local endpoint left this secret out of its answer, without a reason.',
  });
}
