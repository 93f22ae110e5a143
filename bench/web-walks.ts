// What the benchmark of the web UI does in its pages, as a person would: each step with a name, what is done, and how it shows that it is
// there. What is waited for is found by plain selectors: names and roles would have to be worked out in the page, by the same thread that
// is measured.
import type { Page } from 'playwright-core';
import { crowdName } from '../test/harness/many-secrets.ts';
import { interactionsOf } from '../test/web/interactions.ts';

const KEY_DELAY_MS = 60;

/** Milliseconds by what was done. */
export type Times = Map<string, number[]>;

export function note(times: Times, what: string, ms: number): void {
  times.set(what, [...(times.get(what) ?? []), ms]);
}

/** Does something, notes how long until `shown` is there, and how long each interaction took. */
export class Stopwatch {
  readonly interactions: Times = new Map();
  readonly waits: Times = new Map();
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async step(what: string, act: () => Promise<void>, shown: string): Promise<void> {
    await interactionsOf(this.page);
    await act();
    const doneAt = performance.now();
    await this.page.locator(shown).first().waitFor({ state: 'attached' });
    note(this.waits, what, performance.now() - doneAt);
    for (const { ms } of await interactionsOf(this.page)) note(this.interactions, what, ms);
  }
}

/** Rows of a table that is ready. */
const rowsOf = (table: string): string =>
  `div:not([aria-busy="true"]) > table[aria-label="${table}"] tbody tr`;
const area = (name: string): string => `nav[aria-label="Areas"] a:has-text("${name}")`;
const next = (of: string): string => `nav[aria-label="Pages of ${of}"] button:has-text("Next")`;
const page = (number: number): string => `nav[aria-label^="Pages of"]:has-text("Page ${number}")`;
const heading = (text: string): string => `h1:has-text("${text}")`;

async function typeSearch(on: Page, text: string): Promise<void> {
  await on.keyboard.press('/');
  await on.keyboard.type(text, { delay: KEY_DELAY_MS });
}

async function click(on: Page, selector: string): Promise<void> {
  await on.locator(selector).first().click();
}

/** The lists of secrets, by pages and by search, and one secret with its records. */
export async function walkSecrets(watch: Stopwatch, address: string): Promise<void> {
  const on = watch.page;
  const rows = rowsOf('Secrets');
  await on.goto(`${address}/#/`);
  await watch.step(
    'open the list',
    async () => click(on, area('Secrets Management')),
    `${rows}:nth-child(50)`,
  );
  for (let number = 2; number <= 4; number++) {
    await watch.step(
      'next page',
      async () => click(on, next('secrets')),
      `main:has(${page(number)}) ${rows}`,
    );
  }
  await watch.step(
    'search, many found',
    async () => typeSearch(on, 'signing'),
    `${rows}:has-text("${crowdName(2)}")`,
  );
  // Which leaves the focus in the field.
  await on.locator('input[type="search"]').fill('');
  await on.locator(`${rows}:has-text("api-token")`).first().waitFor();
  await watch.step(
    'search, one found',
    async () => on.keyboard.type('099998', { delay: KEY_DELAY_MS }),
    `${rows}:only-child`,
  );
  await watch.step(
    'open a choice',
    async () => click(on, 'input[aria-label="Application"]'),
    '[role="option"]:nth-child(20)',
  );
  await watch.step('close the choice', async () => on.keyboard.press('Escape'), 'body');
  await watch.step('open a secret', async () => click(on, `${rows} a`), 'button:has-text("Reveal")');
  for (const [tab, shown] of [
    ['Uses', 'h2:has-text("Nobody has asked")'],
    ['Change log', 'h2:has-text("Nothing is recorded")'],
    ['History', 'table[aria-label="History"]'],
  ] as const)
    await watch.step(
      'switch the tab',
      async () => click(on, `nav[aria-label="Records"] a:has-text("${tab}")`),
      shown,
    );
  await watch.step(
    'back to the list',
    async () => click(on, area('Secrets Management')),
    `${rows}:nth-child(50)`,
  );
  await watch.step(
    'text to files',
    async () => click(on, 'nav[aria-label="Kinds of secrets"] a:has-text("Files")'),
    `${rows}:has-text("32 bytes")`,
  );
}

/** The grid of an application with tens of thousands of secrets. */
export async function walkGrid(watch: Stopwatch, address: string): Promise<void> {
  const on = watch.page;
  const names = 'tr[data-name]';
  await on.goto(`${address}/#/secrets/text`);
  await on.locator(rowsOf('Secrets')).first().waitFor();
  await on.goto(`${address}/#/secrets/grid/shop`);
  await on.locator(names).first().waitFor();
  for (let step = 0; step < 12; step++) {
    const count = await on.locator(names).count();
    await watch.step(
      'grid, show more',
      async () => click(on, 'button:has-text("Show more")'),
      `tbody ${names}:nth-child(${count + 1})`,
    );
  }
  const found = `tr[data-name="${crowdName(12_312)}"]`;
  await watch.step('grid, search', async () => typeSearch(on, '012312'), found);
  await watch.step(
    'grid, only what is missing',
    async () => on.locator('input[role="switch"]').press('Space'),
    found,
  );
}

/** The other long lists. */
export async function walkLists(watch: Stopwatch, address: string): Promise<void> {
  const on = watch.page;
  await on.goto(`${address}/#/`);
  const audit = rowsOf('Audit records');
  await watch.step('open the audit trail', async () => click(on, area('Audit')), `${audit}:nth-child(50)`);
  for (let number = 2; number <= 3; number++)
    await watch.step(
      'audit trail, next page',
      async () => click(on, next('records')),
      `main:has(${page(number)}) ${audit}`,
    );
  await watch.step(
    'audit trail, open the actions',
    async () => click(on, 'form[aria-label="Filter records"] input[placeholder="Any"]'),
    '[role="option"]',
  );
  await watch.step('audit trail, close them', async () => on.keyboard.press('Escape'), 'body');
  await watch.step(
    'audit trail, a record',
    async () => click(on, `${audit} button`),
    '[role="dialog"] h2:has-text("Record")',
  );
  await watch.step(
    'audit trail, close it',
    async () => on.keyboard.press('Escape'),
    `body:not(:has([role="dialog"]))`,
  );
  await watch.step(
    'audit trail, live',
    async () => on.locator('input[role="switch"]').press('Space'),
    'input[role="switch"]:checked',
  );
  await watch.step(
    'open the users',
    async () => click(on, area('Users')),
    `${rowsOf('Users')}:nth-child(50)`,
  );
  await watch.step(
    'users, search',
    async () => typeSearch(on, 'person-049'),
    `${rowsOf('Users')}:only-child`,
  );
  await watch.step(
    'open the applications',
    async () => click(on, area('Applications')),
    `${rowsOf('Applications')}:nth-child(41)`,
  );
  await watch.step(
    'applications, search',
    async () => typeSearch(on, 'team-17'),
    `${rowsOf('Applications')}:only-child`,
  );
  await watch.step('open the delegates', async () => click(on, area('Delegates')), 'li[data-delegate]');
  await watch.step(
    'open the secrets managers',
    async () => click(on, area('Secrets Managers')),
    heading('Secrets managers'),
  );
}
