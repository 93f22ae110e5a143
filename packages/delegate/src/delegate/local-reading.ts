// Everything about reads of programs beside the delegate, put together: endpoint, decisions, what is kept, and the journal. The delegate
// leads what arrives on its connection here.
import type { SecretsManagerId } from '@sallyport/core';
import type { DelegateMessage } from '@sallyport/protocol';
import { localTlsOf } from '../config/delegate-config.ts';
import type { DelegateConfig } from '../config/delegate-config.ts';
import type { WorkMessage } from '../connection/link.ts';
import type { DataFolder } from '../data-folder/data-folder.ts';
import type { Identity } from '../identity/identity.ts';
import { Journal } from '../journal/journal.ts';
import type { ConfiguredManager } from '../key-providers/configured-managers.ts';
import { LocalEndpoint } from '../local-endpoint/local-endpoint.ts';
import { Confirmations } from '../local-reads/confirmations.ts';
import { GrantBook } from '../local-reads/grant-book.ts';
import { KeyGate } from '../local-reads/key-gate.ts';
import { LocalReads } from '../local-reads/local-reads.ts';
import { OfflineStore } from '../local-reads/offline-store.ts';
import { ServerAsks } from '../local-reads/server-asks.ts';
import { ServerGrantKey } from '../local-reads/server-grant-key.ts';
import { faultOf } from '../log/logger.ts';
import type { Logger } from '../log/logger.ts';
import type { TaskServices } from '../tasks/task-services.ts';
import type { Time } from '../time/time.ts';

export type LocalReadingOptions = {
  config: DelegateConfig;
  folder: DataFolder;
  identity: Identity;
  services: TaskServices;
  time: Time;
  logger: Logger;
  /** Origin of the server's address, for people. */
  server: string;
};

/** The server's greeting, as far as it matters here. */
export type Welcome = { accountId: string; grantKey: string };
type LocalMessage = Extract<WorkMessage, { type: 'local-read-answer' | 'local-uses-seen' | 'recheck' }>;

/** How long a stop waits for the server to record the last uses. A folder that ends with its pod would take them along. */
const DELIVER_MAX_MS = 5000;

export class LocalReading {
  readonly #options: LocalReadingOptions;
  readonly #book: GrantBook;
  readonly #offline: OfflineStore;
  readonly #grantKey: ServerGrantKey;
  readonly #journal: Journal;
  readonly #asks: ServerAsks;
  readonly #confirmations: Confirmations;
  readonly #reads: LocalReads;
  #endpoint: LocalEndpoint | null = null;
  #remembering: Promise<void> = Promise.resolve();

  private constructor(
    options: LocalReadingOptions,
    kept: { offline: OfflineStore; grantKey: ServerGrantKey; journal: Journal },
  ) {
    const { config, identity, services, time } = options;
    this.#options = options;
    this.#offline = kept.offline;
    this.#grantKey = kept.grantKey;
    this.#journal = kept.journal;
    this.#book = new GrantBook({ maxEntries: config.localMaxGrants });
    this.#asks = new ServerAsks(time);
    const gate = new KeyGate(time);
    const asks = this.#asks;
    this.#confirmations = new Confirmations({
      ...kept,
      asks,
      book: this.#book,
      gate,
      managers: services.managers,
      opening: services,
      delegate: identity.fingerprint,
      time,
    });
    const { journal } = kept;
    this.#reads = new LocalReads({ confirmations: this.#confirmations, asks, gate, journal, time });
  }

  /** Reads what earlier processes have left in the data folder. @throws {config-invalid} when that is damaged or not private */
  static async open(options: LocalReadingOptions): Promise<LocalReading> {
    const { config, folder, services, time, logger, server } = options;
    const grantKey = await ServerGrantKey.load({ path: folder.pathOf('server-grant-key.json'), server });
    const maxEntries = config.localMaxOffline;
    const offline = await OfflineStore.open({ path: folder.pathOf('offline'), maxEntries, time, logger });
    const maxBytes = config.localJournalMaxBytes;
    const journal = await Journal.open({ path: folder.pathOf('uses.journal'), maxBytes, time, logger });
    // Until the server sends them again, or others.
    for (const manager of offline.managers) services.managers.configure(manager);
    return new LocalReading(options, { offline, grantKey, journal });
  }

  /** Where programs reach it, as they write it. */
  get addresses(): readonly string[] {
    return this.#endpoint?.addresses ?? [];
  }

  /** Opens the endpoint; before the server is there, so that a restart without it works. @throws {config-invalid} */
  async listen(): Promise<void> {
    const { config, services, time, logger } = this.#options;
    if (config.localListen.length === 0) return;
    const options = {
      listen: config.localListen,
      hosts: config.localHosts,
      tls: localTlsOf(config),
      maxConnections: config.localMaxConnections,
      logger,
    };
    this.#endpoint = await LocalEndpoint.start(options, {
      reads: this.#reads,
      health: () => this.#health(),
      time,
      toError: services.toError,
    });
    logger.info({ addresses: this.addresses }, 'programs may read here');
  }

  /** The server has welcomed this delegate. */
  welcomed(welcome: Welcome, send: (message: DelegateMessage) => void): void {
    const { logger } = this.#options;
    this.#confirmations.recheck();
    this.#remembering = this.#grantKey.met(welcome).catch((thrown: unknown) => {
      logger.error(
        faultOf(thrown),
        "the server's key for grants cannot be remembered; nothing outlives a restart",
      );
    });
    const { problem } = this.#grantKey;
    if (problem === null) {
      this.#journal.connected(send);
      this.#asks.connected(send);
      return;
    }
    const { hint } = problem.data;
    logger.error({ reason: problem.publicMessage, hint }, 'grants of this server are not believed');
    this.#asks.disconnected(problem.publicMessage, hint);
  }

  disconnected(why: string): void {
    this.#asks.disconnected(why);
    this.#confirmations.recheck();
    this.#journal.disconnected();
  }

  received(message: LocalMessage): void {
    switch (message.type) {
      case 'recheck':
        return this.#confirmations.recheck();
      case 'local-read-answer':
        return this.#asks.answered(message);
      case 'local-uses-seen':
        this.#journal.seen(message).catch((thrown: unknown) => {
          this.#options.logger.error(
            faultOf(thrown),
            'what the server has recorded cannot be written down; it will be told again',
          );
        });
    }
  }

  configured(manager: ConfiguredManager): void {
    this.#report(this.#offline.configured(manager));
  }

  forgotten(secretsManagerId: SecretsManagerId): void {
    this.#book.forgetManager(secretsManagerId);
    this.#report(this.#offline.forgetManager(secretsManagerId));
  }

  /** This delegate is no longer admitted: nothing that was granted to it is served. */
  expelled(): void {
    this.#book.forgetAll();
    this.#report(this.#offline.forgetAll());
  }

  /** Takes no more reads; finishes those under way, and tells the server of the last ones. */
  async drain(): Promise<void> {
    await this.#endpoint?.close();
    this.#endpoint = null;
    await this.#journal.deliver(DELIVER_MAX_MS);
  }

  async close(): Promise<void> {
    // Reads that wait for the server get their answer now.
    this.#asks.disconnected('this delegate is stopping');
    await this.#endpoint?.close();
    this.#endpoint = null;
    await this.#journal.close();
    await Promise.all([this.#offline.settled(), this.#remembering]);
  }

  #health(): { server: 'connected' | 'away'; awaySinceMs: number | null; journal: Journal['condition'] } {
    const { absence } = this.#asks;
    return {
      server: absence === null ? 'connected' : 'away',
      awaySinceMs: absence?.sinceMs ?? null,
      journal: this.#journal.condition,
    };
  }

  #report(work: Promise<void>): void {
    work.catch((thrown: unknown) => {
      this.#options.logger.error(faultOf(thrown), 'the folder of offline secrets cannot be changed');
    });
  }
}
