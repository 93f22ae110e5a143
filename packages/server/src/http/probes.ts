// Paths outside the API, for whoever runs the server: liveness, readiness and metrics. No API key; nothing here names anything.
import type { Clock } from '../clock.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { Store } from '../storage/store.ts';
import { sendJson, sendText } from './answer.ts';
import type { AnswerTo } from './answer.ts';

export type ProbeServices = {
  store: Store;
  clock: Clock;
  metrics: Metrics;
  delegatesConnected: () => number;
};

/** A write to the database answers all probes of this time: whoever may ask must not be able to wear the disk. */
const READINESS_MAX_AGE_MS = 1000;

export class Probes {
  readonly #services: ProbeServices;
  #readiness: { atMs: number; isWritable: Promise<boolean> } | null = null;

  constructor(services: ProbeServices) {
    this.#services = services;
  }

  /** Answers a probe, and returns its status; null when the request is none. */
  async serve(path: string, to: AnswerTo): Promise<number | null> {
    if (to.request.method !== 'GET' && to.request.method !== 'HEAD') return null;
    switch (path) {
      case '/healthz':
        sendJson(to, 200, { status: 'up' });
        return 200;
      case '/readyz':
        return this.#sendReadiness(to);
      case '/metrics': {
        const { metrics } = this.#services;
        sendText(to, 200, { type: metrics.contentType, text: await metrics.print() });
        return 200;
      }
      default:
        return null;
    }
  }

  async #sendReadiness(to: AnswerTo): Promise<number> {
    const isWritable = await this.#isWritable();
    const status = isWritable ? 200 : 503;
    sendJson(to, status, {
      status: isWritable ? 'ready' : 'not-ready',
      storage: isWritable ? 'writable' : 'unavailable',
      delegatesConnected: this.#services.delegatesConnected(),
    });
    return status;
  }

  async #isWritable(): Promise<boolean> {
    const nowMs = this.#services.clock.nowMs();
    if (this.#readiness === null || nowMs - this.#readiness.atMs >= READINESS_MAX_AGE_MS) {
      this.#readiness = { atMs: nowMs, isWritable: this.#tryWrite(nowMs) };
    }
    return this.#readiness.isWritable;
  }

  async #tryWrite(nowMs: number): Promise<boolean> {
    try {
      await this.#services.store.write(async ({ settings }) => {
        await settings.set('last-readiness-check', String(nowMs));
      });
      return true;
    } catch {
      return false;
    }
  }
}
