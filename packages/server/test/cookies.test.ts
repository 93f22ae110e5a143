// Cookies: what they look like, and that nobody else's page can act with them.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ADMIN, ALICE, Browser, startPeople } from './browser.ts';
import type { People, SentHeaders } from './browser.ts';
import { selfSigned } from './self-signed.ts';
import { expectError, startTestServer } from './test-server.ts';

let people: People;
beforeEach(async () => {
  people = await startPeople();
});
afterEach(async () => {
  await people.end();
});

describe('cross-site requests', () => {
  const changes: [what: string, headers: (address: string) => SentHeaders, allowed: boolean][] = [
    ['from a page of the server', () => ({ 'sec-fetch-site': 'same-origin' }), true],
    ['from another site', () => ({ 'sec-fetch-site': 'cross-site' }), false],
    ['from another host of the same site', () => ({ 'sec-fetch-site': 'same-site' }), false],
    ['that claim to be typed by a person', () => ({ 'sec-fetch-site': 'none' }), false],
    ['with the own origin only', (address) => ({ 'sec-fetch-site': null, origin: address }), true],
    ['with a foreign origin only', () => ({ 'sec-fetch-site': null, origin: 'https://evil.example' }), false],
    ['with a null origin', () => ({ 'sec-fetch-site': null, origin: 'null' }), false],
    [
      'with the own host by another scheme',
      (address) => ({ 'sec-fetch-site': null, origin: address.replace('http:', 'https:') }),
      false,
    ],
    [
      'with the own origin, which the browser itself calls cross-site',
      (address) => ({ 'sec-fetch-site': 'cross-site', origin: address }),
      false,
    ],
    ['that say nothing of where they are from', () => ({ 'sec-fetch-site': null }), false],
  ];

  test.each(changes)('%s', async (_, headers, allowed) => {
    const { admin, on } = people;
    const answer = await admin.call(
      'POST',
      '/v1/users',
      { name: 'made-by-request' },
      headers(on.server.address),
    );
    if (allowed) expect(answer.status).toBe(201);
    else expectError(answer, 'forbidden');
    const { body } = await on.call('GET', '/v1/users?search=made-by-request');
    expect(body.users).toHaveLength(allowed ? 1 : 0);
  });

  test('cannot sign a browser in as somebody else, nor out', async () => {
    await people.join(ALICE);
    const browser = people.browser();
    const foreign = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    const signIn = { user: 'alice', password: ALICE.password };
    const refused = await browser.call('POST', '/v1/sign-in', signIn, foreign);
    expectError(refused, 'forbidden');
    expect(refused.setCookies).toEqual([]);
    expectError(await people.admin.call('POST', '/v1/sign-out', undefined, foreign), 'forbidden');
    expect(await people.admin.isSignedIn()).toBe(true);
  });

  test('reading works from a link, and programs sign in without saying where they are from', async () => {
    await people.join(ALICE);
    expect(
      (await people.admin.call('GET', '/v1/users', undefined, { 'sec-fetch-site': 'none' })).status,
    ).toBe(200);
    const program = people.browser();
    const signIn = { user: 'alice', password: ALICE.password };
    expect((await program.call('POST', '/v1/sign-in', signIn, { 'sec-fetch-site': null })).status).toBe(200);
  });

  test('a key beside a cookie counts alone, and needs no origin', async () => {
    const { admin, on } = people;
    const authorization = `Bearer ${on.key}`;
    const me = await admin.call('GET', '/v1/whoami', undefined, { authorization });
    expect(me.body.kind).toBe('api-key');
    const silent = { authorization, 'sec-fetch-site': null };
    expect((await admin.call('POST', '/v1/users', { name: 'by-key' }, silent)).status).toBe(201);
    const wrong = { authorization: 'Bearer sp_key_wrong' };
    expectError(await admin.call('GET', '/v1/whoami', undefined, wrong), 'unauthenticated');
    // Nor is the session touched by it.
    expect(await admin.call('POST', '/v1/sign-out', undefined, silent)).toMatchObject({
      status: 204,
      setCookies: [],
    });
    expect(await admin.isSignedIn()).toBe(true);
  });
});

describe('the cookie', () => {
  const FLAGS = 'Path=/; HttpOnly; SameSite=Strict';

  test('on plain http is readable by no script and goes to no other site', async () => {
    await people.join(ALICE);
    const { setCookies } = await people.browser().signIn('alice', ALICE.password);
    expect(setCookies).toEqual([expect.stringMatching(/^sallyport=sp_ses_[A-Za-z0-9_-]{43}; /)]);
    expect(setCookies[0]?.slice(setCookies[0].indexOf(' ') + 1)).toBe(FLAGS);
  });

  test('with TLS is bound to this very host and to https', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-tls-'));
    const { certificate, key } = selfSigned();
    await writeFile(join(folder, 'cert.pem'), certificate);
    await writeFile(join(folder, 'key.pem'), key);
    const on = await startTestServer({
      config: { tlsCertificateFile: join(folder, 'cert.pem'), tlsKeyFile: join(folder, 'key.pem') },
    });
    try {
      await expectSecureCookie(on.server.address, await on.server.createSetupLink());
    } finally {
      await on.end();
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('behind a proxy that speaks TLS is the same', async () => {
    const on = await startTestServer({ config: { publicUrl: 'https://sallyport.example.com' } });
    try {
      const link = await on.server.createSetupLink();
      expect(link).toMatch(/^https:\/\/sallyport\.example\.com\/#\/welcome\/sp_lnk_/);
      await expectSecureCookie(on.server.address, link);
    } finally {
      await on.end();
    }
  });

  async function expectSecureCookie(address: string, link: string | null): Promise<void> {
    const browser = new Browser(address);
    const value = link?.slice(link.lastIndexOf('/') + 1);
    const redeem = { value, password: ADMIN.password, name: 'admin' };
    const { setCookies, status } = await browser.call('POST', '/v1/links/redeem', redeem);
    expect(status).toBe(200);
    expect(setCookies).toEqual([expect.stringMatching(/^__Host-sallyport=sp_ses_[A-Za-z0-9_-]{43}; /)]);
    expect(setCookies[0]?.slice(setCookies[0].indexOf(' ') + 1)).toBe(`${FLAGS}; Secure`);
    expect(await browser.isSignedIn()).toBe(true);
    // Under the name that anybody on plain http could set, it is nothing.
    const other = new Browser(address);
    other.cookie = browser.cookie?.replace('__Host-', '') ?? null;
    expect(await other.isSignedIn()).toBe(false);
  }

  test('that is there twice with different values is none', async () => {
    const twice = people.browser();
    twice.cookie = `sallyport=sp_ses_${'B'.repeat(43)}; ${people.admin.cookie}`;
    expect(await twice.isSignedIn()).toBe(false);
  });
});
