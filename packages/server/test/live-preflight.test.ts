// Preflights that are watched: told delegate by delegate and step by step, while they are under way, to whoever asks for it.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PreflightStep, TaskOf } from '@sallyport/protocol';
import { PROGRESS_TYPE } from '@sallyport/protocol';
import { ManualClock } from './manual-clock.ts';
import { passingReport } from './scripted-delegate.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import { kmsSettings, startTestServer, until } from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

const STEP = { stage: 'permission', action: 'kms:Decrypt', elapsedMs: 0 } as const;

let on: TestServer;
let clock: ManualClock;
let first: ScriptedDelegate;
beforeEach(async () => {
  clock = new ManualClock();
  on = await startTestServer({ dependencies: { clock } });
  first = await on.delegate({ name: 'prod-1', selectors: ['prod-vpc'] });
});
afterEach(async () => {
  await on.end();
});

/** A request that asks for progress, and its lines as they come. */
async function watch(
  path: string,
  options: { method?: string; body?: object; signal?: AbortSignal } = {},
): Promise<{ response: Response; lines: AsyncGenerator<Loose> }> {
  const { method = 'POST', body = { settings: kmsSettings() }, signal = null } = options;
  const response = await fetch(on.server.address + path, {
    method,
    headers: {
      authorization: `Bearer ${on.key}`,
      'content-type': 'application/json',
      accept: `${PROGRESS_TYPE}, application/json`,
    },
    body: JSON.stringify(body),
    signal,
  });
  return { response, lines: linesOf(response) };
}

async function* linesOf(response: Response): AsyncGenerator<Loose> {
  let text = '';
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString();
    const parts = text.split('\n');
    text = parts.pop() ?? '';
    for (const line of parts) yield JSON.parse(line);
  }
  expect(text).toBe('');
}

async function next(lines: AsyncGenerator<Loose>): Promise<Loose> {
  return (await lines.next()).value;
}

/** Makes the preflights of a delegate wait until the test says how they end. */
function held(delegate: ScriptedDelegate): {
  begun: Promise<TaskOf<'preflight'>>;
  tell: (step: Partial<PreflightStep>) => Promise<void>;
  pass: () => void;
} {
  const end = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<TaskOf<'preflight'>>();
  delegate.scripts.preflight = async (task) => {
    begun.resolve(task);
    await end.promise;
    return { kind: 'preflight', report: passingReport(task.access) };
  };
  return {
    begun: begun.promise,
    tell: async (step) => {
      const { taskId } = await begun.promise;
      delegate.send({ type: 'progress', taskId, steps: [{ ...STEP, outcome: 'running', ...step }] });
    },
    pass: () => end.resolve(),
  };
}

test('a test tells who is asked, each step as it happens, and each delegate that is through; it ends with the usual answer', async () => {
  const second = await on.delegate({ name: 'prod-2', selectors: ['prod-vpc'] });
  await on.delegate({ name: 'elsewhere', selectors: ['other'] });
  const [one, two] = [held(first), held(second)];
  const { response, lines } = await watch('/v1/secrets-managers/preflight');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe(PROGRESS_TYPE);
  // Or a proxy would keep the lines until all are there.
  expect(response.headers.get('x-accel-buffering')).toBe('no');
  expect(response.headers.get('cache-control')).toBe('no-store');
  const asked = (await next(lines)).progress;
  expect(asked.is).toBe('asked');
  expect(asked.delegates.map((each: Loose) => each.delegateName).sort()).toEqual(['prod-1', 'prod-2']);

  await one.tell({ outcome: 'running' });
  expect(await next(lines)).toEqual({
    progress: { is: 'steps', delegateId: first.delegateId, steps: [{ ...STEP, outcome: 'running' }] },
  });
  await one.tell({
    outcome: 'failed',
    error: { code: 'access-denied', message: 'AWS refused it.', retryable: false },
  });
  expect((await next(lines)).progress.steps[0].error).toMatchObject({
    code: 'access-denied',
    data: { delegate: 'prod-1' },
  });
  two.pass();
  expect(await next(lines)).toMatchObject({
    progress: { is: 'finished', delegate: { delegateName: 'prod-2', report: { ok: true } } },
  });
  one.pass();
  expect(await next(lines)).toMatchObject({
    progress: { is: 'finished', delegate: { delegateName: 'prod-1' } },
  });
  const { answer } = await next(lines);
  const inOnePiece = await on.call('POST', '/v1/secrets-managers/preflight', { settings: kmsSettings() });
  expect(answer).toEqual(inOnePiece.body);
  expect((await lines.next()).done).toBe(true);
});

test('whoever does not ask for progress gets the answer in one piece', async () => {
  const { tell, pass } = held(first);
  const answer = on.call('POST', '/v1/secrets-managers/preflight', { settings: kmsSettings() });
  await tell({});
  pass();
  expect((await answer).headers.get('content-type')).toContain('application/json');
  expect((await answer).body).toMatchObject({ ok: true });
});

test('a delegate that is slow is said to be silent every five seconds, until there is a word of it', async () => {
  const { begun, tell, pass } = held(first);
  const { lines } = await watch('/v1/secrets-managers/preflight');
  await next(lines);
  await begun;
  clock.advance(10_000);
  const silent = { is: 'silent', delegateId: first.delegateId };
  expect(await next(lines)).toEqual({ progress: { ...silent, seconds: 5 } });
  expect(await next(lines)).toEqual({ progress: { ...silent, seconds: 10 } });
  await tell({});
  expect((await next(lines)).progress.is).toBe('steps');
  clock.advance(5000);
  expect(await next(lines)).toEqual({ progress: { ...silent, seconds: 5 } });
  pass();
  expect((await next(lines)).progress.is).toBe('finished');
});

test('a delegate that is lost is said to be so at once, while the others go on', async () => {
  const second = await on.delegate({ name: 'prod-2', selectors: ['prod-vpc'] });
  const [one, two] = [held(first), held(second)];
  const { lines } = await watch('/v1/secrets-managers/preflight');
  await next(lines);
  await Promise.all([one.begun, two.begun]);
  await first.disconnect();
  expect(await next(lines)).toMatchObject({
    progress: {
      is: 'finished',
      delegate: { delegateName: 'prod-1', report: null, error: { code: 'delegate-lost' } },
    },
  });
  two.pass();
  await next(lines);
  expect((await next(lines)).answer).toMatchObject({ ok: true });
});

test('a client that goes away calls the preflight off: delegates stop, it is on record, and none is held to have failed', async () => {
  for (const headers of [{ accept: PROGRESS_TYPE }, { accept: 'application/json' }]) {
    const { begun } = held(first);
    const cancelled = first.next('cancel');
    const client = new AbortController();
    const call = fetch(`${on.server.address}/v1/secrets-managers/preflight`, {
      method: 'POST',
      headers: { ...headers, authorization: `Bearer ${on.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ settings: kmsSettings() }),
      signal: client.signal,
    }).then((response) => response.text());
    const { taskId } = await begun;
    client.abort();
    await expect(call).rejects.toThrow();
    expect((await cancelled).taskId).toBe(taskId);
  }
  const recorded = async (): Promise<Loose[]> =>
    (await on.call('GET', '/v1/audit?action=secrets-manager.tested')).body.records;
  await until(async () => (await recorded()).length === 2);
  for (const record of await recorded())
    expect(record.details).toEqual({ ok: false, calledOff: true, delegates: [first.delegateId] });
  const { delegates } = (await on.call('GET', '/v1/delegates')).body;
  expect(delegates[0]).toMatchObject({ state: 'connected', restingUntilMs: null, tasksInFlight: 0 });
});

test('a save that is called off saves nothing', async () => {
  const { begun } = held(first);
  const client = new AbortController();
  const call = watch('/v1/secrets-managers', {
    body: { name: 'prod-kms', settings: kmsSettings() },
    signal: client.signal,
  });
  await begun;
  const cancelled = first.next('cancel');
  client.abort();
  await call.then(async ({ lines }) => lines.next()).catch(() => undefined);
  await cancelled;
  delete first.scripts.preflight;
  expect((await on.call('GET', '/v1/secrets-managers')).body.secretsManagers).toEqual([]);
});

test('what is refused before a delegate is asked has its own status', async () => {
  const { response } = await watch('/v1/secrets-managers/preflight', {
    body: { settings: kmsSettings({ selectors: ['nowhere'] }) },
  });
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ error: { code: 'no-delegate' } });
});

test('saving tells of its preflight as well, and ends with the error when no delegate passes', async () => {
  first.scripts.preflight = (task) => ({
    kind: 'preflight',
    report: { ...passingReport(task.access), ok: false },
  });
  const body = { name: 'prod-kms', settings: kmsSettings() };
  const failed = await watch('/v1/secrets-managers', { body });
  const told = await Array.fromAsync(failed.lines);
  expect(told.map((line: Loose) => line.progress?.is ?? line.error.code)).toEqual([
    'asked',
    'finished',
    'preflight-failed',
  ]);
  expect(told.at(-1)).toMatchObject({
    error: { data: { preflight: { ok: false } } },
    requestId: expect.stringMatching(/^req_/),
  });
  delete first.scripts.preflight;
  const saved = await Array.fromAsync((await watch('/v1/secrets-managers', { body })).lines);
  expect(saved.at(-1)).toMatchObject({ answer: { secretsManager: { name: 'prod-kms' } } });
  const renamed = await watch('/v1/secrets-managers/prod-kms', { method: 'PATCH', body: { name: 'main' } });
  // Nothing was tried, so there was nothing to tell.
  expect(renamed.response.headers.get('content-type')).toContain('application/json');
  expect(await renamed.response.json()).toMatchObject({ preflight: null });
});

test('a delegate that tells of progress without end is disconnected', async () => {
  const { begun } = held(first);
  const { lines } = await watch('/v1/secrets-managers/preflight');
  const { taskId } = await begun;
  const steps = Array.from({ length: 64 }, () => ({ ...STEP, outcome: 'running' }));
  for (let times = 0; times < 9; times++) first.send({ type: 'progress', taskId, steps });
  await first.closed;
  const told = await Array.fromAsync(lines);
  expect(told.at(-1)).toMatchObject({ answer: { ok: false } });
});
