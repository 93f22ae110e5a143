// Secrets in numbers: found in long lists, compared across environments; seen by people with fewer rights; and read while a delegate is away.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { judgePage } from './judge-page.ts';
import { makeUser, signedIn } from './people.ts';
import { button, choose, dialogOf, shownValue, startSecretsJourney, valueField } from './secrets-journey.ts';
import type { SecretsJourney } from './secrets-journey.ts';
import type { WebJourney } from './web-journey.ts';

let journey: WebJourney;
let open: SecretsJourney['open'];

beforeAll(async () => {
  ({ journey, open } = await startSecretsJourney());
  const { client } = journey.deployment;
  const at = (environment: string, name: string) => `sally://shop/${environment}/${name}`;
  for (const name of ['db-password', 'mail-token', 'signing-key']) await client.set(at('staging', name), 'a');
  await client.set(at('production', 'db-password'), 'b');
  await client.set(at('production', 'db-password'), 'c');
  await client.set('shared-token', 'd', {
    scope: { type: 'rows', rows: [{ applications: ['shop'], environments: 'all' }] },
  });
  await client.set('other-key', 'e', { secretsManager: 'second-ring', scope: { type: 'account' } });
  const numbers = Array.from({ length: 110 }, (_, index) => String(index + 1).padStart(3, '0'));
  for (const number of numbers) await client.set(`many-${number}`, number, { scope: { type: 'account' } });
  await client.get('shared-token');
}, 120_000);
afterEach(async () => journey.expectClean());
afterAll(async () => journey?.close());

const names = async (page: Page): Promise<string[]> =>
  page.getByRole('table', { name: 'Secrets' }).locator('tbody tr td:first-child a').allTextContents();

describe('the list', () => {
  test('shows a page at a time, finds while somebody types, and narrows by place and secrets manager', async () => {
    const { page } = await open('/secrets/text');
    await page
      .getByRole('row', { name: /db-password/ })
      .first()
      .waitFor();
    expect(await names(page)).toHaveLength(50);
    await judgePage(page, 'secrets-text');
    await button(page, 'Next').click();
    await page.getByText('Page 2').waitFor();
    await button(page, 'Next').click();
    await page.getByText('Page 3').waitFor();
    await page.getByRole('row', { name: /signing-key/ }).waitFor();
    expect(await button(page, 'Next').isDisabled()).toBe(true);
    await button(page, 'Previous').click();
    await page.getByText('Page 2').waitFor();

    await page.keyboard.press('/');
    await page.keyboard.type('MANY-07');
    await page.getByRole('row', { name: /many-079/ }).waitFor();
    await expect.poll(async () => names(page)).toHaveLength(10);
    expect(new URL(page.url()).hash).toContain('search=MANY-07');
    await page.getByRole('searchbox').fill('nothing like it');
    await page.getByRole('heading', { name: 'No encrypted text fits' }).waitFor();
    await page.getByRole('searchbox').fill('');

    await choose(page, 'Application', 'shop');
    await choose(page, 'Environment', 'staging');
    await expect
      .poll(async () => names(page))
      .toEqual(['db-password', 'mail-token', 'shared-token', 'signing-key']);
    await judgePage(page, 'secrets-text-filtered');
    // What is shown has an address of its own.
    await page.reload();
    await page.getByRole('row', { name: /mail-token/ }).waitFor();
    expect(await names(page)).toHaveLength(4);
    await page.goto(journey.address('/secrets/text'));
    await page.getByRole('combobox', { name: 'Secrets manager' }).selectOption('second-ring');
    await expect.poll(async () => names(page)).toEqual(['other-key']);
    await page.getByRole('link', { name: 'Change log of other-key' }).click();
    await page.getByRole('row', { name: /Created/ }).waitFor();
  }, 120_000);
});

describe('the grid of an application', () => {
  test('shows what exists where, and leads to adding what is missing', async () => {
    const { page } = await open('/secrets/text');
    await page.getByRole('link', { name: 'Where they exist' }).click();
    // The list before it has a choice of that name too.
    await page.getByRole('heading', { name: 'Where secrets exist' }).waitFor();
    await choose(page, 'Application', 'shop');
    await page.getByRole('heading', { name: 'Secrets of shop' }).waitFor();
    await page.getByText('4 names. 2 of them missing somewhere.').waitFor();
    const row = page.locator('tr[data-name="db-password"]');
    await row.getByRole('link', { name: 'v2 of db-password in production' }).waitFor();
    await row.getByRole('link', { name: 'v1 of db-password in staging' }).waitFor();
    expect(await page.locator('tr[data-name="shared-token"]').getByText('shared').count()).toBe(3);
    await judgePage(page, 'secrets-grid');
    await page.getByRole('switch', { name: 'Only what is missing somewhere' }).check({ force: true });
    await row.waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Missing: add mail-token in production' }).click();
    await page.getByRole('heading', { name: 'Add encrypted text' }).waitFor();
    expect(await page.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('mail-token');
    await valueField(page).fill('for production');
    await button(page, 'Seal and store').click();
    await page.getByRole('heading', { name: 'mail-token' }).waitFor();
    const { client } = journey.deployment;
    expect(await client.get('sally://shop/production/mail-token')).toBe('for production');
    expect(await client.get('sally://shop/staging/mail-token')).toBe('a');
    await page.goto(journey.address('/secrets/grid/shop?missing=true'));
    await page.getByText('4 names. 1 of them missing somewhere.').waitFor();
  }, 120_000);

  test('a name that is there already is said beside its field', async () => {
    const { page } = await open('/secrets/add/text?name=db-password&application=shop&environment=production');
    await valueField(page).fill('x');
    await button(page, 'Seal and store').click();
    await page.getByText('There is a secret of this name already').waitFor();
  }, 120_000);
});

describe('somebody with fewer rights', () => {
  test('who may read and use in staging sees those secrets, and no button that would change one', async () => {
    const where = [{ applications: ['shop'], environments: ['shop/staging'] }];
    await makeUser(journey, 'stella', { grants: [{ where, actions: ['read', 'use'] }] });
    const { page } = await signedIn(journey, 'stella', '/secrets/text');
    await page.getByRole('row', { name: /mail-token/ }).waitFor();
    expect(await names(page)).toEqual(['db-password', 'mail-token', 'shared-token', 'signing-key']);
    expect(await page.getByRole('link', { name: /Add encrypted/ }).count()).toBe(0);
    await button(page, 'Copy the value of mail-token').waitFor();
    await page.getByRole('link', { name: 'signing-key', exact: true }).click();
    await button(page, 'Reveal').click();
    await shownValue(page).waitFor();
    for (const name of [
      'New version',
      'Rename',
      'Change scope',
      'Change availability',
      'Delete',
      'Restore version 1',
    ])
      expect(await button(page, name).count(), name).toBe(0);
  }, 120_000);

  test('who may only read is told that the value takes another right', async () => {
    const where = [{ applications: ['shop'], environments: 'all' as const }];
    await makeUser(journey, 'rita', { grants: [{ where, actions: ['read'] }] });
    const { page } = await signedIn(journey, 'rita', '/secrets/text?search=signing');
    await page.getByRole('link', { name: 'signing-key', exact: true }).click();
    await page.getByText('but not have its value').waitFor();
    expect(await button(page, 'Reveal').count()).toBe(0);
    await judgePage(page, 'secret-read-only');
  }, 120_000);

  test('who may change secrets of one environment gets the buttons there and nowhere else', async () => {
    const where = [{ applications: ['shop'], environments: ['shop/staging'] }];
    await makeUser(journey, 'udo', {
      account: ['manage-secrets'],
      grants: [{ where, actions: ['read', 'update', 'use'] }],
    });
    const { page } = await signedIn(journey, 'udo', '/secrets/text?search=signing');
    await page.getByRole('link', { name: 'signing-key', exact: true }).click();
    await button(page, 'New version').waitFor();
    await page.goto(journey.address('/secrets/text?search=shared-token'));
    await page.getByRole('link', { name: 'shared-token', exact: true }).click();
    await button(page, 'Reveal').waitFor();
    expect(await button(page, 'New version').count()).toBe(0);
  }, 120_000);
});

describe('what is in use', () => {
  let secretId: string;

  test('is not deleted: the services that refer to it are named', async () => {
    const { client } = journey.deployment;
    const service = await client.call('createService', {
      params: { application: 'shop' },
      body: { name: 'web' },
    });
    secretId = (await client.describe('sally://shop/staging/signing-key')).secret.id;
    await client.call('putConfigEntry', {
      params: { application: 'shop', service: service.id },
      body: { kind: 'variable', name: 'SIGNING_KEY', environment: 'staging', secret: secretId },
    });
    const where = [{ applications: 'all' as const, environments: 'all' as const }];
    await makeUser(journey, 'mona', {
      account: ['manage-secrets'],
      grants: [{ where, actions: ['read', 'update', 'use'] }],
    });
    const { page } = await signedIn(journey, 'mona', `/secrets/${secretId}`);
    await button(page, 'Delete').click();
    await dialogOf(page).getByText('SIGNING_KEY of web in shop / staging').waitFor();
    await judgePage(page, 'secret-in-use');
    const deletes = dialogOf(page).getByRole('button', { name: /Delete/ });
    expect(await deletes.count()).toBe(0);
  }, 120_000);

  test('is deleted by force, after a look at what refers to it', async () => {
    const { client } = journey.deployment;
    const { page } = await open(`/secrets/${secretId}?tab=setup-usages`);
    await page.getByRole('row', { name: /SIGNING_KEY.*web.*shop.*staging/ }).waitFor();
    await judgePage(page, 'secret-setup-usages');
    await button(page, 'Delete').click();
    await dialogOf(page).getByText('SIGNING_KEY').waitFor();
    await judgePage(page, 'secret-delete-by-force');
    await button(dialogOf(page), 'Delete by force').click();
    await page.getByRole('heading', { name: 'Secrets Management' }).waitFor();
    await expect(client.describe(secretId)).rejects.toMatchObject({ code: 'not-found' });
  }, 120_000);
});

describe('a delegate that goes down while the page is open', () => {
  test('is what the page says, and the same page reads again when there is one', async () => {
    const { deployment } = journey;
    const { secret } = await deployment.client.describe('shared-token');
    const { page } = await open(`/secrets/${secret.id}`);
    await button(page, 'Reveal').waitFor();
    await deployment.delegates.get('vpc-1')?.stop();
    await button(page, 'Reveal').click();
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.getAttribute('data-error-code')).toBe('no-delegate');
    await judgePage(page, 'secret-no-delegate');
    await deployment.launchDelegate({ name: 'vpc-1' });
    await deployment.untilConnected('vpc-1');
    await button(page, 'Try again').click();
    await shownValue(page).waitFor();
    expect(await alert.count()).toBe(0);
    expect(await shownValue(page).textContent()).toBe('d');
  }, 120_000);
});
