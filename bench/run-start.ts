// What `sallyport run` adds to the start of a program: real commands, started one after the other in turns, once by themselves and once
// with ten secrets and with a thousand. The program is `true`, so all of it is overhead.
import { spawn } from 'node:child_process';
import { createClient } from '@sallyport/sdk';
import { RunPlace } from '../test/harness/run-place.ts';
import { LAUNCHER } from '../packages/cli/test/sallyport.ts';

const ROUNDS = 21;
const WARM_UP_ROUNDS = 300;
const AIM_MS = 150;
const MANY = 1000;

type Contender = { name: string; words: string[] };

/** Wall clock in milliseconds from starting a process until it has ended. */
async function startToEnd(words: readonly string[], options: { cwd: string; env: Record<string, string> }) {
  const [file = '', ...rest] = words;
  const startedAt = performance.now();
  const child = spawn(file, rest, { ...options, stdio: 'ignore' });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${String(code)}`);
  return performance.now() - startedAt;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Prints medians of interleaved turns; true always, since the aim is one for a quiet machine. */
export async function benchRunStart(): Promise<boolean> {
  const place = await RunPlace.start('ten', 'many');
  try {
    await fill(place);
    await warmUp(place);
    const run = (environment: string, flag: string): string[] => [
      process.execPath,
      LAUNCHER,
      ...place.words(environment, [flag], ['true']),
    ];
    const contenders: Contender[] = [
      { name: 'the program alone', words: ['true'] },
      { name: 'node alone', words: [process.execPath, '-e', '0'] },
      { name: 'run, 10 secrets, as the program', words: run('ten', '--no-masking') },
      { name: 'run, 10 secrets, masked', words: run('ten', '--masking') },
      { name: `run, ${MANY} secrets, as the program`, words: run('many', '--no-masking') },
    ];
    const options = { cwd: place.work.folder, env: place.work.env(place.options().env) };
    const times = new Map(contenders.map(({ name }) => [name, [] as number[]]));
    for (let round = 0; round <= ROUNDS; round++) {
      for (const { name, words } of contenders) {
        const ms = await startToEnd(words, options);
        // The first round fills caches: the delegate's data keys, and what Node keeps compiled.
        if (round > 0) times.get(name)?.push(ms);
      }
    }
    const alone = median(times.get('the program alone') ?? []);
    for (const [name, values] of times) {
      const ms = median(values);
      const aim = name.startsWith('run, 10 ') ? ` (aim below ${AIM_MS} ms on a quiet machine)` : '';
      console.log(
        `${name}: ${ms.toFixed(1)} ms, ratio ${(ms / alone).toFixed(1)}, added ${(ms - alone).toFixed(1)} ms${aim}`,
      );
    }
    await benchOneResolve(place);
    return true;
  } finally {
    await place.close();
  }
}

/** A thousand names in one call of a client that has done so before. */
async function benchOneResolve({ deployment }: RunPlace): Promise<void> {
  const client = createClient({ address: deployment.address, token: deployment.token });
  const { secrets } = await client.usable({ place: { application: 'shop', environment: 'many' } });
  const references = secrets.map(({ reference }) => reference);
  const times: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const startedAt = performance.now();
    await client.resolve(references);
    if (round > 0) times.push(performance.now() - startedAt);
  }
  client.close();
  const ms = median(times);
  const perSecond = Math.round((references.length * 1000) / ms).toLocaleString('en');
  console.log(`${references.length} names in one resolve: ${ms.toFixed(1)} ms, ${perSecond} names/s`);
}

/** Server and delegate have done the same before, as those have that have run for a while. */
async function warmUp({ deployment }: RunPlace): Promise<void> {
  const client = createClient({ address: deployment.address, token: deployment.token });
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    const { secrets } = await client.usable({ place: { application: 'shop', environment: 'ten' } });
    await client.resolve(secrets.map(({ reference }) => reference));
  }
  client.close();
}

async function fill(place: RunPlace): Promise<void> {
  const put = async (environment: string, index: number): Promise<void> =>
    place.store(environment, { [`secret-${index}`]: `value ${index} of the benchmark` });
  for (let index = 0; index < 10; index++) await put('ten', index);
  for (let at = 0; at < MANY; at += 50) {
    await Promise.all(Array.from({ length: 50 }, async (_, offset) => put('many', at + offset)));
  }
}
