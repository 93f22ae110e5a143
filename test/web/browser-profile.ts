// One person's browser: a context with a page that is watched. A fresh one costs seconds of computing (a profile, a process, all scripts
// compiled anew), so it is emptied after a test and serves the next one; what it remembers then is the compiled scripts of the web UI, and
// nothing that a page could read.
import type { Browser, BrowserContext, BrowserContextOptions, CDPSession, Page } from 'playwright-core';

export type WatchedPage = {
  page: Page;
  /** Bodies of all requests so far, in order; only where `recordsBodies` was asked for. */
  sent: Buffer[];
  /** What the page must not do, and did. */
  faults: string[];
};

export type StorageState = Awaited<ReturnType<BrowserContext['storageState']>>;

export type ProfileOptions = Pick<BrowserContextOptions, 'permissions'> & {
  viewport?: { width: number; height: number };
  /** Cookies, and what pages of an origin have stored. */
  storageState?: StorageState;
  /** No other test has had it, and none gets it: for tests that change the page's clock or its line. */
  isOnce?: boolean;
  /** Costs a way through this process and the browser's cache for every request. */
  recordsBodies?: boolean;
};

const VIEWPORT = { width: 1280, height: 720 };
/** All that a page of the server can leave behind, besides cookies and what belongs to its tab. */
const STORAGES = 'local_storage,indexeddb,cache_storage,service_workers,file_systems,storage_buckets';

export class BrowserProfile {
  readonly page: Page;
  /** Whether another test may have it after this one. */
  readonly isReusable: boolean;
  /** The page as the test that has it now sees it. */
  watched: WatchedPage;
  readonly #context: BrowserContext;
  readonly #devTools: CDPSession;
  /** Origins besides the one of the first page that it may be led to. */
  #mayVisit: ReadonlySet<string> = new Set();
  /** Whose storages are to be emptied. */
  #home = '';

  private constructor(context: BrowserContext, page: Page, devTools: CDPSession, isReusable: boolean) {
    this.#context = context;
    this.page = page;
    this.#devTools = devTools;
    this.isReusable = isReusable;
    this.watched = { page, sent: [], faults: [] };
    this.#watch();
  }

  static async create(browser: Browser, options: ProfileOptions): Promise<BrowserProfile> {
    const { isOnce = false, recordsBodies = false, ...ofContext } = options;
    const context = await browser.newContext({ reducedMotion: 'reduce', viewport: VIEWPORT, ...ofContext });
    // Where anything is intercepted at all, bodies are told that come from a Blob, as the SDK's do; else they would be null.
    if (recordsBodies) await context.route('**/never-asked-for', async (route) => route.continue());
    const page = await context.newPage();
    const devTools = await context.newCDPSession(page);
    return new BrowserProfile(context, page, devTools, !isOnce && !recordsBodies);
  }

  /** Whether it can be given these although it was used before. */
  canTake({ storageState, isOnce, recordsBodies }: ProfileOptions): boolean {
    const isElsewhere = storageState?.origins.some(({ origin }) => origin !== this.#home);
    return isOnce !== true && recordsBodies !== true && isElsewhere !== true;
  }

  /** Gives an emptied one what a new one would have had from the start. */
  async take({ storageState, permissions, viewport }: ProfileOptions): Promise<void> {
    if (storageState !== undefined) await this.#context.addCookies(storageState.cookies);
    for (const { localStorage: stored } of storageState?.origins ?? []) {
      await this.page.evaluate(
        (all) => all.forEach(({ name, value }) => localStorage.setItem(name, value)),
        stored,
      );
    }
    if (permissions !== undefined) await this.#context.grantPermissions(permissions);
    if (viewport !== undefined) await this.page.setViewportSize(viewport);
  }

  /** Loads the first page of a test. */
  async start(address: string, mayVisit: ReadonlySet<string>): Promise<void> {
    this.#home = new URL(address).origin;
    this.#mayVisit = mayVisit;
    await this.page.goto(address);
  }

  /**
   * Ends what the test did and leaves nothing of it: no cookie, no storage, no other tab, no document.
   * @returns false when that is not certain; then it has to be closed
   */
  async empty(): Promise<boolean> {
    const { page } = this;
    // Of a page that is elsewhere, or was closed, the storage of the tab cannot be reached.
    if (!this.isReusable || page.isClosed() || !page.url().startsWith(`${this.#home}/`)) return false;
    const others = this.#context.pages().filter((other) => other !== page);
    await Promise.all(others.map(async (other) => other.close()));
    await page.evaluate(() => sessionStorage.clear());
    // The page without its scripts does nothing, and stays in the process of the one before: an empty one has another opener policy.
    await this.#devTools.send('Emulation.setScriptExecutionDisabled', { value: true });
    await page.goto(`${this.#home}/?emptied`);
    await this.#devTools.send('Emulation.setScriptExecutionDisabled', { value: false });
    await this.#devTools.send('Storage.clearDataForOrigin', {
      origin: this.#home,
      storageTypes: STORAGES,
    });
    await this.#context.clearCookies();
    await this.#context.clearPermissions();
    await page.setViewportSize(VIEWPORT);
    page.setDefaultTimeout(30_000);
    // What was seen until here belongs to the test that is over.
    this.watched = { page, sent: [], faults: [] };
    return this.#isEmpty();
  }

  /** Looks, instead of trusting in what was asked for. */
  async #isEmpty(): Promise<boolean> {
    const stored = await this.page.evaluate(async () => [
      localStorage.length,
      sessionStorage.length,
      (await indexedDB.databases()).length,
      (await caches.keys()).length,
    ]);
    return stored.every((count) => count === 0) && (await this.#context.cookies()).length === 0;
  }

  async close(): Promise<void> {
    await this.#context.close();
  }

  #watch(): void {
    const { page } = this;
    const isExpected = (origin: string): boolean => origin === this.#home || this.#mayVisit.has(origin);
    page.on('console', (message) => {
      const text = message.text();
      if (message.type() === 'error' && !STATUS_NOTE.test(text)) this.watched.faults.push(`console: ${text}`);
    });
    // Unhandled rejections come this way too.
    page.on('pageerror', (error) => this.watched.faults.push(`fault: ${error.message}`));
    page.on('request', (request) => {
      if (!isExpected(new URL(request.url()).origin)) {
        this.watched.faults.push(`foreign request: ${request.url()}`);
      }
      const body = request.postDataBuffer();
      if (body !== null) this.watched.sent.push(body);
    });
  }
}

/** The browser's own note that an answer had an error status, which journeys provoke on purpose; pages show what came of it. */
const STATUS_NOTE = /^Failed to load resource: the server responded with a status of (?:4\d\d|503)/;
