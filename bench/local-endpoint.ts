// Warm reads at a delegate's local endpoint, decided from memory and written into the journal, against bare node:http that answers the same
// bytes: server, delegate and load generator in processes and threads of their own on one machine. Beside the rates, the CPU time of
// the answering process for one answer: on a machine with other work it is the number to trust.
import { startPart } from '../test/harness/child-process.ts';
import type { Part } from '../test/harness/child-process.ts';
import { Deployment } from '../test/harness/deployment.ts';
import { runLoad } from './load.ts';
import type { LoadResult } from './load.ts';
import { runPacedLoad } from './paced-load.ts';
import type { PacedResult } from './paced-load.ts';

const ROUNDS = 5;
const DURATION_MS = 1500;
const SECRET = 'bench';
const PATH = `/v1/secrets/${SECRET}`;

type Scenario = {
  connections: number;
  /** Least ratio to bare node:http, where one is promised. */
  atLeast?: number;
};
type Measured = LoadResult & { cpuMicroseconds: number };

/**
 * For times, which mean little where every connection asks as fast as it can: then they are what 64 requests take to be worked off. Here the
 * requests come at a rate that leaves both processes time to spare.
 */
const PACED = { connections: 64, pace: 1000, rounds: 40, durationMs: 1000 };
/** Aim on a quiet machine: in turns in which nobody took processor time from it. */
const P99_AIM_MS = 2;

const SCENARIOS: readonly Scenario[] = [{ connections: 1 }, { connections: 64, atLeast: 0.6 }];

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

async function cpuOf(part: Part): Promise<number> {
  const { user, system } = await part.call<NodeJS.CpuUsage>('cpu');
  return user + system;
}

async function load(
  part: Part,
  port: number,
  run: { connections: number; headers: Record<string, string> },
): Promise<Measured> {
  const before = await cpuOf(part);
  const result = await runLoad({ ...run, port, durationMs: DURATION_MS, path: PATH, bodies: null });
  if (result.failures > 0) throw new Error(`${result.failures} of ${result.answers} failed`);
  return { ...result, cpuMicroseconds: ((await cpuOf(part)) - before) / result.answers };
}

/** Runs all scenarios; true when every promise is kept. */
export async function benchLocalEndpoint(): Promise<boolean> {
  const deployment = await Deployment.start();
  const bare = await startPart(new URL('./bare-server.ts', import.meta.url), {});
  try {
    const delegate = await deployment.startDelegate({ name: 'bench', localListen: ['127.0.0.1:0'] });
    const { client, token } = deployment;
    await client.call('createSecretsManager', { body: { name: 'ring', settings: { kind: 'built-in' } } });
    await client.set(SECRET, 'correct horse battery staple', {
      availability: { mode: 'stale-ok', maxAgeSeconds: 600 },
    });
    const [address = ''] = (delegate as Part & { ready: { local: string[] } }).ready.local;
    const headers = { authorization: `Bearer ${token}` };
    const ask = async (): Promise<string> => (await fetch(address + PATH, { headers })).text();
    await ask();
    await bare.call('answerWith', await ask());
    const against = async (run: { connections: number }): Promise<{ ours: Measured[]; base: Measured[] }> => {
      const ours: Measured[] = [];
      const base: Measured[] = [];
      for (let round = 0; round <= ROUNDS; round++) {
        const mine = await load(delegate, Number(new URL(address).port), { ...run, headers });
        const theirs = await load(bare, (bare.ready as { port: number }).port, { ...run, headers });
        // The first round warms up.
        if (round === 0) continue;
        ours.push(mine);
        base.push(theirs);
      }
      return { ours, base };
    };
    let kept = true;
    for (const { connections, atLeast } of SCENARIOS) {
      const { ours, base } = await against({ connections });
      const ratio = median(ours.map(({ perSecond }, at) => perSecond / (base[at]?.perSecond ?? Number.NaN)));
      const rate = (results: Measured[]): string =>
        `${Math.round(median(results.map(({ perSecond }) => perSecond))).toLocaleString('en')}/s`;
      const cpu = (results: Measured[]): string =>
        `${Math.round(median(results.map(({ cpuMicroseconds }) => cpuMicroseconds)))} µs`;
      const promise = atLeast === undefined ? '' : ` (required ${atLeast})`;
      console.log(
        `warm local read, ${connections} connections: ${rate(ours)}, bare node:http ${rate(base)}, ratio ${ratio.toFixed(2)}${promise}; CPU for one answer ${cpu(ours)} against ${cpu(base)}`,
      );
      kept = kept && ratio >= (atLeast ?? 0);
    }
    await printTimes({ port: Number(new URL(address).port), headers }, bare);
    return kept;
  } finally {
    await bare.stop();
    await deployment.close();
  }
}

/** Medians of short turns. */
async function printTimes(
  delegate: { port: number; headers: Record<string, string> },
  bare: Part & { ready: unknown },
): Promise<void> {
  const base = { port: (bare.ready as { port: number }).port, headers: {} };
  const targets = [delegate, base].map((target) => ({ ...target, path: PATH }));
  const [ours = [], theirs = []] = await runPacedLoad({ ...PACED, targets });
  const about = `warm local read, ${PACED.connections} connections, ${PACED.pace.toLocaleString('en')} reads/s`;
  const words = (turns: PacedResult[]): string => {
    const of = (what: keyof PacedResult): string => median(turns.map((one) => one[what])).toFixed(2);
    return `p50 ${of('p50Ms')} ms, p99 ${of('p99Ms')} ms, timers late by ${of('late99Ms')} ms (99 %)`;
  };
  const print = (name: string, turns: PacedResult[]): void => {
    const quiet = turns.filter(({ stolenMs }) => stolenMs === 0);
    console.log(
      `${about}, ${name}: ${words(turns)}; quiet in ${quiet.length} of ${turns.length} turns: ${words(quiet)}`,
    );
  };
  print('ours', ours);
  print('bare node:http', theirs);
  console.log(`aim for p99 in quiet turns: below ${P99_AIM_MS} ms`);
}

if (import.meta.main) process.exitCode = (await benchLocalEndpoint()) ? 0 : 1;
