// Everything that goes on around the audit trail while the server runs: checkpoints, sinks, index, retention. Put together and started
// here; records themselves are written by whoever changes something.
import type { Logger } from 'pino';
import type { AuditStatus } from '@sallyport/protocol';
import { openSinks } from '../audit-sinks/open-sinks.ts';
import type { SinkFeed } from '../audit-sinks/sink-feed.ts';
import type { BackgroundWork } from '../background-work.ts';
import type { Clock } from '../clock.ts';
import type { ServerConfig } from '../config/server-config.ts';
import type { Dispatcher } from '../fleet/dispatcher.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { Store } from '../storage/store.ts';
import { openAccountId } from './account-id.ts';
import { Checkpointer } from './checkpointer.ts';
import { viewSigners } from './view-signers.ts';
import { Retention } from './retention.ts';
import { TrailIndex } from './trail-index.ts';
import { TrailWatch } from './trail-watch.ts';

export type AuditTrailServices = {
  config: ServerConfig;
  store: Store;
  clock: Clock;
  background: BackgroundWork;
  fleet: Fleet;
  dispatcher: Dispatcher;
  metrics: Metrics;
  logger: Logger;
};

export class AuditTrail {
  readonly accountId: string;
  readonly checkpointer: Checkpointer;
  readonly #services: AuditTrailServices;
  readonly #sinks: readonly SinkFeed[];
  readonly #retention: Retention;
  readonly #index: TrailIndex;
  readonly #watch: TrailWatch;
  #records = 0;

  private constructor(services: AuditTrailServices, accountId: string) {
    const { config, metrics } = services;
    const all = { ...services, accountId };
    this.#services = services;
    this.accountId = accountId;
    this.checkpointer = new Checkpointer(all, {
      records: config.auditCheckpointRecords,
      seconds: config.auditCheckpointSeconds,
    });
    this.#sinks = openSinks(config.auditSinks, all);
    this.#retention = new Retention(all, config.auditRetentionDays);
    this.#index = new TrailIndex(services);
    this.#watch = new TrailWatch(
      [
        (head) => {
          this.#records = head.sequence;
        },
        (head) => {
          this.checkpointer.follow(head);
        },
        (head) => {
          this.#index.follow(head);
        },
        (head) => {
          for (const sink of this.#sinks) sink.wake(head);
        },
      ],
      services,
    );
    metrics.measureAudit(() => ({
      records: this.#records,
      checkpointAgeSeconds: this.#ageSeconds(this.checkpointer.newestAtMs),
      sinks: this.#sinks.map(({ status }) => status),
    }));
  }

  /** @throws {config-invalid} when a file that a sink needs cannot be used */
  static async open(services: AuditTrailServices): Promise<AuditTrail> {
    const trail = new AuditTrail(services, await openAccountId(services.store));
    await trail.checkpointer.open();
    return trail;
  }

  start(): void {
    this.#watch.start();
    this.#retention.start();
  }

  /** Ends all of it; what sinks have not taken waits for the next start. */
  async stop(): Promise<void> {
    this.#watch.stop();
    this.#index.stop();
    this.#retention.stop();
    await Promise.all(this.#sinks.map((sink) => sink.stop()));
  }

  async status(): Promise<AuditStatus> {
    const { store, config, clock, fleet } = this.#services;
    const { ends, registered, newest } = await store.read(async ({ audit, auditCheckpoints, delegates }) => ({
      ends: await audit.ends(),
      registered: await delegates.list(),
      newest: await auditCheckpoints.newestOfEach(),
    }));
    const signers = viewSigners(registered, newest, {
      nowMs: clock.nowMs(),
      isConnected: (id) => fleet.delegates.get(id) !== null,
      refusalOf: (id) => this.checkpointer.refusalOf(id),
    });
    return {
      accountId: this.accountId,
      ...ends,
      retentionDays: config.auditRetentionDays,
      signers,
      refusals: this.checkpointer.refusalCount,
      sinks: this.#sinks.map(({ status }) => status),
    };
  }

  #ageSeconds(atMs: number | null): number | null {
    if (atMs === null) return null;
    return Math.max(0, Math.round((this.#services.clock.nowMs() - atMs) / 1000));
  }
}
