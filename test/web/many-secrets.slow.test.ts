// The web UI with 100,000 secrets on the server: what a person looks for is found, whatever the list's
// length, and no page holds more than it shows. How quick that is, bench/web.ts says; time is nothing to assert on a machine that does other things as well.
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { crowdName, fillWithSecrets } from '../harness/many-secrets.ts';
import { expectNothingSticksOut } from './judge-page.ts';
import { makeUser, signedIn } from './people.ts';
import { button, choose } from './secrets-journey.ts';
import { WebJourney } from './web-journey.ts';
import type { StorageState } from './web-journey.ts';

const COUNT = 100_000;
const MANY = COUNT.toLocaleString('en');
const PATIENT = { timeout: 20_000 };

let journey: WebJourney;
let administrator: StorageState;

beforeAll(async () => {
  journey = await WebJourney.start();
  const { deployment } = journey;
  await deployment.startDelegate({ name: 'vpc-1' });
  await fillWithSecrets(deployment, COUNT);
  await deployment.untilConnected('vpc-1');
  administrator = await journey.makeAdministrator();
}, 400_000);
afterEach(async () => journey?.expectClean());
afterAll(async () => journey?.close());

const open = async (path: string): Promise<Page> =>
  (await journey.open(path, { storageState: administrator })).page;

const names = async (page: Page): Promise<string[]> =>
  page.getByRole('table', { name: 'Secrets' }).locator('tbody tr td:first-child a').allTextContents();

test(`a list of ${MANY} is shown fifty at a time, and searched as somebody types`, async () => {
  const page = await open('/secrets/text');
  await expect.poll(async () => names(page), PATIENT).toHaveLength(50);
  const first = await names(page);
  expect(first[0]).toBe(crowdName(1));
  await button(page, 'Next').click();
  await page.getByText('Page 2').waitFor();
  await page.locator('[aria-busy="false"]').waitFor();
  const second = await names(page);
  expect(second).toHaveLength(50);
  expect(second.filter((name) => first.includes(name))).toEqual([]);
  await page.keyboard.press('/');
  await page.keyboard.type(String(COUNT - 2));
  await expect.poll(async () => names(page), PATIENT).toEqual([crowdName(COUNT - 2)]);
  await page.getByRole('searchbox').fill('no such name');
  await page.getByRole('heading', { name: 'No encrypted text fits' }).waitFor();
  await page.getByRole('searchbox').fill('licence-0012');
  await expect
    .poll(async () => (await names(page)).every((name) => name.startsWith('licence-0012')), PATIENT)
    .toBe(true);
  await expectNothingSticksOut(page, `search in ${MANY}`);
}, 120_000);

test('narrowed to an environment it has what may be used there, and no other secret', async () => {
  const page = await open('/secrets/text?search=0000');
  await choose(page, 'Application', 'shop');
  await choose(page, 'Environment', 'staging');
  const { secrets } = await journey.deployment.client.call('listSecrets', {
    query: { kind: 'text', search: '0000', application: 'shop', environment: 'staging', limit: 50 },
  });
  expect(secrets.length).toBeGreaterThan(3);
  await expect.poll(async () => names(page), PATIENT).toEqual(secrets.map(({ name }) => name));
}, 120_000);

test('the grid of an application with thousands of secrets is read part by part', async () => {
  const page = await open('/secrets/grid/shop');
  const rows = page.locator('tr[data-name]');
  await rows.first().waitFor();
  const before = await rows.count();
  await button(page, 'Show more').click();
  await expect.poll(async () => rows.count(), PATIENT).toBeGreaterThan(before);
  await page.keyboard.press('/');
  await page.keyboard.type('00123');
  await page.locator(`tr[data-name="${crowdName(1_230)}"]`).waitFor();
  await page.getByRole('switch', { name: 'Only what is missing somewhere' }).press('Space');
  // Its secrets manager's scope covers every environment.
  await page.locator(`tr[data-name="${crowdName(1_230)}"]`).waitFor({ state: 'detached' });
}, 120_000);

test('who may see one environment of 164 finds its secrets among all the others', async () => {
  const where = [{ applications: ['team-7'], environments: ['team-7/staging'] }];
  await makeUser(journey, 'stella', { grants: [{ where, actions: ['read', 'use'] }] });
  const { page } = await signedIn(journey, 'stella', '/secrets/text?search=99');
  await expect.poll(async () => (await names(page)).length, PATIENT).toBeGreaterThan(0);
  expect((await names(page)).every((name) => name.includes('99'))).toBe(true);
}, 120_000);
