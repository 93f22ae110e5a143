// Judgements on a page as a person meets it: accessible in light and dark, nothing sticking out at 360 px. With SALLYPORT_PICTURES=1 they
// leave pictures to look at, which take longer than everything else.
import type Axe from 'axe-core';
import type { RunOptions } from 'axe-core';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

const FOLDER = fileURLToPath(new URL('./screenshots/', import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** About a second. */
const FRAMES_TO_SETTLE = 60;
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
  // Once per document, by hand and without what nobody looks at: the builder for Playwright brings axe along each time and describes all
  // that is right as well, which takes three times as long. There are no frames, and no style sheets of others to load.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE);
  const options: RunOptions = {
    resultTypes: ['violations'],
    preload: false,
    ...(rules === undefined ? {} : { runOnly: rules }),
  };
  const { violations, rulesHeld } = await page.evaluate(async (given) => {
    const { axe } = globalThis as unknown as { axe: typeof Axe };
    const result = await axe.run(document, given);
    return { violations: result.violations, rulesHeld: result.passes.length };
  }, options);
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}\n  ${target.join(' ')}\n  ${failureSummary}`),
  );
  expect(found, `accessibility of ${what}`).toEqual([]);
  expect(rulesHeld, `rules that had something to look at: ${what}`).toBeGreaterThan(0);
}

/** The page does not scroll sideways, once what floats over it has found its place in this width. */
export async function expectNothingSticksOut(page: Page, what: string): Promise<void> {
  const excess = await page.evaluate(async (frames) => {
    const root = document.documentElement;
    for (let frame = 0; frame < frames && root.scrollWidth > root.clientWidth; frame += 1) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    return root.scrollWidth - root.clientWidth;
  }, FRAMES_TO_SETTLE);
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
