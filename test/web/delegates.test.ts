// Delegates in a browser: the first one is started with what the page writes, lists are live, strangers are told apart, and tokens end.
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { ACCOUNT_PERMISSIONS, APPLICATION_ACTIONS } from '@sallyport/core';
import { KNOWN_DELEGATES_KEY } from '@sallyport/sdk/browser';
import { judgePage, takePicture } from './judge-page.ts';
import { makeUser, signedIn } from './people.ts';
import { storedIn, WebJourney } from './web-journey.ts';
import type { WatchedPage } from './web-journey.ts';

let journey: WebJourney;

beforeAll(async () => {
  journey = await WebJourney.start();
  const where = [{ applications: 'all', environments: 'all' }] as const;
  const grants = [{ where: [...where], actions: [...APPLICATION_ACTIONS] }];
  await makeUser(journey, 'olga', { account: [...ACCOUNT_PERMISSIONS], grants });
  await makeUser(journey, 'rita', { grants });
}, 120_000);
afterEach(async () => journey.expectClean());
afterAll(async () => journey?.close());

async function open(path: string, who = 'olga'): Promise<WatchedPage> {
  const watched = await signedIn(journey, who, path);
  watched.page.setDefaultTimeout(10_000);
  return watched;
}

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const cardOf = (page: Page, name: string, state: string) =>
  page.locator(`[data-delegate="${name}"][data-state="${state}"]`);

/** Creates a token by the form of the page; gives its value. */
async function createToken(page: Page, name: string): Promise<string> {
  await page.getByRole('textbox', { name: 'Token name' }).fill(name);
  await button(page, 'Create token').click();
  return (await page.getByLabel('Value of the token').textContent()) ?? '';
}

describe('delegates', () => {
  test('the first one: a token, the commands with it, and the page sees it connect', async () => {
    const { page } = await open('/delegates');
    await page.getByRole('heading', { name: 'No delegate yet' }).waitFor();
    await judgePage(page, 'delegates-none');
    await page.getByRole('link', { name: 'Add Delegate' }).first().click();
    await button(page, 'Create token').click();
    await page.getByText('Give it a name.').waitFor();
    await page.getByText('DELEGATE-TOKEN').first().waitFor();
    await judgePage(page, 'delegate-add');

    const token = await createToken(page, 'prod-vpc');
    await page.getByRole('textbox', { name: 'Delegate name' }).fill('vpc-1');
    await page.getByRole('combobox', { name: 'Selectors' }).fill('eu');
    await page.keyboard.press('Enter');
    const main = page.getByRole('main');
    for (const place of ['Shell', 'systemd', 'Docker', 'Kubernetes', 'ECS']) {
      await page.getByRole('tab', { name: place }).click();
      // In the box above, and in the commands.
      expect((await main.innerText()).split(token)).toHaveLength(3);
      await takePicture(page, `delegate-install-${place.toLowerCase()}`);
    }
    await page.getByRole('tab', { name: 'Shell' }).click();
    await page.getByText(`printf '%s\\n' ${token} > delegate-token`, { exact: false }).waitFor();
    await page.getByText('--selector eu').waitFor();
    await judgePage(page, 'delegate-token-created');

    await journey.deployment.launchDelegate({ name: 'vpc-1', selectors: ['eu'], token });
    await cardOf(page, 'vpc-1', 'connected').waitFor();
    expect(await storedIn(page)).not.toContain(token);
    await page.getByRole('link', { name: 'All delegates' }).click();
    await page.getByRole('row', { name: /prod-vpc.*Active/ }).waitFor();
    expect(await page.content()).not.toContain(token);
  }, 60_000);

  test('who would run work, and why not the others; live when one goes down', async () => {
    await journey.deployment.startDelegate({ name: 'edge-1', selectors: ['us'] });
    const { client } = journey.deployment;
    const settings = { kind: 'built-in' as const, selectors: ['eu'] };
    await client.call('createSecretsManager', { body: { name: 'eu-ring', settings, makeDefault: true } });
    const { page } = await open('/delegates');
    const verdicts = page.getByRole('list', { name: 'Verdicts' });
    await verdicts.getByText('vpc-1 would run it').waitFor();
    await verdicts.getByText(/edge-1 lacks selector eu/).waitFor();
    await cardOf(page, 'vpc-1', 'connected').getByText('Not met by this browser yet').waitFor();
    await judgePage(page, 'delegates');

    await journey.deployment.delegates.get('edge-1')?.stop();
    await cardOf(page, 'edge-1', 'disconnected').waitFor();
    await verdicts.getByText(/edge-1 is disconnected/).waitFor();
  }, 60_000);

  test('selectors are added and taken away; what would be left without a delegate is named first', async () => {
    const { client } = journey.deployment;
    await journey.deployment.startDelegate({ name: 'asia-1', selectors: ['asia'] });
    const { page } = await open('/delegates');
    const card = cardOf(page, 'asia-1', 'connected');
    await button(page, 'Edit selectors of asia-1').click();
    const dialog = page.getByRole('dialog', { name: 'Selectors of asia-1' });
    const added = dialog.getByRole('combobox', { name: 'Added here' });
    await dialog.getByText('asia', { exact: true }).waitFor();
    await added.fill('Blue');
    await page.keyboard.press('Enter');
    await judgePage(page, 'delegate-selectors');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await card.getByText('blue (added here)').waitFor();
    const settings = { kind: 'built-in' as const, selectors: ['blue'] };
    await client.call('createSecretsManager', { body: { name: 'blue-ring', settings } });

    await button(page, 'Edit selectors of asia-1').click();
    await added.press('Backspace');
    await dialog.getByRole('button', { name: 'Save' }).click();
    const question = page.getByRole('dialog', { name: 'Leave secrets managers without a delegate?' });
    await question.getByText('Secrets managers that no delegate could work for: 1').waitFor();
    await question.getByText('blue-ring').waitFor();
    await judgePage(page, 'delegate-selectors-question');
    await question.getByRole('button', { name: 'Change selectors' }).click();
    await card.getByText('blue (added here)').waitFor({ state: 'detached' });
  }, 60_000);

  test('one that waits is approved after its fingerprint was shown; one is removed', async () => {
    const { page } = await open('/delegates/add');
    await page.getByText('Delegates wait for approval').click();
    const token = await createToken(page, 'launch template');
    await journey.deployment.launchDelegate({ name: 'auto-1', token });
    const waiting = cardOf(page, 'auto-1', 'waiting-for-approval');
    await waiting.getByRole('button', { name: 'Approve auto-1' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('[data-fingerprint]').waitFor();
    await judgePage(page, 'delegate-approve');
    await dialog.getByRole('button', { name: 'Approve' }).click();
    await cardOf(page, 'auto-1', 'connected').waitFor();
    await page.getByRole('link', { name: 'All delegates' }).click();
    await button(page, 'Remove edge-1').click();
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await cardOf(page, 'edge-1', 'disconnected').waitFor({ state: 'detached' });
  }, 60_000);

  test('a delegate with another fingerprint than the known one is told apart, until somebody has compared', async () => {
    const { page } = await open('/delegates');
    await cardOf(page, 'vpc-1', 'connected').waitFor();
    const fingerprint = `SHA256:${randomBytes(32).toString('base64url')}`;
    const entry = { server: journey.deployment.address, name: 'vpc-1', fingerprint, addedAtMs: Date.now() };
    await page.evaluate(
      ([key, text]) => localStorage.setItem(key ?? '', text ?? ''),
      [KNOWN_DELEGATES_KEY, JSON.stringify({ version: 1, delegates: [entry] })],
    );
    await page.reload();
    const card = cardOf(page, 'vpc-1', 'connected');
    await card.getByText('This browser knows another fingerprint under this name').waitFor();
    await judgePage(page, 'delegate-changed');
    await card.getByRole('checkbox', { name: /I have compared/ }).check();
    await card.getByRole('button', { name: 'Trust the new fingerprint' }).click();
    await card.getByText('Known in this browser').waitFor();
  }, 60_000);

  test('a token that is revoked takes its delegates along', async () => {
    const { page } = await open('/delegates');
    await cardOf(page, 'auto-1', 'connected').waitFor();
    await button(page, 'Revoke launch template').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('row', { name: /launch template.*Revoked/ }).waitFor();
    await cardOf(page, 'auto-1', 'disconnected').waitFor();
  }, 60_000);

  test('somebody without the permission sees them, and no token and no button that would change one', async () => {
    const { page } = await open('/delegates', 'rita');
    await cardOf(page, 'vpc-1', 'connected').waitFor();
    expect(await page.getByRole('heading', { name: 'Delegate tokens' }).count()).toBe(0);
    expect(await page.getByRole('link', { name: 'Add Delegate' }).count()).toBe(0);
    expect(await page.getByRole('button', { name: /Remove|Approve|Revoke/ }).count()).toBe(0);
    await page.goto(journey.address('/delegates/add'));
    await page.getByRole('heading', { name: 'You may not add delegates' }).waitFor();
  }, 60_000);
});
