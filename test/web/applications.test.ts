// Applications in a browser: from the first one with its environments to services and what those refer to, and out of the world again.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { judgePage } from './judge-page.ts';
import { makeUser, signedIn } from './people.ts';
import { WebJourney } from './web-journey.ts';

let journey: WebJourney;

beforeAll(async () => {
  journey = await WebJourney.start();
  await journey.deployment.startDelegate({ name: 'vpc-1' });
  const { client } = journey.deployment;
  const settings = { kind: 'built-in' } as const;
  await client.call('createSecretsManager', { body: { name: 'ring', settings, makeDefault: true } });
  await client.set('db-password', 'hunter2');
  await client.set('tls-key', 'not really one');
}, 120_000);
afterEach(async () => journey.expectClean());
afterAll(async () => journey?.close());

const dialogOf = (page: Page) => page.getByRole('dialog');

describe('applications', () => {
  test('one is made with its environments, gets a service that refers to secrets, and is deleted after its preview', async () => {
    const { page } = await journey.setUp();
    await page.getByRole('link', { name: 'Applications' }).click();
    await page.getByRole('heading', { name: 'No application yet' }).waitFor();
    await judgePage(page, 'applications-none');

    await page.getByRole('button', { name: 'New application' }).click();
    await dialogOf(page).getByRole('textbox', { name: 'Name', exact: true }).fill('shop/x');
    await page.getByRole('button', { name: 'Add environment' }).click();
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await dialogOf(page).getByText('1 to 128 letters', { exact: false }).waitFor();
    await judgePage(page, 'applications-new');
    await dialogOf(page).getByRole('textbox', { name: 'Name', exact: true }).fill('shop');
    await page.getByRole('button', { name: 'Remove environment 3' }).click();
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('heading', { name: 'shop', exact: true }).waitFor();

    await page.getByRole('button', { name: 'Add environment' }).click();
    await dialogOf(page).getByLabel('Name').fill('staging');
    await dialogOf(page).getByRole('button', { name: 'Add', exact: true }).click();
    await dialogOf(page).waitFor({ state: 'detached' });
    await page.getByRole('row', { name: /staging/ }).waitFor();

    await page.getByRole('button', { name: 'Add service' }).click();
    await dialogOf(page).getByLabel('Name').fill('api');
    await dialogOf(page).getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('heading', { name: 'It refers to no secret yet' }).waitFor();
    await judgePage(page, 'service-empty');

    await addEntry(page, { name: 'DB_PASSWORD', secret: 'db-pass' });
    await page.getByRole('row', { name: /DB_PASSWORD.*db-password/ }).waitFor();
    await addEntry(page, { name: 'etc/tls.pem', secret: 'tls', environment: 'production' });
    await page.getByRole('row', { name: /etc\/tls.pem.*production.*tls-key/ }).waitFor();
    await judgePage(page, 'service');

    await page.getByRole('link', { name: 'shop', exact: true }).click();
    await page.getByRole('link', { name: 'api', exact: true }).waitFor();
    await judgePage(page, 'application');
    await page.getByRole('button', { name: 'Rename', exact: true }).click();
    await dialogOf(page).getByLabel('Name').fill('store');
    await dialogOf(page).getByRole('button', { name: 'Rename' }).click();
    await page.getByRole('heading', { name: 'store', exact: true }).waitFor();

    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await dialogOf(page)
      .getByText(/3 environments go with it/)
      .waitFor();
    await judgePage(page, 'application-deletion');
    // What is deleted is what was shown: something that came in between is shown before anything is done.
    const { client } = journey.deployment;
    await client.call('createEnvironment', {
      params: { application: 'store' },
      body: { name: 'late', type: 'production' },
    });
    await page.getByRole('button', { name: 'Delete application' }).click();
    await dialogOf(page)
      .getByText(/4 environments go with it/)
      .waitFor();
    await page.getByRole('button', { name: 'Delete application' }).click();
    await page.getByRole('heading', { name: 'No application yet' }).waitFor();
    expect((await client.call('listApplications')).applications).toEqual([]);
  }, 90_000);

  test('the list is searched by the server, with what was typed in the address', async () => {
    const { client } = journey.deployment;
    for (const name of ['billing', 'warehouse', 'webshop']) {
      await client.call('createApplication', {
        body: { name, environments: [{ name: 'production', type: 'production' }] },
      });
    }
    await makeUser(journey, 'viewer', {
      grants: [
        { where: [{ applications: ['billing', 'warehouse'], environments: 'all' }], actions: ['read'] },
      ],
    });
    const { page } = await signedIn(journey, 'viewer', '/applications');
    await page.getByRole('link', { name: 'warehouse' }).waitFor();
    await judgePage(page, 'applications');
    expect(await page.getByRole('link', { name: 'webshop' }).count()).toBe(0);
    await page.keyboard.press('/');
    await page.keyboard.type('bil');
    await page.getByRole('link', { name: 'warehouse' }).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'billing' }).waitFor();
    expect(page.url()).toContain('search=bil');
    await page.getByRole('link', { name: 'billing' }).click();
    await page.getByRole('heading', { name: 'billing', exact: true }).waitFor();
    // Who may only read gets no button that would change something.
    for (const name of ['Rename', 'Delete', 'Add environment', 'Add service']) {
      expect(await page.getByRole('button', { name, exact: true }).count(), name).toBe(0);
    }
  }, 60_000);
});

async function addEntry(
  page: Page,
  entry: { name: string; secret: string; environment?: string },
): Promise<void> {
  const dialog = dialogOf(page);
  await page.getByRole('button', { name: 'Add variable or file' }).click();
  await dialog.waitFor();
  if (entry.environment !== undefined) {
    await dialog.getByText('File', { exact: true }).click();
    await dialog.getByLabel('Path of the file').fill(entry.name);
    await dialog.getByRole('combobox', { name: 'Environment' }).click();
    await page.getByRole('option', { name: entry.environment }).click();
  } else {
    await dialog.getByRole('textbox', { name: 'Variable', exact: true }).fill(entry.name);
  }
  await dialog.getByRole('combobox', { name: 'Secret' }).fill(entry.secret);
  await page.getByRole('option', { name: entry.secret }).click();
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
}
