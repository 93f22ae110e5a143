// Single sign-on against a real OpenID provider: the whole way of a browser, who may come in by it, and which groups that makes theirs.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { newUser } from '../src/users/new-user.ts';
import { Browser, CLIENT_ID } from './openid-provider.ts';
import { CALLBACK, SsoWorld, START } from './sso-world.ts';
import type { Loose } from './test-server.ts';

let world: SsoWorld;
beforeEach(async () => {
  world = await SsoWorld.start();
});
afterEach(async () => {
  vi.useRealTimers();
  await world.end();
});

describe('a browser that signs in', () => {
  test('goes to the provider with PKCE, state and nonce, comes back with a session, and leaves nothing else', async () => {
    await world.putSso();
    const browser = new Browser();
    const start = await browser.get(world.address(START));
    expect(start.status).toBe(303);
    const asked = new URL(start.location ?? '').searchParams;
    expect(Object.fromEntries(asked)).toEqual({
      response_type: 'code',
      client_id: CLIENT_ID,
      redirect_uri: world.address(CALLBACK),
      scope: 'openid profile email groups',
      state: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      nonce: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      code_challenge: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      code_challenge_method: 'S256',
    });
    const [cookie = ''] = start.setCookies;
    expect(cookie).toMatch(/^sallyport-sso=[\w.-]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600$/);
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(cookie).not.toContain(asked.get(name));
    }

    const done = await world.signIn(browser);
    expect(done).toMatchObject({ status: 303, location: world.address('/') });
    expect(done.setCookies).toEqual([
      expect.stringMatching(/^sallyport=sp_ses_[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/),
      'sallyport-sso=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0',
    ]);
    expect(await world.whoIs(browser)).toMatchObject({
      status: 200,
      body: { kind: 'user', name: 'ann', permissions: [], groups: [] },
    });
    const [signedIn] = await world.records('user.signed-in');
    expect(signedIn).toMatchObject({ actorName: 'ann', details: { method: 'single-sign-on' } });
    const [created] = await world.records('user.created');
    expect(created).toMatchObject({
      actor: 'server',
      details: { issuer: world.provider.url, subject: 'ann' },
    });
    const { body } = await world.on.call('GET', '/v1/users/ann');
    expect(body).toMatchObject({ name: 'ann', displayName: 'Ann Example' });
  });

  test('a second time is the same user, under whatever name the provider has by then', async () => {
    await world.putSso();
    const first = new Browser();
    await world.signIn(first);
    world.provider.accounts.set('ann', { preferred_username: 'admin', email: 'boss@example.com' });
    const second = new Browser();
    await world.signIn(second);
    const [one, two] = [await world.whoIs(first), await world.whoIs(second)];
    expect(two.body.id).toBe(one.body.id);
    expect(two.body.name).toBe('ann');
    expect(await world.records('user.created')).toHaveLength(1);
  });

  test('with https uses a cookie that no other host and no plain http can set', async () => {
    const publicUrl = 'https://sallyport.example.com';
    await world.end();
    world = await SsoWorld.start({ publicUrl });
    await world.putSso();
    const start = await new Browser().get(world.address(START));
    expect(start.setCookies[0]).toMatch(
      /^__Host-sallyport-sso=\S+; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=600$/,
    );
    expect(new URL(start.location ?? '').searchParams.get('redirect_uri')).toBe(`${publicUrl}${CALLBACK}`);
  });

  test('is known by claims of the userinfo endpoint too, and by a client without a secret', async () => {
    await world.startProvider({ claimsInIdToken: false, isPublicClient: true });
    await world.putSso({ clientSecret: null, allowedDomains: ['example.com'], groupClaim: 'groups' });
    const browser = new Browser();
    await world.expectSignsIn(browser);
    expect((await world.whoIs(browser)).body.name).toBe('ann');
  });

  test('is not led to an address of a request: the Host header changes nothing', async () => {
    await world.putSso();
    const { request } = await import('node:http');
    const location = await new Promise<string | undefined>((resolve, reject) => {
      const asked = request(world.address(START), { headers: { host: 'evil.example' } }, (answer) => {
        answer.resume();
        resolve(answer.headers.location);
      });
      asked.on('error', reject).end();
    });
    expect(new URL(location ?? '').searchParams.get('redirect_uri')).toBe(world.address(CALLBACK));
  });
});

describe('who may come in', () => {
  test('is nobody new unless users are made at the first sign-in', async () => {
    await world.putSso({ createUsers: false });
    const browser = new Browser();
    await world.expectRefused(await world.signIn(browser), browser, 'not known');
    expect(await world.records('user.created')).toEqual([]);
    await world.putSso();
    await world.signIn();
    await world.putSso({ createUsers: false });
    await world.expectSignsIn(browser);
  });

  // Whoever runs the provider, or may choose a name there, must not become a user who is here already.
  test('is never a user who was here before, whatever name or mail address the provider gives', async () => {
    const local = newUser({
      id: 'usr_00000000000000000000000000' as never,
      name: 'ann',
      displayName: 'Ann',
      createdAtMs: 1,
    });
    await world.store.write(async ({ users }) => users.insert(local));
    await world.putSso();
    const browser = new Browser();
    await world.signIn(browser);
    const me = (await world.whoIs(browser)).body;
    expect(me.id).not.toBe(local.id);
    expect(me.name).toBe('ann@example.com');
  });

  test('is told apart by the provider: the same subject of another provider is somebody else', async () => {
    await world.putSso();
    const [first, second] = [new Browser(), new Browser()];
    await world.signIn(first);
    await world.startProvider();
    await world.putSso();
    await world.signIn(second);
    expect((await world.whoIs(second)).body.id).not.toBe((await world.whoIs(first)).body.id);
  });

  test('is no user who is disabled, and nothing is changed for one', async () => {
    await world.putSso();
    await world.signIn();
    expect((await world.on.call('PATCH', '/v1/users/ann', { disabled: true })).status).toBe(200);
    await world.putSso({
      groupClaim: 'groups',
      groupMapping: [{ value: 'ops', group: 'Production Support' }],
    });
    const browser = new Browser();
    await world.expectRefused(await world.signIn(browser), browser, 'disabled');
    expect(await world.records('group.member-added')).toEqual([]);
  });

  test.each<[string, Record<string, unknown>, string | null]>([
    ['a verified address of an allowed domain', { email: 'ann@Example.COM', email_verified: true }, null],
    ['another domain', { email: 'ann@evil.example', email_verified: true }, 'domain'],
    ['a subdomain', { email: 'ann@sub.example.com', email_verified: true }, 'domain'],
    ['a domain that ends alike', { email: 'ann@notexample.com', email_verified: true }, 'domain'],
    ['the domain before another', { email: 'x@example.com@evil.example', email_verified: true }, 'domain'],
    ['an address that is not verified', { email: 'ann@example.com', email_verified: false }, 'no verified'],
    ['an address of which that is not said', { email: 'ann@example.com' }, 'no verified'],
    ['no address', { email_verified: true }, 'no verified'],
  ])('with allowed domains: %s', async (_what, claims, reason) => {
    await world.putSso({ allowedDomains: ['example.com'] });
    world.provider.accounts.set('ann', { preferred_username: 'ann', ...claims });
    const browser = new Browser();
    const visit = await world.signIn(browser);
    if (reason === null) expect(visit.location).toBe(world.address('/'));
    else await world.expectRefused(visit, browser, reason);
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ['the name that people know', { preferred_username: 'ann.example' }, /^ann\.example$/],
    ['the mail address', { preferred_username: 'two words', email: 'ann@example.com' }, /^ann@example\.com$/],
    ['the subject', {}, /^ann$/],
    ['no id of a user', { preferred_username: 'usr_00000000000000000000000000' }, /^ann$/],
  ])('is called by %s', async (_what, claims, name) => {
    await world.putSso();
    world.provider.accounts.set('ann', claims);
    const browser = new Browser();
    await world.signIn(browser);
    expect((await world.whoIs(browser)).body.name).toMatch(name);
  });
});

describe('groups', () => {
  const mapping = {
    groupClaim: 'groups',
    groupMapping: [
      { value: 'ops', group: 'Production Support' },
      { value: 'dev', group: 'Non-Production Support' },
      { value: 'support', group: 'Production Support' },
    ],
  };
  const groupsOf = async (browser: Browser): Promise<string[]> =>
    (await world.whoIs(browser)).body.groups.map(({ name }: Loose) => name).sort();

  test('are entered and left as the claim says at each sign-in; running sessions follow at once', async () => {
    await world.putSso(mapping);
    const browser = new Browser();
    await world.signIn(browser);
    expect(await groupsOf(browser)).toEqual(['Production Support']);
    world.provider.accounts.set('ann', { groups: ['dev'] });
    const second = new Browser();
    await world.signIn(second);
    expect(await groupsOf(second)).toEqual(['Non-Production Support']);
    expect(await groupsOf(browser)).toEqual(['Non-Production Support']);
    const changes = [
      ...(await world.records('group.member-added')),
      ...(await world.records('group.member-removed')),
    ];
    expect(
      changes.map(({ action, actor, resourceName, details }) => [
        action,
        actor,
        resourceName,
        details.userName,
      ]),
    ).toEqual([
      ['group.member-added', 'server', 'Non-Production Support', 'ann'],
      ['group.member-added', 'server', 'Production Support', 'ann'],
      ['group.member-removed', 'server', 'Production Support', 'ann'],
    ]);
  });

  test('of which two values lead to one are left only when neither is there', async () => {
    await world.putSso(mapping);
    world.provider.accounts.set('ann', { groups: ['support'] });
    const browser = new Browser();
    await world.signIn(browser);
    expect(await groupsOf(browser)).toEqual(['Production Support']);
    expect(await world.records('group.member-removed')).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['is missing', undefined],
    ['is empty', []],
    ['is something else', { ops: true }],
    ['has it as a part of a value', ['ops-team', 'OPS', ' ops']],
  ])('are left when the claim %s', async (_what, groups) => {
    await world.putSso(mapping);
    await world.signIn();
    world.provider.accounts.set('ann', { groups });
    const browser = new Browser();
    await world.signIn(browser);
    expect(await groupsOf(browser)).toEqual([]);
  });

  test('that are not mapped are left alone', async () => {
    await world.putSso(mapping);
    await world.signIn();
    await world.on.call('POST', '/v1/groups', { name: 'Friends', account: [], grants: [] });
    const { body } = await world.on.call('GET', '/v1/groups');
    const friends = body.groups.find(({ name }: Loose) => name === 'Friends');
    const { body: ann } = await world.on.call('GET', '/v1/users/ann');
    await world.store.write(async ({ memberships }) =>
      memberships.add({ groupId: friends.id, userId: ann.id, sinceMs: 1 }),
    );
    world.provider.accounts.set('ann', { groups: ['dev', 'Friends-not'] });
    const browser = new Browser();
    await world.signIn(browser);
    expect(await groupsOf(browser)).toEqual(['Friends', 'Non-Production Support']);
    await world.putSso();
    await world.signIn(browser);
    expect(await groupsOf(browser)).toEqual(['Friends', 'Non-Production Support']);
  });

  test('are found in a claim within others', async () => {
    await world.putSso({ ...mapping, groupClaim: '/groups/teams' });
    world.provider.accounts.set('ann', { groups: { teams: ['ops'] } });
    const browser = new Browser();
    await world.signIn(browser);
    expect(await groupsOf(browser)).toEqual(['Production Support']);
  });
});
