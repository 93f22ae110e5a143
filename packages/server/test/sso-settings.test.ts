// The settings of single sign-on: who learns what of them, and that the client secret goes nowhere but to the provider it is for.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Browser, CLIENT_ID, CLIENT_SECRET } from './openid-provider.ts';
import { CALLBACK, SsoWorld, START } from './sso-world.ts';
import { expectError } from './test-server.ts';

let world: SsoWorld;
beforeEach(async () => {
  world = await SsoWorld.start();
});
afterEach(async () => {
  vi.useRealTimers();
  await world.end();
});

describe('the settings', () => {
  test('tell everybody whether there is single sign-on and what it is called, and nothing else', async () => {
    const status = async () => (await world.on.call('GET', '/v1/sso/status', undefined, 'none')).body;
    expect(await status()).toEqual({ enabled: false, displayName: null, startPath: null });
    await world.putSso();
    expect(await status()).toEqual({ enabled: true, displayName: 'Example Login', startPath: START });
    expect((await world.on.call('DELETE', '/v1/sso')).status).toBe(204);
    expect(await status()).toEqual({ enabled: false, displayName: null, startPath: null });
    expectError(await world.on.call('DELETE', '/v1/sso'), 'not-found');
    expect((await world.on.call('GET', '/v1/sso')).body).toEqual({ sso: null });
  });

  test('never give the client secret back, nor write it anywhere in clear', async () => {
    const put = await world.putSso({
      groupClaim: 'groups',
      groupMapping: [{ value: 'ops', group: 'production support' }],
    });
    expect(put.body).toEqual({
      issuer: world.provider.url,
      clientId: CLIENT_ID,
      hasClientSecret: true,
      displayName: 'Example Login',
      scopes: ['openid', 'profile', 'email', 'groups'],
      groupClaim: 'groups',
      groupMapping: [{ value: 'ops', group: { id: expect.any(String), name: 'Production Support' } }],
      allowedDomains: null,
      createUsers: true,
      callbackUrl: world.address(CALLBACK),
      updatedAtMs: world.clock.nowMs(),
    });
    expect((await world.on.call('GET', '/v1/sso')).body).toEqual({ sso: put.body });
    const stored = await world.store.read(async ({ settings }) => settings.get('single-sign-on'));
    const audit = await world.store.read(async (tables) => tables.audit.search({ before: null, limit: 100 }));
    expect(JSON.stringify([put.body, stored, audit])).not.toContain(CLIENT_SECRET);
    const [configured] = await world.records('sso.configured');
    expect(configured.details.changes).toContainEqual({
      field: 'clientSecret',
      from: null,
      to: '[redacted]',
    });
  });

  // An administrator who does not know the secret must not be able to have it sent to an address of theirs.
  test('keep the secret for the same provider and client, and for no other', async () => {
    await world.putSso();
    expect((await world.putSso({ clientSecret: undefined, displayName: 'New' })).body.hasClientSecret).toBe(
      true,
    );
    expect((await world.signIn()).location).toBe(world.address('/'));
    expectError(
      await world.putSso({ clientSecret: undefined, issuer: 'https://evil.example' }),
      'invalid-request',
    );
    expectError(await world.putSso({ clientSecret: undefined, clientId: 'other' }), 'invalid-request');
    expect((await world.putSso({ clientSecret: null })).body.hasClientSecret).toBe(false);
  });

  test('that are wrong are refused', async () => {
    for (const over of [
      { issuer: 'http://login.example.com' },
      { issuer: 'https://login.example.com?x' },
      { groupMapping: [{ value: 'ops', group: 'Production Support' }] },
      { groupClaim: '/a~' },
      { scopes: ['open id'] },
      { allowedDomains: [] },
      { allowedDomains: ['Example.com'] },
      { clientId: '' },
      { stranger: true },
    ]) {
      expectError(await world.putSso(over), 'invalid-request');
    }
    const nobody = { groupClaim: 'groups', groupMapping: [{ value: 'ops', group: 'nobody' }] };
    expectError(await world.putSso(nobody), 'not-found');
    expect((await world.on.call('GET', '/v1/sso')).body).toEqual({ sso: null });
  });

  test('need the permission to administer', async () => {
    await world.putSso();
    const browser = new Browser();
    await world.signIn(browser);
    const cookie = `sallyport=${browser.cookie(world.on.server.address, 'sallyport') ?? ''}`;
    for (const method of ['GET', 'DELETE']) {
      const headers = { cookie, origin: world.on.server.address };
      const response = await fetch(world.address('/v1/sso'), { method, headers });
      expect(response.status).toBe(403);
    }
    expectError(await world.on.call('PUT', '/v1/sso', {}, 'none'), 'unauthenticated');
  });

  test('without any the pages lead to the sign-in page', async () => {
    const browser = new Browser();
    await world.expectRefused(await browser.get(world.address(START)), browser, 'not set up');
    await world.expectRefused(
      await browser.get(world.address(`${CALLBACK}?state=x&code=y`)),
      browser,
      'not set up',
    );
  });
});
