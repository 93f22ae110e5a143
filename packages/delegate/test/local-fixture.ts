// A delegate with a local endpoint, and a scripted server that decides local reads: what it grants, how long it takes, and which uses it
// was told of. Programs are played by node:http.
import { hash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, RequestOptions } from 'node:http';
import type { LocalGrant, LocalRead, LocalReadItem, LocalUse, WireError } from '@sallyport/protocol';
import { callerHashOf, signLocalGrant } from '@sallyport/protocol/local-grants';
import { startDelegate, parseDelegateConfig } from '../src/index.ts';
import type { DelegateConfigInput, RunningDelegate } from '../src/index.ts';
import { builtInAccess, DelegateFixture, newId } from './delegate-fixture.ts';
import type { FixtureOptions, StoredVersion } from './delegate-fixture.ts';
import { ACCOUNT_ID, GRANTS, refusalOf } from './scripted-server.ts';
import type { ScriptedConnection } from './scripted-server.ts';

export type Availability = LocalGrant['availability'];
/** An API key that the server takes. */
export const GOOD_KEY = 'sk-good';

type Secret = { stored: StoredVersion; availability: Availability };
export type Answer = { status: number; headers: IncomingHttpHeaders; bytes: Buffer; json: AnswerJson };
type AnswerJson = {
  value?: string;
  from?: string;
  encoding?: string;
  items?: { reference: string; value?: string; error?: WireError }[];
  error?: WireError;
} & Record<string, unknown>;

/** What the server makes of local reads. */
export class LocalServer {
  readonly secrets = new Map<string, Secret>();
  readonly keys = new Set([GOOD_KEY]);
  /** Reads that came, in order. */
  readonly asked: LocalRead[] = [];
  /** Uses that were told, each once. */
  readonly uses: LocalUse[] = [];
  #lastSequence = 0;
  /** How it answers: as it should, not at all, or with this error. */
  answers: 'properly' | 'not' | WireError = 'properly';
  /** Whether it says that it has recorded uses. */
  recordsUses = true;
  /** Changes a grant before it is signed, as a server that errs or lies does. */
  twist: (grant: LocalGrant) => LocalGrant = (grant) => grant;
  readonly #fingerprint: string;
  #wake: (() => void)[] = [];

  constructor(fingerprint: string) {
    this.#fingerprint = fingerprint;
  }

  /** Serves one connection until it ends. */
  attend(connection: ScriptedConnection): void {
    void this.#attendReads(connection).catch(() => undefined);
    void this.#attendUses(connection).catch(() => undefined);
  }

  /** Reads that were told of or asked for: how often a reference was used. */
  timesUsed(reference: string): number {
    const told = this.uses.filter(
      (use) => (JSON.parse(use.grant.text) as LocalGrant).reference === reference,
    );
    const asked = this.asked.filter((read) => !read.renewal && read.items.includes(reference));
    return told.reduce((sum, use) => sum + (use.outcome === 'released' ? use.count : 0), 0) + asked.length;
  }

  /** Waits until what was asked or told makes `condition` true. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  /** The server's answer to a read. */
  itemFor(reference: string, token: string): LocalReadItem {
    const secret = this.secrets.get(reference);
    if (secret === undefined) return { outcome: 'refused', reference, error: refusalOf('not-found') };
    const { stored, availability } = secret;
    const issuedAtMs = Date.now();
    const ageMs = availability.mode === 'fresh' ? 0 : availability.maxAgeSeconds * 1000;
    const grant: LocalGrant = {
      format: 1,
      accountId: ACCOUNT_ID,
      delegate: this.#fingerprint,
      callerHash: callerHashOf(token),
      principal: { kind: 'api-key', id: 'key_1', name: 'app' },
      reference,
      secretId: stored.secretId,
      name: stored.name,
      kind: stored.kind,
      version: stored.version,
      secretsManagerId: stored.secretsManagerId,
      place: stored.place,
      availability,
      envelopeHash: hash('sha256', Buffer.from(stored.envelope, 'base64'), 'base64url'),
      issuedAtMs,
      expiresAtMs: issuedAtMs + ageMs,
    };
    const signed = signLocalGrant(this.twist(grant), GRANTS.privateKey);
    return { outcome: 'granted', reference, grant: signed, envelope: stored.envelope };
  }

  async #attendReads(connection: ScriptedConnection): Promise<void> {
    for (;;) {
      const read = await connection.next('local-read');
      this.asked.push(read);
      this.#notify();
      if (this.answers === 'not') continue;
      const { readId, callerToken } = read;
      const whole = this.keys.has(callerToken) ? null : refusalOf('unauthenticated');
      const error = typeof this.answers === 'object' ? this.answers : whole;
      const outcome =
        error === null ? { items: read.items.map((item) => this.itemFor(item, callerToken)) } : { error };
      connection.send({ type: 'local-read-answer', readId, outcome });
    }
  }

  async #attendUses(connection: ScriptedConnection): Promise<void> {
    for (;;) {
      const { journal, sequence, uses } = await connection.next('local-uses');
      if (!this.recordsUses) continue;
      if (sequence > this.#lastSequence) this.uses.push(...uses);
      this.#lastSequence = Math.max(this.#lastSequence, sequence);
      connection.send({ type: 'local-uses-seen', journal, sequence });
      this.#notify();
    }
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** A delegate, its scripted server, and programs beside it. */
export class LocalFixture {
  readonly it: DelegateFixture;
  readonly server: LocalServer;
  delegate: RunningDelegate;
  readonly #config: Partial<DelegateConfigInput>;

  private constructor(it: DelegateFixture, config: Partial<DelegateConfigInput>) {
    this.it = it;
    this.delegate = it.delegate;
    this.server = new LocalServer(it.delegate.fingerprint);
    this.server.attend(it.connection);
    this.#config = config;
  }

  static async start(options: FixtureOptions = {}): Promise<LocalFixture> {
    const config = { localListen: ['127.0.0.1:0'], ...options.config };
    const it = await DelegateFixture.start({ ...options, config });
    return new LocalFixture(it, config);
  }

  /** Stores a value that the server grants as `reference`. */
  async store(reference: string, value: string | Uint8Array, availability: Availability): Promise<void> {
    const name = reference.split('@')[0] ?? reference;
    const stored = await this.it.stored(value, this.it.target({ name }));
    this.server.secrets.set(reference, { stored, availability });
  }

  /** Stores a fresh value that the server grants at a place, by the names of its parts. */
  async storeAt(
    names: { application: string; environment: string },
    name: string,
    value: string,
  ): Promise<void> {
    const place = {
      application: { id: newId('application'), name: names.application },
      environment: { id: newId('environment'), name: names.environment, type: 'production' as const },
    };
    const reference = `sally://${names.application}/${names.environment}/${name}`;
    const stored = await this.it.stored(value, this.it.target({ name, place }), reference);
    this.server.secrets.set(reference, { stored, availability: { mode: 'fresh' } });
  }

  /** Reads as a program does. */
  async get(path: string, options: CallOptions = {}): Promise<Answer> {
    return call(this.delegate.localAddresses[0] ?? '', path, options);
  }

  async value(name: string): Promise<string | undefined> {
    return (await this.get(`/v1/secrets/${name}`)).json.value;
  }

  /** The next connection of the delegate, attended. */
  async reconnected(): Promise<ScriptedConnection> {
    const connection = await this.it.server.accept();
    await connection.identified;
    this.server.attend(connection);
    const { secretsManagerId } = this.it;
    connection.send({ type: 'configure', secretsManagerId, revision: 1, access: builtInAccess() });
    return connection;
  }

  /** Stops the delegate and starts it again in its folder, without waiting for a server. */
  async restart(options: { serverUrl?: string } = {}): Promise<void> {
    await this.delegate.close();
    const config = parseDelegateConfig({
      serverUrl: options.serverUrl ?? this.it.server.url,
      name: 'delegate-one',
      dataFolder: this.it.folder,
      logLevel: 'silent',
      ...this.#config,
    });
    this.delegate = await startDelegate(config);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.delegate.close();
    await this.it[Symbol.asyncDispose]();
  }
}

export type CallOptions = {
  method?: string;
  key?: string | null;
  headers?: Record<string, string>;
  body?: string;
  socketPath?: string;
  /** PEM; for https. */
  request?: (options: RequestOptions) => ReturnType<typeof httpRequest>;
};

/** One HTTP call. `key` null: shows none. */
export async function call(address: string, path: string, options: CallOptions = {}): Promise<Answer> {
  const { method = 'GET', key = GOOD_KEY, headers = {}, body, socketPath } = options;
  const url = socketPath === undefined ? new URL(address) : new URL('http://localhost');
  const settings: RequestOptions = {
    ...(socketPath === undefined
      ? { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port }
      : { socketPath }),
    path,
    method,
    agent: false,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      ...headers,
    },
  };
  return new Promise((resolve, reject) => {
    const outgoing = (options.request ?? httpRequest)(settings);
    outgoing.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const bytes = Buffer.concat(chunks);
        const isJson = response.headers['content-type']?.startsWith('application/json') === true;
        const json = (isJson ? JSON.parse(bytes.toString()) : {}) as AnswerJson;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, json });
      });
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
