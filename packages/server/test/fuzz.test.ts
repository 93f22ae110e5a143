// Every input of the API, from its own schema: valid, damaged in one place, and junk. Never a 500, never a hang, always the one error
// body, and only codes that the operation declares.
import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ID_PREFIXES, ID_RANDOM_BYTES, makeId } from '@sallyport/core';
import type { IdKind } from '@sallyport/core';
import type { z } from 'zod';
import { encodeHttpFrame, ErrorBody, HTTP_FRAMES_TYPE, ROUTES } from '@sallyport/protocol';
import type { OperationId, Route } from '@sallyport/protocol';
import { arbitraryOf, damaged, junk } from './schema-arbitrary.ts';
import type { Examples } from './schema-arbitrary.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import { addManager, KEY_ARN, newRequestId, startTestServer, upload, write } from './test-server.ts';
import type { TestServer } from './test-server.ts';

const RUNS = Number(process.env['SALLYPORT_FUZZ_RUNS'] ?? 60);
const ANSWER_WITHIN_MS = 10_000;
const EVERYWHERE = ['unauthenticated', 'invalid-request', 'storage-unavailable'];

let on: TestServer;
let delegate: ScriptedDelegate;
let examples: Examples;

beforeAll(async () => {
  on = await startTestServer();
  delegate = await on.delegate({ name: 'prod-1', selectors: ['prod-vpc'] });
  const manager = await addManager(on, 'keys');
  const secret = await write(on, delegate, { secret: 'x', value: '1' });
  await upload(on, delegate, { secret: 'file', chunks: [Buffer.alloc(10)] });
  const { apiKeys } = (await on.call('GET', '/v1/api-keys')).body;
  const { tokens } = (await on.call('GET', '/v1/delegate-tokens')).body;
  examples = {
    strings: [
      manager.id,
      secret.body.secret.id,
      delegate.delegateId ?? '',
      newRequestId(),
      ...idsOfEveryKind(),
      apiKeys[0].id,
      tokens[0].id,
      'keys',
      'x',
      'file',
      'file@1',
      KEY_ARN,
    ],
  };
});
/** Well-formed, and of nothing. */
function idsOfEveryKind(): string[] {
  return Object.keys(ID_PREFIXES).map((kind) =>
    makeId(kind as IdKind, { nowMs: Date.now(), random: randomBytes(ID_RANDOM_BYTES) }),
  );
}

afterAll(async () => {
  await on.end();
});

/** What would end the account for the other runs: its keys, delegate, token, secrets. These have tests of their own. */
const DESTRUCTIVE: ReadonlySet<string> = new Set([
  'revokeApiKey',
  'removeDelegate',
  'revokeDelegateToken',
  'deleteSecretsManager',
  'deleteSecret',
]);

type Input = { path: string; query: string; body: unknown };

function inputsOf(operationId: OperationId, route: Route): fc.Arbitrary<Input> {
  const reference = fc.oneof(
    fc.constantFrom(...examples.strings),
    fc.string({ maxLength: 30, unit: 'binary' }),
  );
  const safe = DESTRUCTIVE.has(operationId) ? fc.stringMatching(/^zz[a-z0-9@ .-]{1,20}$/) : reference;
  const path = fc.array(safe, { minLength: 3, maxLength: 3 }).map((values) => {
    let next = 0;
    return route.path.replaceAll(
      /\{\w+\}/g,
      () => encodeURIComponent((values[next++] ?? '').toWellFormed()) || '%',
    );
  });
  const query =
    route.query === undefined
      ? fc.constant({})
      : (arbitraryOf(route.query, examples) as fc.Arbitrary<object>);
  return fc.record({
    path,
    query: fc.oneof(
      {
        weight: 4,
        arbitrary: query.map((fields) =>
          new URLSearchParams(Object.entries(fields).map(([key, value]) => [key, String(value)])).toString(),
        ),
      },
      { weight: 1, arbitrary: fc.string({ maxLength: 30 }).map(encodeURI) },
    ),
    body: bodyOf(route.body),
  });
}

function bodyOf(schema: z.ZodType | undefined): fc.Arbitrary<unknown> {
  if (schema === undefined)
    return fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: junk });
  const valid = arbitraryOf(schema, examples);
  return fc.oneof(
    { weight: 4, arbitrary: valid },
    { weight: 3, arbitrary: damaged(valid) },
    { weight: 1, arbitrary: junk },
  );
}

async function send(
  route: Route,
  { path, query, body }: Input,
): Promise<{ status: number; text: string; type: string | null }> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const isStream = route.requestKind === 'frames';
  const response = await fetch(`${on.server.address}${path}${query === '' ? '' : `?${query}`}`, {
    method: route.method,
    headers: {
      authorization: `Bearer ${on.key}`,
      ...(text === undefined ? {} : { 'content-type': isStream ? HTTP_FRAMES_TYPE : 'application/json' }),
    },
    ...(text === undefined || route.method === 'GET'
      ? {}
      : {
          body: isStream
            ? Buffer.concat([encodeHttpFrame(Buffer.from(text)), encodeHttpFrame(Buffer.from('chunk'))])
            : text,
        }),
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  return { status: response.status, text: await response.text(), type: response.headers.get('content-type') };
}

describe('the API takes any input', () => {
  const answered = new Map<string, Set<number>>();

  test.each(Object.entries<Route>(ROUTES))('%s', async (operationId, route) => {
    const statuses = new Set<number>();
    answered.set(operationId, statuses);
    await fc.assert(
      fc.asyncProperty(inputsOf(operationId as OperationId, route), async (input) => {
        const answer = await send(route, input);
        statuses.add(answer.status);
        expect(answer.status, answer.text).not.toBe(500);
        if (answer.status < 400) {
          expect([200, 201, 204]).toContain(answer.status);
          return;
        }
        const { error } = ErrorBody.parse(JSON.parse(answer.text));
        // A path whose parameter is empty, or decodes to nothing of the kind, may be no path of the API at all.
        const closed = route.access === 'anybody' ? [] : ['forbidden'];
        expect([...EVERYWHERE, 'not-found', ...closed, ...route.errors], answer.text).toContain(error.code);
      }),
      { numRuns: RUNS },
    );
  });

  test('and both sides of the validation were reached', () => {
    const reached = (test: (status: number) => boolean): string[] =>
      [...answered].filter(([, statuses]) => [...statuses].some(test)).map(([operationId]) => operationId);
    expect(reached((status) => status < 300).length).toBeGreaterThan(12);
    expect(reached((status) => status === 400).length).toBeGreaterThan(15);
  });
});

test('the generators make inputs that the schemas take', () => {
  const bodies = Object.entries<Route>(ROUTES).filter(([, route]) => route.body !== undefined);
  expect(bodies.length).toBeGreaterThan(10);
  for (const [operationId, { body }] of bodies) {
    if (body === undefined) continue;
    const samples = fc.sample(arbitraryOf(body, examples), { numRuns: 300, seed: 1 });
    const taken = samples.filter((sample) => body.safeParse(sample).success);
    expect([operationId, taken.length > 30]).toEqual([operationId, true]);
  }
});

test('the socket of delegates takes any message, and the server goes on', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        junk.map((value) => JSON.stringify(value) ?? ''),
        fc.string(),
        fc.uint8Array({ maxLength: 100 }),
      ),
      async (message) => {
        const victim = await on.delegate({ name: 'victim' });
        const closed = victim.closed;
        victim.socket.send(message);
        await closed;
      },
    ),
    { numRuns: Math.min(RUNS, 40) },
  );
  expect((await on.call('GET', '/v1/whoami')).status).toBe(200);
});
