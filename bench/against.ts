// Reads of one secret by this checkout against another one, e.g. an earlier commit in a worktree with its packages installed: both
// installations run at the same time on this machine and take turns, so that what else happens on it matters to both. Prints two ratios:
// of the rates, and of the processor time that each server spends on one read, which matters when the machine is busy (Linux only).
//   node bench/against.ts DIRECTORY
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
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

type Turn = { perSecond: number; cpuPerRead: number };

async function turn(running: Running): Promise<Turn> {
  const { deployment } = running;
  const bodies = await sealedBodies(running);
  const cpuBefore = cpuTicksOf(deployment);
  const result: LoadResult = await runLoad({
    port: Number(new URL(deployment.address).port),
    connections: CONNECTIONS,
    durationMs: DURATION_MS,
    path: '/v1/secrets/resolve',
    headers: { authorization: `Bearer ${deployment.token}` },
    bodies,
    once: true,
  });
  const cpuPerRead = (cpuTicksOf(deployment) - cpuBefore) / result.answers;
  if (result.failures > 0) throw new Error(`${running.name}: ${result.failures} of ${result.answers} failed`);
  return { perSecond: result.perSecond, cpuPerRead };
}

/** Clock ticks that the server has been running, in user and kernel mode (proc(5)); 0 where there is no such file. */
function cpuTicksOf({ server }: Running['deployment']): number {
  const path = `/proc/${server.child.pid}/stat`;
  if (!existsSync(path)) return 0;
  const fields = readFileSync(path, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
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
  const turns: { mine: Turn; theirs: Turn }[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const [first, second] = round % 2 === 0 ? [ours, other] : [other, ours];
    const results = new Map([
      [first, await turn(first)],
      [second, await turn(second)],
    ]);
    const [mine, theirs] = [results.get(ours), results.get(other)];
    // The first round warms up.
    if (round > 0 && mine !== undefined && theirs !== undefined) turns.push({ mine, theirs });
  }
  const costs = turns.map(({ mine, theirs }) => theirs.perSecond / mine.perSecond);
  const cpuCosts = turns.map(({ mine, theirs }) => mine.cpuPerRead / theirs.cpuPerRead);
  const rate = (of: 'mine' | 'theirs'): number => Math.round(median(turns.map((one) => one[of].perSecond)));
  const listed = (values: number[]): string => values.map((value) => value.toFixed(2)).join(' ');
  console.log(
    `read one secret, ${CONNECTIONS} connections: this checkout ${rate('mine')}/s, the other ${rate('theirs')}/s
one read here costs ${median(costs).toFixed(2)} times what it costs there by the rates (${listed(costs)}),
and ${median(cpuCosts).toFixed(2)} times by the processor time of the server (${listed(cpuCosts)})`,
  );
} finally {
  await ours.deployment.close();
  await other.deployment.close();
}
