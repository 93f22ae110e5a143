// Feeds one sink from the trail: from where it had got to, in order, at least once. The trail itself is what waits, so a sink that is down
// costs nothing but being behind; a request never waits for it.
import { randomInt } from 'node:crypto';
import type { Logger } from 'pino';
import type { AuditStatus } from '@sallyport/protocol';
import type { AuditChainHead } from '@sallyport/protocol/audit';
import type { Clock } from '../clock.ts';
import type { Store } from '../storage/store.ts';
import type { AuditSink, SinkItem } from './audit-sink.ts';
import type { SinkPosition } from './sink-position-store.ts';

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
const ERROR_MAX_CHARACTERS = 300;

export type SinkFeedOptions = {
  name: string;
  sink: AuditSink;
  /** How many records it may be behind before it skips forward. */
  capRecords: number;
};

type Ends = { head: AuditChainHead; floor: AuditChainHead };
type Delivery = { items: SinkItem[]; position: SinkPosition };

export class SinkFeed {
  readonly #options: SinkFeedOptions;
  readonly #services: { store: Store; clock: Clock; logger: Logger };
  readonly #stopping = new AbortController();
  #position: SinkPosition | null = null;
  #head = 0;
  #running: Promise<void> | null = null;
  #wakeFromPause: () => void = () => undefined;
  #failures = 0;
  #deliveredAtMs: number | null = null;
  #lastError: { message: string; atMs: number } | null = null;

  constructor(options: SinkFeedOptions, services: { store: Store; clock: Clock; logger: Logger }) {
    this.#options = options;
    this.#services = services;
  }

  /** To be called when the trail may have grown. Returns at once. */
  wake(head: AuditChainHead): void {
    this.#head = Math.max(this.#head, head.sequence);
    if (this.#stopping.signal.aborted || this.#position?.delivered === this.#head) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
  }

  get status(): AuditStatus['sinks'][number] {
    const { name, sink } = this.#options;
    const { delivered, dropped } = this.#position ?? { delivered: 0, dropped: 0 };
    return {
      name,
      kind: sink.kind,
      deliveredSequence: delivered,
      lagRecords: Math.max(0, this.#head - delivered),
      deliveredAtMs: this.#deliveredAtMs,
      lastError: this.#lastError,
      droppedRecords: dropped,
    };
  }

  /** Gives up what is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the server stops'));
    this.#wakeFromPause();
    await this.#running;
    await this.#options.sink.close();
  }

  /** Until the sink has everything. Never throws: what goes wrong is tried again after a pause. */
  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const next = await this.#next();
        if (next === null) return;
        await this.#options.sink.deliver(next.items, signal);
        await this.#save(next.position);
        this.#succeeded(next.items);
      } catch (thrown) {
        if (signal.aborted) return;
        this.#failed(thrown);
        await this.#pause();
      }
    }
  }

  /** What to deliver next, and where the sink stands afterwards; null: it has everything. */
  async #next(): Promise<Delivery | null> {
    const { store } = this.#services;
    const { name, sink, capRecords } = this.#options;
    return store.read(async ({ audit, auditSinks }) => {
      const ends = await audit.ends();
      // A new sink begins with the oldest record that there is.
      this.#position ??= (await auditSinks.get(name)) ?? { delivered: ends.floor.sequence, dropped: 0 };
      this.#head = ends.head.sequence;
      const position = { ...this.#position };
      const gap = this.#gapAfter(position.delivered, ends, capRecords);
      const start = gap === null ? position.delivered : gap.to;
      const records = await audit.after(start, sink.batchMax - 1);
      if (gap === null && records.length === 0) return null;
      position.delivered = records.at(-1)?.sequence ?? start;
      if (gap !== null) position.dropped += gap.to - gap.from + 1;
      const items = records.map((record): SinkItem => ({ type: 'record', record }));
      return { items: gap === null ? items : [gap, ...items], position };
    });
  }

  #gapAfter(
    delivered: number,
    { head, floor }: Ends,
    capRecords: number,
  ): Extract<SinkItem, { type: 'gap' }> | null {
    const from = delivered + 1;
    const atMs = this.#services.clock.nowMs();
    const skipTo = head.sequence - capRecords;
    if (skipTo > delivered) {
      return { type: 'gap', from, to: Math.max(skipTo, floor.sequence), reason: 'too-far-behind', atMs };
    }
    if (floor.sequence <= delivered) return null;
    return { type: 'gap', from, to: floor.sequence, reason: 'removed', atMs };
  }

  async #save(position: SinkPosition): Promise<void> {
    await this.#services.store.write(async ({ auditSinks }) => auditSinks.set(this.#options.name, position));
    this.#position = position;
  }

  #succeeded(items: readonly SinkItem[]): void {
    const { clock, logger } = this.#services;
    const sink = this.#options.name;
    if (this.#failures > 0) logger.info({ sink }, 'the audit sink takes records again');
    this.#failures = 0;
    this.#lastError = null;
    this.#deliveredAtMs = clock.nowMs();
    for (const item of items) {
      if (item.type !== 'gap') continue;
      const { from, to, reason } = item;
      logger.error({ sink, from, to, reason }, 'the audit sink has missed records, and was told so');
    }
  }

  #failed(thrown: unknown): void {
    const { clock, logger } = this.#services;
    const message = wordsOf(thrown).slice(0, ERROR_MAX_CHARACTERS);
    if (this.#failures === 0)
      logger.error({ sink: this.#options.name, reason: message }, 'the audit sink does not take records');
    this.#failures += 1;
    this.#lastError = { message, atMs: clock.nowMs() };
  }

  /** Twice as long each time, by up to a half shorter, so that many servers do not come back at the same moment. */
  async #pause(): Promise<void> {
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.#failures - 1, 10));
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wakeFromPause = resolve;
    const cancel = this.#services.clock.after(longest / 2 + randomInt(longest / 2), resolve);
    await promise;
    cancel();
  }
}

/** What went wrong in words; `fetch` hides the reason one level deeper. */
function wordsOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const cause = thrown.cause instanceof Error ? `: ${thrown.cause.message}` : '';
  return `${thrown.message}${cause}`;
}
