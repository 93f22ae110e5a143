// Every way in which somebody could try to come in by the sign-in of another one, against a real OpenID provider: with callbacks, with ID
// tokens, and by what the provider says. Attacks are those of RFC 9700 (OAuth 2.0 security) and of OpenID Connect's security considerations.
import { createHmac } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Browser, CLIENT_ID, CLIENT_SECRET } from './openid-provider.ts';
import type { Forge } from './openid-provider.ts';
import { CALLBACK, SsoWorld, START } from './sso-world.ts';

let world: SsoWorld;
beforeEach(async () => {
  world = await SsoWorld.start();
});
afterEach(async () => {
  vi.useRealTimers();
  await world.end();
});

describe('a callback', () => {
  beforeEach(async () => void (await world.putSso()));

  test('in a browser that has not begun is refused: a code of somebody else must not sign it in', async () => {
    const attacker = new Browser();
    const callback = await world.toCallback(attacker);
    const victim = new Browser();
    await world.expectRefused(await victim.get(callback), victim, 'has not begun');
    // And the attempt has not used up what is the attacker's own.
    expect((await attacker.get(callback)).location).toBe(world.address('/'));
  });

  test('with the state of another browser is refused', async () => {
    const attacker = new Browser();
    const callback = await world.toCallback(attacker);
    const victim = new Browser();
    await victim.get(world.address(START));
    await world.expectRefused(await victim.get(callback), victim, 'state is not that');
  });

  test.each(['', 'state=', 'state=x', 'state=STATE&state=x'])(
    'with "%s" for a state is refused, and does not use the sign-in up',
    async (state) => {
      const browser = new Browser();
      const callback = new URL(await world.toCallback(browser));
      const given = callback.searchParams.get('state') ?? '';
      const changed = new URL(callback);
      changed.searchParams.delete('state');
      const query = [changed.search.slice(1), state.replace('STATE', given)]
        .filter((part) => part !== '')
        .join('&');
      const cookie = world.stateCookie(browser);
      await world.expectRefused(
        await browser.get(`${world.address(CALLBACK)}?${query}`),
        browser,
        'state is not that',
      );
      world.setStateCookie(browser, cookie);
      expect((await browser.get(callback.href)).location).toBe(world.address('/'));
    },
  );

  test('that comes a second time is refused before the provider is asked', async () => {
    const browser = new Browser();
    const callback = await world.toCallback(browser);
    const cookie = world.stateCookie(browser);
    expect((await browser.get(callback)).location).toBe(world.address('/'));
    const thief = new Browser();
    world.setStateCookie(thief, cookie);
    const asked = world.provider.requests.length;
    await world.expectRefused(await thief.get(callback), thief, 'come to its end before');
    expect(world.provider.requests).toHaveLength(asked);
  });

  test('with a code that was used in another sign-in is refused', async () => {
    const first = new Browser();
    const used = new URL(await world.toCallback(first)).searchParams.get('code') ?? '';
    await world.signIn(first);
    const browser = new Browser();
    const callback = new URL(await world.toCallback(browser));
    callback.searchParams.set('code', used);
    await world.expectRefused(await browser.get(callback.href), browser, 'invalid_grant');
  });

  // The code of one sign-in in the callback of another: the verifier does not fit (PKCE).
  test('with a code that was stolen from another browser before it was used is refused', async () => {
    const victim = new Browser();
    const stolen = new URL(await world.toCallback(victim)).searchParams.get('code') ?? '';
    const attacker = new Browser();
    const callback = new URL(await world.toCallback(attacker));
    callback.searchParams.set('code', stolen);
    await world.expectRefused(await attacker.get(callback.href), attacker, 'invalid_grant');
  });

  test.each([
    ['names another issuer', (url: URL) => url.searchParams.set('iss', 'https://evil.example')],
    ['names no issuer, though the provider says that it does', (url: URL) => url.searchParams.delete('iss')],
    ['names two issuers', (url: URL) => url.searchParams.append('iss', 'https://evil.example')],
    ['has two codes', (url: URL) => url.searchParams.append('code', 'x')],
    ['has no code', (url: URL) => url.searchParams.delete('code')],
    ['has a token in place of a code', (url: URL) => url.searchParams.set('response', 'x.y.z')],
  ])('that %s is refused', async (what, change) => {
    const browser = new Browser();
    const url = new URL(await world.toCallback(browser));
    change(url);
    await world.expectRefused(await browser.get(url.href), browser, /./);
    // Whether the code was asked for shows that a mix-up ends before the other provider gets it.
    if (what.includes('issuer')) expect(world.provider.requests).not.toContain('/token');
  });

  test('ten minutes after the start is refused', async () => {
    const browser = new Browser();
    const callback = await world.toCallback(browser);
    world.clock.advance(600_000);
    await world.expectRefused(await browser.get(callback), browser, 'ten minutes');
  });

  test('with a cookie that the server has not made, or that was changed, is refused', async () => {
    const browser = new Browser();
    const callback = await world.toCallback(browser);
    const cookie = world.stateCookie(browser);
    const [atMs = '', settingsMs = '', random = ''] = cookie.split('.');
    for (const forged of [
      `${Number(atMs) + 1}.${settingsMs}.${random}`,
      `${atMs}.${settingsMs}.${'A'.repeat(43)}`,
      'x',
      `${cookie}x`,
    ]) {
      world.setStateCookie(browser, forged);
      expect((await browser.get(callback)).location).toBe(world.address('/#/sign-in?error=sso-failed'));
      world.clock.advance(20_000);
    }
  });

  test('after the settings have changed is refused', async () => {
    const browser = new Browser();
    const callback = await world.toCallback(browser);
    await world.putSso({ displayName: 'Other' });
    await world.expectRefused(await browser.get(callback), browser, 'changed meanwhile');
    const other = new Browser();
    const late = await world.toCallback(other);
    await world.on.call('DELETE', '/v1/sso');
    await world.expectRefused(await other.get(late), other, 'not set up');
  });

  test('with which the provider says no is refused, with its words in the audit trail only', async () => {
    world.provider.signsIn = null;
    const browser = new Browser();
    await world.expectRefused(await world.signIn(browser), browser, 'access_denied');
  });

  test('answers to nothing but GET, and the sign-in does not begin with another method either', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'HEAD']) {
      for (const path of [START, CALLBACK]) {
        const response = await fetch(world.address(path), { method, redirect: 'manual' });
        expect(response.status).toBe(404);
      }
    }
  });

  test('after callback that fails is slowed down', async () => {
    const browser = new Browser();
    for (let round = 0; round < 5; round += 1) await browser.get(world.address(`${CALLBACK}?state=x&code=y`));
    const before = (await world.records('sso.failed')).length;
    const visit = await browser.get(world.address(`${CALLBACK}?state=x&code=y`));
    expect(visit.location).toBe(world.address('/#/sign-in?error=rate-limited'));
    expect(await world.records('sso.failed')).toHaveLength(before);
  });
});

describe('an ID token', () => {
  beforeEach(async () => void (await world.putSso()));
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = (): number => Math.floor(Date.now() / 1000);
  const without = (claims: JWTPayload, name: string): JWTPayload =>
    Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));

  const attacks: [string, Forge][] = [
    ['with another nonce', ({ claims, sign }) => sign({ ...claims, nonce: 'x' })],
    ['without nonce', ({ claims, sign }) => sign(without(claims, 'nonce'))],
    ['of another issuer', ({ claims, sign }) => sign({ ...claims, iss: 'https://evil.example' })],
    ['for another client', ({ claims, sign }) => sign({ ...claims, aud: 'other' })],
    [
      'for two clients, of which the other is the one it was made for',
      ({ claims, sign }) => sign({ ...claims, aud: [CLIENT_ID, 'other'], azp: 'other' }),
    ],
    ['that has expired', ({ claims, sign }) => sign({ ...claims, iat: now() - 600, exp: now() - 60 })],
    ['without expiry', ({ claims, sign }) => sign(without(claims, 'exp'))],
    ['that is not valid yet', ({ claims, sign }) => sign({ ...claims, nbf: now() + 120 })],
    ['without subject', ({ claims, sign }) => sign(without(claims, 'sub'))],
    ['that is not signed', ({ claims }) => `${part({ alg: 'none' })}.${part(claims)}.`],
    [
      'that claims to be signed',
      ({ claims }) => `${part({ alg: 'RS256' })}.${part(claims)}.${'A'.repeat(342)}`,
    ],
    [
      'signed with a key of somebody else',
      async ({ claims, publicJwk }) => {
        const { privateKey } = await generateKeyPair('RS256');
        return new SignJWT(claims)
          .setProtectedHeader({ alg: 'RS256', kid: publicJwk.kid ?? '' })
          .sign(privateKey);
      },
    ],
    [
      'signed with the public key as a shared secret',
      async ({ claims, publicJwk }) => {
        const key = (await importJWK(publicJwk, 'RS256', { extractable: true })) as CryptoKey;
        const signed = `${part({ alg: 'HS256', kid: publicJwk.kid })}.${part(claims)}`;
        return `${signed}.${createHmac('sha256', await exportSPKI(key))
          .update(signed)
          .digest('base64url')}`;
      },
    ],
    [
      'signed with the client secret',
      ({ claims }) => {
        const signed = `${part({ alg: 'HS256' })}.${part(claims)}`;
        return `${signed}.${createHmac('sha256', CLIENT_SECRET).update(signed).digest('base64url')}`;
      },
    ],
    [
      'with an extension that must be understood',
      ({ claims, sign }) => sign(claims, { crit: ['b64'], b64: true }),
    ],
    ['that is none', () => 'x.y.z'],
  ];

  test.each(attacks)('%s is refused', async (_what, forge) => {
    world.provider.forge = forge;
    const browser = new Browser();
    await world.expectRefused(await world.signIn(browser), browser, /./);
    world.provider.forge = null;
    await world.expectSignsIn(browser);
  });

  test('signed again as it was is taken, so that the refusals above are for what they say', async () => {
    world.provider.forge = ({ claims, sign }) => sign(claims);
    await world.expectSignsIn();
  });

  test('of a subject that is not the one of the userinfo endpoint is refused', async () => {
    await world.startProvider({ claimsInIdToken: false });
    await world.putSso();
    world.provider.forge = ({ claims, sign }) => sign({ ...claims, sub: 'boss' });
    const browser = new Browser();
    await world.expectRefused(await world.signIn(browser), browser, /./);
  });
});

describe('the provider', () => {
  test('may change its keys: after a minute at the latest the new ones are taken, and the old ones are not', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    await world.putSso();
    await world.expectSignsIn();
    let old: string | null = null;
    world.provider.forge = async ({ claims, sign }) => (old = await sign(claims));
    await world.signIn();
    await world.provider.rotate();
    vi.setSystemTime(Date.now() + 61_000);
    world.clock.advance(61_000);
    world.provider.forge = null;
    await world.expectSignsIn();
    world.provider.forge = () => old ?? '';
    const browser = new Browser();
    await world.expectRefused(await world.signIn(browser), browser, /./);
  });

  test('that is not there ends the sign-in at its start, and is asked again the next time', async () => {
    await world.putSso();
    await world.stopProvider();
    const browser = new Browser();
    await world.expectRefused(await browser.get(world.address(START)), browser, /./);
    await world.startProvider();
    await world.putSso();
    await world.expectSignsIn();
  });

  test('that names itself otherwise is not believed', async () => {
    await world.putSso({ issuer: `${world.provider.url}/` });
    const browser = new Browser();
    await world.expectRefused(await browser.get(world.address(START)), browser, 'names itself otherwise');
  });

  test('that does not know the client secret any more ends the sign-in', async () => {
    await world.putSso({ clientSecret: 'wrong' });
    const browser = new Browser();
    await world.expectRefused(
      await world.signIn(browser),
      browser,
      'does not accept this client (invalid_client)',
    );
  });
});
