// Secrets managers that are there already, in a browser: edited, tested, made the default, deleted or not; and who sees which buttons.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { judgePage } from './judge-page.ts';
import { button, LabJourney, recordBodies, reportOf } from './lab-journey.ts';
import { makeUser, signedIn } from './people.ts';

let lab: LabJourney;

beforeAll(async () => {
  lab = await LabJourney.start();
  const { client } = lab.journey.deployment;
  const { keyArn, accessKeyId, secretAccessKey } = lab.target;
  await client.call('createApplication', {
    body: {
      name: 'shop',
      environments: [
        { name: 'prod', type: 'production' },
        { name: 'dev', type: 'non-production' },
      ],
    },
  });
  const ring = { kind: 'built-in' } as const;
  await client.call('createSecretsManager', { body: { name: 'ring', settings: ring, makeDefault: true } });
  const keys = {
    kind: 'aws-kms' as const,
    keyArn,
    credentials: { type: 'access-keys' as const, accessKeyId, secretAccessKey },
    selectors: ['prod-vpc'],
  };
  await client.call('createSecretsManager', { body: { name: 'keys', settings: keys } });
  await client.call('createSecretsManager', { body: { name: 'spare', settings: ring } });
  const rows = [{ applications: ['shop'], environments: ['prod'] }];
  await client.set('db-password', 'hunter2', { scope: { type: 'rows', rows } });
}, 120_000);
afterEach(async () => lab.expectClean());
afterAll(async () => lab?.close());

describe('an edit', () => {
  test('sends what changed and nothing else; a narrower scope lists the secrets that it would leave outside', async () => {
    const { page } = await lab.open('/secrets-managers');
    await page.getByRole('link', { name: 'ring', exact: true }).click();
    await page.getByRole('heading', { name: 'ring', exact: true }).waitFor();
    await button(page, 'Who and what could use this?').click();
    await page.getByText('2 environments', { exact: true }).waitFor();
    await page.getByText('shop / dev').waitFor();
    await judgePage(page, 'secrets-manager-edit');

    const row = page.getByRole('group', { name: 'Row 1' });
    await row.getByRole('combobox', { name: 'Applications', exact: true }).selectOption('chosen');
    await row.getByRole('combobox', { name: 'Applications of row 1' }).fill('sho');
    await page.getByRole('option', { name: 'shop' }).click();
    await page.keyboard.press('Tab');
    await row.getByRole('combobox', { name: 'Environments', exact: true }).selectOption('chosen');
    await row.getByRole('combobox', { name: 'Environments of row 1' }).click();
    await page.getByRole('option', { name: 'shop / dev' }).click();
    await page.keyboard.press('Tab');
    await page.getByText('1 environment', { exact: true }).waitFor();
    await judgePage(page, 'secrets-manager-scope');

    const bodies = await recordBodies(page);
    await button(page, 'Save changes').click();
    const dialog = page.getByRole('dialog', { name: 'Secrets would reach beyond this usage scope' });
    await dialog.getByText('db-password', { exact: true }).waitFor();
    await judgePage(page, 'secrets-manager-scope-conflict');
    const [edit] = await bodies();
    expect(Object.keys(edit ?? {}).sort()).toEqual(['expectedRevision', 'usageScope']);

    await button(page, 'Cancel').last().click();
    await dialog.waitFor({ state: 'detached' });
    const { client } = lab.journey.deployment;
    const manager = async () => client.call('getSecretsManager', { params: { secretsManager: 'ring' } });
    expect((await manager()).revision).toBe(1);

    await button(page, 'Save changes').click();
    await dialog.getByRole('button', { name: 'Let them inherit' }).click();
    await page.getByRole('row', { name: /ring.*shop \/ dev/ }).waitFor();
    expect((await client.describe('db-password')).secret.scope).toEqual({ type: 'inherit' });
  }, 60_000);

  test('of access keys never shows the saved ones, and leaves them alone', async () => {
    const { page } = await lab.open('/secrets-managers');
    await page.getByRole('link', { name: 'keys', exact: true }).click();
    await page.getByText(/^Saved: /).waitFor();
    expect(await page.content()).not.toContain(lab.target.accessKeyId);
    await button(page, 'Test').click();
    await reportOf(page).getByText('It works on the one delegate').waitFor();
    await page.getByRole('textbox', { name: 'Display Name' }).fill('user keys');
    const bodies = await recordBodies(page);
    await button(page, 'Save changes').click();
    await page
      .getByRole('row', { name: /user keys/ })
      .getByText('Healthy on vpc-1')
      .waitFor();
    expect(Object.keys((await bodies())[0] ?? {}).sort()).toEqual(['expectedRevision', 'name']);
  }, 60_000);

  test('that somebody else was faster with is refused, and the page offers what is there now', async () => {
    const { page } = await lab.open('/secrets-managers');
    await page.getByRole('link', { name: 'spare', exact: true }).click();
    const name = page.getByRole('textbox', { name: 'Display Name' });
    await name.fill('mine');
    const { client } = lab.journey.deployment;
    await client.call('editSecretsManager', {
      params: { secretsManager: 'spare' },
      body: { name: 'theirs' },
    });
    await button(page, 'Save changes').click();
    await page
      .getByRole('alert')
      .getByText(/changed by somebody else/)
      .waitFor();
    await button(page, 'Load the settings as they are now').click();
    await page.getByRole('heading', { name: 'theirs' }).waitFor();
    expect(await name.inputValue()).toBe('theirs');
  }, 60_000);
});

describe('from the list', () => {
  test('one is tested, made the default, and deleted; the default and one with secrets are not', async () => {
    const { page } = await lab.open('/secrets-managers');
    const menu = async (manager: string, item: string): Promise<void> => {
      await button(page, `More about ${manager}`).click();
      await page.getByRole('menuitem', { name: item }).click();
    };
    const dialog = page.getByRole('dialog');
    await button(page, 'Test ring').click();
    await dialog.getByRole('heading', { name: 'It works on all 2 delegates' }).waitFor();
    await judgePage(page, 'secrets-manager-test-dialog');
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await page
      .getByRole('row', { name: /ring/ })
      .getByText(/edge-1 works/)
      .waitFor();

    await menu('ring', 'Delete');
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await dialog.getByText(/is the default secrets manager and cannot be deleted/).waitFor();
    await judgePage(page, 'secrets-manager-delete-default');
    await dialog.getByRole('button', { name: 'Cancel' }).click();

    await menu('theirs', 'Use as Default');
    await page
      .getByRole('row', { name: /theirs/ })
      .getByText('Default', { exact: true })
      .waitFor();
    await menu('ring', 'Delete');
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await dialog.getByText(/1 secret is still encrypted with "ring"/).waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();

    await menu('user keys', 'Delete');
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('row', { name: /user keys/ }).waitFor({ state: 'detached' });
  }, 60_000);

  test('somebody without the permission sees settings, and no button that would change them', async () => {
    const where = [{ applications: 'all', environments: 'all' }] as const;
    await makeUser(lab.journey, 'rita', { grants: [{ where: [...where], actions: ['read'] }] });
    const { page } = await signedIn(lab.journey, 'rita', '/secrets-managers');
    page.setDefaultTimeout(10_000);
    await page.getByRole('link', { name: 'theirs', exact: true }).waitFor();
    // What tests found is there to be read.
    const others = page.getByRole('main').locator('button:not([data-health])');
    expect(await others.count()).toBe(0);
    await page.getByRole('link', { name: 'theirs', exact: true }).click();
    await page.getByText('Any delegate').waitFor();
    expect(await others.count()).toBe(0);
    await judgePage(page, 'secrets-manager-read-only');
    await page.locator('[data-health]').click();
    await page.getByRole('region', { name: 'Last test' }).getByText('vpc-1').waitFor();
  }, 60_000);
});
