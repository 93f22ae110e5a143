// API keys, workloads and single sign-on in a browser.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { judgePage } from './judge-page.ts';
import { makeUser, signedIn } from './people.ts';
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

describe('keys, workloads, single sign-on', () => {
  test('an API key of a group is made with a restriction, works, and is revoked', async () => {
    const { page } = await signedIn(journey, 'root', '/access/api-keys');
    await page.getByRole('button', { name: 'New API key' }).click();
    await dialogOf(page).getByRole('textbox', { name: 'Name' }).fill('ci');
    await dialogOf(page).getByRole('radio', { name: 'Of user groups' }).check();
    await dialogOf(page).getByRole('combobox', { name: 'User groups' }).click();
    await page.getByRole('option', { name: 'Account Administrator' }).click();
    await page.keyboard.press('Escape');
    await dialogOf(page).getByRole('radio', { name: 'Only what I choose' }).check();
    await dialogOf(page).getByRole('checkbox', { name: 'View the audit trail' }).check();
    await judgePage(page, 'api-key-form');
    await dialogOf(page).getByRole('button', { name: 'Create' }).click();
    const value = (await page.locator('[data-shown-once]').textContent()) ?? '';
    await judgePage(page, 'api-key-made');
    const itself = journey.deployment.newClient({ token: value });
    const { permissions } = await itself.call('whoAmI');
    expect(permissions).toEqual(['view-audit-trail']);
    itself.close();
    await page.getByRole('button', { name: 'Done' }).click();
    expect(await storedIn(page)).not.toContain(value);
    expect(await page.content()).not.toContain(value);
    await page.getByRole('row', { name: /ci.*View the audit trail/ }).waitFor();
    await judgePage(page, 'api-keys');
    await page.getByRole('button', { name: 'Revoke ci', exact: true }).click();
    await page.getByRole('button', { name: 'Revoke', exact: true }).click();
    await page.getByText('The API key “ci” was revoked.').waitFor();
    const { apiKeys } = await journey.deployment.client.call('listApiKeys', {});
    expect(apiKeys.find(({ name }) => name === 'ci')?.state).toBe('revoked');
  }, 60_000);

  test('workloads are let in by tokens and by roles, changed, and kept out again', async () => {
    const { page } = await signedIn(journey, 'root', '/access/workloads');
    await page.getByRole('heading', { name: 'No workload is let in yet' }).waitFor();
    await page.getByRole('link', { name: 'Let workloads in' }).click();
    await page.getByRole('button', { name: 'Let them in' }).click();
    await page.getByText('An address such as https://token.example.com.').waitFor();
    await judgePage(page, 'workload-form');
    await page.getByRole('textbox', { name: 'Name' }).fill('github');
    await page.getByRole('textbox', { name: 'Issuer' }).fill('https://token.actions.githubusercontent.com');
    await page.getByLabel('Claim of rule 1').fill('repository');
    await page.getByLabel('Pattern of rule 1').fill('acme/shop');
    await chooseGroup(page);
    await page.getByRole('button', { name: 'Let them in' }).click();
    await page.getByRole('row', { name: /github.*repository=acme\/shop/ }).waitFor();

    await page.getByRole('link', { name: 'Let workloads in' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('jobs');
    await page.getByText('Roles at AWS').click();
    const roles = page.getByRole('combobox', { name: 'Roles' });
    await roles.fill('arn:aws:iam::111122223333:user/x');
    await roles.press('Enter');
    await chooseGroup(page);
    await page.getByRole('button', { name: 'Let them in' }).click();
    await page.getByText('is not the ARN of a role').waitFor();
    await roles.press('Backspace');
    await roles.fill('arn:aws:iam::111122223333:role/nightly-*');
    await roles.press('Enter');
    await judgePage(page, 'workload-form-aws');
    await page.getByRole('button', { name: 'Let them in' }).click();
    await page.getByRole('row', { name: /jobs.*nightly-\*/ }).waitFor();
    await judgePage(page, 'workloads');

    await page.getByRole('link', { name: 'Edit github' }).click();
    await page.getByRole('button', { name: 'Add rule' }).click();
    await page.getByLabel('Claim of rule 2').fill('environment');
    await page.getByLabel('Pattern of rule 2').fill('production');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('row', { name: /github.*environment=production/ }).waitFor();
    await page.getByRole('button', { name: 'Remove jobs' }).click();
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByRole('row', { name: /jobs/ }).waitFor({ state: 'detached' });
    const { issuers } = await journey.deployment.client.call('listWorkloadIssuers');
    expect(issuers.map(({ name }) => name)).toEqual(['github']);
  }, 60_000);

  test('single sign-on is set up without its secret ever being shown again, and turned off', async () => {
    const { page } = await signedIn(journey, 'root', '/access/single-sign-on');
    await page.getByRole('button', { name: 'Set up single sign-on' }).click();
    await page.getByRole('textbox', { name: 'Issuer' }).fill('https://login.example.com/realms/acme');
    await page.getByRole('textbox', { name: 'Client id' }).fill('sallyport');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Paste it here.').waitFor();
    await page.getByRole('textbox', { name: 'Secret', exact: true }).fill('a client secret');
    await page.getByRole('checkbox', { name: 'Make a user at the first sign-in' }).check();
    await page.getByRole('textbox', { name: 'Claim with groups' }).fill('groups');
    await page.getByRole('button', { name: 'Add value' }).click();
    await page.getByLabel('Value 1 of the claim').fill('ops');
    await page.getByRole('combobox', { name: 'User group of value 1' }).click();
    await page.getByRole('option', { name: 'Production Support', exact: true }).click();
    await judgePage(page, 'single-sign-on-form');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('/v1/sso/callback').waitFor();
    await judgePage(page, 'single-sign-on');
    expect(await page.content()).not.toContain('a client secret');
    expect(await storedIn(page)).not.toContain('a client secret');
    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('radio', { name: 'The one that is stored' }).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Turn off' }).click();
    await dialogOf(page).getByRole('button', { name: 'Turn off' }).click();
    await page.getByRole('heading', { name: 'No provider is set up' }).waitFor();
  }, 60_000);
});

async function chooseGroup(page: Page): Promise<void> {
  await page.getByRole('combobox', { name: 'User groups' }).click();
  await page.getByRole('option', { name: 'Production Support', exact: true }).click();
  await page.keyboard.press('Escape');
}
