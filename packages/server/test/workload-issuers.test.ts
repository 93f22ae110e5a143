// What an administrator changes about the issuers whose workloads are let in: it holds at once, and gives nobody more than they have.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { expectError } from './test-server.ts';
import type { Loose } from './test-server.ts';
import { AUDIENCE } from './token-issuer.ts';
import { RULES, WorkloadWorld } from './workload-world.ts';

let world: WorkloadWorld;
beforeEach(async () => {
  world = await WorkloadWorld.start();
});
afterEach(async () => {
  vi.useRealTimers();
  await world.end();
});

describe('what an administrator changes', () => {
  test('ends the keys that were given before, at once', async () => {
    await world.addIssuer();
    for (const change of [
      { ttlSeconds: 120 },
      { groups: ['Non-Production Support'] },
      { restriction: { account: [], grants: [] } },
      {
        settings: {
          kind: 'oidc',
          issuer: world.issuer.url,
          audience: AUDIENCE,
          rules: [{ claim: 'sub', pattern: 'repo:*' }],
        },
      },
    ]) {
      const value = await world.givenKey();
      expect((await world.whoAmI(value)).status).toBe(200);
      expect((await world.on.call('PATCH', '/v1/workload-issuers/github', change)).status).toBe(200);
      expectError(await world.whoAmI(value), 'unauthenticated');
      const record = await world.lastRecord('workload-issuer.edited');
      expect(record.details.keysEnded).toBe(1);
      expect(record.details.changes.map(({ field }: Loose) => field)).toEqual([Object.keys(change)[0]]);
    }
  });

  test('by a new name only leaves them alone', async () => {
    await world.addIssuer();
    const value = await world.givenKey();
    await world.on.call('PATCH', '/v1/workload-issuers/github', { name: 'GitHub Actions' });
    expect((await world.whoAmI(value)).status).toBe(200);
    expect((await world.exchange(await world.issuer.token(), 'github actions')).status).toBe(201);
    expectError(await world.exchange(await world.issuer.token()), 'workload-refused');
  });

  test('by removing the issuer ends its keys and lets nobody in', async () => {
    const { id } = await world.addIssuer();
    const value = await world.givenKey();
    expect((await world.on.call('DELETE', '/v1/workload-issuers/github')).status).toBe(204);
    expectError(await world.whoAmI(value), 'unauthenticated');
    expectError(await world.exchange(await world.issuer.token(), id), 'workload-refused');
    expectError(await world.on.call('GET', `/v1/workload-issuers/${id}`), 'not-found');
    expect(await world.lastRecord('workload-issuer.deleted')).toMatchObject({
      resource: id,
      details: { keysEnded: 1 },
    });
  });

  test('is seen by a key that is given at the same moment: it is given under the new rules or not at all', async () => {
    await world.addIssuer();
    const token = await world.issuer.token();
    const [exchanged] = await Promise.all([
      world.exchange(token),
      world.on.call('DELETE', '/v1/workload-issuers/github'),
    ]);
    if (exchanged.status === 201) expectError(await world.whoAmI(exchanged.body.value), 'unauthenticated');
    else expectError(exchanged, 'workload-refused');
  });

  test('that changes nothing leaves no record', async () => {
    await world.addIssuer();
    const value = await world.givenKey();
    const before = await world.on.call('GET', '/v1/workload-issuers/github');
    const { name, settings, ttlSeconds } = before.body;
    const after = await world.on.call('PATCH', '/v1/workload-issuers/github', { name, settings, ttlSeconds });
    expect(after.body).toEqual(before.body);
    expect(await world.lastRecord('workload-issuer.edited')).toBeNull();
    expect((await world.whoAmI(value)).status).toBe(200);
  });

  test('is listed by name, and is refused when it is wrong', async () => {
    const created = await world.addIssuer({ name: 'zeta' });
    await world.addIssuer({ name: 'alpha' });
    const { body } = await world.on.call('GET', '/v1/workload-issuers');
    expect(body.issuers.map(({ name }: Loose) => name)).toEqual(['alpha', 'zeta']);
    expect(body.issuers[1]).toEqual(created);
    const { name: _, ...rest } = { name: '', settings: created.settings, groups: ['Production Support'] };
    expectError(
      await world.on.call('POST', '/v1/workload-issuers', { ...rest, name: 'ALPHA' }),
      'name-taken',
    );
    expectError(await world.on.call('POST', '/v1/workload-issuers', { ...rest, name: ' x' }), 'invalid-name');
    const nobody = { ...rest, name: 'x', groups: ['nobody'] };
    expectError(await world.on.call('POST', '/v1/workload-issuers', nobody), 'not-found');
    expectError(
      await world.on.call('POST', '/v1/workload-issuers', { ...rest, name: 'x', groups: [] }),
      'invalid-request',
    );
    for (const ttlSeconds of [59, 3601, 90.5]) {
      expectError(
        await world.on.call('POST', '/v1/workload-issuers', { ...rest, name: 'x', ttlSeconds }),
        'invalid-request',
      );
    }
    const open = { ...created.settings, rules: [{ claim: 'sub', pattern: '*' }] };
    expectError(
      await world.on.call('POST', '/v1/workload-issuers', { ...rest, name: 'x', settings: open }),
      'invalid-request',
    );
    const none = { ...created.settings, rules: [] };
    expectError(
      await world.on.call('POST', '/v1/workload-issuers', { ...rest, name: 'x', settings: none }),
      'invalid-request',
    );
  });

  test('needs the permission to administer', async () => {
    await world.addIssuer();
    const value = await world.givenKey();
    for (const [method, path, body] of [
      ['GET', '/v1/workload-issuers'],
      ['GET', '/v1/workload-issuers/github'],
      ['POST', '/v1/workload-issuers', {}],
      ['PATCH', '/v1/workload-issuers/github', { ttlSeconds: 60 }],
      ['DELETE', '/v1/workload-issuers/github'],
    ] as [string, string, unknown?][]) {
      expectError(await world.on.call(method, path, body, value), 'forbidden');
      expectError(await world.on.call(method, path, body, 'none'), 'unauthenticated');
    }
  });

  // A restricted key that may administer must not make itself a way around its restriction.
  test('cannot give more than the key that changes it has', async () => {
    await world.addIssuer({
      groups: ['Account Administrator'],
      restriction: { account: ['administer'], grants: [] },
    });
    const value = await world.givenKey();
    const body = {
      name: 'ladder',
      settings: { kind: 'oidc', issuer: world.issuer.url, audience: AUDIENCE, rules: RULES },
      groups: ['Account Administrator'],
    };
    expectError(await world.on.call('POST', '/v1/workload-issuers', body, value), 'forbidden');
    const widened = await world.on.call('PATCH', '/v1/workload-issuers/github', { restriction: null }, value);
    expectError(widened, 'forbidden');
    const restriction = { account: ['administer'], grants: [] };
    expect(
      (await world.on.call('POST', '/v1/workload-issuers', { ...body, restriction }, value)).status,
    ).toBe(201);
  });
});
