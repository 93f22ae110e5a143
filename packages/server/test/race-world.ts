// Two servers on one SQLite file for races.test.ts: one in this process, the other in one of its own, each with a delegate; and what asks both
// of them at the same time.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import { outcomeOf } from './access-question.ts';
import { ScriptedDelegate } from './scripted-delegate.ts';
import { fakeSealed, newRequestId, startTestServer } from './test-server.ts';
import type { Answer, TestServer } from './test-server.ts';

export const ROUNDS = 25;

/** One of the two servers, with a delegate of its own. */
export type Side = { on: TestServer; delegate: ScriptedDelegate };
export type RaceWorld = { first: Side; second: Side; end(): Promise<void> };

export async function startRaceWorld(): Promise<RaceWorld> {
  const rootKey = { base64: randomBytes(32).toString('base64') };
  const on = await startTestServer({ config: { rootKey } });
  const first = { on, delegate: await on.delegate({ name: 'of the first' }) };
  const dataFolder = join(on.folder, 'data');
  const { child, address } = await startChild({
    port: 0,
    dataFolder,
    rootKey,
    auditCheckpointSeconds: 86_400,
  });
  const delegate = new ScriptedDelegate({ name: 'of the second' });
  expect(await delegate.connect(address, on.token)).toBeNull();
  const call: TestServer['call'] = async (method, path, body) =>
    callAt(address, { method, path, body, key: on.key });
  const end = async (): Promise<void> => {
    const ended = once(child, 'exit');
    child.stdin?.end();
    expect(await ended).toEqual([0, null]);
    const store = await openSqliteStore({ path: join(dataFolder, 'sallyport.db') });
    expect(await store.checkIntegrity()).toEqual([]);
    await store.close();
    await on.end();
  };
  return { first, second: { on: { ...on, call }, delegate }, end };
}

async function startChild(settings: object): Promise<{ child: ChildProcess; address: string }> {
  const script = new URL('race-server.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, JSON.stringify(settings)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [address] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, address };
}

async function callAt(
  address: string,
  request: { method: string; path: string; body: unknown; key: string },
): Promise<Answer> {
  const { method, path, body, key } = request;
  const response = await fetch(address + path, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? null : JSON.parse(text), headers: response.headers };
}

export async function write(
  { on, delegate }: Side,
  fields: {
    secret: string;
    value?: string;
    scope?: unknown;
    secretsManager?: string;
    expectedVersion?: number;
  },
): Promise<Answer> {
  const { value = 'value', ...rest } = fields;
  return on.call('POST', '/v1/secrets/write', {
    requestId: newRequestId(),
    delegateId: delegate.delegateId,
    secretsManager: null,
    expectedVersion: null,
    scope: null,
    ...rest,
    sealed: fakeSealed(value),
  });
}

export type Asking = (round: number) => Promise<Answer>;

/** Of two outcomes who came first; null: nobody can tell. */
export type Order = 'one' | 'other' | null;

const FIRST_STEP_TURNS = 400;
const MOST_TURNS = 200_000;

/**
 * Asks both at the same time, round after round. Whoever came first in one round begins later in the next, by more and more until the other one
 * does, so that they meet in both orders, however long each of them takes. Fails when one order never came.
 */
export async function race(
  one: Asking,
  other: Asking,
  judge: (outcomes: [string, string], round: number) => Order | Promise<Order>,
): Promise<void> {
  const orders: Order[] = [];
  let [wait, step] = [0, FIRST_STEP_TURNS];
  for (let round = 0; round < ROUNDS; round += 1) {
    const [a, b] = await Promise.all([
      turns(wait).then(async () => one(round)),
      turns(-wait).then(async () => other(round)),
    ]);
    const order = await judge([outcomeOf(a), outcomeOf(b)], round);
    step = order === orders.at(-1) ? step * 2 : FIRST_STEP_TURNS;
    wait += order === null ? 0 : order === 'one' ? step : -step;
    wait = Math.max(-MOST_TURNS, Math.min(MOST_TURNS, wait));
    orders.push(order);
  }
  if (!orders.every((order) => order === null)) expect(new Set(orders)).toEqual(new Set(['one', 'other']));
}

/** Lets the event loop turn so many times. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Exactly one of them happens; the other is refused for one of these reasons. */
export function expectOne(outcomes: readonly string[], refusals: readonly string[]): Order {
  const done = outcomes.filter((outcome) => outcome === 'ok');
  expect(done, outcomes.join()).toHaveLength(1);
  for (const outcome of outcomes) if (outcome !== 'ok') expect(refusals).toContain(outcome);
  return outcomes[0] === 'ok' ? 'one' : 'other';
}
