// What somebody may not know of is answered exactly like what is not there: for every operation that takes a reference in its path, query
// or body, in status, headers and body, and for reads of secrets in time.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ID_PREFIXES } from '@sallyport/core';
import type { IdKind } from '@sallyport/core';
import { encodeHttpFrame, HTTP_FRAMES_TYPE, ROUTES } from '@sallyport/protocol';
import type { Route } from '@sallyport/protocol';
import { keyWith } from './account.ts';
import { BODIES, CALLERS, PROBES, QUERIES, reading } from './existence-probes.ts';
import type { CallerName } from './existence-probes.ts';
import type { RightsChoice } from './account.ts';
import { startHiddenWorld } from './hidden-world.ts';
import type { HiddenWorld } from './hidden-world.ts';
import { newId } from './storage-rows.ts';

let world: HiddenWorld;
const keys = new Map<string, string>();
beforeAll(async () => {
  world = await startHiddenWorld();
  for (const [name, rights] of Object.entries<RightsChoice>(CALLERS)) {
    keys.set(name, await keyWith(world.on, rights));
  }
});
afterAll(async () => {
  await world.on.end();
});

type Sent = { method: string; path: string; body?: unknown; isStream?: boolean };
type Received = { status: number; headers: [string, string][]; text: string };

async function send({ method, path, body, isStream = false }: Sent, by: string): Promise<Received> {
  const json = body === undefined ? undefined : JSON.stringify(body);
  const response = await fetch(world.on.server.address + path, {
    method,
    headers: {
      authorization: `Bearer ${keys.get(by) ?? ''}`,
      ...(json === undefined ? {} : { 'content-type': isStream ? HTTP_FRAMES_TYPE : 'application/json' }),
    },
    ...(json === undefined ? {} : { body: isStream ? encodeHttpFrame(Buffer.from(json)) : json }),
  });
  return { status: response.status, headers: [...response.headers], text: await response.text() };
}

/** What the caller can compare: without what differs between any two answers, and with the reference that was sent taken out. */
function comparable({ status, headers, text }: Received, reference: string): unknown {
  const kept = headers.filter(([name]) => name !== 'date' && name !== 'x-request-id');
  const body = text
    .replace(/"requestId":"req_[0-9a-z]{26}"/, '"requestId":"…"')
    .replaceAll(JSON.stringify(reference).slice(1, -1), '…');
  return { status, headers: kept, body };
}

/** One of the same kind and length that is not there. */
function absentLike(reference: string): string {
  const [address, last = reference] = /^(sally:\/\/.*\/)(.*)$/.exec(reference)?.slice(1) ?? ['', reference];
  const kinds = Object.entries(ID_PREFIXES) as [IdKind, string][];
  const [kind] = kinds.find(([, prefix]) => new RegExp(`^${prefix}_[0-9a-z]{26}$`).test(last)) ?? [];
  return `${address}${kind === undefined ? `${last.slice(0, -1)}q` : newId(kind)}`;
}

/** Sends both, and compares. The outcome has to be one that says nothing. */
async function expectAlike(by: string, hidden: string, ask: (reference: string) => Sent): Promise<void> {
  const absent = absentLike(hidden);
  expect([absent === hidden, absent.length]).toEqual([false, hidden.length]);
  const answer = await send(ask(hidden), by);
  expect(comparable(answer, hidden)).toEqual(comparable(await send(ask(absent), by), absent));
  expect([200, 400, 401, 403, 404], answer.text).toContain(answer.status);
  if (answer.status === 200) expect(answer.text).toMatch(/"(not-found|no-default-secrets-manager)"/);
}

const withParameters = Object.entries<Route>(ROUTES).filter(([, { path }]) => path.includes('{'));

describe('in the path, what is hidden is answered like what is not there', () => {
  const names = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const cases = withParameters.flatMap(([operation, route]) =>
    names(route.path).map((parameter) => [operation, parameter, route] as const),
  );

  test.each(cases)('%s, {%s}', async (_, parameter, route) => {
    const references = world.hidden[parameter] ?? [];
    expect(references.length).toBeGreaterThan(0);
    const body = route.body === undefined ? undefined : BODIES[_];
    expect(body === undefined).toBe(route.body === undefined);
    for (const caller of callersOf(parameter)) {
      for (const hidden of references) {
        await expectAlike(caller, hidden, (reference) => ({
          method: route.method,
          path: route.path.replaceAll(/\{(\w+)\}/g, (_match, name: string) =>
            encodeURIComponent(name === parameter ? reference : (world.visible[name] ?? 'x')),
          ),
          ...(body === undefined ? {} : { body }),
        }));
      }
    }
  });

  test('and is there for an administrator', async () => {
    keys.set('admin', world.on.key);
    const readable = withParameters.filter(
      ([operation, { method, path }]) =>
        method === 'GET' && names(path).length === 1 && operation !== 'getUser',
    );
    expect(readable.length).toBeGreaterThan(8);
    for (const [operation, { path }] of readable) {
      const [name = ''] = names(path);
      for (const reference of world.hidden[name] ?? []) {
        const filled = path.replace(/\{\w+\}/, encodeURIComponent(reference));
        const { status } = await send({ method: 'GET', path: filled }, 'admin');
        expect([operation, reference, status]).toEqual([operation, reference, 200]);
      }
    }
  });
});

/** Those who may not know of the things that the parameter stands for. */
function callersOf(parameter: string): CallerName[] {
  const seers: Record<string, CallerName> = {
    secretsManager: 'managing',
    group: 'leading',
    user: 'leading',
    delegate: 'settingUp',
    token: 'settingUp',
    profile: 'settingUp',
    run: 'settingUp',
  };
  return (Object.keys(CALLERS) as CallerName[]).filter((name) => seers[parameter] !== name);
}

describe('in the body or the query, what is hidden is answered like what is not there', () => {
  test.each(PROBES)('%s, %s', async (operation, _, { by, of }, body) => {
    const { method, path, requestKind }: Route = ROUTES[operation];
    const filled = path.replaceAll(/\{(\w+)\}/g, (_match, name: string) => world.visible[name] ?? 'x');
    for (const caller of ['nobody', by]) {
      for (const hidden of world.hidden[of] ?? []) {
        await expectAlike(caller, hidden, (reference) => ({
          method,
          path: filled,
          body: withDelegate(body(reference)),
          isStream: requestKind === 'frames',
        }));
      }
    }
  });

  test.each(QUERIES)('%s, %s', async (operation, of, query) => {
    const { method, path }: Route = ROUTES[operation];
    for (const caller of ['nobody', 'elsewhere']) {
      for (const hidden of world.hidden[of] ?? []) {
        await expectAlike(caller, hidden, (reference) => {
          const text = new URLSearchParams(query(reference) as Record<string, string>).toString();
          return { method, path: `${path}?${text}` };
        });
      }
    }
  });

  test('and no operation that takes one is left out', () => {
    const probed = new Set([
      ...PROBES.map(([operation]) => operation),
      ...QUERIES.map(([operation]) => operation),
    ]);
    // Anybody may call these, so guessing is slowed down; they have tests of their own that nobody learns which users and issuers there are.
    const exempt = new Set(['signIn', 'signInForKey', 'exchangeWorkloadIdentity']);
    const taking = Object.entries<Route>(ROUTES)
      .filter(([, { body, query }]) =>
        [body, query].some((schema) => schema !== undefined && takesReference(schema)),
      )
      .map(([operation]) => operation);
    expect(taking.length).toBeGreaterThan(15);
    expect(taking.filter((operation) => !probed.has(operation as never) && !exempt.has(operation))).toEqual(
      [],
    );
  });
});

function withDelegate(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || !('requestId' in body)) return body;
  return { ...body, delegateId: world.delegate.delegateId };
}

/** Whether a string in it has the bounds that references to things and to secrets have. */
function takesReference(schema: z.ZodType): boolean {
  const text = JSON.stringify(z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' }));
  return /"minLength":1,"maxLength":(300|900)/.test(text);
}

describe('in time, what is hidden is answered like what is not there', () => {
  const ROUNDS = 120;
  const ways: [what: string, ask: (reference: string) => Sent][] = [
    ['get a secret', (secret) => ({ method: 'GET', path: `/v1/secrets/${secret}` })],
    [
      'resolve one',
      (item) => ({
        method: 'POST',
        path: '/v1/secrets/resolve',
        body: withDelegate(reading({ items: [item] })),
      }),
    ],
  ];

  test.each(ways)(
    '%s',
    async (_, ask) => {
      const [hidden = ''] = world.hidden['secret'] ?? [];
      const timed = async (reference: string): Promise<number> => {
        const startMs = performance.now();
        await send(ask(reference), 'elsewhere');
        return performance.now() - startMs;
      };
      const [differences, noise]: [number[], number[]] = [[], []];
      for (let round = -20; round < ROUNDS; round += 1) {
        // Interleaved, so that what slows the machine down slows all of them down; the first rounds warm up.
        const [one, other, third] = [
          await timed(absentLike(hidden)),
          await timed(hidden),
          await timed(absentLike(hidden)),
        ];
        if (round < 0) continue;
        differences.push(other - one);
        noise.push(third - one);
      }
      const spread = quantile(noise, 0.9) - quantile(noise, 0.1);
      expect(Math.abs(quantile(differences, 0.5) - quantile(noise, 0.5))).toBeLessThan(spread);
    },
    60_000,
  );
});

function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? 0;
}
