// How every benchmark here measures: the contenders take turns in short rounds within one run, so that a busy machine slows all of
// them alike, and the median round counts. Ratios are what to trust; the numbers beside them belong to one machine. Contenders
// that work in this process get a thread each (`isolate`): otherwise one collects another's garbage, and code that both use is
// compiled for neither.
import { performance } from 'node:perf_hooks';
import { once } from 'node:events';
import { parentPort, Worker, workerData } from 'node:worker_threads';

/** What a turn counts as; see `Contender.run`. */
// oxlint-disable-next-line typescript/no-invalid-void-type -- most contenders are plain loops that return nothing
type Turn = number | void;

/** One thing to be measured. */
export type Contender = {
  name: string;
  /**
   * Does the operation `times` times, one after the other unless concurrency is the point. A number returned is how many
   * milliseconds count for it; otherwise the wall clock does.
   */
  run: (times: number) => Turn | Promise<Turn>;
};

export type MeasureOptions = {
  /** At least 3; odd, so that the median is a round that happened. */
  rounds?: number;
  /** How long one turn of one contender takes, roughly. */
  roundMs?: number;
};

/** Operations a second by contender name, the median of all rounds. */
export type Medians = Record<string, number>;

/** Measures all `contenders` in interleaved rounds. */
export async function measure(
  contenders: readonly Contender[],
  options: MeasureOptions = {},
): Promise<Medians> {
  const { rounds = 9, roundMs = 150 } = options;
  const entries: { contender: Contender; times: number; perSecond: number[] }[] = [];
  for (const contender of contenders)
    entries.push({ contender, times: await warmUp(contender, roundMs), perSecond: [] });
  for (let round = 0; round < rounds; round += 1) {
    for (const { contender, times, perSecond } of entries) {
      // Not timed: in it caches and heap settle, so that nobody pays for the garbage that the one before left behind.
      await contender.run(Math.ceil(times / 3));
      perSecond.push((times * 1000) / (await elapsedMs(contender, times)));
    }
  }
  return Object.fromEntries(
    entries.map(({ contender, perSecond }) => [contender.name, median(perSecond)] as const),
  );
}

/**
 * A contender in a thread of its own: own heap, own compiled code. What counts is the CPU time of that thread, so that whoever else
 * uses the machine matters less.
 */
export type IsolatedContender = Contender & { close: () => Promise<void> };

/** Which contender a thread is to be, and whatever it needs to know for it. */
export type ContenderRequest<Arguments> = { name: string; arguments: Arguments };

/** Starts `moduleUrl` as a thread, which must call `serveContender`, and returns the contender that it serves. */
export async function isolate<Arguments>(
  moduleUrl: string,
  request: ContenderRequest<Arguments>,
): Promise<IsolatedContender> {
  const worker = new Worker(new URL(moduleUrl), { workerData: request });
  // `once` rejects when the thread fails, so that a broken contender ends the benchmark.
  await once(worker, 'message');
  return {
    name: request.name,
    run: async (times) => {
      worker.postMessage(times);
      const [cpuMs] = (await once(worker, 'message')) as [number];
      return cpuMs;
    },
    close: async () => {
      await worker.terminate();
    },
  };
}

/** Within such a thread: makes the contender that was asked for and runs it whenever told to. */
export async function serveContender<Arguments>(
  make: (request: ContenderRequest<Arguments>) => Contender | Promise<Contender>,
): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error('serveContender belongs in a thread');
  const contender = await make(workerData as ContenderRequest<Arguments>);
  const serve = async (times: number): Promise<void> => {
    const before = process.threadCpuUsage();
    await contender.run(times);
    const { user, system } = process.threadCpuUsage(before);
    port.postMessage((user + system) / 1000);
  };
  port.on('message', (times: number) => void serve(times));
  port.postMessage(null);
}

/** One printed result: ours against something else, in the same run. */
export type Comparison = {
  title: string;
  oursPerSecond: number;
  other: { name: string; perSecond: number };
  /** The ratio below which the benchmark fails, where there is one. */
  atLeast?: number;
};

/** Ours divided by the other. */
export function ratioOf(comparison: Comparison): number {
  return comparison.oursPerSecond / comparison.other.perSecond;
}

/** `envelope encrypt 1 KiB: 30,000/s, stock 1,500/s, ratio 20.0 (required 10)`. */
export function printComparison(comparison: Comparison): void {
  const { title, oursPerSecond, other, atLeast } = comparison;
  const required = atLeast === undefined ? '' : ` (required ${atLeast})`;
  const ratio = ratioOf(comparison);
  console.log(
    `${title}: ${count(oursPerSecond)}/s, ${other.name} ${count(other.perSecond)}/s, ratio ${ratio.toFixed(ratio < 10 ? 2 : 1)}${required}`,
  );
}

/** Prints all; returns whether every required ratio is met. */
export function report(comparisons: readonly Comparison[]): boolean {
  for (const comparison of comparisons) printComparison(comparison);
  return comparisons.every((comparison) => ratioOf(comparison) >= (comparison.atLeast ?? 0));
}

/** Runs the contender until it is compiled and a turn lasts about `roundMs`; returns how often that is. */
async function warmUp(contender: Contender, roundMs: number): Promise<number> {
  for (let times = 1; ; times *= 2) {
    const ms = await elapsedMs(contender, times);
    if (ms >= roundMs) return Math.max(1, Math.round((times * roundMs) / ms));
  }
}

async function elapsedMs(contender: Contender, times: number): Promise<number> {
  const startedAt = performance.now();
  const counted = await contender.run(times);
  return counted ?? performance.now() - startedAt;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function count(perSecond: number): string {
  return Math.round(perSecond).toLocaleString('en');
}
