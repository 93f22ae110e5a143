// Workloads without a stored key, by tokens of an issuer: who is let in, for how long and to what, and that a refusal tells nothing.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { expectError } from './test-server.ts';
import type { Answer, Loose } from './test-server.ts';
import { AUDIENCE } from './token-issuer.ts';
import { WorkloadWorld } from './workload-world.ts';

let world: WorkloadWorld;
beforeEach(async () => {
  world = await WorkloadWorld.start();
});
afterEach(async () => {
  vi.useRealTimers();
  await world.end();
});

describe('a workload with a valid token', () => {
  test('gets a key for the time and with the groups that its issuer is set to', async () => {
    const { id } = await world.addIssuer({ ttlSeconds: 600 });
    const { status, body } = await world.exchange(await world.issuer.token());
    expect(status).toBe(201);
    expect(body).toEqual({
      apiKeyId: expect.stringMatching(/^key_/),
      subject: 'repo:acme/shop:ref:refs/heads/main',
      value: expect.stringMatching(/^sp_key_/),
      expiresAtMs: world.clock.nowMs() + 600_000,
    });
    const me = await world.whoAmI(body.value);
    expect(me.body).toMatchObject({
      kind: 'workload',
      id: body.apiKeyId,
      name: body.subject,
      user: null,
      groups: [{ name: 'Production Support' }],
      permissions: [],
    });
    expect(await world.lastRecord('workload.admitted')).toMatchObject({
      actor: body.apiKeyId,
      actorKind: 'workload',
      actorName: body.subject,
      details: { issuer: id, issuerName: 'github', expiresAtMs: body.expiresAtMs },
    });
    world.clock.advance(599_999);
    expect((await world.whoAmI(body.value)).status).toBe(200);
    world.clock.advance(1);
    expectError(await world.whoAmI(body.value), 'unauthenticated');
  });

  test('is let in by the id of its issuer too, again and again, and with the issuer unreachable once its keys are known', async () => {
    const { id } = await world.addIssuer();
    for (let round = 0; round < 3; round += 1) {
      expect((await world.exchange(await world.issuer.token(), id)).status).toBe(201);
    }
    expect(world.issuer.requests).toEqual(['/.well-known/openid-configuration', '/keys']);
    world.issuer.answers.set('/keys', null);
    expect((await world.exchange(await world.issuer.token())).status).toBe(201);
  });

  test('of an issuer that the server cannot reach is let in by the keys that were entered', async () => {
    await world.addIssuer({}, { jwks: world.issuer.jwks });
    expect((await world.exchange(await world.issuer.token())).status).toBe(201);
    expect(world.issuer.requests).toEqual([]);
    await world.issuer.rotate();
    expectError(await world.exchange(await world.issuer.token()), 'workload-refused');
  });

  test('may do no more than the restriction allows', async () => {
    await world.addIssuer({
      groups: ['Account Administrator'],
      restriction: { account: ['view-audit-trail'], grants: [] },
    });
    const { value } = (await world.exchange(await world.issuer.token())).body;
    expect((await world.whoAmI(value)).body.permissions).toEqual(['view-audit-trail']);
    expectError(await world.on.call('GET', '/v1/workload-issuers', undefined, value), 'forbidden');
  });

  test.each(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'])('signed with %s is let in', async (alg) => {
    await world.issuer.rotate(alg);
    await world.addIssuer();
    expect((await world.exchange(await world.issuer.token())).status).toBe(201);
  });

  test('for several audiences, or a subject of one issuer path, is compared letter by letter', async () => {
    await world.addIssuer();
    expect((await world.exchange(await world.issuer.token({ aud: ['other', AUDIENCE] }))).status).toBe(201);
    expectError(
      await world.exchange(await world.issuer.token({ iss: `${world.issuer.url}/` })),
      'workload-refused',
    );
  });

  test('whose issuer has new keys is let in with them, after half a minute at the latest', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    await world.addIssuer();
    const old = await world.issuer.token();
    expect((await world.exchange(old)).status).toBe(201);
    await world.issuer.rotate();
    expectError(await world.exchange(await world.issuer.token()), 'workload-refused');
    vi.setSystemTime(Date.now() + 31_000);
    world.clock.advance(31_000);
    expect((await world.exchange(await world.issuer.token())).status).toBe(201);
    // The withdrawn key is of no use any more.
    expectError(await world.exchange(old), 'workload-refused');
  });
});

describe('a refusal', () => {
  test('is the same whatever the reason, and whether there is such an issuer or not', async () => {
    await world.addIssuer();
    await world.addIssuer({
      name: 'aws',
      settings: { kind: 'aws', roleArns: ['arn:aws:iam::111122223333:role/x'] },
    });
    const refusals = [
      await world.exchange(await world.issuer.token({ aud: 'other' })),
      await world.exchange('nonsense'),
      await world.exchange(await world.issuer.token(), 'no-such-issuer'),
      await world.exchange(await world.issuer.token(), 'aws'),
    ];
    const [first] = refusals;
    for (const { status, body } of refusals) {
      expect(status).toBe(401);
      expect({ ...body, requestId: null }).toEqual({ ...first?.body, requestId: null });
    }
    const headersOf = ({ headers }: Answer): string[] => [...headers.keys()].sort();
    expect(new Set(refusals.map((refusal) => headersOf(refusal).join())).size).toBe(1);
  });

  test('records the reason, never the token, and no name that is no issuer', async () => {
    await world.addIssuer();
    const token = await world.issuer.token({ aud: 'other' });
    await world.exchange(token);
    await world.exchange(token, token.slice(0, 200));
    const refused = await world.records({ actions: ['workload.refused'] });
    expect(refused.map((record: Loose) => [record.resource, record.details.reason])).toEqual([
      ['unknown', 'there is no such issuer'],
      [expect.stringMatching(/^wli_/), 'the token is for another audience'],
    ]);
    expect(JSON.stringify(refused)).not.toContain(token.slice(0, 40));
  });

  test('is followed by a wait when there were many, which leaves no records, ends, and does not concern who has a valid token', async () => {
    await world.addIssuer();
    for (let round = 0; round < 5; round += 1) {
      expectError(await world.exchange('nonsense'), 'workload-refused');
    }
    expectError(await world.exchange('nonsense'), 'rate-limited');
    expect((await world.exchange(await world.issuer.token())).status).toBe(201);
    expect(await world.records({ actions: ['workload.refused'] })).toHaveLength(5);
    world.clock.advance(60_000);
    expectError(await world.exchange('nonsense'), 'workload-refused');
    expect((await world.exchange(await world.issuer.token())).status).toBe(201);
  });
});

test('keys of workloads are gone from the table a day after they expired; their records stay', async () => {
  await world.addIssuer();
  const { apiKeyId } = (await world.exchange(await world.issuer.token())).body;
  const ids = async (): Promise<string[]> =>
    (await world.store.read(async ({ apiKeys }) => apiKeys.list({ after: null, limit: 100 }))).map(
      ({ id }) => id,
    );
  expect(await ids()).toContain(apiKeyId);
  world.clock.advance(900_000 + 24 * 3_600_000 + 1);
  vi.useFakeTimers({ toFake: ['Date'], now: world.clock.nowMs() });
  const next = (await world.exchange(await world.issuer.token())).body;
  expect(await ids()).not.toContain(apiKeyId);
  expect(await ids()).toContain(next.apiKeyId);
  const about = await world.records({ resource: apiKeyId });
  expect(about.map(({ action }) => action)).toEqual(['workload.admitted']);
});

test('many workloads at one address may come at once', async () => {
  await world.addIssuer();
  const tokens = await Promise.all(Array.from({ length: 30 }, () => world.issuer.token()));
  const answers = await Promise.all(tokens.map((token) => world.exchange(token)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
  expect(new Set(answers.map(({ body }) => body.value)).size).toBe(30);
  expect(world.issuer.requests).toHaveLength(2);
});
