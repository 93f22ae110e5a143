// A program beside a delegate, as far as tests need one: it reads through the local endpoint and counts what it got.
import type { Part } from './child-process.ts';

export type LocalAnswer = {
  status: number;
  value?: string;
  from?: string;
  error?: { code: string; message: string };
};

/** Reads one secret. Rejects only when the endpoint itself is gone. */
export async function readLocally(
  delegate: Part,
  secret: string,
  options: { token: string; purpose?: string },
): Promise<LocalAnswer> {
  const { ready } = delegate as Part & { ready: { local: readonly string[] } };
  const response = await fetch(`${ready.local[0]}/v1/secrets/${encodeURIComponent(secret)}`, {
    headers: {
      authorization: `Bearer ${options.token}`,
      ...(options.purpose === undefined ? {} : { 'x-sallyport-purpose': options.purpose }),
    },
  });
  return { status: response.status, ...((await response.json()) as Omit<LocalAnswer, 'status'>) };
}

/** Reads at a steady rate until it is stopped. */
export function readSteadily(read: () => Promise<LocalAnswer>, perSecond: number): SteadyReads {
  const tally = { ok: 0, failed: [] as string[], from: new Map<string, number>(), slowestMs: 0 };
  const running = new Set<Promise<void>>();
  const one = async (): Promise<void> => {
    const startedAtMs = performance.now();
    try {
      const { status, from = '?', error } = await read();
      if (status !== 200) tally.failed.push(`${status} ${error?.code ?? ''}: ${error?.message ?? ''}`);
      else {
        tally.ok += 1;
        tally.from.set(from, (tally.from.get(from) ?? 0) + 1);
      }
    } catch (thrown) {
      tally.failed.push(String(thrown));
    }
    tally.slowestMs = Math.max(tally.slowestMs, performance.now() - startedAtMs);
  };
  const startedAtMs = performance.now();
  let begun = 0;
  // As many as are due by now: a timer that comes late must not lower the rate.
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAtMs) * perSecond) / 1000);
    for (; begun < due; begun++) {
      const reading = one().finally(() => running.delete(reading));
      running.add(reading);
    }
  }, 5);
  return {
    tally,
    stop: async () => {
      clearInterval(timer);
      await Promise.all(running);
    },
  };
}

export type SteadyReads = {
  readonly tally: {
    readonly ok: number;
    /** Why each read failed that did. */
    readonly failed: string[];
    readonly from: Map<string, number>;
    readonly slowestMs: number;
  };
  /** Begins no more, and waits for those under way. */
  stop(): Promise<void>;
};
