// What every test of the web UI starts from: a real server (and delegates, and the lab, where a test wants them) in processes of their own, a
// browser, and a page that is watched. Whatever the page must never do fails the test at its end: break its content security policy, write
// an error to the console, leave a fault or a rejection unhandled, load from another origin.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, BrowserContextOptions, Page, Request } from 'playwright-core';
import { expect } from 'vitest';
import { Deployment } from '../harness/deployment.ts';
import { launchChromium } from './chromium.ts';

const BUILD = fileURLToPath(new URL('../../scripts/build-web.ts', import.meta.url));

/** Of the first administrator, where a test needs just any. */
export const ADMINISTRATOR = { name: 'ada', password: 'four unusual words here' };

export type WatchedPage = {
  page: Page;
  /** Bodies of all requests so far, in order. */
  sent: Buffer[];
  /** What the page must not do, and did. */
  faults: string[];
};

export class WebJourney {
  readonly deployment: Deployment;
  /** Origins besides the server's own that pages may be led to, such as a provider at which people sign in. */
  readonly mayVisit = new Set<string>();
  readonly #browser: Browser;
  readonly #watched: WatchedPage[] = [];
  readonly #contexts: BrowserContext[] = [];

  private constructor(deployment: Deployment, browser: Browser) {
    this.deployment = deployment;
    this.#browser = browser;
  }

  /** A server without users, and a browser without pages. The web UI is built before, unless it is up to date. */
  static async start(): Promise<WebJourney> {
    const built = spawnSync(process.execPath, [BUILD], { encoding: 'utf8' });
    if (built.status !== 0) throw new Error(`the web UI could not be built\n${built.stderr}`);
    const browser = await launchChromium();
    try {
      return new WebJourney(await Deployment.start(), browser);
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  /** Address of a page, e.g. `/secrets`. */
  address(path: string): string {
    return `${this.deployment.address}/#${path}`;
  }

  /** A page in a browser profile of its own. */
  async open(path: string, options: BrowserContextOptions = {}): Promise<WatchedPage> {
    const context = await this.#browser.newContext({ reducedMotion: 'reduce', ...options });
    this.#contexts.push(context);
    // Where anything is intercepted at all, bodies are told that come from a Blob, as the SDK's do; else they would be null.
    await context.route('**/never-asked-for', async (route) => route.continue());
    const page = await context.newPage();
    const address = path.startsWith('http') ? path : this.address(path);
    const watched = watch(page, (origin) => origin === new URL(address).origin || this.mayVisit.has(origin));
    this.#watched.push(watched);
    await page.goto(address);
    return watched;
  }

  /** A link that makes the first administrator. */
  async setUpLink(): Promise<string> {
    const link = await this.deployment.server.call<string | null>('createSetupLink');
    if (link === null) throw new Error('there are users already');
    return link;
  }

  /** Makes the first administrator, by the set-up page, and leaves its page open. */
  async setUp(options: BrowserContextOptions = {}): Promise<WatchedPage> {
    const watched = await this.open(await this.setUpLink(), options);
    const { page } = watched;
    await page.getByLabel('User name').fill(ADMINISTRATOR.name);
    await page.getByLabel(/^Password/).fill(ADMINISTRATOR.password);
    await page.getByRole('button', { name: 'Create the administrator' }).click();
    await page.getByRole('navigation', { name: 'Areas' }).waitFor();
    return watched;
  }

  /** To be called after each test: fails it for whatever its pages must not have done, and closes them. */
  async expectClean(): Promise<void> {
    const faults = this.#watched.flatMap((watched) => watched.faults);
    this.#watched.length = 0;
    await Promise.all(this.#contexts.splice(0).map(async (context) => context.close()));
    const log = this.deployment.server.output().slice(-2000);
    expect(faults, `what pages must not do; the server's log ends\n${log}`).toEqual([]);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.deployment.close();
  }
}

/** The browser's own note that an answer had an error status, which journeys provoke on purpose; pages show what came of it. */
const STATUS_NOTE = /^Failed to load resource: the server responded with a status of (?:4\d\d|503)/;

function watch(page: Page, isExpected: (origin: string) => boolean): WatchedPage {
  const watched: WatchedPage = { page, sent: [], faults: [] };
  page.on('console', (message) => {
    const text = message.text();
    if (message.type() === 'error' && !STATUS_NOTE.test(text)) watched.faults.push(`console: ${text}`);
  });
  // Unhandled rejections come this way too.
  page.on('pageerror', (error) => watched.faults.push(`fault: ${error.message}`));
  page.on('request', (request) => {
    if (!isExpected(new URL(request.url()).origin)) watched.faults.push(`foreign request: ${request.url()}`);
    const body = bodyOf(request);
    if (body !== null) watched.sent.push(body);
  });
  return watched;
}

function bodyOf(request: Request): Buffer | null {
  return request.postDataBuffer();
}

/** Everything that a page keeps in this browser's storages, as text. */
export async function storedIn(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const texts = [
      JSON.stringify(localStorage),
      JSON.stringify(sessionStorage),
      document.cookie,
      location.href,
    ];
    for (const { name } of await indexedDB.databases()) texts.push(`database ${name}`);
    for (const name of await caches.keys()) texts.push(`cache ${name}`);
    return texts.join('\n');
  });
}
