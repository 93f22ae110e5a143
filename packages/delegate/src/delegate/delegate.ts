// A delegate at work: leads what arrives on the connection to settings and tasks, publishes sealing keys, and stops in order.
import { hostname } from 'node:os';
import { AppError } from '@sallyport/core';
import type { DelegateId } from '@sallyport/core';
import { challengeBytes, DELEGATE_PROTOCOL_VERSION } from '@sallyport/protocol';
import type { DelegateMessage } from '@sallyport/protocol';
import type { DelegateConfig } from '../config/delegate-config.ts';
import type { Link, LinkEnd, WorkMessage } from '../connection/link.ts';
import type { ConnectionHandlers, ServerConnection } from '../connection/server-connection.ts';
import type { DataFolder } from '../data-folder/data-folder.ts';
import type { Identity } from '../identity/identity.ts';
import type { KeyProviderSources } from '../key-providers/configured-managers.ts';
import type { Logger } from '../log/logger.ts';
import type { ProfileBook } from '../start-profiles/profile-book.ts';
import type { TaskRunner } from '../tasks/task-runner.ts';
import type { TaskServices } from '../tasks/task-services.ts';
import manifest from '../../package.json' with { type: 'json' };
import type { LocalReading } from './local-reading.ts';
import type { DelegateState, RunningDelegate } from './running-delegate.ts';

/** What a delegate is made of; `start-delegate.ts` makes them. */
export type DelegateParts = {
  config: DelegateConfig;
  identity: Identity;
  services: TaskServices;
  runner: TaskRunner;
  local: LocalReading;
  sources: KeyProviderSources;
  folder: DataFolder;
  book: ProfileBook;
  logger: Logger;
};

/** Implements `RunningDelegate`. */
export class Delegate implements RunningDelegate {
  readonly fingerprint: string;
  readonly name: string;
  readonly connected: Promise<DelegateId>;
  readonly #parts: DelegateParts;
  readonly #connection: ServerConnection;
  readonly #welcome: PromiseWithResolvers<DelegateId>;
  readonly #listeners = new Set<(state: DelegateState) => void>();
  #draining: Promise<void> | null = null;
  #closing: Promise<void> | null = null;

  constructor(options: {
    parts: DelegateParts;
    connectionWith: (handlers: ConnectionHandlers) => ServerConnection;
  }) {
    this.#parts = options.parts;
    this.name = options.parts.config.name;
    this.fingerprint = options.parts.identity.fingerprint;
    this.#welcome = Promise.withResolvers<DelegateId>();
    this.connected = this.#welcome.promise;
    // Nobody has to wait for it.
    this.connected.catch(() => undefined);
    const { services, runner } = options.parts;
    this.#connection = options.connectionWith({
      identify: (challenge) => this.#identify(challenge),
      welcomed: (welcome, connection) => {
        options.parts.local.welcomed(welcome, (message) => connection.send(message));
        void this.#tellOfProfiles(connection);
      },
      message: (message, origin) => this.#received(message, origin),
      chunk: (frame, connection) => runner.chunkArrived(frame, connection),
      // Asking is what replaces a sealing key past half of its life; `publish` then tells the server.
      beat: () => void services.sessions.currentOffer(),
      load: () => ({ tasksInFlight: runner.inFlight, dataKeyCache: services.cache.state }),
      ended: (connection, end) => this.#connectionEnded(connection, end),
      stateChanged: () => this.#stateChanged(),
    });
  }

  /** Starts dialling. */
  start(): void {
    this.#connection.start();
  }

  /** Tells the server, if connected; otherwise the next hello will. */
  publish(message: Extract<DelegateMessage, { type: 'offer' }>): void {
    this.#connection.send(message);
  }

  get localAddresses(): readonly string[] {
    return this.#parts.local.addresses;
  }

  state(): DelegateState {
    const state = this.#connection.state;
    return this.#draining !== null && state.name !== 'stopped' ? { name: 'draining' } : state;
  }

  onState(listener: (state: DelegateState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async drain(): Promise<void> {
    if (this.#draining === null) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      this.#draining = promise;
      this.#drain().then(resolve, reject);
    }
    return this.#draining;
  }

  async close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #drain(): Promise<void> {
    const { runner, local, logger, config } = this.#parts;
    logger.info(
      { tasksInFlight: runner.inFlight },
      'delegate stops: no new tasks, finishing those under way',
    );
    this.#connection.send({ type: 'draining' });
    this.#stateChanged();
    await Promise.all([runner.drain(config.drainSeconds * 1000), local.drain()]);
    await this.close();
  }

  async #close(): Promise<void> {
    const { services, local, sources, folder, logger } = this.#parts;
    await local.close();
    // Ends the connection's tasks, and with them the processes of scripts.
    await this.#connection.stop();
    await services.scripts.settled();
    services.cache.flushAll();
    services.managers.forgetAll();
    for (const source of Object.values(sources)) source.close();
    await folder.release();
    const publicMessage = 'The delegate was stopped before it was connected.';
    this.#welcome.reject(new AppError('shutting-down', { publicMessage }));
    logger.info('delegate stopped');
  }

  #identify(challenge: Uint8Array): DelegateMessage {
    const { config, identity, services } = this.#parts;
    const { token } = config;
    const signed = challengeBytes({ challenge, identityKey: identity.publicKey, token });
    return {
      type: 'identify',
      protocolVersion: DELEGATE_PROTOCOL_VERSION,
      identityKey: identity.publicKey.toString('base64url'),
      name: config.name,
      hostName: hostname().slice(0, 256),
      version: manifest.version,
      selectors: config.selectors,
      kinds: services.guard.kinds,
      runsScripts: services.guard.runsScripts,
      token,
      offer: services.sessions.currentOffer(),
      signature: identity.sign(signed).toString('base64url'),
    };
  }

  /** Without it the server sends none. */
  async #tellOfProfiles(connection: Link): Promise<void> {
    const { book, logger } = this.#parts;
    try {
      connection.send({ type: 'begun-profiles', begun: await book.begun() });
    } catch (thrown) {
      const reason = thrown instanceof AppError ? thrown.publicMessage : 'a fault of the system';
      logger.error({ reason }, 'no start-up profiles are run');
    }
  }

  #received(message: WorkMessage, origin: { connection: Link; messageBytes: number }): void {
    const { services, runner, local, logger } = this.#parts;
    const { connection } = origin;
    switch (message.type) {
      case 'configure': {
        const { secretsManagerId, revision } = message;
        if (!services.managers.configure(message)) return;
        services.cache.flush(secretsManagerId);
        local.configured(message);
        logger.info({ secretsManagerId, revision, kind: message.access.settings.kind }, 'settings received');
        return;
      }
      case 'forget':
        services.managers.forget(message.secretsManagerId);
        services.cache.flush(message.secretsManagerId);
        local.forgotten(message.secretsManagerId);
        return;
      case 'task':
        return runner.accept(message.task, origin);
      case 'cancel':
        return runner.cancel(message.taskId, connection);
      case 'credit':
        return runner.credited(message, connection);
      case 'local-read-answer':
      case 'local-uses-seen':
      case 'recheck':
        return local.received(message);
    }
  }

  #connectionEnded(connection: Link, end: LinkEnd): void {
    const { services, runner, local } = this.#parts;
    const { refusal } = end;
    runner.abandon(connection);
    local.disconnected(refusal === null ? end.detail : refusal.message);
    if (refusal === null) return;
    if (refusal.code !== 'delegate-token-revoked' && refusal.code !== 'delegate-token-invalid') return;
    // No longer admitted: what was released to this delegate is given up.
    services.cache.flushAll();
    services.managers.forgetAll();
    local.expelled();
  }

  #stateChanged(): void {
    const state = this.state();
    if (state.name === 'connected') {
      this.#welcome.resolve(state.delegateId);
      this.#parts.logger.info({ delegateId: state.delegateId }, 'connected to the server');
    }
    for (const listener of this.#listeners) listener(state);
  }
}
