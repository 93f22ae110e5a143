// Start-up profiles in a browser: one is written, with what is in its way said beforehand; a real delegate runs it; what came of it is shown,
// masked; it is edited and deleted.
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { ACCOUNT_PERMISSIONS, APPLICATION_ACTIONS } from '@sallyport/core';
import { judgePage } from './judge-page.ts';
import { makeUser, signedIn } from './people.ts';
import { WebJourney } from './web-journey.ts';
import type { WatchedPage } from './web-journey.ts';

const VALUE = `value-${randomBytes(12).toString('hex')}`;
const HASTY = `echo '\${secrets.getValue("setup-token")}' "\${secrets.getValue("not-there")}"\npassword=hunter2hunter2`;
const SCRIPT = 'echo "with ${secrets.getValue("setup-token")}"\necho oops >&2\nexit 3';

let journey: WebJourney;

beforeAll(async () => {
  journey = await WebJourney.start();
  const { deployment } = journey;
  const guardFile = join(deployment.folder, 'guard.json');
  await writeFile(guardFile, JSON.stringify({ scripts: { allow: true } }), { mode: 0o600 });
  await deployment.startDelegate({ name: 'edge-1', guardFile, selectors: ['edge'] });
  await deployment.startDelegate({ name: 'careful', selectors: ['edge'] });
  await deployment.client.call('createSecretsManager', {
    body: { name: 'ring', settings: { kind: 'built-in', selectors: ['edge-1'] } },
  });
  await deployment.client.set('setup-token', VALUE);
  const grants = [
    { where: [{ applications: 'all', environments: 'all' }], actions: [...APPLICATION_ACTIONS] },
  ] as const;
  await makeUser(journey, 'olga', { account: [...ACCOUNT_PERMISSIONS], grants: [...grants] as never });
  await makeUser(journey, 'rita');
}, 120_000);
afterEach(async () => journey.expectClean());
afterAll(async () => journey?.close());

async function open(path: string, who = 'olga'): Promise<WatchedPage> {
  const watched = await signedIn(journey, who, path);
  watched.page.setDefaultTimeout(10_000);
  return watched;
}

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

describe('start-up profiles', () => {
  test('one is written, with what is in its way, and run; its output is shown, masked', async () => {
    const { page } = await open('/start-up-profiles');
    await page.getByRole('heading', { name: 'No start-up profile yet' }).waitFor();
    await page.getByRole('link', { name: 'New start-up profile' }).first().click();
    await button(page, 'Create').click();
    await page.getByText('Write what delegates are to run.').waitFor();
    await page.getByRole('textbox', { name: 'Name' }).fill('tools');
    const script = page.getByRole('textbox', { name: 'Script' });
    await script.fill(HASTY);
    await page.getByText('Line 1 has a secret inside single quotes').waitFor();
    await page.getByText('Line 2 looks as if it held a secret').waitFor();
    const named = page.getByRole('list', { name: 'Secrets that it names' });
    await named.getByText('setup-token is there').waitFor();
    await named.getByText('The script refers to not-there: There is no such secret').waitFor();
    await page.getByRole('combobox', { name: 'Selectors' }).fill('edge');
    await page.keyboard.press('Enter');
    // And with it the list of selectors goes.
    await page.getByRole('textbox', { name: 'Time limit' }).fill('60');
    await page.getByRole('option').first().waitFor({ state: 'detached' });
    await page.getByText('Connected now: careful (runs no scripts').waitFor();
    await judgePage(page, 'profile-new');
    await button(page, 'Create').click();
    await page.getByRole('alert').getByText('There is no such secret').waitFor();

    await script.fill(SCRIPT);
    await button(page, 'Create').click();
    await page.getByRole('heading', { name: 'tools', exact: true }).waitFor();
    await page.getByRole('row', { name: /edge-1.*Ended.*exit code 3/ }).waitFor();
    await page.getByRole('row', { name: /careful.*Refused.*its guard file does not allow them/ }).waitFor();
    await judgePage(page, 'profile');
    await button(page, 'Output on edge-1, revision 1').click();
    const output = page.getByRole('dialog', { name: 'Output on edge-1' });
    const text = (await output.getByLabel('Output', { exact: true }).textContent()) ?? '';
    expect(text.split('\n').toSorted()).toEqual(['', 'oops', 'with [masked]']);
    expect(page.url()).toMatch(/\?run=/);
    await judgePage(page, 'profile-output');
    expect(await page.content()).not.toContain(VALUE);
  }, 60_000);

  test('they are listed with their runs; an output has an address; one is edited, and deleted', async () => {
    const { page } = await open('/start-up-profiles');
    const runs = page.getByRole('list', { name: 'Last runs of tools' });
    await runs.getByText('exit code 3').waitFor();
    await judgePage(page, 'profiles');
    await runs.getByRole('link', { name: 'edge-1' }).click();
    await page.getByRole('dialog', { name: 'Output on edge-1' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Edit' }).click();
    await page.getByRole('textbox', { name: 'Script' }).fill('exit 0');
    await page.getByText('its delegates run it again').waitFor();
    await button(page, 'Save').click();
    await page.getByRole('row', { name: /edge-1.*2.*Ended.*exit code 0/ }).waitFor();
    await button(page, 'Delete').click();
    const question = page.getByRole('dialog', { name: 'Delete “tools”?' });
    await question.getByText('Where it runs, it is ended').waitFor();
    await question.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { name: 'No start-up profile yet' }).waitFor();

    // A delegate says whether it runs scripts, and what would let it.
    await page.getByRole('link', { name: 'Delegates', exact: true }).click();
    await page.locator('[data-delegate="edge-1"]').getByText('Its guard file allows them').waitFor();
    const careful = page.locator('[data-delegate="careful"]');
    await careful.getByText('None: its guard file does not allow it').click();
    await careful.getByText('{ "scripts": { "allow": true } }').waitFor();
    await judgePage(page, 'delegates-scripts');
  }, 60_000);

  test('somebody who manages no delegates is not led to them, and is told why', async () => {
    const { page } = await open('/start-up-profiles', 'rita');
    await page.getByRole('heading', { name: 'You may not see start-up profiles' }).waitFor();
    expect(await page.getByRole('link', { name: 'Start-up profiles' }).count()).toBe(0);
  }, 60_000);
});
