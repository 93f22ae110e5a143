// Metrics in Prometheus' text format. Counts are kept in plain maps and handed to prom-client when somebody asks, since a label
// lookup on every request costs more than the request's own bookkeeping.
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { TaskKind } from '@sallyport/protocol';

/** The part that the dispatcher needs. */
export type TaskMetrics = {
  /** @param outcome `ok` or an error code */
  countTask(kind: TaskKind, outcome: string): void;
};

export class Metrics implements TaskMetrics {
  readonly #registry = new Registry();
  readonly #requests = new Map<string, number>();
  readonly #tasks = new Map<string, number>();

  constructor(sources: { delegatesConnected: () => number }) {
    collectDefaultMetrics({ register: this.#registry });
    this.#counter('sallyport_http_requests_total', 'Requests by operation and status.', {
      counts: this.#requests,
      labels: ['operation', 'status'],
    });
    this.#counter('sallyport_delegate_tasks_total', 'Tasks by kind and outcome (ok or an error code).', {
      counts: this.#tasks,
      labels: ['kind', 'outcome'],
    });
    const connected = new Gauge({
      name: 'sallyport_delegates_connected',
      help: 'Delegates connected to this process.',
      registers: [],
      collect() {
        this.set(sources.delegatesConnected());
      },
    });
    this.#registry.registerMetric(connected);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  countRequest(operation: string, status: number): void {
    increase(this.#requests, `${operation} ${status}`);
  }

  countTask(kind: TaskKind, outcome: string): void {
    increase(this.#tasks, `${kind} ${outcome}`);
  }

  async print(): Promise<string> {
    return this.#registry.metrics();
  }

  #counter(
    name: string,
    help: string,
    source: { counts: ReadonlyMap<string, number>; labels: readonly [string, string] },
  ): void {
    const { counts, labels } = source;
    const counter = new Counter({
      name,
      help,
      labelNames: [...labels],
      registers: [],
      collect() {
        this.reset();
        for (const [key, count] of counts) {
          const [first = '', second = ''] = key.split(' ');
          this.inc({ [labels[0]]: first, [labels[1]]: second }, count);
        }
      },
    });
    this.#registry.registerMetric(counter);
  }
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
