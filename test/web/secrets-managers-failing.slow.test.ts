// What goes wrong with a secrets manager, in the words that a person reads in a browser, beside where it can be mended.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { assumeRolePolicy, keyUsePolicy } from '@sallyport/testkit/lab';
import { judgePage, takePicture } from './judge-page.ts';
import {
  ADD_AWS,
  button,
  failedStage,
  fillIn,
  fillInRole,
  focusedName,
  LabJourney,
  recordBodies,
} from './lab-journey.ts';

let lab: LabJourney;

beforeAll(async () => {
  lab = await LabJourney.start();
}, 120_000);
afterEach(async () => lab.expectClean());
afterAll(async () => lab?.close());

describe('what fails', () => {
  test('before anything is sent: beside its field, and a region that is not the key’s at once', async () => {
    const { page } = await lab.open(ADD_AWS);
    await page.getByRole('textbox', { name: 'Key ARN' }).fill('alias/prod');
    await page.getByRole('combobox', { name: 'Region' }).click();
    await page.getByText(/give the full ARN/).waitFor();
    await page.getByRole('combobox', { name: 'Region' }).fill('us-east-1');
    await page.getByRole('option', { name: /us-east-1/ }).click();
    await page.getByRole('textbox', { name: 'Key ARN' }).fill(lab.target.keyArn);
    await page.getByText(/is in region eu-west-1, but the region given is us-east-1/).waitFor();
    const bodies = await recordBodies(page);
    await button(page, 'Save').click();
    await page.getByText('Give it a name.').waitFor();
    await page.getByText(/Name at least one/).waitFor();
    // The first field that has to be mended has the focus.
    expect(await focusedName(page)).toMatch(/^Display Name/);
    expect(await bodies()).toEqual([]);
    await judgePage(page, 'secrets-manager-complaints');
    await button(page, 'Use eu-west-1').click();
    await page.getByText(/is in region eu-west-1, but/).waitFor({ state: 'detached' });
  }, 60_000);

  test('a wrong external ID, at the stage of assuming the role, with what to check', async () => {
    const { page } = await lab.open(ADD_AWS);
    await fillIn(page, { name: 'wrong', keyArn: lab.target.keyArn, selector: 'prod-vpc' });
    await fillInRole(page, lab.target.roleArn, 'wrong-id');
    await button(page, 'Test').click();
    const failed = failedStage(page, 'vpc-1', 'assume-role');
    await failed
      .getByText(/external id/i)
      .first()
      .waitFor();
    await failed
      .getByText(/trust policy/i)
      .first()
      .waitFor();
    await takePicture(page, 'secrets-manager-wrong-external-id');
    // Nor is it saved.
    await button(page, 'Save').click();
    await page.getByRole('heading', { name: 'Not saved: no delegate could use the key' }).waitFor();
  }, 60_000);

  test('a role without kms:Decrypt, with the statement that is missing', async () => {
    const { keyArn } = lab.target;
    const { identities } = lab.target.lab;
    const role = identities.createRole({
      name: 'no-decrypt',
      trustPolicy: {
        Version: '2012-10-17',
        Statement: { Effect: 'Allow', Principal: { AWS: lab.hostRoleArn() }, Action: 'sts:AssumeRole' },
      },
      policies: keyUsePolicy({ keyArn, actions: ['kms:GenerateDataKey'] }),
    });
    identities.updateRole({
      arn: lab.hostRoleArn(),
      policies: [keyUsePolicy({ keyArn }), assumeRolePolicy(lab.target.roleArn), assumeRolePolicy(role.arn)],
    });
    const { page } = await lab.open(ADD_AWS);
    await fillIn(page, { name: 'no-decrypt', keyArn: lab.target.keyArn, selector: 'prod-vpc' });
    await fillInRole(page, role.arn, '');
    await button(page, 'Test').click();
    const failed = failedStage(page, 'vpc-1', 'permission');
    await failed.getByText('kms:Decrypt', { exact: true }).waitFor();
    const statement = failed.getByLabel('Missing policy statement');
    expect(JSON.parse((await statement.textContent()) ?? '')).toMatchObject({
      Effect: 'Allow',
      Resource: keyArn,
    });
    expect(await statement.textContent()).toContain('kms:Decrypt');
    await failed.getByRole('button', { name: 'Copy statement' }).waitFor();
    await judgePage(page, 'secrets-manager-no-decrypt');
  }, 60_000);

  test('a key that is disabled', async () => {
    const { page } = await lab.open(ADD_AWS);
    await fillIn(page, { name: 'disabled', keyArn: lab.target.keyArn, selector: 'prod-vpc' });
    lab.target.lab.keys.setState({ arn: lab.target.keyArn, state: 'Disabled' });
    await button(page, 'Test').click();
    const failed = failedStage(page, 'vpc-1', 'key');
    await failed.getByText(/cannot be used: its state is Disabled/).waitFor();
    await failed.getByText(/Enable the key/).waitFor();
  }, 60_000);

  test('no delegate with these selectors: each one is named with what it lacks', async () => {
    const { page } = await lab.open(ADD_AWS);
    await fillIn(page, { name: 'nowhere', keyArn: lab.target.keyArn, selector: 'mars' });
    await page.getByText('No connected delegate has all of these.').waitFor();
    await button(page, 'Test').click();
    const alert = page.getByRole('alert');
    await alert.getByText(/vpc-1 lacks selector mars/).waitFor();
    await alert.getByText(/edge-1 lacks selector mars/).waitFor();
    expect(await alert.getAttribute('data-error-code')).toBe('no-delegate');
    await takePicture(page, 'secrets-manager-no-delegate');
  }, 60_000);

  test('a name that is taken, beside the name', async () => {
    const settings = { kind: 'built-in' } as const;
    await lab.journey.deployment.client.call('createSecretsManager', { body: { name: 'ring', settings } });
    const { page } = await lab.open('/secrets-managers/add/built-in');
    await page.getByRole('textbox', { name: 'Display Name' }).fill('Ring');
    await button(page, 'Save').click();
    const field = page.getByRole('textbox', { name: 'Display Name' });
    await page.locator('[aria-invalid="true"]').waitFor();
    expect(await field.getAttribute('aria-invalid')).toBe('true');
  }, 60_000);
});
