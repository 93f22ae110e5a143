// The client of a Sallyport server: wiring once, then one method per thing an application does. What a method does is in secrets/
// and http/; this file only puts the parts together.
import { AppError } from '@sallyport/core';
import type { EnvelopeAddress, SecretDetail, SecretListing, SecretMetadata } from '@sallyport/protocol';
import type { Sealing } from '../delegates/sealing.ts';
import { SessionPool } from '../delegates/session-pool.ts';
import { downloadEnvelopes } from '../envelopes/download-envelopes.ts';
import type { EnvelopeDownload } from '../envelopes/download-envelopes.ts';
import { callerOver, headersWith } from '../http/call.ts';
import type { Call, CallInput } from '../http/call.ts';
import type { RouteTable } from '../http/read-answer.ts';
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
import { usableSecrets } from '../secrets/usable-secrets.ts';
import type { UsableQuery, UsableSecrets } from '../secrets/usable-secrets.ts';
import { checkStrict } from './check-strict.ts';
import { checkToken, renewing } from './token-source.ts';
import type { TokenSource } from './token-source.ts';
import type { Wiring } from './wiring.ts';

export type ClientOptions = {
  /** Where the server is, e.g. `https://sallyport.example.com`. */
  address: string;
  /** An API key, or where to get one. null: only operations that anybody may call, such as signing in. */
  token: string | TokenSource | null;
  /** What requests are for, e.g. the id of a deployment; it goes into the audit trail. At most 200 characters. */
  purpose?: string;
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

/** What is changed of a secret; see the operation `editSecret`. */
export type SecretEdit = CallInput<'editSecret'>['body'];

/** Which secrets are listed; all that may be seen unless narrowed. */
export type ListOptions = Omit<NonNullable<CallInput<'listSecrets'>['query']>, 'limit' | 'cursor'> & {
  signal?: AbortSignal;
};

export type Client = {
  /** Address of the server in its normal form; what known delegates are remembered under. */
  readonly address: string;
  /**
   * The value of a secret as text. References are `name`, `name@3`, `sec_…` or `sec_…@3`, each also behind
   * `sally://application/environment/`, which says where it is used.
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
  /**
   * What can be read, without values, in one request: all that may be used at a place, or chosen references (at most 1,000). Reading the
   * values next asks for no delegates again.
   * @throws {not-found} when there is no such place
   */
  usable(query: UsableQuery, options?: ReadOptions): Promise<UsableSecrets>;
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
  list(options?: ListOptions): AsyncGenerator<SecretListing, void>;
  /** Metadata of one secret and its versions. */
  describe(secret: string): Promise<SecretDetail>;
  /**
   * Changes name, aliases, scope or availability.
   * @throws {confirmation-required} when somebody asks by a name that would be gone; `data.confirmationToken` confirms it
   */
  edit(secret: string, change: SecretEdit): Promise<SecretMetadata>;
  /**
   * Deletes a secret with all its versions.
   * @throws {in-use} {confirmation-required} with `data.confirmationToken`, when somebody would miss it
   */
  remove(secret: string, options?: { confirmationToken?: string; force?: boolean }): Promise<void>;
  /** Stored envelopes, at most 500 at a time, as a stream: ciphertext, for an export. Needs the right to administer. */
  envelopes(items: readonly EnvelopeAddress[]): AsyncGenerator<EnvelopeDownload, void>;
  /** Any other operation of the API, typed by the route table. */
  call: Call;
  /** Closes idle connections. The client can be used again. */
  close(): void;
};

/** What a client stands on: one adapter each for Node and for browsers. */
export type Ports = { transport: Transport; sealing: Sealing; routes: RouteTable };

/** A client over any transport and sealing. */
export function clientOver(ports: Ports, options: Omit<ClientOptions, 'address'>): Client {
  return clientOf(wire(ports, options));
}

/** A client over what it shares with further operations. */
export function clientOf(wiring: Wiring): Client {
  const { transport } = wiring;
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
    usable: (query, given) => usableSecrets(wiring, query, given?.signal ?? null),
    download,
    set: (name, value, given = {}) => {
      const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
      return writeSecret(wiring, { name, value: bytes }, given);
    },
    upload: (name, bytes, given = {}) => uploadSecret(wiring, { name, bytes }, given),
    list: (given = {}) => listSecrets(call, given),
    describe: (secret) => call('getSecret', { params: { secret } }),
    edit: (secret, change) => call('editSecret', { params: { secret }, body: change }),
    remove: async (secret, { confirmationToken, force = false } = {}) => {
      const query = {
        ...(confirmationToken === undefined ? {} : { confirm: confirmationToken }),
        ...(force ? { force: 'true' as const } : {}),
      };
      await call('deleteSecret', { params: { secret }, query });
    },
    envelopes: (items) => downloadEnvelopes(wiring, items),
    call,
    close: () => transport.close(),
  };
}

/** Puts together what the operations of a client share. */
export function wire({ transport, sealing, routes }: Ports, options: Omit<ClientOptions, 'address'>): Wiring {
  const { token, strict = false, knownDelegates } = options;
  if (typeof token === 'string') checkToken(token);
  checkStrict(options);
  const clock = Date.now;
  const pool = new SessionPool(sealing, {
    server: transport.address,
    known: knownDelegates ?? memoryKnownDelegates(),
    strict,
    onDelegateRemembered: options.onDelegateRemembered ?? (() => undefined),
    onDelegateRefused: options.onDelegateRefused ?? (() => undefined),
    clock,
  });
  const tokenNow = typeof token === 'function' ? renewing(token, clock) : () => Promise.resolve(token);
  const headers = headersWith({ tokenNow, purpose: options.purpose ?? null });
  return {
    transport,
    routes,
    headers,
    call: callerOver({ transport, routes }, headers),
    pool,
    readOffers: new RememberedReadOffers(clock),
    limits: {
      maxAttempts: options.maxAttempts ?? 5,
      deadlineMs: options.deadlineMs ?? 75_000,
      pauseMs: 200,
    },
    clock,
    random: (count) => sealing.random(count),
  };
}

async function* listSecrets(
  call: Call,
  { signal, ...chosen }: ListOptions,
): AsyncGenerator<SecretListing, void> {
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await call('listSecrets', {
      query: { ...chosen, limit: 500, ...(cursor === undefined ? {} : { cursor }) },
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
