// The client of a Sallyport server: wiring once, then one method per thing an application does. What a method does is in secrets/
// and http/; this file only puts the parts together.
import { AppError } from '@sallyport/core';
import type { SecretDetail, SecretMetadata } from '@sallyport/protocol';
import { SessionPool } from '../delegates/session-pool.ts';
import { parseAddress } from '../http/address.ts';
import { callerOver, headersWith } from '../http/call.ts';
import type { Call } from '../http/call.ts';
import { nodeTransport } from '../http/node-transport.ts';
import type { Transport } from '../http/transport.ts';
import { memoryKnownDelegates } from '../known-delegates/known-delegates.ts';
import type { KnownDelegate, KnownDelegates } from '../known-delegates/known-delegates.ts';
import { downloadSecret } from '../secrets/download-secret.ts';
import type { SecretDownload } from '../secrets/download-secret.ts';
import { RememberedReadOffers } from '../secrets/read-offers.ts';
import { allOrNothing, oneOf } from '../secrets/read-outcome.ts';
import { resolveSecrets } from '../secrets/resolve-secrets.ts';
import type { ReadOutcome, ResolvedSecret } from '../secrets/resolve-secrets.ts';
import { uploadSecret } from '../secrets/upload-secret.ts';
import type { UploadBytes } from '../secrets/upload-source.ts';
import { writeSecret } from '../secrets/write-secret.ts';
import type { WriteOptions, WrittenVersion } from '../secrets/write-secret.ts';
import type { Wiring } from './wiring.ts';

export type ClientOptions = {
  /** Where the server is, e.g. `https://sallyport.example.com`. */
  address: string;
  /** An API key. */
  token: string;
  /** What is known of delegates; left out: whoever is met first is trusted for the life of the process. */
  knownDelegates?: KnownDelegates;
  /** Refuse delegates that are not known yet. Needs `knownDelegates`. Default false. */
  strict?: boolean;
  /** Certificates of authorities to trust instead of the system's, PEM. */
  caPem?: string;
  /** Permit plain http to a server beyond this machine: the API key then crosses the network in clear. Default false. */
  allowPlainHttp?: boolean;
  /** Told of each delegate that was met for the first time and remembered. */
  onDelegateRemembered?: (delegate: KnownDelegate) => void;
  /** Told of each offered delegate that is not sealed for while another one is, with the reason. */
  onDelegateRefused?: (error: AppError) => void;
  /** Attempts of one sealed call at different delegates, the first one included. Default 5. */
  maxAttempts?: number;
  /** Time for all attempts of one sealed call together, in milliseconds; streams only until they begin. Default 75,000: more than two task time-outs of a server with default settings. */
  deadlineMs?: number;
  /** Time for a connection to come about, in milliseconds. Default 5,000. */
  connectTimeoutMs?: number;
  /** Time that nothing may happen on a connection in use, in milliseconds. Default 120,000. */
  idleTimeoutMs?: number;
};

export type ReadOptions = {
  /** Ends the call. */
  signal?: AbortSignal | undefined;
};

export type Client = {
  /** Address of the server in its normal form; what known delegates are remembered under. */
  readonly address: string;
  /**
   * The value of a secret as text. References are `name`, `name@3`, `sec_…` or `sec_…@3`.
   * @throws {not-found} {kind-mismatch} when it is a file that is not text, and all that reading can fail with
   */
  get(reference: string, options?: ReadOptions): Promise<string>;
  /** The value of a secret, text or file, whole in memory. */
  getBytes(reference: string, options?: ReadOptions): Promise<Uint8Array>;
  /**
   * Many values of at most 1 MiB each, in the order asked for, in as few calls as possible. All or nothing.
   * @throws the error of the one that is missing, or an error with all of them in `data.failures`
   */
  resolve(references: readonly string[], options?: ReadOptions): Promise<ResolvedSecret[]>;
  /** As `resolve`, with an error in the place of each one that cannot be read. */
  resolveEach(references: readonly string[], options?: ReadOptions): Promise<ReadOutcome[]>;
  /** A value of any size as a stream. */
  download(reference: string, options?: ReadOptions): Promise<SecretDownload>;
  /**
   * Stores a new version of a text secret, or a new one. At most 1 MiB.
   * @throws {empty-value} {value-too-large} {kind-mismatch} {edit-conflict}, and all that writing can fail with
   */
  set(name: string, value: string | Uint8Array, options?: WriteOptions): Promise<WrittenVersion>;
  /** Stores a new version of a file secret, or a new one, as a stream. */
  upload(name: string, bytes: UploadBytes, options?: WriteOptions): Promise<WrittenVersion>;
  /** Metadata of all secrets by name, page after page. */
  list(options?: { search?: string; signal?: AbortSignal }): AsyncGenerator<SecretMetadata, void>;
  /** Metadata of one secret and its versions. */
  describe(secret: string): Promise<SecretDetail>;
  rename(secret: string, newName: string): Promise<SecretMetadata>;
  /** Deletes a secret with all its versions. */
  remove(secret: string): Promise<void>;
  /** Any other operation of the API, typed by the route table. */
  call: Call;
  /** Closes idle connections. The client can be used again. */
  close(): void;
};

/** A client for Node. @throws {config-invalid} when address, key or CA certificates cannot be used */
export function createClient(options: ClientOptions): Client {
  const transport = nodeTransport({
    address: parseAddress(options.address, { allowPlainHttp: options.allowPlainHttp ?? false }),
    caPem: options.caPem ?? null,
    connectTimeoutMs: options.connectTimeoutMs ?? 5000,
    idleTimeoutMs: options.idleTimeoutMs ?? 120_000,
  });
  return clientOver(transport, options);
}

/** A client over any transport. */
export function clientOver(transport: Transport, options: ClientOptions): Client {
  const wiring = wire(transport, options);
  const { call } = wiring;
  const read = (references: readonly string[], given: ReadOptions = {}): ReturnType<typeof resolveSecrets> =>
    resolveSecrets(wiring, references, given.signal ?? null);
  const download: Client['download'] = (reference, given) =>
    downloadSecret(wiring, reference, given?.signal ?? null);
  const getBytes: Client['getBytes'] = async (reference, given) => joined(await download(reference, given));
  return {
    address: transport.address,
    get: async (reference, given) => textOf(await getBytes(reference, given)),
    getBytes,
    resolve: async (references, given) => allOrNothing(references, await read(references, given)),
    resolveEach: async (references, given) => {
      const outcomes = await read(references, given);
      return references.map((reference) => oneOf(outcomes, reference));
    },
    download,
    set: (name, value, given = {}) => {
      const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
      return writeSecret(wiring, { name, value: bytes }, given);
    },
    upload: (name, bytes, given = {}) => uploadSecret(wiring, { name, bytes }, given),
    list: (given = {}) => listSecrets(call, given),
    describe: (secret) => call('getSecret', { params: { secret } }),
    rename: (secret, newName) => call('renameSecret', { params: { secret }, body: { name: newName } }),
    remove: async (secret) => {
      await call('deleteSecret', { params: { secret } });
    },
    call,
    close: () => transport.close(),
  };
}

function wire(transport: Transport, options: ClientOptions): Wiring {
  const { token, strict = false, knownDelegates } = options;
  if (!/^[\x21-\x7e]+$/.test(token)) {
    // What is wrong with it is not repeated: it is a key all the same.
    throw new AppError('config-invalid', {
      publicMessage: 'The API key is empty or has characters that no key has.',
    });
  }
  if (strict && knownDelegates === undefined) {
    throw new AppError('config-invalid', {
      publicMessage: 'Strict mode needs known delegates: without them, every delegate is unknown.',
    });
  }
  const clock = Date.now;
  const pool = new SessionPool({
    server: transport.address,
    known: knownDelegates ?? memoryKnownDelegates(),
    strict,
    onDelegateRemembered: options.onDelegateRemembered ?? (() => undefined),
    onDelegateRefused: options.onDelegateRefused ?? (() => undefined),
    clock,
  });
  return {
    transport,
    headers: headersWith(token),
    call: callerOver(transport, token),
    pool,
    readOffers: new RememberedReadOffers(clock),
    limits: {
      maxAttempts: options.maxAttempts ?? 5,
      deadlineMs: options.deadlineMs ?? 75_000,
      pauseMs: 200,
    },
    clock,
  };
}

async function* listSecrets(
  call: Call,
  { search, signal }: { search?: string; signal?: AbortSignal },
): AsyncGenerator<SecretMetadata, void> {
  const chosen = { ...(search === undefined ? {} : { search }), limit: 500 };
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await call('listSecrets', {
      query: { ...chosen, ...(cursor === undefined ? {} : { cursor }) },
      ...(signal === undefined ? {} : { signal }),
    });
    yield* page.secrets;
    cursor = page.nextCursor;
  }
}

async function joined(download: SecretDownload): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of download) {
    parts.push(part);
    size += part.length;
  }
  if (parts.length === 1 && parts[0] !== undefined) return parts[0];
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new AppError('kind-mismatch', { publicMessage: 'The value is not text. Read it as bytes.' });
  }
}
