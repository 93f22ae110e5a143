// Reading and writing secrets over the API with built-in keys: server, delegate and load generator in processes of their own on one
// machine, against bare node:http that answers the same bytes. Requests are sealed beforehand; each is sent once.
import { randomBytes } from 'node:crypto';
import { ID_RANDOM_BYTES, makeId } from '@sallyport/core';
import { ClientSession, encodeContent } from '@sallyport/protocol/sealing';
import type { DelegateOffer } from '@sallyport/protocol';
import { startPart } from '../test/harness/child-process.ts';
import { Deployment } from '../test/harness/deployment.ts';
import { runLoad } from './load.ts';
import type { LoadResult } from './load.ts';

const ROUNDS = 5;
const DURATION_MS = 1500;
const SECRETS = 1000;
const PER_SESSION = 9000;

type Scenario = {
  title: string;
  connections: number;
  /** Requests that are sealed for one round; more than can be answered in it. */
  requests: number;
  namesPerCall: number;
  path: string;
  body: (seal: Seal, index: number) => unknown;
  /** Least ratio, where one is promised. */
  atLeast?: number;
  /** Names a second that are promised on a quiet pair of cores; printed, not judged. */
  namesAtLeast?: number;
};

type Seal = (
  operation: 'resolve' | 'write',
  content: Uint8Array,
) => { requestId: string; delegateId: string; sealed: unknown };

const newId = (): { nowMs: number; random: Buffer } => ({
  nowMs: Date.now(),
  random: randomBytes(ID_RANDOM_BYTES),
});
const secretName = (index: number): string => `bench-${index % SECRETS}`;

function resolveBody(count: number): Scenario['body'] {
  return (seal, index) => {
    const items = Array.from({ length: count }, (_, offset) => secretName(index * count + offset));
    return { ...seal('resolve', encodeContent({ items }, [])), items };
  };
}

const writeBody: Scenario['body'] = (seal, index) => {
  const value = randomBytes(32);
  const asked = { secret: secretName(index), secretsManager: null };
  const content = { ...asked, kind: 'text', valueBytes: value.length };
  return { ...seal('write', encodeContent(content, [value])), ...asked, expectedVersion: null };
};

const read = { path: '/v1/secrets/resolve', namesPerCall: 1, body: resolveBody(1) };
const write = { path: '/v1/secrets/write', namesPerCall: 1, body: writeBody };
const SCENARIOS: Scenario[] = [
  { title: 'read one secret, 1 connection', connections: 1, requests: 6000, ...read },
  { title: 'read one secret, 64 connections', connections: 64, requests: 25_000, ...read, atLeast: 0.25 },
  { title: 'write one secret, 1 connection', connections: 1, requests: 4000, ...write },
  { title: 'write one secret, 64 connections', connections: 64, requests: 16_000, ...write },
  {
    title: 'resolve 100 names in a call, 64 connections',
    connections: 64,
    namesAtLeast: 15_000,
    requests: 1500,
    namesPerCall: 100,
    path: '/v1/secrets/resolve',
    body: resolveBody(100),
  },
];

/** Seals for one delegate, in sessions of limited length. */
function sealerFor({ delegateId, offer }: DelegateOffer): Seal {
  let session = ClientSession.open(offer, { nowMs: Date.now() });
  let sealedCount = 0;
  return (operation, content) => {
    if (++sealedCount % PER_SESSION === 0) session = ClientSession.open(offer, { nowMs: Date.now() });
    const requestId = makeId('request', newId());
    return { requestId, delegateId, sealed: session.sealRequest({ requestId, operation }, content).sealed };
  };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

async function fetchOnce(url: string, token: string, body: unknown): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(text);
  return text;
}

/** Runs one scenario; true when its promise is kept. */
async function runScenario(
  scenario: Scenario,
  deployment: Deployment,
  bare: Awaited<ReturnType<typeof startPart>>,
): Promise<boolean> {
  const { connections, path } = scenario;
  const headers = { authorization: `Bearer ${deployment.token}` };
  const ours: LoadResult[] = [];
  const baseline: LoadResult[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const offers = await deployment.client.call('offersToRead', { body: { items: [secretName(0)] } });
    const delegate = offers.groups[0]?.delegates[0];
    if (delegate === undefined) throw new Error('no delegate');
    const seal = sealerFor(delegate);
    const bodies = Array.from({ length: scenario.requests }, (_, index) => scenario.body(seal, index));
    await bare.call(
      'answerWith',
      await fetchOnce(`${deployment.address}${path}`, deployment.token, bodies.pop()),
    );
    const texts = bodies.map((body) => JSON.stringify(body));
    const load = { connections, durationMs: DURATION_MS, path, headers, bodies: texts };
    const result = await runLoad({ ...load, once: true, port: Number(new URL(deployment.address).port) });
    if (result.failures > 0)
      throw new Error(`${scenario.title}: ${result.failures} of ${result.answers} failed`);
    const base = await runLoad({ ...load, port: (bare.ready as { port: number }).port });
    // The first round warms up.
    if (round === 0) continue;
    ours.push(result);
    baseline.push(base);
  }
  const rate = median(ours.map((result) => result.perSecond));
  const ratio = median(
    ours.map((result, index) => result.perSecond / (baseline[index]?.perSecond ?? Number.NaN)),
  );
  const namesPerSecond = Math.round(rate * scenario.namesPerCall).toLocaleString('en');
  const promised = scenario.namesAtLeast?.toLocaleString('en');
  const names =
    promised === undefined ? '' : `, ${namesPerSecond} names/s (aim ${promised} on two quiet cores)`;
  const times = `p50 ${median(ours.map((result) => result.p50Ms)).toFixed(2)} ms, p99 ${median(ours.map((result) => result.p99Ms)).toFixed(2)} ms`;
  const promise = scenario.atLeast === undefined ? '' : ` (required ${scenario.atLeast})`;
  console.log(
    `${scenario.title}: ${Math.round(rate).toLocaleString('en')}/s${names}, bare node:http ${Math.round(median(baseline.map((result) => result.perSecond))).toLocaleString('en')}/s, ratio ${ratio.toFixed(2)}${promise}; ${times}`,
  );
  return ratio >= (scenario.atLeast ?? 0);
}

/** Runs all scenarios; true when every promise is kept. */
export async function benchApi(): Promise<boolean> {
  const deployment = await Deployment.start();
  const bare = await startPart(new URL('./bare-server.ts', import.meta.url), {});
  try {
    await deployment.startDelegate({ name: 'bench' });
    await deployment.client.call('createSecretsManager', {
      body: { name: 'ring', settings: { kind: 'built-in' } },
    });
    const names = Array.from({ length: SECRETS }, (_, index) => secretName(index));
    for (let at = 0; at < names.length; at += 50) {
      await Promise.all(
        names.slice(at, at + 50).map(async (name) => deployment.client.set(name, `value of ${name}`)),
      );
    }
    let kept = true;
    for (const scenario of SCENARIOS) kept = (await runScenario(scenario, deployment, bare)) && kept;
    return kept;
  } finally {
    await bare.stop();
    await deployment.close();
  }
}

if (import.meta.main) process.exitCode = (await benchApi()) ? 0 : 1;
