// One-time links: that each works once, for a while, for one person, and lets nobody around the second factor.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addPerson } from './access-rows.ts';
import { addSecondFactor, ADMIN, ALICE, Browser, startPeople, totpCode, valueOf } from './browser.ts';
import type { BrowserAnswer, People } from './browser.ts';
import { expectError, startTestServer } from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

const HOUR_MS = 3_600_000;
const NEW_PASSWORD = 'chosen by way of a link';

async function redeem(by: Browser, link: string, more: object = {}): Promise<BrowserAnswer> {
  return by.call('POST', '/v1/links/redeem', { value: valueOf(link), password: NEW_PASSWORD, ...more });
}

describe('the first start', () => {
  let on: TestServer;
  beforeEach(async () => {
    on = await startTestServer();
  });
  afterEach(async () => {
    await on.end();
  });

  const setUpLink = async (): Promise<string> => (await on.server.createSetupLink()) ?? '';

  test('gives a link that makes an account administrator, once', async () => {
    const link = await setUpLink();
    expect(link).toMatch(
      new RegExp(`^${RegExp.escape(on.server.address)}/#/welcome/sp_lnk_[A-Za-z0-9_-]{43}$`),
    );
    const browser = new Browser(on.server.address);
    const inspected = await browser.call('POST', '/v1/links/inspect', { value: valueOf(link) });
    expect(inspected.body).toMatchObject({ purpose: 'set-up', name: null, needsCode: false });
    expect((await redeem(browser, link, { name: 'root', displayName: 'The First' })).status).toBe(200);
    const { body } = await browser.call('GET', '/v1/whoami');
    expect(body).toMatchObject({ kind: 'user', name: 'root', groups: [{ name: 'Account Administrator' }] });
    expect(body.permissions).toContain('administer');
    expectError(await redeem(new Browser(on.server.address), link, { name: 'second' }), 'link-invalid');
    expect(await on.server.createSetupLink()).toBeNull();
  });

  test('again gives another link, and the one before is no good any more', async () => {
    const [first, second] = [await setUpLink(), await setUpLink()];
    const browser = new Browser(on.server.address);
    expectError(await redeem(browser, first, { name: 'root' }), 'link-invalid');
    expect((await redeem(browser, second, { name: 'root' })).status).toBe(200);
  });

  test('that two people race for makes one user', async () => {
    const link = await setUpLink();
    const answers = await Promise.all(
      ['one', 'two', 'three'].map(async (name) => redeem(new Browser(on.server.address), link, { name })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401, 401]);
    expect((await on.call('GET', '/v1/users')).body.users).toHaveLength(1);
  });

  test('asks for a name that can be signed in with, and a password that is no common one', async () => {
    const link = await setUpLink();
    const browser = new Browser(on.server.address);
    expectError(await redeem(browser, link), 'invalid-request');
    expectError(await redeem(browser, link, { name: 'with blanks' }), 'invalid-name');
    expectError(await redeem(browser, link, { name: 'root', password: 'password1234' }), 'invalid-password');
    expect((await redeem(browser, link, { name: 'root@example.com' })).status).toBe(200);
  });
});

describe('a link for a user', () => {
  let people: People;
  beforeEach(async () => {
    people = await startPeople();
  });
  afterEach(async () => {
    await people.end();
  });

  async function invite(name = 'alice'): Promise<string> {
    const { body, status } = await people.admin.call('POST', '/v1/users', { name });
    expect(status).toBe(201);
    return body.link;
  }

  async function resetLink(name = 'alice'): Promise<string> {
    const { body, status } = await people.admin.call('POST', `/v1/users/${name}/reset-link`);
    expect(status).toBe(201);
    return body.link;
  }

  test('lets the invited person choose a password, once, and signs them in', async () => {
    const link = await invite();
    const alice = people.browser();
    expectError(await alice.signIn('alice', NEW_PASSWORD), 'sign-in-failed');
    const { body } = await alice.call('POST', '/v1/links/inspect', { value: valueOf(link) });
    expect(body).toMatchObject({ purpose: 'invitation', name: 'alice', needsCode: false });
    expect((await redeem(alice, link)).body).toMatchObject({ name: 'alice' });
    expect(await alice.isSignedIn()).toBe(true);
    expect((await people.browser().signIn('alice', NEW_PASSWORD)).status).toBe(200);
    expectError(await redeem(people.browser(), link), 'link-invalid');
    expectError(
      await people.browser().call('POST', '/v1/links/inspect', { value: valueOf(link) }),
      'link-invalid',
    );
  });

  test('is stored as a hash only, and no record has its value', async () => {
    const link = await invite();
    const rows = await people.store.read(async ({ links, users }) => {
      const user = await users.find('alice');
      return links.listOf(user?.id ?? null);
    });
    expect(rows).toHaveLength(1);
    const said = JSON.stringify([
      rows,
      await people.trail(),
      (await people.on.call('GET', '/v1/users')).body,
    ]);
    expect(said).not.toContain(valueOf(link).slice(7));
  });

  test('is good for 72 hours, to the millisecond', async () => {
    const link = await invite();
    people.clock.advance(72 * HOUR_MS - 1);
    const inspect = async () => people.browser().call('POST', '/v1/links/inspect', { value: valueOf(link) });
    expect((await inspect()).status).toBe(200);
    people.clock.advance(1);
    expectError(await inspect(), 'link-invalid');
    expectError(await redeem(people.browser(), link), 'link-invalid');
  });

  test('replaces the one before, and goes with the first one that is redeemed', async () => {
    const first = await invite();
    const second = await resetLink();
    expectError(await redeem(people.browser(), first), 'link-invalid');
    expect((await redeem(people.browser(), second)).status).toBe(200);
    const [third, fourth] = [await resetLink(), await resetLink()];
    expectError(await redeem(people.browser(), third), 'link-invalid');
    expect((await redeem(people.browser(), fourth)).status).toBe(200);
  });

  test('sets a new password, and ends every session that the old one began', async () => {
    const old = await people.join(ALICE);
    const link = await resetLink();
    expect(await old.isSignedIn()).toBe(true);
    const anew = people.browser();
    expect((await redeem(anew, link)).status).toBe(200);
    expect([await old.isSignedIn(), await anew.isSignedIn()]).toEqual([false, true]);
    expectError(await old.signIn('alice', ALICE.password), 'sign-in-failed');
    const actions = (await people.trail()).map(({ action }: Loose) => action);
    expect(actions.slice(-5)).toEqual([
      'link.created',
      'link.redeemed',
      'user.password-changed',
      'user.signed-in',
      'user.sign-in-failed',
    ]);
  });

  test('is no way around the second factor', async () => {
    const alice = await people.join(ALICE);
    const { secret } = await addSecondFactor(alice, ALICE.password, people.clock);
    const link = await resetLink();
    people.clock.advance(60_000);
    const thief = people.browser();
    const { body } = await thief.call('POST', '/v1/links/inspect', { value: valueOf(link) });
    expect(body.needsCode).toBe(true);
    expectError(await redeem(thief, link), 'second-factor-required');
    expectError(await redeem(thief, link, { code: '000000' }), 'sign-in-failed');
    expect(await thief.isSignedIn()).toBe(false);
    expect((await people.browser().signIn('alice', ALICE.password)).body.error.code).toBe(
      'second-factor-required',
    );
    const code = totpCode(secret, people.clock.nowMs());
    expect((await redeem(alice, link, { code })).status).toBe(200);
  });

  test('is no good for a user who is disabled, and not again after they are enabled', async () => {
    const link = await invite();
    await people.admin.call('PATCH', '/v1/users/alice', { disabled: true });
    expectError(await redeem(people.browser(), link), 'link-invalid');
    await people.admin.call('PATCH', '/v1/users/alice', { disabled: false });
    expectError(await redeem(people.browser(), link), 'link-invalid');
  });

  test('goes when the user changes the password otherwise', async () => {
    const alice = await people.join(ALICE);
    const link = await resetLink();
    const body = { currentPassword: ALICE.password, newPassword: 'an entirely other password' };
    expect((await alice.call('POST', '/v1/me/password', body)).status).toBe(204);
    expectError(await redeem(people.browser(), link), 'link-invalid');
  });

  test('that is made up is answered like one that has expired', async () => {
    const link = await invite();
    people.clock.advance(73 * HOUR_MS);
    const expired = await redeem(people.browser(), link);
    const made = await redeem(people.browser(), `x/sp_lnk_${'A'.repeat(43)}`);
    const nonsense = await redeem(people.browser(), 'x/nonsense');
    expect(expired.body.error).toEqual(made.body.error);
    expect(expired.body.error).toEqual(nonsense.body.error);
  });

  test('that gives a name for a user who has one is refused', async () => {
    expectError(await redeem(people.browser(), await invite(), { name: 'other' }), 'invalid-request');
  });

  test('for an administrator is made only by those who may do as much', async () => {
    await people.admin.call('POST', '/v1/groups', {
      name: 'Front desk',
      account: ['manage-users-and-groups'],
    });
    const clerk = await people.join({ user: 'clerk', password: 'front desk password' }, ['Front desk']);
    await people.join(ALICE);
    expect((await clerk.call('POST', '/v1/users/alice/reset-link')).status).toBe(201);
    expectError(await clerk.call('POST', `/v1/users/${ADMIN.user}/reset-link`), 'forbidden');
    expectError(await clerk.call('POST', `/v1/users/${ADMIN.user}/reset-second-factor`), 'forbidden');
    expectError(await clerk.call('PATCH', `/v1/users/${ADMIN.user}`, { disabled: true }), 'forbidden');
    expectError(await clerk.call('DELETE', `/v1/users/${ADMIN.user}`), 'forbidden');
    expectError(
      await clerk.call('POST', '/v1/users', { name: 'eve', groups: ['Account Administrator'] }),
      'forbidden',
    );
    expect((await people.on.call('GET', '/v1/users?search=eve')).body.users).toEqual([]);
  });

  test('leads to the public address, whatever the Host header says', async () => {
    const headers = { host: 'evil.example' };
    const { body } = await people.admin.call('POST', '/v1/users', { name: 'alice' }, headers);
    expect(body.link.startsWith(`${people.on.server.address}/#/welcome/`)).toBe(true);
  });

  test('for one who only knows the provider sets a password beside it', async () => {
    await addPerson(people.store, {
      name: 'sso-user',
      passwordHash: null,
      externalIssuer: 'https://id.example',
      externalSubject: '1',
    });
    expect((await redeem(people.browser(), await resetLink('sso-user'))).status).toBe(200);
    const { body } = await people.on.call('GET', '/v1/users/sso-user');
    expect(body).toMatchObject({ hasPassword: true, singleSignOn: true });
  });
});
