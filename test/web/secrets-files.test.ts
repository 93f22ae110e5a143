// Files up and down in a browser, byte for byte; and a text by keyboard alone on a narrow screen.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { expectNothingSticksOut, judgePage } from './judge-page.ts';
import { button, dialogOf, shownValue, startSecretsJourney } from './secrets-journey.ts';
import type { SecretsJourney } from './secrets-journey.ts';
import type { WebJourney } from './web-journey.ts';

let journey: WebJourney;
let open: SecretsJourney['open'];

beforeAll(async () => {
  ({ journey, open } = await startSecretsJourney());
}, 120_000);
afterEach(async () => journey.expectClean());
afterAll(async () => journey?.close());

describe('a file secret', () => {
  test('goes up and comes down byte for byte, gets a new version and is restored', async () => {
    // Larger than what fits into one message, so that it is streamed; and not a text.
    const first = Buffer.concat([Buffer.from([0xff, 0xfe, 0x00]), randomBytes(3_000_000)]);
    const second = randomBytes(2048);
    const { page } = await open('/secrets/files');
    await page.getByRole('heading', { name: 'No encrypted file yet' }).waitFor();
    await page.getByRole('link', { name: 'Add encrypted file' }).first().click();
    await button(page, 'Seal and upload').click();
    await page.getByText('Choose a file.').waitFor();
    const mimeType = 'application/octet-stream';
    const file = page.locator('input[type=file]');
    await file.setInputFiles({ name: 'store.jks', mimeType, buffer: first });
    expect(await page.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('store.jks');
    await judgePage(page, 'secrets-add-file');
    await button(page, 'Seal and upload').click();
    await page.getByRole('heading', { name: 'store.jks' }).waitFor();
    await judgePage(page, 'secret-file');
    expect(await downloaded(page, button(page, 'Download'))).toEqual({ name: 'store.jks', content: first });

    await button(page, 'New version').click();
    await dialogOf(page).locator('input[type=file]').setInputFiles({ name: 'x', mimeType, buffer: second });
    await button(dialogOf(page), 'Seal and upload').click();
    await page.getByRole('row', { name: /2 newest/ }).waitFor();
    expect((await downloaded(page, button(page, 'Download'))).content).toEqual(second);

    await button(page, 'Restore version 1').click();
    await button(dialogOf(page), 'Restore').click();
    await page.getByRole('row', { name: /3 newest/ }).waitFor();
    expect(Buffer.from(await journey.deployment.client.getBytes('store.jks'))).toEqual(first);

    await page.getByRole('link', { name: 'Encrypted Files' }).click();
    await page.getByRole('row', { name: /store.jks/ }).waitFor();
    await judgePage(page, 'secrets-files');
    expect((await downloaded(page, button(page, 'Download store.jks'))).content).toEqual(first);
  }, 150_000);

  test('on a slow line its sending is shown; stopped, the form keeps what it has, and the next try stores it', async () => {
    const { page } = await open('/secrets/files', { isOnce: true });
    await page.getByRole('link', { name: 'Add encrypted file' }).first().click();
    const buffer = randomBytes(2_000_000);
    const file = { name: 'slow.bin', mimeType: 'application/octet-stream', buffer };
    await page.locator('input[type=file]').setInputFiles(file);
    const line = await page.context().newCDPSession(page);
    await line.send('Network.enable');
    const speed = async (uploadThroughput: number): Promise<unknown> =>
      line.send('Network.emulateNetworkConditions', {
        offline: false,
        latency: 0,
        downloadThroughput: -1,
        uploadThroughput,
      });
    await speed(100_000);
    await button(page, 'Seal and upload').click();
    await page.getByText(/^Sending: .* of 1.9 MiB \(\d+%\)$/).waitFor();
    await judgePage(page, 'secrets-upload-progress');
    await button(page, 'Stop').click();
    await page.getByText(/^Sending/).waitFor({ state: 'detached' });
    await speed(-1);
    expect(await page.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('slow.bin');
    await button(page, 'Seal and upload').click();
    await page.getByRole('heading', { name: 'slow.bin' }).waitFor();
    expect(Buffer.from(await journey.deployment.client.getBytes('slow.bin'))).toEqual(buffer);
  }, 90_000);

  async function downloaded(page: Page, by: Locator): Promise<{ name: string; content: Buffer }> {
    const [download] = await Promise.all([page.waitForEvent('download'), by.first().click()]);
    return { name: download.suggestedFilename(), content: readFileSync(await download.path()) };
  }
});

describe('by keyboard alone, on a narrow screen', () => {
  test('a text is added and revealed', async () => {
    const { page } = await open('/', { viewport: { width: 360, height: 740 } });
    await page.getByRole('heading', { level: 1 }).waitFor();
    const go = async (to: Locator): Promise<void> => {
      for (let presses = 0; presses < 60; presses += 1) {
        if (await to.evaluate((element) => element === document.activeElement)) return;
        await page.keyboard.press('Tab');
      }
      throw new Error(`not reached by Tab: ${to.toString()}`);
    };
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await page.getByRole('heading', { name: 'Secrets Management' }).waitFor();
    await go(page.getByRole('link', { name: 'Add encrypted text' }).first());
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Add encrypted text' }).waitFor();
    await page.keyboard.type('by-keyboard');
    await page.keyboard.press('Tab');
    await page.keyboard.type('typed on a keyboard');
    await expectNothingSticksOut(page, 'adding a text');
    await go(button(page, 'Seal and store'));
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'by-keyboard' }).waitFor();
    await go(button(page, 'Reveal'));
    await page.keyboard.press('Enter');
    await shownValue(page).waitFor();
    expect(await shownValue(page).textContent()).toBe('typed on a keyboard');
    await expectNothingSticksOut(page, 'a revealed text');
  }, 60_000);
});
