// Metrics in Prometheus' text format. Counts are kept in plain maps and handed to prom-client when somebody asks, since a label
// lookup on every request costs more than the request's own bookkeeping.
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { TaskKind } from '@sallyport/protocol';

/** The part that the dispatcher needs. */
export type TaskMetrics = {
  /** @param outcome `ok` or an error code */
  countTask(kind: TaskKind, outcome: string): void;
};

/** The part that the audit trail needs. */
export type AuditMetrics = {
  countCheckpoint(outcome: 'signed' | 'refused' | 'failed'): void;
};

/** What is measured of the audit trail when somebody asks. */
export type AuditMeasures = {
  /** Sequence of the newest record that the server has seen. */
  records: number;
  /** null: no delegate has signed yet. */
  checkpointAgeSeconds: number | null;
  sinks: readonly { name: string; lagRecords: number; droppedRecords: number }[];
};

export class Metrics implements TaskMetrics, AuditMetrics {
  readonly #registry = new Registry();
  readonly #requests = new Map<string, number>();
  readonly #tasks = new Map<string, number>();
  readonly #checkpoints = new Map<string, number>();

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
    this.#counter('sallyport_audit_checkpoints_total', 'Checkpoints by outcome (signed, refused, failed).', {
      counts: this.#checkpoints,
      labels: ['outcome'],
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

  countCheckpoint(outcome: 'signed' | 'refused' | 'failed'): void {
    increase(this.#checkpoints, outcome);
  }

  /** Adds the audit trail's own measures; once. */
  measureAudit(measure: () => AuditMeasures): void {
    this.#gauge('sallyport_audit_records', 'Sequence of the newest audit record.', (gauge) => {
      gauge.set(measure().records);
    });
    this.#gauge('sallyport_audit_checkpoint_age_seconds', 'Age of the newest checkpoint.', (gauge) => {
      gauge.set(measure().checkpointAgeSeconds ?? NaN);
    });
    this.#gauge('sallyport_audit_sink_lag_records', 'Records that a sink is behind.', (gauge) => {
      for (const { name, lagRecords } of measure().sinks) gauge.set({ sink: name }, lagRecords);
    });
    this.#gauge(
      'sallyport_audit_sink_dropped_records',
      'Records that a sink has missed for good.',
      (gauge) => {
        for (const { name, droppedRecords } of measure().sinks) gauge.set({ sink: name }, droppedRecords);
      },
    );
  }

  async print(): Promise<string> {
    return this.#registry.metrics();
  }

  #gauge(name: string, help: string, measure: (gauge: Gauge) => void): void {
    const labelNames = name.startsWith('sallyport_audit_sink_') ? ['sink'] : [];
    const gauge = new Gauge({
      name,
      help,
      labelNames,
      registers: [],
      collect() {
        measure(this);
      },
    });
    this.#registry.registerMetric(gauge);
  }

  #counter(
    name: string,
    help: string,
    source: { counts: ReadonlyMap<string, number>; labels: readonly string[] },
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
          const values = key.split(' ');
          this.inc(Object.fromEntries(labels.map((label, index) => [label, values[index] ?? ''])), count);
        }
      },
    });
    this.#registry.registerMetric(counter);
  }
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
