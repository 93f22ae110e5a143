// How every benchmark here measures: the contenders take turns in short rounds within one process, so that a busy machine slows
// all of them alike, and the median round counts. Ratios are what to trust; the numbers beside them belong to one machine.
import { performance } from 'node:perf_hooks';

/** One thing to be measured. */
export type Contender = {
  name: string;
  /** Does the operation `times` times, one after the other unless concurrency is the point. */
  run: (times: number) => void | Promise<void>;
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
    for (const { contender, times, perSecond } of entries)
      perSecond.push((times * 1000) / (await elapsedMs(contender, times)));
  }
  return Object.fromEntries(
    entries.map(({ contender, perSecond }) => [contender.name, median(perSecond)] as const),
  );
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
  await contender.run(times);
  return performance.now() - startedAt;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function count(perSecond: number): string {
  return Math.round(perSecond).toLocaleString('en');
}
