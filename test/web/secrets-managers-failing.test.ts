// What goes wrong with a secrets manager, in the words that a person reads in a browser, beside where it can be mended.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Locator, Page } from 'playwright-core';
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
  reportOf,
} from './lab-journey.ts';

let lab: LabJourney;

beforeAll(async () => {
  lab = await LabJourney.start();
}, 120_000);
afterEach(async () => lab.expectClean());
afterAll(async () => lab?.close());

describe('a test that is under way', () => {
  test('is shown step by step; a delegate that hangs is said to be silent, and Stop calls it off there', async () => {
    const { faults } = lab.target.lab;
    const hang = faults.add({ kind: 'hang', service: 'kms', operation: 'Decrypt' });
    const { page } = await lab.open(ADD_AWS);
    await fillIn(page, { name: 'slow', keyArn: lab.target.keyArn, selector: 'prod-vpc' });
    await button(page, 'Test').click();
    const running = page.getByRole('region', { name: 'Test is running' });
    const step = (action: string, outcome: string): Locator =>
      running.locator(`[data-delegate="vpc-1"] [data-outcome="${outcome}"]`, {
        has: page.getByText(action, { exact: true }),
      });
    await step('kms:Decrypt', 'running').waitFor();
    await step('sts:GetCallerIdentity', 'passed').waitFor();
    await step('kms:GenerateDataKey, kms:Decrypt', 'waiting').waitFor();
    // One quiet sentence, not the whole of it.
    await page.locator('[aria-live="polite"]', { hasText: 'vpc-1: kms:GenerateDataKey passed.' }).waitFor();
    await running.getByText('no word for 5 seconds').waitFor();
    await running.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('The test was stopped.').waitFor();
    await expect.poll(async () => tasksInFlight('vpc-1')).toBe(0);
    await button(page, 'Test').click();
    await step('kms:Decrypt', 'running').waitFor();
    await judgePage(page, 'secrets-manager-testing');
    // Its next attempt gets through.
    hang.remove();
    await reportOf(page).waitFor();

    const slow = faults.add({ kind: 'latency', service: 'kms', operation: 'Decrypt', milliseconds: 400 });
    await button(page, 'Test').click();
    await step('kms:Decrypt', 'running').waitFor();
    const before = await placesOf(page);
    await reportOf(page).getByText('It works on the one delegate').waitFor();
    slow.remove();
    // What is being read stays where it is.
    expect(await placesOf(page)).toEqual(before);
  }, 60_000);

  test('over the list, a delegate that is lost is said to have failed at once, and the other one goes on', async () => {
    const { client } = lab.journey.deployment;
    const { keyArn } = lab.target;
    const { environment } = lab.target;
    await lab.journey.deployment.startDelegate({ name: 'twin-1', selectors: ['twin'], environment });
    const lost = await lab.journey.deployment.startDelegate({
      name: 'twin-2',
      selectors: ['twin'],
      environment,
    });
    await client.call('createSecretsManager', {
      body: {
        name: 'twins',
        settings: {
          kind: 'aws-kms',
          keyArn,
          credentials: { type: 'iam-role' },
          selectors: ['twin'],
        },
      },
    });
    lab.target.lab.faults.add({ kind: 'hang', service: 'kms', operation: 'Decrypt' });
    const { page } = await lab.open('/secrets-managers');
    await button(page, 'Test twins').click();
    const dialog = page.getByRole('dialog', { name: 'Test of twins' });
    const card = (name: string, state: string): Locator =>
      dialog.locator(`[data-delegate="${name}"][data-state="${state}"]`);
    for (const name of ['twin-1', 'twin-2']) {
      await card(name, 'running')
        .locator('[data-outcome="running"]', { has: page.getByText('kms:Decrypt', { exact: true }) })
        .waitFor();
    }
    await lost.kill();
    await card('twin-2', 'failed')
      .getByText(/went away/)
      .waitFor();
    await card('twin-1', 'running').waitFor();
    await judgePage(page, 'secrets-manager-test-dialog');
    // Closing calls the rest off.
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await expect.poll(async () => tasksInFlight('twin-1')).toBe(0);
  }, 60_000);
});

async function tasksInFlight(name: string): Promise<number | undefined> {
  const { delegates } = await lab.journey.deployment.client.call('listDelegates');
  return delegates.find((one) => one.name === name)?.tasksInFlight;
}

/** Where the delegates of a test and their steps stand on the page. */
async function placesOf(page: Page): Promise<number[]> {
  return page
    .locator('[data-delegate], [data-delegate] [data-stage]')
    .evaluateAll((parts) =>
      parts.map((part) => Math.round(part.getBoundingClientRect().top + window.scrollY)),
    );
}

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
