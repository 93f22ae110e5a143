// Users and user groups in a browser: groups get rights, people come in by one-time links, and are kept out again.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { judgePage } from './judge-page.ts';
import { makeUser, PASSWORD, signedIn } from './people.ts';
import { storedIn, WebJourney } from './web-journey.ts';

let journey: WebJourney;

beforeAll(async () => {
  journey = await WebJourney.start();
  const { client } = journey.deployment;
  await client.call('createApplication', {
    body: {
      name: 'shop',
      environments: [
        { name: 'prod', type: 'production' },
        { name: 'dev', type: 'non-production' },
      ],
    },
  });
  await makeUser(journey, 'root', {
    account: ['manage-users-and-groups', 'manage-api-keys', 'administer'],
    grants: [{ where: [{ applications: 'all', environments: 'all' }], actions: ['read', 'use', 'update'] }],
  });
}, 120_000);
afterEach(async () => journey.expectClean());
afterAll(async () => journey?.close());

const dialogOf = (page: Page) => page.getByRole('dialog');

describe('users and groups', () => {
  test('a group is made with permissions and a grant; somebody is invited into it, and comes in by the link in another browser', async () => {
    const { page } = await signedIn(journey, 'root', '/access/groups');
    await page.getByRole('link', { name: 'Account Administrator' }).waitFor();
    await judgePage(page, 'groups');
    await page.getByRole('link', { name: 'New user group' }).click();
    await page.getByRole('heading', { name: 'New user group' }).waitFor();
    await page.getByRole('button', { name: 'Create user group' }).click();
    await page.getByText('It needs a name.').waitFor();
    await page.getByRole('textbox', { name: 'Name' }).fill('Deployers');
    await page.getByRole('checkbox', { name: 'View the audit trail' }).check();
    await page.getByRole('button', { name: 'Add grant' }).click();
    const grant = page.getByRole('group', { name: 'Grant 1' });
    await grant.getByLabel('Applications').selectOption('chosen');
    await grant.getByRole('combobox', { name: 'Applications of row 1' }).fill('sho');
    await page.getByRole('option', { name: 'shop' }).click();
    await grant.getByRole('checkbox', { name: 'Use' }).check();
    await judgePage(page, 'group-form');
    await page.getByRole('button', { name: 'Create user group' }).click();
    await page.getByRole('heading', { name: 'Deployers', exact: true }).waitFor();
    await page.getByText('Read, use').waitFor();

    await page.getByRole('link', { name: 'Users', exact: true }).click();
    await page.getByRole('button', { name: 'Invite user' }).click();
    await dialogOf(page).getByLabel('User name').fill('bo b');
    await dialogOf(page).getByRole('button', { name: 'Make invitation' }).click();
    await dialogOf(page).getByText('A user name has no blanks.').waitFor();
    await dialogOf(page).getByLabel('User name').fill('bob');
    await dialogOf(page).getByLabel('Display name').fill('Bob Builder');
    await dialogOf(page).getByRole('combobox', { name: 'User groups' }).click();
    await page.getByRole('option', { name: 'Deployers' }).click();
    await page.keyboard.press('Escape');
    await judgePage(page, 'invite');
    await dialogOf(page).getByRole('button', { name: 'Make invitation' }).click();
    const shown = page.locator('[data-shown-once]');
    const link = (await shown.textContent()) ?? '';
    expect(link).toContain('/#/welcome/');
    await judgePage(page, 'invited');
    await page.getByRole('button', { name: 'Done' }).click();
    await shown.waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'bob' }).waitFor();
    expect(await storedIn(page)).not.toContain(link.split('/').at(-1));
    expect(await page.content()).not.toContain(link.split('/').at(-1));
    await judgePage(page, 'users');

    const { page: theirs } = await journey.open(link);
    await theirs.getByRole('heading', { name: 'Welcome to Sallyport' }).waitFor();
    await theirs.getByLabel(/^Password/).fill(PASSWORD);
    await theirs.getByRole('button', { name: 'Set password and sign in' }).click();
    await theirs.getByRole('navigation', { name: 'Areas' }).waitFor();

    await page.getByRole('link', { name: 'bob' }).click();
    await page.getByRole('heading', { name: 'Bob Builder' }).waitFor();
    await page.getByText('1 open session').waitFor();
    await judgePage(page, 'user');
    await page.getByRole('button', { name: 'End all' }).click();
    await page.getByRole('button', { name: 'End sessions' }).click();
    await page.getByText('The sessions of bob have ended.').waitFor();
    await theirs.getByRole('link', { name: 'Applications' }).click();
    await theirs.getByRole('dialog', { name: 'Your session has ended' }).waitFor();
  }, 150_000);

  test('a reset link replaces the password; a user is disabled, enabled, taken out of a group and removed', async () => {
    await makeUser(journey, 'carol');
    const { page } = await signedIn(journey, 'root', '/access/users?search=carol');
    await page.getByRole('link', { name: 'carol' }).click();
    await page.getByRole('button', { name: 'Reset link' }).click();
    const link = (await page.locator('[data-shown-once]').textContent()) ?? '';
    await page.getByRole('button', { name: 'Done' }).click();
    const { page: theirs } = await journey.open(link);
    await theirs.getByRole('heading', { name: 'Choose a new password' }).waitFor();
    await page.getByText('for a new password').waitFor();

    await press(page, 'Disable');
    await dialogOf(page).getByRole('button', { name: 'Disable' }).click();
    await page.getByText('Disabled', { exact: true }).waitFor();
    await press(page, 'Enable');
    await dialogOf(page).getByRole('button', { name: 'Enable' }).click();
    await page.getByText('Active', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Take carol out of carol group' }).click();
    await page.getByText('In no group: carol can sign in, and may do nothing.').waitFor();
    await page.getByRole('combobox', { name: 'Put into another group' }).click();
    await page.getByRole('option', { name: 'carol group' }).click();
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('link', { name: 'carol group' }).click();
    await page.getByRole('row', { name: /carol/ }).waitFor();
    await judgePage(page, 'group');
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await dialogOf(page).locator('[data-effects] li').first().waitFor();
    await judgePage(page, 'group-deletion');
    await page.getByRole('button', { name: 'Delete user group' }).click();
    await page.getByText('The user group “carol group” was deleted.').waitFor();

    await page.goto(journey.address('/access/users?search=carol'));
    await page.getByRole('link', { name: 'carol' }).click();
    await press(page, 'Remove');
    await page.getByRole('button', { name: 'Remove user' }).click();
    await page.getByText('carol was removed.').waitFor();
    const { users } = await journey.deployment.client.call('listUsers', { query: { search: 'carol' } });
    expect(users).toEqual([]);
  }, 90_000);
});

async function press(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
}
