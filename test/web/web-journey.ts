// What every test of the web UI starts from: a real server (and delegates, and the lab, where a test wants them) in processes of their own, a
// browser, and a page that is watched. Whatever the page must never do fails the test at its end: break its content security policy, write
// an error to the console, leave a fault or a rejection unhandled, load from another origin.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import { Deployment } from '../harness/deployment.ts';
import { BrowserProfile } from './browser-profile.ts';
import type { ProfileOptions, StorageState, WatchedPage } from './browser-profile.ts';
import { launchChromium } from './chromium.ts';

const BUILD = fileURLToPath(new URL('../../scripts/build-web.ts', import.meta.url));

/** Of the first administrator, where a test needs just any. */
export const ADMINISTRATOR = { name: 'ada', password: 'four unusual words here' };

export type { ProfileOptions, StorageState, WatchedPage };

type Person = { name: string; password: string };
type Cookie = StorageState['cookies'][number];

export class WebJourney {
  readonly deployment: Deployment;
  /** Origins besides the server's own that pages may be led to, such as a provider at which people sign in. */
  readonly mayVisit = new Set<string>();
  readonly #browser: Browser;
  /** Of this test. */
  readonly #profiles: BrowserProfile[] = [];
  /** Of tests that are over, and emptied. */
  readonly #emptied: BrowserProfile[] = [];

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

  /** A page in a browser profile of its own, which knows nothing yet. */
  async open(path: string, options: ProfileOptions = {}): Promise<WatchedPage> {
    const profile = await this.#profile(options);
    await profile.start(path.startsWith('http') ? path : this.address(path), this.mayVisit);
    return profile.watched;
  }

  /** Such a page of somebody who is signed in: their session comes from the server, without the form. */
  async openAs(person: Person, path: string): Promise<WatchedPage> {
    const cookie = await this.#sessionOf(person);
    return this.open(path, { storageState: { cookies: [cookie], origins: [] } });
  }

  async #profile(options: ProfileOptions): Promise<BrowserProfile> {
    const emptied = this.#emptied.findLast((one) => one.canTake(options));
    if (emptied === undefined) {
      const created = await BrowserProfile.create(this.#browser, options);
      this.#profiles.push(created);
      return created;
    }
    this.#emptied.splice(this.#emptied.indexOf(emptied), 1);
    this.#profiles.push(emptied);
    await emptied.take(options);
    return emptied;
  }

  /** Signs in as the sign-in page does, and takes the cookie of the answer. */
  async #sessionOf({ name, password }: Person): Promise<Cookie> {
    const answer = await fetch(`${this.deployment.address}/v1/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user: name, password }),
    });
    const [given = ''] = answer.headers.getSetCookie();
    const [, cookie, value] = /^([^=]+)=([^;]+);/.exec(given) ?? [];
    if (cookie === undefined || value === undefined) {
      throw new Error(`${name} could not sign in: ${answer.status} ${await answer.text()}`);
    }
    // As the server sets it, for this host.
    const { hostname } = new URL(this.deployment.address);
    const rights = { path: '/', expires: -1, httpOnly: true, secure: false, sameSite: 'Strict' } as const;
    return { name: cookie, value, domain: hostname, ...rights };
  }

  /** A link that makes the first administrator. */
  async setUpLink(): Promise<string> {
    const link = await this.deployment.server.call<string | null>('createSetupLink');
    if (link === null) throw new Error('there are users already');
    return link;
  }

  /** Makes the first administrator. @returns what a browser has to keep to be signed in as them */
  async makeAdministrator(): Promise<StorageState> {
    const value = (await this.setUpLink()).split('/').at(-1) ?? '';
    await this.deployment.client.call('redeemLink', { body: { value, ...ADMINISTRATOR } });
    const cookie = await this.#sessionOf(ADMINISTRATOR);
    return { cookies: [cookie], origins: [] };
  }

  /** Makes the first administrator, and opens their start page. */
  async setUp(options: ProfileOptions = {}): Promise<WatchedPage> {
    const storageState = await this.makeAdministrator();
    const watched = await this.open('/', { ...options, storageState });
    await watched.page.getByRole('navigation', { name: 'Areas' }).waitFor();
    return watched;
  }

  /** To be called after each test: fails it for whatever its pages must not have done, and empties or closes them. */
  async expectClean(): Promise<void> {
    const profiles = this.#profiles.splice(0);
    const faults = profiles.flatMap(({ watched }) => watched.faults);
    await Promise.all(profiles.map(async (profile) => this.#putAway(profile)));
    const log = this.deployment.server.output().slice(-2000);
    expect(faults, `what pages must not do; the server's log ends\n${log}`).toEqual([]);
  }

  async #putAway(profile: BrowserProfile): Promise<void> {
    // Not so when the server is gone, for one.
    const isEmpty = await profile.empty().catch(() => false);
    if (isEmpty) this.#emptied.push(profile);
    else await profile.close();
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.deployment.close();
  }
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
