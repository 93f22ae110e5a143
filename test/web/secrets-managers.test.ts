// Adding secrets managers in a browser, against the lab: each credentials type is filled in, tested and saved, with the policies that the
// page writes for it; and all of it works by keyboard alone.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { assumeRolePolicy, keyUsePolicy } from '@sallyport/testkit/lab';
import { judgePage, takePicture } from './judge-page.ts';
import {
  ADD_AWS,
  addSelector,
  button,
  failedStage,
  fillIn,
  fillInRole,
  focusedName,
  LabJourney,
  reportOf,
  saveIt,
} from './lab-journey.ts';
import { storedIn } from './web-journey.ts';

let lab: LabJourney;

beforeAll(async () => {
  lab = await LabJourney.start();
}, 120_000);
afterEach(async () => lab.expectClean());
afterAll(async () => lab?.close());

describe('each credentials type is filled in, tested and saved', () => {
  test('Assume IAM Role on Delegate, from the empty list on', async () => {
    const { page } = await lab.open('/secrets-managers');
    await page.getByRole('heading', { name: 'There is no secrets manager yet' }).waitFor();
    await judgePage(page, 'secrets-managers-none');
    await button(page, 'Add Secrets Manager').first().click();
    await page.getByRole('menuitem', { name: /^AWS KMS/ }).waitFor();
    await judgePage(page, 'secrets-managers-kinds');
    await page.getByRole('menuitem', { name: /^AWS KMS/ }).click();
    await page.getByRole('heading', { name: 'Configure Secrets Manager', exact: true }).waitFor();
    await judgePage(page, 'secrets-manager-new');

    await fillIn(page, { name: 'prod-kms', keyArn: lab.target.keyArn, selector: 'prod-vpc' });
    await page.getByText('Connected now: vpc-1').waitFor();
    expect(await page.getByRole('combobox', { name: 'Region' }).inputValue()).toMatch(/^eu-west-1/);
    await page
      .getByText(/"kms:GenerateDataKey"/)
      .first()
      .waitFor();
    // The first one is the default unless somebody objects.
    expect(await page.getByLabel('Use as Default Secrets Manager').isChecked()).toBe(true);
    // Answered before there is any secrets manager.
    await button(page, 'Who and what could use this?').click();
    await page.getByText('Also covers matching environments').waitFor();
    await button(page, 'Context and data-key cache').click();
    await page.getByRole('combobox', { name: 'Encryption Context' }).fill('stage');
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', { name: 'Data Keys Kept' }).fill('60');
    await page.getByText('“stage” has no value').waitFor();
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Backspace');
    await page.keyboard.type('stage=prod');
    await page.keyboard.press('Enter');
    await button(page, 'Test').click();
    await reportOf(page).getByText('It works on the one delegate').waitFor();
    await judgePage(page, 'secrets-manager-tested');
    await saveIt(page, 'prod-kms');
    const row = page.getByRole('row', { name: /prod-kms/ });
    await row.getByText('Default', { exact: true }).waitFor();
    await row.getByText('Healthy on vpc-1').waitFor();
    await row.getByText(/1 minute/).waitFor();
    await judgePage(page, 'secrets-managers');
    const { secretsManagers } = await lab.journey.deployment.client.call('listSecretsManagers');
    expect(secretsManagers[0]).toMatchObject({
      context: { stage: 'prod' },
      dataKeyCache: { maxAgeSeconds: 60, maxUses: 100_000 },
    });
  }, 120_000);

  test('Enter AWS Access Keys Manually: warned, and the secret key stays nowhere in the browser', async () => {
    const { page } = await lab.open(ADD_AWS);
    await fillIn(page, { name: 'by-keys', keyArn: lab.target.keyArn, selector: null });
    await page.getByRole('radio', { name: /^Enter AWS Access Keys/ }).click();
    await page.getByText('Access keys do not expire').waitFor();
    await addSelector(page, 'prod-vpc');
    await page.getByRole('textbox', { name: 'Access Key', exact: true }).fill(lab.target.accessKeyId);
    await page.getByLabel('Secret Key').first().fill(lab.target.secretAccessKey);
    await judgePage(page, 'secrets-manager-access-keys');
    await button(page, 'Test').click();
    await reportOf(page).getByText('It works on the one delegate').waitFor();
    await saveIt(page, 'by-keys');
    expect(await storedIn(page)).not.toContain(lab.target.secretAccessKey);
    expect(await page.content()).not.toContain(lab.target.secretAccessKey);
  }, 60_000);

  test('Assume Role Using STS on Delegate, with the policies that it needs', async () => {
    const { page } = await lab.open(ADD_AWS);
    await fillIn(page, { name: 'by-role', keyArn: lab.target.keyArn, selector: 'prod-vpc' });
    await fillInRole(page, lab.target.roleArn, lab.target.externalId);
    const trust = page.getByLabel('Trust policy of the role to assume', { exact: true });
    expect(await trust.textContent()).toContain(lab.target.externalId);
    await button(page, 'Test').click();
    await reportOf(page).getByText('It works on the one delegate').waitFor();
    // The test found out who the delegate is, so nothing is left to be replaced by hand.
    expect(await trust.textContent()).toContain('role/sallyport-delegate');
    await page.getByText('To be replaced by hand').waitFor({ state: 'detached' });
    await takePicture(page, 'secrets-manager-sts-role');
    await saveIt(page, 'by-role');
  }, 60_000);

  test('with exactly the policies that the page writes, a role is allowed enough', async () => {
    const { page } = await lab.open(ADD_AWS);
    const role = lab.target.lab.identities.createRole({
      name: 'least',
      trustPolicy: trustNobody(),
      policies: [],
    });
    await fillIn(page, { name: 'least', keyArn: lab.target.keyArn, selector: 'prod-vpc' });
    await fillInRole(page, role.arn, 'least-id');
    await button(page, 'Test').click();
    await failedStage(page, 'vpc-1', 'assume-role').waitFor();
    const policy = async (title: string): Promise<object> =>
      JSON.parse((await page.getByLabel(title, { exact: true }).textContent()) ?? '') as object;
    lab.target.lab.identities.updateRole({
      arn: role.arn,
      trustPolicy: (await policy('Trust policy of the role to assume')) as ReturnType<typeof trustNobody>,
      policies: [(await policy('Policy of the role to assume')) as ReturnType<typeof keyUsePolicy>],
    });
    const host = (await policy('Policy of the delegate’s role')) as ReturnType<typeof keyUsePolicy>;
    lab.target.lab.identities.updateRole({
      arn: lab.hostRoleArn(),
      policies: [keyUsePolicy(lab.target), assumeRolePolicy(lab.target.roleArn), host],
    });
    await button(page, 'Test').click();
    await reportOf(page).getByText('It works on the one delegate').waitFor();

    // Once it is saved, they are bound to this one secrets manager, and still enough.
    await saveIt(page, 'least');
    await page.getByRole('link', { name: 'least', exact: true }).click();
    await page.getByRole('heading', { name: 'least', exact: true }).waitFor();
    const bound = (await policy('Policy of the role to assume')) as ReturnType<typeof keyUsePolicy>;
    expect(JSON.stringify(bound)).toMatch(/"kms:EncryptionContext:sallyport:secrets-manager":"sm_/);
    lab.target.lab.identities.updateRole({ arn: role.arn, policies: [bound] });
    await button(page, 'Test').click();
    await reportOf(page).getByText('It works on the one delegate').waitFor();
  }, 60_000);

  test('Built-in needs a name only', async () => {
    const { page } = await lab.open('/secrets-managers/add/built-in');
    await page.getByRole('textbox', { name: 'Display Name' }).fill('ring');
    await judgePage(page, 'secrets-manager-built-in');
    await saveIt(page, 'ring');
  }, 60_000);
});

function trustNobody() {
  return {
    Version: '2012-10-17' as const,
    Statement: { Effect: 'Deny' as const, Principal: { AWS: lab.hostRoleArn() }, Action: 'sts:AssumeRole' },
  };
}

describe('health', () => {
  test('of the last test is shown in a browser that has tested nothing, and a test there renews it', async () => {
    const { target, journey } = lab;
    const arn = lab.hostRoleArn();
    const { client } = journey.deployment;
    const others = [assumeRolePolicy(target.roleArn)];
    const few = keyUsePolicy({ ...target, actions: ['kms:GenerateDataKey'] });
    target.lab.identities.updateRole({ arn, policies: [few, ...others] });
    await client.call('testSecretsManager', { params: { secretsManager: 'prod-kms' } });
    target.lab.identities.updateRole({ arn, policies: [keyUsePolicy(target), ...others] });

    const { page } = await lab.open('/secrets-managers');
    const row = page.getByRole('row', { name: /prod-kms/ });
    await row.getByText('Failing on vpc-1: missing kms:Decrypt').waitFor();
    await judgePage(page, 'secrets-managers-failing');
    await row.locator('[data-health="failing"]').click();
    const last = page.getByRole('region', { name: 'Last test' });
    await last.getByText('kms:Decrypt', { exact: true }).first().waitFor();
    await takePicture(page, 'secrets-manager-last-test');
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'prod-kms', exact: true }).click();
    await page.getByText('Failing on vpc-1: missing kms:Decrypt').waitFor();
    await button(page, 'Test').click();
    await page.getByText('Healthy on vpc-1').waitFor();
    await takePicture(page, 'secrets-manager-healthy');
  }, 60_000);
});

describe('by keyboard alone', () => {
  test('a secrets manager is chosen, filled in, tested and saved', async () => {
    const { page } = await lab.open('/');
    const { keyboard } = page;
    const tabTo = async (name: string): Promise<void> => {
      for (let presses = 0; presses < 60; presses += 1) {
        await keyboard.press('Tab');
        if ((await focusedName(page)).startsWith(name)) return;
      }
      throw new Error(`Tab does not lead to “${name}”`);
    };
    await keyboard.press('g');
    await keyboard.press('m');
    await page.getByRole('row', { name: /prod-kms/ }).waitFor();
    await tabTo('Add Secrets Manager');
    await keyboard.press('Enter');
    await page.getByRole('menuitem', { name: /^AWS KMS/ }).waitFor();
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Configure Secrets Manager', exact: true }).waitFor();
    // The first field has the focus.
    await keyboard.type('by-keyboard');
    await tabTo('Assume IAM Role on Delegate');
    await keyboard.press('ArrowDown');
    await keyboard.press('ArrowDown');
    await tabTo('Delegate Selector');
    await keyboard.type('prod-vpc');
    await keyboard.press('Enter');
    await tabTo('Role ARN');
    await keyboard.type(lab.target.roleArn);
    await tabTo('External ID');
    await keyboard.type(lab.target.externalId);
    await tabTo('Key ARN');
    await keyboard.type(lab.target.keyArn);
    await tabTo('Use as Default Secrets Manager');
    await keyboard.press('Space');
    await tabTo('Test');
    await keyboard.press('Enter');
    await reportOf(page).getByText('It works on the one delegate').waitFor();
    await tabTo('Save');
    await keyboard.press('Enter');
    const row = page.getByRole('row', { name: /by-keyboard/ });
    await row.getByText('Default', { exact: true }).waitFor();
  }, 60_000);
});
