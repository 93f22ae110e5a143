// Reads of one secret by this checkout against another one, e.g. an earlier commit in a worktree with its packages installed: both
// installations run at the same time on this machine and take turns, so that what else happens on it matters to both. Prints the ratio.
//   node bench/against.ts DIRECTORY
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as core from '@sallyport/core';
import type * as sealing from '@sallyport/protocol/sealing';
import type { Deployment } from '../test/harness/deployment.ts';
import { runLoad } from './load.ts';
import type { LoadResult } from './load.ts';

const ROUNDS = 7;
const DURATION_MS = 1500;
const REQUESTS = 25_000;
const CONNECTIONS = 64;
const SECRETS = 1000;
const PER_SESSION = 9000;

/** What is needed of a checkout, whatever its version. */
type Checkout = {
  name: string;
  Deployment: typeof Deployment;
  sealing: typeof sealing;
  core: typeof core;
};

type Running = Checkout & { deployment: Awaited<ReturnType<Checkout['Deployment']['start']>> };

async function load(name: string, folder: string): Promise<Checkout> {
  const at = async (path: string): Promise<unknown> => import(pathToFileURL(resolve(folder, path)).href);
  const harness = (await at('test/harness/deployment.ts')) as Pick<Checkout, 'Deployment'>;
  return {
    name,
    Deployment: harness.Deployment,
    sealing: (await at('packages/protocol/src/sealing/index.ts')) as Checkout['sealing'],
    core: (await at('packages/core/src/index.ts')) as Checkout['core'],
  };
}

const secretName = (index: number): string => `bench-${index % SECRETS}`;

async function start(checkout: Checkout): Promise<Running> {
  const deployment = await checkout.Deployment.start();
  await deployment.startDelegate({ name: 'bench' });
  const body = { name: 'ring', settings: { kind: 'built-in' as const } };
  await deployment.client.call('createSecretsManager', { body });
  const names = Array.from({ length: SECRETS }, (_, index) => secretName(index));
  for (let at = 0; at < names.length; at += 50) {
    await Promise.all(
      names.slice(at, at + 50).map(async (name) => deployment.client.set(name, `value of ${name}`)),
    );
  }
  return { ...checkout, deployment };
}

/** Requests that are sealed beforehand; each is sent once. */
async function sealedBodies({ deployment, sealing: seals, core: domain }: Running): Promise<string[]> {
  const offers = await deployment.client.call('offersToRead', { body: { items: [secretName(0)] } });
  const delegate = offers.groups[0]?.delegates[0];
  if (delegate === undefined) throw new Error('no delegate');
  const { delegateId, offer } = delegate;
  let session = seals.ClientSession.open(offer, { nowMs: Date.now() });
  return Array.from({ length: REQUESTS }, (_, index) => {
    if (index > 0 && index % PER_SESSION === 0)
      session = seals.ClientSession.open(offer, { nowMs: Date.now() });
    const random = randomBytes(domain.ID_RANDOM_BYTES);
    const requestId = domain.makeId('request', { nowMs: Date.now(), random });
    const items = [secretName(index)];
    const content = seals.encodeContent({ items }, []);
    const { sealed } = session.sealRequest({ requestId, operation: 'resolve' }, content);
    return JSON.stringify({ requestId, delegateId, items, sealed });
  });
}

async function turn(running: Running): Promise<LoadResult> {
  const { deployment } = running;
  const result = await runLoad({
    port: Number(new URL(deployment.address).port),
    connections: CONNECTIONS,
    durationMs: DURATION_MS,
    path: '/v1/secrets/resolve',
    headers: { authorization: `Bearer ${deployment.token}` },
    bodies: await sealedBodies(running),
    once: true,
  });
  if (result.failures > 0) throw new Error(`${running.name}: ${result.failures} of ${result.answers} failed`);
  return result;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const folder = process.argv[2];
if (folder === undefined) throw new Error('Name the directory of the other checkout.');
const [ours, other] = [
  await start(await load('this checkout', resolve(import.meta.dirname, '..'))),
  await start(await load('the other', folder)),
];
try {
  const costs: number[] = [];
  const rates = { ours: [] as number[], other: [] as number[] };
  for (let round = 0; round <= ROUNDS; round++) {
    const [first, second] = round % 2 === 0 ? [ours, other] : [other, ours];
    const results = new Map([
      [first, await turn(first)],
      [second, await turn(second)],
    ]);
    // The first round warms up.
    if (round === 0) continue;
    const [mine, theirs] = [results.get(ours)?.perSecond ?? 0, results.get(other)?.perSecond ?? 0];
    rates.ours.push(mine);
    rates.other.push(theirs);
    costs.push(theirs / mine);
  }
  console.log(
    `read one secret, ${CONNECTIONS} connections: this checkout ${Math.round(median(rates.ours))}/s, the other ${Math.round(median(rates.other))}/s; one read costs ${median(costs).toFixed(2)} of what it costs there (${costs.map((cost) => cost.toFixed(2)).join(' ')})`,
  );
} finally {
  await ours.deployment.close();
  await other.deployment.close();
}
