// A delegate in this process, connected to a scripted server, and a client that seals for it. Built-in keys unless told otherwise.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { makeId } from '@sallyport/core';
import type { Id, IdKind, SecretsManagerId } from '@sallyport/core';
import type {
  SealedReadContent,
  SealedWriteContent,
  SecretsManagerAccess,
  TaskOf,
  WriteTarget,
} from '@sallyport/protocol';
import { ClientSession, encodeContent } from '@sallyport/protocol/sealing';
import type { SealedExchange } from '@sallyport/protocol/sealing';
import { parseDelegateConfig, startDelegate } from '../src/index.ts';
import type { DelegateConfigInput, DelegateDependencies, RunningDelegate } from '../src/index.ts';
import { ScriptedServer } from './scripted-server.ts';
import type { Identify, ScriptedConnection } from './scripted-server.ts';

export function newId<K extends IdKind>(kind: K): Id<K> {
  return makeId(kind, { nowMs: Date.now(), random: randomBytes(10) });
}

export async function makeFolder(): Promise<{ path: string; [Symbol.asyncDispose](): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'sallyport-delegate-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export function builtInAccess(
  changes: Partial<Extract<SecretsManagerAccess['settings'], { kind: 'built-in' }>> = {},
): SecretsManagerAccess {
  return {
    settings: {
      kind: 'built-in',
      selectors: [],
      context: {},
      dataKeyCache: { maxAgeSeconds: 300, maxUses: 100_000 },
      ...changes,
    },
    secretAccessKey: null,
  };
}

export type FixtureOptions = {
  config?: Partial<DelegateConfigInput>;
  dependencies?: DelegateDependencies;
  /** Settings of the secrets manager that is configured at once; null: none is. */
  access?: SecretsManagerAccess | null;
};

export class DelegateFixture {
  readonly server: ScriptedServer;
  readonly delegate: RunningDelegate;
  readonly connection: ScriptedConnection;
  readonly identify: Identify;
  readonly secretsManagerId: SecretsManagerId;
  readonly session: ClientSession;
  /** Lines that the delegate logged. */
  readonly log: Record<string, unknown>[];
  /** The data folder. */
  readonly folder: string;
  readonly #folder: { [Symbol.asyncDispose](): Promise<void> };

  private constructor(
    parts: Pick<
      DelegateFixture,
      'server' | 'delegate' | 'connection' | 'identify' | 'secretsManagerId' | 'log'
    > & {
      folder: { path: string; [Symbol.asyncDispose](): Promise<void> };
    },
  ) {
    this.server = parts.server;
    this.delegate = parts.delegate;
    this.connection = parts.connection;
    this.identify = parts.identify;
    this.secretsManagerId = parts.secretsManagerId;
    this.log = parts.log;
    this.folder = parts.folder.path;
    this.#folder = parts.folder;
    this.session = this.newSession();
  }

  static async start(options: FixtureOptions = {}): Promise<DelegateFixture> {
    const folder = await makeFolder();
    const server = await ScriptedServer.start();
    const { logger, log } = memoryLogger();
    const config = parseDelegateConfig({
      serverUrl: server.url,
      token: 'dtk-test-token',
      name: 'delegate-one',
      dataFolder: folder.path,
      ...options.config,
    });
    const delegate = await startDelegate(config, { logger, ...options.dependencies });
    const connection = await server.accept();
    const identify = await connection.identified;
    await delegate.connected;
    const secretsManagerId = newId('secretsManager');
    const access = options.access === undefined ? builtInAccess() : options.access;
    if (access !== null) connection.send({ type: 'configure', secretsManagerId, revision: 1, access });
    return new DelegateFixture({ server, delegate, connection, identify, secretsManagerId, log, folder });
  }

  /** A new session with the delegate, as a client opens it. */
  newSession(): ClientSession {
    const fingerprint = this.delegate.fingerprint;
    return ClientSession.open(this.identify.offer, { nowMs: Date.now(), fingerprint });
  }

  target(changes: Partial<WriteTarget> = {}): WriteTarget {
    const secretsManagerId = this.secretsManagerId;
    return {
      secretId: newId('secret'),
      name: 'db-password',
      kind: 'text',
      version: 1,
      secretsManagerId,
      place: null,
      ...changes,
    };
  }

  /** A write as client and server make it together; `changes` are what a lying server changes. */
  write(
    value: Uint8Array,
    options: { target?: WriteTarget; sealed?: Partial<SealedWriteContent>; values?: Uint8Array[] } = {},
  ): { task: TaskOf<'write'>; exchange: SealedExchange } {
    const target = options.target ?? this.target();
    const requestId = newId('request');
    const header: SealedWriteContent = {
      secret: target.name,
      kind: 'text',
      secretsManager: null,
      valueBytes: value.length,
      ...options.sealed,
    };
    const content = encodeContent(header, options.values ?? [value]);
    const exchange = this.session.sealRequest({ requestId, operation: 'write' }, content);
    const task: TaskOf<'write'> = {
      kind: 'write',
      taskId: newId('task'),
      timeoutMs: 10_000,
      requestId,
      request: { secret: header.secret, secretsManager: header.secretsManager },
      target,
      sealed: exchange.sealed,
    };
    return { task, exchange };
  }

  /** Writes a value and returns what a server would have stored. */
  async stored(
    value: string | Uint8Array,
    target: WriteTarget = this.target(),
    secret: string = target.name,
  ): Promise<StoredVersion> {
    const { task } = this.write(Buffer.from(value), { target, sealed: { secret } });
    const end = await this.connection.run(task);
    if (end.type !== 'result' || end.result.kind !== 'write') throw new Error(JSON.stringify(end));
    return { ...target, envelope: end.result.envelope };
  }

  /** A resolve as client and server make it together. `sealedItems`: what the client really asked for. */
  resolve(
    items: TaskOf<'resolve'>['items'],
    options: { sealedItems?: string[]; unresolved?: string[]; session?: ClientSession } = {},
  ): { task: TaskOf<'resolve'>; exchange: SealedExchange } {
    const unresolved = options.unresolved ?? [];
    const requestId = newId('request');
    const header: SealedReadContent = {
      items: options.sealedItems ?? [...items.map((item) => item.reference), ...unresolved],
    };
    const session = options.session ?? this.session;
    const exchange = session.sealRequest({ requestId, operation: 'resolve' }, encodeContent(header, []));
    const task: TaskOf<'resolve'> = {
      kind: 'resolve',
      taskId: newId('task'),
      timeoutMs: 10_000,
      requestId,
      items,
      unresolved,
      sealed: exchange.sealed,
    };
    return { task, exchange };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.delegate.close();
    await this.server.close();
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** A secret version as the server stores it. */
export type StoredVersion = WriteTarget & { envelope: string };

/** The item of a task for a stored version. */
export function itemOf(stored: StoredVersion, reference: string = stored.name): ResolveItem {
  return { ...stored, reference };
}
type ResolveItem = TaskOf<'resolve'>['items'][number];

export function memoryLogger(): { logger: Logger; log: Record<string, unknown>[] } {
  const log: Record<string, unknown>[] = [];
  const logger: Logger = pino(
    { level: 'debug', base: null },
    { write: (line: string) => log.push(JSON.parse(line) as Record<string, unknown>) },
  );
  return { logger, log };
}
