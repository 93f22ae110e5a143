// Texts in a browser through all their life, from the form to the delete button, and their values nowhere but where they belong.
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startRecordingProxy } from '../harness/recording-proxy.ts';
import type { RecordingProxy } from '../harness/recording-proxy.ts';
import { tracesOf } from '../harness/traces-of.ts';
import { judgePage } from './judge-page.ts';
import {
  button,
  choose,
  dialogOf,
  expectNotInPage,
  recordsTab,
  shownValue,
  startSecretsJourney,
  valueField,
} from './secrets-journey.ts';
import type { SecretsJourney } from './secrets-journey.ts';
import { storedIn } from './web-journey.ts';
import type { WebJourney } from './web-journey.ts';

let journey: WebJourney;
let open: SecretsJourney['open'];
let proxy: RecordingProxy;

beforeAll(async () => {
  const started = await startSecretsJourney();
  journey = started.journey;
  // What goes over the wire is what counts, not what the browser says of it.
  proxy = await startRecordingProxy(journey.deployment.address);
  open = async (path, options) => started.open(`${proxy.address}/#${path}`, options);
}, 120_000);
afterEach(async () => journey.expectClean());
afterAll(async () => {
  proxy?.close();
  await journey?.close();
});

describe('a text secret', () => {
  const canary = `canary-web-${randomBytes(24).toString('hex')}`;

  test('is added, revealed, copied, changed and restored, and its value stays between browser and delegate', async () => {
    const { page } = await open('/secrets');
    await page.getByRole('heading', { name: 'No encrypted text yet' }).waitFor();
    expect(new URL(page.url()).hash).toBe('#/secrets/text');
    await judgePage(page, 'secrets-none');

    await page.getByRole('link', { name: 'Add encrypted text' }).first().click();
    await page.getByRole('heading', { name: 'Add encrypted text' }).waitFor();
    await page.getByRole('radio', { name: 'In one environment of an application' }).check();
    await button(page, 'Seal and store').click();
    await page.getByText('Type or paste the value').waitFor();
    await page.getByText('Choose an application.').waitFor();
    await judgePage(page, 'secrets-add-text-errors');

    await page.getByRole('textbox', { name: 'Name' }).fill('db-password');
    await valueField(page).fill('true');
    await valueField(page).blur();
    const maskingNote = page.getByText('is a common word or number and is not masked in output');
    await maskingNote.waitFor();
    await valueField(page).fill(canary);
    await maskingNote.waitFor({ state: 'detached' });
    await button(page, 'Show value').click();
    await button(page, 'Hide value').click();
    await choose(page, 'Application', 'shop');
    await choose(page, 'Environment', 'production');
    await button(page, 'Who and what could use this?').click();
    await page.getByText('shop / production').first().waitFor();
    await page.getByRole('radio', { name: /^May be up to a certain age while/ }).check();
    await page.getByRole('textbox', { name: 'At most this old' }).fill('20');
    expect(await page.content(), 'what is typed is in no attribute').not.toContain(canary);
    await button(page, 'Seal and store').click();
    await page.getByRole('heading', { name: 'db-password' }).waitFor();
    await page.getByText('May be up to 20 minutes old while the server is away').waitFor();
    await expectNotInPage(page, canary);

    await button(page, 'Reveal').click();
    await shownValue(page).waitFor();
    expect(await shownValue(page).textContent()).toBe(canary);
    await judgePage(page, 'secret-text-revealed');
    await button(page, 'Hide').click();
    await expectNotInPage(page, canary);
    await button(page, 'Copy').first().click();
    await page.getByText('is in the clipboard').waitFor();
    expect(await page.evaluate(async () => navigator.clipboard.readText())).toBe(canary);
    await expectNotInPage(page, canary);

    await button(page, 'New version').click();
    await valueField(dialogOf(page)).fill('another value\nof two lines');
    await judgePage(page, 'secret-new-version');
    await button(dialogOf(page), 'Seal and store').click();
    await dialogOf(page).waitFor({ state: 'detached' });
    await page.getByRole('row', { name: /2 newest/ }).waitFor();
    const { client } = journey.deployment;
    expect(await client.get('sally://shop/production/db-password')).toBe('another value\nof two lines');
    await judgePage(page, 'secret-history');

    await button(page, 'Look at version 1').click();
    await button(dialogOf(page), 'Reveal').click();
    await shownValue(dialogOf(page)).waitFor();
    expect(await shownValue(dialogOf(page)).textContent()).toBe(canary);
    await page.keyboard.press('Escape');
    await dialogOf(page).waitFor({ state: 'detached' });
    await expectNotInPage(page, canary);

    await button(page, 'Restore version 1').click();
    await dialogOf(page).getByText('Its value becomes version 3').waitFor();
    await button(dialogOf(page), 'Restore').click();
    await page.getByRole('row', { name: /3 newest/ }).waitFor();
    expect(await client.get('sally://shop/production/db-password')).toBe(canary);

    const wire = proxy.recorded();
    expect(tracesOf(Buffer.from('db-password'), wire), 'the search looks').not.toEqual([]);
    expect(tracesOf(Buffer.from(canary), wire), 'requests and answers').toEqual([]);
    expect(await storedIn(page), 'storage of the browser').not.toContain(canary);
    await expectNotInPage(page, canary);
  }, 150_000);

  test('is renamed, moved, made available offline and deleted, each time after a look at who would be cut off', async () => {
    const { client } = journey.deployment;
    const { secretId } = await client.describe('db-password').then(({ secret }) => ({ secretId: secret.id }));
    const { page } = await open(`/secrets/${secretId}`);
    // The page reads by id; this client has read by name, and would be cut off.
    await button(page, 'Rename').click();
    await dialogOf(page).getByRole('textbox', { name: 'New name' }).fill('database-password');
    await dialogOf(page).getByRole('checkbox').uncheck();
    await button(dialogOf(page), 'Rename').click();
    await button(page, 'Rename all the same').waitFor();
    await judgePage(page, 'secret-rename-confirm');
    await page
      .getByRole('dialog', { name: /without leaving the old name/ })
      .getByText('sally://shop/production/db-password')
      .waitFor();
    await button(page.getByRole('dialog', { name: /without leaving the old name/ }), 'Cancel').click();
    await dialogOf(page).getByRole('checkbox').check();
    await button(dialogOf(page), 'Rename').click();
    await page.getByRole('heading', { name: 'database-password' }).waitFor();
    await page.getByText('Also found as').waitFor();
    expect(await client.get('sally://shop/production/db-password')).toBe(canary);

    await button(page, 'Change scope').click();
    await dialogOf(page).getByRole('radio', { name: 'As its secrets manager' }).check();
    await judgePage(page, 'secret-scope');
    await button(dialogOf(page), 'Change scope').click();
    await dialogOf(page).waitFor({ state: 'detached' });

    await button(page, 'Change availability').click();
    await dialogOf(page)
      .getByRole('radio', { name: /also after the delegate restarts/ })
      .check();
    const age = dialogOf(page).getByRole('textbox', { name: 'At most this old' });
    expect(await age.inputValue(), 'as it was').toBe('20');
    await age.fill('8');
    await dialogOf(page).getByRole('combobox', { name: 'Unit' }).selectOption('days');
    await dialogOf(page).getByText('At most 7 days.').waitFor();
    await button(dialogOf(page), 'Change availability').click();
    await judgePage(page, 'secret-availability');
    await age.fill('2');
    await button(dialogOf(page), 'Change availability').click();
    await dialogOf(page).waitFor({ state: 'detached' });
    const { secret } = await client.describe(secretId);
    expect(secret.availability).toEqual({ mode: 'offline', maxAgeSeconds: 172_800 });

    await recordsTab(page, 'Change log').click();
    await page
      .getByRole('row', { name: /Availability changed.*up to 20 minutes old.*up to 2 days old/ })
      .waitFor();
    await page
      .getByRole('row', { name: /Usage scope changed.*shop \/ production.*As its secrets manager/ })
      .waitFor();
    await page.getByRole('row', { name: /Renamed.*db-password.*database-password/ }).waitFor();
    await judgePage(page, 'secret-changes');
    await recordsTab(page, 'Uses').click();
    await page
      .getByRole('row', { name: /ada.*released/ })
      .first()
      .waitFor();
    await judgePage(page, 'secret-uses');
    await recordsTab(page, 'Setup usages').click();
    await page.getByRole('heading', { name: 'Nothing is set up to use it' }).waitFor();

    await button(page, 'Delete').click();
    await dialogOf(page).getByText('Versions that are deleted: 3').waitFor();
    await judgePage(page, 'secret-delete');
    await button(dialogOf(page), 'Delete').click();
    await page.getByRole('heading', { name: 'Secrets Management' }).waitFor();
    await expect(client.describe('database-password')).rejects.toMatchObject({ code: 'not-found' });
  }, 150_000);

  // Attack: somebody takes a dump of the server, or its disk. Sealing happened in the browser, so there is nothing to find.
  test('that was typed in the browser is neither in the heap nor in the database of the server', async () => {
    const { page } = await open('/secrets/add/text?name=kept-secret');
    const value = `${canary}-kept`;
    await valueField(page).fill(value);
    await button(page, 'Seal and store').click();
    await page.getByRole('heading', { name: 'kept-secret' }).waitFor();
    await button(page, 'Reveal').click();
    await shownValue(page).waitFor();
    const { deployment } = journey;
    const heap = join(deployment.folder, 'server.heapsnapshot');
    await deployment.server.call('heapSnapshot', heap);
    const folder = join(deployment.folder, 'server');
    const files = readdirSync(folder).filter((name) => name.startsWith('sallyport.db'));
    const haystacks = [readFileSync(heap), ...files.map((name) => readFileSync(join(folder, name)))];
    expect(tracesOf(Buffer.from('kept-secret'), Buffer.concat(haystacks.slice(1)))).not.toEqual([]);
    for (const haystack of haystacks) {
      expect(tracesOf(Buffer.from(value), haystack)).toEqual([]);
      expect(tracesOf(Buffer.from(canary), haystack)).toEqual([]);
    }
  }, 60_000);

  test('hides itself after 30 seconds, and when its page is left', async () => {
    const value = `canary-hides-${randomBytes(12).toString('hex')}`;
    const { secretId } = await journey.deployment.client.set('hides-itself', value);
    const { page } = await open(`/secrets/${secretId}`, { isOnce: true });
    await page.clock.install();
    await button(page, 'Reveal').click();
    await shownValue(page).waitFor();
    await page.clock.fastForward(25_000);
    await page.getByText(/Hides itself in [1-5] s/).waitFor();
    await page.clock.fastForward(6_000);
    await shownValue(page).waitFor({ state: 'detached' });
    await expectNotInPage(page, value);

    await button(page, 'Reveal').click();
    await shownValue(page).waitFor();
    await page.getByRole('link', { name: 'Encrypted Text' }).click();
    await page.getByRole('heading', { name: 'Secrets Management' }).waitFor();
    await expectNotInPage(page, value);
    await page.goBack();
    await button(page, 'Reveal').waitFor();
    await expectNotInPage(page, value);
  }, 60_000);
});
