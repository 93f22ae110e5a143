// What journeys through secrets begin with: a delegate, two secrets managers, an application, an administrator whose browser has met the
// delegate; and the words by which they find their way.
import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { WebJourney } from './web-journey.ts';
import type { ProfileOptions, WatchedPage } from './web-journey.ts';

export type SecretsJourney = {
  journey: WebJourney;
  /** A page of the administrator, in a browser of its own. */
  open: (path: string, options?: ProfileOptions) => Promise<WatchedPage>;
};

export async function startSecretsJourney(): Promise<SecretsJourney> {
  const journey = await WebJourney.start();
  const { deployment } = journey;
  await deployment.startDelegate({ name: 'vpc-1' });
  const { client } = deployment;
  const settings = { kind: 'built-in' } as const;
  await client.call('createSecretsManager', { body: { name: 'ring', settings, makeDefault: true } });
  await client.call('createSecretsManager', { body: { name: 'second-ring', settings } });
  const environments = [
    { name: 'production', type: 'production' },
    { name: 'staging', type: 'non-production' },
  ] as const;
  await client.call('createApplication', { body: { name: 'shop', environments: [...environments] } });
  const storageState = await journey.makeAdministrator();
  const permissions = ['clipboard-read', 'clipboard-write'];
  return {
    journey,
    open: async (path, options) => journey.open(path, { storageState, permissions, ...options }),
  };
}

export const dialogOf = (page: Page): Locator => page.getByRole('dialog');
export const button = (within: Page | Locator, name: string): Locator =>
  within.getByRole('button', { name, exact: true });
export const valueField = (within: Page | Locator): Locator => within.locator('textarea');
export const shownValue = (within: Page | Locator): Locator => within.locator('[data-secret-value]');
export const recordsTab = (page: Page, name: string): Locator =>
  page.getByRole('navigation', { name: 'Records' }).getByRole('link', { name });

export async function choose(page: Page, field: string, option: string): Promise<void> {
  await page.getByRole('combobox', { name: field }).click();
  await page.getByRole('option', { name: option, exact: true }).click();
}

/** The value is nowhere in the page: not in its markup, and in no field. */
export async function expectNotInPage(page: Page, value: string): Promise<void> {
  expect(await page.content()).not.toContain(value);
  const fields = await page
    .locator('textarea, input')
    .evaluateAll((all) => all.map((one) => (one as HTMLInputElement).value).join('\n'));
  expect(fields).not.toContain(value);
}
