// The way in: from the set-up link of a new installation to the start page that says what is still missing; and every later sign-in.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ADMINISTRATOR, storedIn, WebJourney } from './web-journey.ts';
import { judgePage } from './judge-page.ts';

let journey: WebJourney;

beforeAll(async () => {
  journey = await WebJourney.start();
}, 120_000);
afterEach(async () => journey.expectClean());
afterAll(async () => journey?.close());

describe('a new installation', () => {
  test('is set up by its link: first administrator, then live steps until the first secret is in', async () => {
    const link = await journey.setUpLink();
    const { page } = await journey.open(link);
    await page.getByRole('heading', { name: 'Set up Sallyport' }).waitFor();
    await judgePage(page, 'welcome-set-up');

    await page.getByLabel('User name').fill(ADMINISTRATOR.name);
    const password = page.getByLabel(/^Password/);
    await password.fill('too short');
    await page.getByRole('button', { name: 'Create the administrator' }).click();
    await page.getByText('It is too short: 3 more characters.').waitFor();
    await password.fill(ADMINISTRATOR.password);
    await page.getByRole('button', { name: 'Create the administrator' }).click();

    await page.getByRole('heading', { name: 'First steps' }).waitFor();
    expect(new URL(page.url()).hash).toBe('#/');
    const step = (name: string, state: string) =>
      page.locator(`[data-step="${name}"][data-state="${state}"]`);
    await step('delegate', 'open').waitFor();
    await step('secrets-manager', 'open').waitFor();
    await judgePage(page, 'first-steps');

    // The page notices by itself what happens elsewhere.
    await journey.deployment.startDelegate({ name: 'vpc-1' });
    await step('delegate', 'done').waitFor();
    const { client } = journey.deployment;
    const settings = { kind: 'built-in' } as const;
    await client.call('createSecretsManager', { body: { name: 'ring', settings, makeDefault: true } });
    await step('secrets-manager', 'done').waitFor();
    await client.set('db-password', 'hunter2');
    await step('secret', 'done').waitFor();
    await page.getByRole('heading', { name: 'Everything is in place' }).waitFor();
    await judgePage(page, 'first-steps-done');

    // What was typed is nowhere in this browser, and the link is spent.
    const stored = await storedIn(page);
    expect(stored).not.toContain(ADMINISTRATOR.password);
    expect(stored).not.toContain(link.split('/').at(-1));
    await page.goto(link);
    await page.getByRole('heading', { name: 'This link does not work' }).waitFor();
    await judgePage(page, 'welcome-spent');
  }, 90_000);
});

describe('signing in', () => {
  test('a wrong password is refused without telling what was wrong; the right one leads to where somebody wanted to go', async () => {
    const { page } = await journey.open('/');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await judgePage(page, 'sign-in');
    await page.getByLabel('User name').fill(ADMINISTRATOR.name);
    await page.getByLabel(/^Password/).fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').getAttribute('data-error-code')).toBe('sign-in-failed');
    await judgePage(page, 'sign-in-failed');
    await page.getByLabel(/^Password/).fill(ADMINISTRATOR.password);
    await page.keyboard.press('Enter');
    await page.getByRole('navigation', { name: 'Areas' }).waitFor();
  }, 60_000);

  test('out and in again, by keyboard alone', async () => {
    const { page } = await journey.open('/sign-in');
    await page.getByLabel('User name').waitFor();
    await page.keyboard.type(ADMINISTRATOR.name);
    await page.keyboard.press('Tab');
    await page.keyboard.type(ADMINISTRATOR.password);
    await page.keyboard.press('Enter');
    await page.getByRole('navigation', { name: 'Areas' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
    await judgePage(page, 'keyboard-help');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Sign out' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.goto(journey.address('/'));
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  }, 60_000);

  test('a session that ends while its page is open is renewed over the page', async () => {
    const { page } = await journey.open('/sign-in');
    await page.getByLabel('User name').fill(ADMINISTRATOR.name);
    await page.getByLabel(/^Password/).fill(ADMINISTRATOR.password);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Everything is in place' }).waitFor();
    await page.context().clearCookies();
    const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
    await dialog.waitFor();
    await judgePage(page, 'session-ended');
    expect(await dialog.getByLabel('User name').inputValue()).toBe(ADMINISTRATOR.name);
    await dialog.getByLabel(/^Password/).fill(ADMINISTRATOR.password);
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: 'Everything is in place' }).waitFor();
  }, 60_000);

  test('an address that leads nowhere says so', async () => {
    const { page } = await journey.open('/no-such-page');
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
    await judgePage(page, 'not-found');
  }, 60_000);
});
