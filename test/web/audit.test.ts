// The audit trail in a browser: filters by address, live records, one record in full, checkpoints, and an export that the command verifies.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { join } from 'node:path';
import { verifyFile } from '../../packages/cli/src/audit/verify-file.ts';
import { judgePage } from './judge-page.ts';
import { makeUser, signedIn } from './people.ts';
import { WebJourney } from './web-journey.ts';

let journey: WebJourney;

beforeAll(async () => {
  journey = await WebJourney.start();
  await journey.deployment.startDelegate({ name: 'witness' });
  await makeUser(journey, 'auditor', { account: ['view-audit-trail'] });
  const { client } = journey.deployment;
  for (const name of ['shop', 'billing']) {
    await client.call('createApplication', {
      body: { name, environments: [{ name: 'prod', type: 'production' }] },
    });
  }
}, 120_000);
afterEach(async () => journey.expectClean());
afterAll(async () => journey?.close());

/** As somebody does who was given the address. */
async function load(page: Page, path: string): Promise<void> {
  await page.goto(journey.address(path));
  await page.reload();
}

describe('records', () => {
  test('filters stand in the address, and an address brings its filters back', async () => {
    const { page } = await signedIn(journey, 'auditor', '/audit');
    const rows = page.getByRole('table', { name: 'Audit records' }).locator('tbody tr');
    await page.getByRole('row', { name: /Application created.*billing/ }).waitFor();
    await judgePage(page, 'audit');
    await page.getByRole('textbox', { name: 'Application' }).fill('shop');
    await page.getByRole('combobox', { name: 'Action' }).fill('application c');
    await page.getByRole('option', { name: 'Application created' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.getByRole('row', { name: /billing/ }).waitFor({ state: 'detached' });
    expect(await rows.count()).toBe(1);
    const address = new URL(page.url()).hash;
    expect(address).toContain('application=shop');
    expect(address).toContain('actions=application.created');
    await page.goBack();
    await page.getByRole('row', { name: /billing/ }).waitFor();
    expect(await page.getByRole('textbox', { name: 'Application' }).inputValue()).toBe('');

    await load(page, address.slice(1));
    await page.getByRole('row', { name: /Application created.*shop/ }).waitFor();
    expect(await page.getByRole('textbox', { name: 'Application' }).inputValue()).toBe('shop');
    expect(await page.getByRole('table', { name: 'Audit records' }).locator('tbody tr').count()).toBe(1);
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByRole('row', { name: /billing/ }).waitFor();
    await page.getByRole('textbox', { name: 'Who' }).fill('nobody at all');
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.getByRole('heading', { name: 'No record is like that' }).waitFor();
  }, 60_000);

  test('new records appear by themselves while it is live, and each is shown in full with its hash', async () => {
    const { page } = await signedIn(journey, 'auditor', '/audit?live=true');
    await page.getByRole('row', { name: /Application created.*billing/ }).waitFor();
    await journey.deployment.client.call('createApplication', {
      body: { name: 'warehouse', environments: [] },
    });
    const row = page.getByRole('row', { name: /Application created.*warehouse/ });
    await row.waitFor();
    await row.getByRole('button', { name: /^Details/ }).click();
    const dialog = page.getByRole('dialog');
    const { records } = await journey.deployment.client.call('listAudit', {
      query: { action: 'application.created', limit: 1 },
    });
    await dialog.getByText(records[0]?.hash ?? 'no record').waitFor();
    await judgePage(page, 'audit-record');
    // The address leads to this one record, wherever it is in the list.
    const sequence = records[0]?.sequence ?? 0;
    expect(page.url()).toContain(`record=${sequence}`);
    const { page: linked } = await signedIn(
      journey,
      'auditor',
      `/audit?actions=group.deleted&record=${sequence}`,
    );
    await linked.getByRole('dialog', { name: new RegExp(`^Record ${sequence}:`) }).waitFor();
    await linked.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await linked.getByRole('heading', { name: 'No record is like that' }).waitFor();
    expect(linked.url()).not.toContain('record=');
    await load(linked, '/audit?record=999999');
    await linked.getByRole('heading', { name: 'There is no such record' }).waitFor();
    await dialog.getByRole('button', { name: 'Only this resource' }).click();
    await page.getByRole('row', { name: /billing/ }).waitFor({ state: 'detached' });
    expect(page.url()).toContain(`resource=${records[0]?.resource}`);
    expect(page.url()).toContain('live=true');
  }, 60_000);

  test('long trails are read page by page', async () => {
    const { client } = journey.deployment;
    for (let index = 0; index < 60; index += 1) {
      await client.call('createDelegateToken', { body: { name: `token ${index}` } });
    }
    const { page } = await signedIn(journey, 'auditor', '/audit?actions=delegate-token.created');
    await page.getByRole('row', { name: /token 59/ }).waitFor();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('row', { name: /token 3\b/ }).waitFor();
    await page.getByRole('button', { name: 'Previous' }).click();
    await page.getByRole('row', { name: /token 59/ }).waitFor();
  }, 60_000);
});

describe('checkpoints', () => {
  test('a delegate signs on demand, and the export is what the command verifies', async () => {
    const { page } = await signedIn(journey, 'auditor', '/audit/checkpoints');
    await page.getByRole('row', { name: /witness/ }).waitFor();
    await page.getByRole('button', { name: 'Sign a checkpoint now' }).click();
    const signed = page.getByText(/^witness has signed the trail up to record/);
    const signedSequence = Number(/record (\d+)/.exec((await signed.textContent()) ?? '')?.[1]);
    await page.getByRole('row', { name: /witness.*record \d+.*(?:just now|ago)/ }).waitFor();
    await judgePage(page, 'audit-checkpoints');
    await page.getByRole('link', { name: 'Audit trail' }).last().click();
    // An export is of everything, whatever is shown.
    await page.goto(journey.address('/audit?actions=application.created'));
    await page.getByRole('row', { name: /billing/ }).waitFor();
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Export' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: /^Save trail.jsonl/ }).click(),
    ]);
    await judgePage(page, 'audit-export');
    expect(download.suggestedFilename()).toBe('trail.jsonl');
    const path = join(journey.deployment.folder, 'trail.jsonl');
    await download.saveAs(path);
    const [delegate] = (await journey.deployment.client.call('listDelegates')).delegates;
    const verified = await verifyFile(path, {
      kept: [],
      isTrusted: (fingerprint) => fingerprint === delegate?.fingerprint,
    });
    expect(verified.coveredTo?.sequence).toBeGreaterThanOrEqual(signedSequence);
    expect(verified.last?.sequence).toBe(verified.records);
  }, 60_000);
});
