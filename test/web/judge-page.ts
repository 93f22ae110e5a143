// Judgements on a page as a person meets it: accessible in light and dark, nothing sticking out at 360 px. With SALLYPORT_PICTURES=1 they
// leave pictures to look at, which take longer than everything else.
import { AxeBuilder } from '@axe-core/playwright';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

const FOLDER = fileURLToPath(new URL('./screenshots/', import.meta.url));
const LEAVES_PICTURES = process.env['SALLYPORT_PICTURES'] === '1';

/**
 * Judges the page as it is now, in light and in dark; pictures go to the ignored folder `screenshots/`.
 * @param name of the pictures, e.g. `sign-in`
 */
export async function judgePage(page: Page, name: string): Promise<void> {
  await page.emulateMedia({ colorScheme: 'light' });
  await takePicture(page, `${name}-light`);
  await expectAccessible(page, `${name}, light`);
  await page.emulateMedia({ colorScheme: 'dark' });
  await takePicture(page, `${name}-dark`);
  // Nothing else differs.
  await expectAccessible(page, `${name}, dark`, ['color-contrast']);
  const { width = 1280, height = 720 } = page.viewportSize() ?? {};
  await page.setViewportSize({ width: 360, height: 740 });
  await takePicture(page, `${name}-360px`);
  await expectNothingSticksOut(page, name);
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: null });
}

/** axe finds no violation. @param rules only these; without, all */
export async function expectAccessible(page: Page, what: string, rules?: string[]): Promise<void> {
  // There are no frames, for which it would open another page each time.
  const axe = new AxeBuilder({ page }).setLegacyMode();
  const { violations } = await (rules === undefined ? axe : axe.withRules(rules)).analyze();
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}\n  ${target.join(' ')}\n  ${failureSummary}`),
  );
  expect(found, `accessibility of ${what}`).toEqual([]);
}

/** The page does not scroll sideways. */
export async function expectNothingSticksOut(page: Page, what: string): Promise<void> {
  const excess = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(
    excess,
    `${what}: pixels that stick out at ${page.viewportSize()?.width ?? 0} px`,
  ).toBeLessThanOrEqual(0);
}

export async function takePicture(page: Page, name: string): Promise<void> {
  if (!LEAVES_PICTURES) return;
  mkdirSync(FOLDER, { recursive: true });
  // What sticks to the top of the window belongs to the top of the picture.
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.screenshot({
    path: `${FOLDER}${name}.png`,
    fullPage: true,
    animations: 'disabled',
    caret: 'hide',
  });
}
