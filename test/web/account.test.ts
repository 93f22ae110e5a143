// The own account in a browser: a second factor with codes that are computed here, sessions, password, own keys.
import { TOTP } from 'otpauth';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { judgePage } from './judge-page.ts';
import { makeUser, PASSWORD, signedIn } from './people.ts';
import { storedIn, WebJourney } from './web-journey.ts';

let journey: WebJourney;

beforeAll(async () => {
  journey = await WebJourney.start();
}, 120_000);
afterEach(async () => journey.expectClean());
afterAll(async () => journey?.close());

const dialogOf = (page: Page) => page.getByRole('dialog');

describe('the second factor', () => {
  test('is set up by scanning or typing, needed at the next sign-in, and taken away again', async () => {
    await makeUser(journey, 'dora');
    const { page } = await signedIn(journey, 'dora', '/account');
    await page.getByRole('button', { name: 'Set up a second factor' }).click();
    await dialogOf(page).getByRole('textbox', { name: 'Password', exact: true }).fill('not it');
    await dialogOf(page).getByRole('button', { name: 'Go on' }).click();
    await dialogOf(page).locator('.mantine-InputWrapper-error').first().waitFor();
    await dialogOf(page).getByRole('textbox', { name: 'Password', exact: true }).fill(PASSWORD);
    await dialogOf(page).getByRole('button', { name: 'Go on' }).click();
    await dialogOf(page)
      .getByRole('img', { name: /QR code/ })
      .waitFor();
    await judgePage(page, 'second-factor-code');
    const secret = ((await page.locator('[data-secret]').textContent()) ?? '').replaceAll(' ', '');
    const app = new TOTP({ secret });
    await dialogOf(page).getByRole('textbox', { name: 'Code' }).fill('000000');
    await dialogOf(page).getByRole('button', { name: 'Confirm' }).click();
    await dialogOf(page).locator('.mantine-InputWrapper-error').first().waitFor();
    await dialogOf(page).getByRole('textbox', { name: 'Code' }).fill(app.generate());
    await dialogOf(page).getByRole('button', { name: 'Confirm' }).click();
    const codes = ((await page.locator('[data-shown-once]').textContent()) ?? '').split('\n');
    expect(codes).toHaveLength(10);
    await judgePage(page, 'recovery-codes');
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByText('10 recovery codes left').waitFor();
    // Neither the secret nor a code is left in the page or in this browser.
    for (const value of [secret, codes[0] ?? '-']) {
      expect(await page.content()).not.toContain(value);
      expect(await storedIn(page)).not.toContain(value);
    }
    await judgePage(page, 'account');

    const { page: elsewhere } = await journey.open('/account');
    await elsewhere.getByLabel('User name').fill('dora');
    await elsewhere.getByLabel(/^Password/).fill(PASSWORD);
    await elsewhere.getByRole('button', { name: 'Sign in', exact: true }).click();
    // Each code works once, so the next one.
    await elsewhere.getByLabel('Code').fill(app.generate({ timestamp: Date.now() + 30_000 }));
    await elsewhere.keyboard.press('Enter');
    await elsewhere.getByText('10 recovery codes left').waitFor();

    await elsewhere.getByRole('button', { name: 'Turn off' }).click();
    await dialogOf(elsewhere).getByText('Code', { exact: true }).click();
    await dialogOf(elsewhere)
      .getByRole('textbox', { name: 'Code' })
      .fill(codes[0] ?? '');
    await dialogOf(elsewhere).getByRole('button', { name: 'Turn off' }).click();
    await elsewhere.getByRole('button', { name: 'Set up a second factor' }).waitFor();
  }, 90_000);
});

describe('sessions, password, keys', () => {
  test('the display name is one’s own to change', async () => {
    await makeUser(journey, 'nora');
    const { page } = await signedIn(journey, 'nora', '/account');
    await page.getByRole('button', { name: 'Change display name' }).click();
    await dialogOf(page).getByRole('textbox', { name: 'Display name' }).fill('Nora N.');
    await judgePage(page, 'account-display-name');
    await dialogOf(page).getByRole('button', { name: 'Save' }).click();
    await dialogOf(page).waitFor({ state: 'detached' });
    await page.getByRole('main').getByText('Nora N.').waitFor();
  }, 60_000);

  test('other sessions are seen and ended; a new password ends them too', async () => {
    await makeUser(journey, 'emil');
    const { page: phone } = await signedIn(journey, 'emil', '/account');
    const { page } = await signedIn(journey, 'emil', '/account');
    const table = page.getByRole('table', { name: 'My sessions' });
    await table.getByText('this one').waitFor();
    // One is of the invitation.
    expect(await table.getByRole('button', { name: /^End the session/ }).count()).toBe(2);
    await page.getByRole('button', { name: 'End all others' }).click();
    await page.getByText('2 sessions ended.').waitFor();
    await phone.getByRole('button', { name: 'Change password' }).click();
    await phone.getByRole('dialog', { name: 'Change password' }).waitFor();
    await phone.reload();
    await phone.getByRole('heading', { name: 'Sign in' }).waitFor();

    await page.getByRole('button', { name: 'Change password' }).click();
    const dialog = dialogOf(page);
    await dialog.getByRole('textbox', { name: 'Current password' }).fill('no idea of it');
    await dialog.getByRole('textbox', { name: 'New password' }).fill('short');
    await dialog.getByRole('button', { name: 'Change password' }).click();
    await dialog.getByText('It is too short: 7 more characters.').waitFor();
    await dialog.getByRole('textbox', { name: 'New password' }).fill('another four unusual words');
    await dialog.getByRole('button', { name: 'Change password' }).click();
    await dialog.locator('.mantine-InputWrapper-error').first().waitFor();
    await judgePage(page, 'change-password');
    await dialog.getByRole('textbox', { name: 'Current password' }).fill(PASSWORD);
    await dialog.getByRole('button', { name: 'Change password' }).click();
    await page.getByText('The password was changed.', { exact: false }).waitFor();
    expect(await storedIn(page)).not.toContain('another four unusual words');
  }, 60_000);

  test('an own API key acts as its user, no more, and is revoked', async () => {
    await makeUser(journey, 'fred', { account: ['manage-applications'] });
    const { page } = await signedIn(journey, 'fred', '/account');
    await page.getByRole('button', { name: 'New API key' }).click();
    await dialogOf(page).getByRole('textbox', { name: 'Name' }).fill('laptop');
    // Only for oneself: there is nothing to choose.
    expect(await dialogOf(page).getByRole('radio', { name: 'Of user groups' }).count()).toBe(0);
    await dialogOf(page).getByRole('button', { name: 'Create' }).click();
    const value = (await page.locator('[data-shown-once]').textContent()) ?? '';
    await page.getByRole('button', { name: 'Done' }).click();
    const itself = journey.deployment.newClient({ token: value });
    const { user, permissions } = await itself.call('whoAmI');
    itself.close();
    expect({ name: user?.name, permissions }).toEqual({ name: 'fred', permissions: ['manage-applications'] });
    await page.getByRole('button', { name: 'Revoke laptop' }).click();
    await dialogOf(page).getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('The API key “laptop” was revoked.').waitFor();
    await page.getByRole('row', { name: /laptop.*Revoked/ }).waitFor();
  }, 60_000);
});
