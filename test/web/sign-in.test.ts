// Every way in besides a password alone: a second factor, a recovery code, a real OpenID provider; and a session that is ended on the server
// while something is typed in.
import { TOTP } from 'otpauth';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CLIENT_ID, CLIENT_SECRET, OpenIdProvider } from '../../packages/server/test/openid-provider.ts';
import { judgePage } from './judge-page.ts';
import { makeUser, PASSWORD, signedIn } from './people.ts';
import { button, dialogOf, valueField } from './secrets-journey.ts';
import { WebJourney } from './web-journey.ts';

let journey: WebJourney;
let provider: OpenIdProvider;

const EVERYWHERE = [{ applications: 'all', environments: 'all' }] as const;
const WRITER = {
  account: ['manage-secrets' as const],
  grants: [{ where: [...EVERYWHERE], actions: ['read' as const, 'update' as const, 'use' as const] }],
};

beforeAll(async () => {
  journey = await WebJourney.start();
  const { deployment } = journey;
  await deployment.startDelegate({ name: 'vpc-1' });
  const { client } = deployment;
  const settings = { kind: 'built-in' } as const;
  await client.call('createSecretsManager', { body: { name: 'ring', settings, makeDefault: true } });
  const redirectUri = `${deployment.address}/v1/sso/callback`;
  provider = await OpenIdProvider.start({ redirectUri });
  provider.accounts.set('ann', { name: 'Ann Example', preferred_username: 'ann', groups: ['writers'] });
  journey.mayVisit.add(provider.url);
  const writers = await client.call('createGroup', { body: { name: 'writers', ...WRITER } });
  await client.call('putSso', {
    body: {
      issuer: provider.url,
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      displayName: 'Example Login',
      scopes: ['openid', 'profile', 'groups'],
      createUsers: true,
      groupClaim: 'groups',
      groupMapping: [{ value: 'writers', group: writers.id }],
    },
  });
}, 120_000);
afterEach(async () => journey.expectClean());
afterAll(async () => {
  await journey?.close();
  await provider?.close();
});

async function typePassword(page: Page, name: string): Promise<void> {
  await page.getByLabel('User name').fill(name);
  await page.getByLabel(/^Password/).fill(PASSWORD);
  await button(page, 'Sign in').click();
}

const areas = (page: Page) => page.getByRole('navigation', { name: 'Areas' });

describe('somebody with a second factor', () => {
  test('signs out, and comes in by password and code or recovery code only; each of them once', async () => {
    await makeUser(journey, 'dora');
    const { page } = await signedIn(journey, 'dora', '/account');
    await button(page, 'Set up a second factor').click();
    await dialogOf(page).getByRole('textbox', { name: 'Password', exact: true }).fill(PASSWORD);
    await button(dialogOf(page), 'Go on').click();
    const secret = ((await page.locator('[data-secret]').textContent()) ?? '').replaceAll(' ', '');
    const app = new TOTP({ secret });
    const used = app.generate();
    await dialogOf(page).getByRole('textbox', { name: 'Code' }).fill(used);
    await button(dialogOf(page), 'Confirm').click();
    const codes = ((await page.locator('[data-shown-once]').textContent()) ?? '').split('\n');
    await button(page, 'Done').click();
    await button(page, 'Sign out').click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();

    await typePassword(page, 'dora');
    const code = page.getByRole('textbox', { name: 'Code' });
    await code.waitFor();
    // It is what is asked for now, so it can be typed at once; and asking for it is no error.
    expect(await code.evaluate((field) => field === document.activeElement)).toBe(true);
    expect(await page.getByRole('alert').count()).toBe(0);
    await judgePage(page, 'sign-in-code');
    // The one that confirmed the set-up is spent, for whoever looked over the shoulder.
    for (const wrong of ['000000', used, 'not-a-recovery-code']) {
      await code.fill(wrong);
      await button(page, 'Sign in').click();
      await page.getByText('the name, the password or the code is wrong').waitFor();
      // It has to be typed anew.
      await expect.poll(async () => code.inputValue()).toBe('');
    }
    await judgePage(page, 'sign-in-code-wrong');
    await code.fill(app.generate({ timestamp: Date.now() + 30_000 }));
    await page.keyboard.press('Enter');
    await areas(page).waitFor();

    await button(page, 'Sign out').click();
    await typePassword(page, 'dora');
    await code.fill(codes[0] ?? '');
    await page.keyboard.press('Enter');
    await areas(page).waitFor();
    await page.goto(journey.address('/account'));
    await page.getByText('9 recovery codes left').waitFor();
    await button(page, 'Sign out').click();
    await typePassword(page, 'dora');
    await code.fill(codes[0] ?? '');
    await page.keyboard.press('Enter');
    await page.getByText('the name, the password or the code is wrong').waitFor();
  }, 120_000);
});

describe('single sign-on', () => {
  test('the button leads to the provider and back in; whom the provider refuses is told, and can try again', async () => {
    const { page } = await journey.open('/account');
    provider.signsIn = null;
    await page.getByRole('link', { name: 'Sign in with Example Login' }).click();
    await page.getByText('Single sign-on did not come to an end that can be trusted.').waitFor();
    await judgePage(page, 'sign-in-sso-failed');
    provider.signsIn = 'ann';
    await page.getByRole('link', { name: 'Sign in with Example Login' }).click();
    // Where they wanted to go in the first place.
    await page.getByRole('heading', { name: 'My account' }).waitFor();
    await page.getByText('Ann Example').waitFor();
    await page.getByText('you are known at the provider').waitFor();
    await page.getByRole('link', { name: 'writers' }).waitFor();
  }, 60_000);
});

describe('a session that is ended on the server while something is typed', () => {
  test('a form: the person signs in over the page, and what was typed is stored', async () => {
    await makeUser(journey, 'wanda', WRITER);
    const { page } = await signedIn(journey, 'wanda', '/secrets/add/text?name=half-typed');
    await valueField(page).fill('typed before the end');
    await journey.deployment.client.call('revokeUserSessions', { params: { user: 'wanda' } });
    await button(page, 'Seal and store').click();
    const ended = page.getByRole('dialog', { name: 'Your session has ended' });
    await ended.getByText('What you typed in this page is still there.').waitFor();
    await ended.getByLabel(/^Password/).fill(PASSWORD);
    await button(ended, 'Sign in').click();
    await ended.waitFor({ state: 'detached' });
    await page.getByText('Sign in, then do it once more: it was not done.').waitFor();
    expect(await valueField(page).inputValue()).toBe('typed before the end');
    await button(page, 'Seal and store').click();
    await page.getByRole('heading', { name: 'half-typed' }).waitFor();
    expect(await journey.deployment.client.get('half-typed')).toBe('typed before the end');
  }, 60_000);

  test('a dialog: Escape does not take it away; somebody of the provider signs in in another tab, and goes on here', async () => {
    const { client } = journey.deployment;
    const { secretId } = await client.set('of-two-versions', 'the first');
    const { page } = await journey.open(`/secrets/${secretId}`);
    await page.getByRole('link', { name: 'Sign in with Example Login' }).click();
    await button(page, 'New version').click();
    const form = page.getByRole('dialog', { name: 'New version of of-two-versions' });
    await valueField(form).fill('the second');
    await client.call('revokeUserSessions', { params: { user: 'ann' } });
    await button(form, 'Seal and store').click();
    const ended = page.getByRole('dialog', { name: 'Your session has ended' });
    const away = ended.getByRole('link', { name: 'Sign in with Example Login, in another tab' });
    await away.waitFor();
    await page.keyboard.press('Escape');
    const [tab] = await Promise.all([page.context().waitForEvent('page'), away.click()]);
    await areas(tab).waitFor();
    await ended.waitFor({ state: 'detached' });
    expect(await valueField(form).inputValue()).toBe('the second');
    await button(form, 'Seal and store').click();
    await form.waitFor({ state: 'detached' });
    expect(await client.get('of-two-versions')).toBe('the second');
  }, 60_000);
});
