// A server with single sign-on and a real provider beside it, for one test; and what tests of it ask again and again.
import type { AuditAction } from '@sallyport/protocol';
import { expect } from 'vitest';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../src/storage/store.ts';
import { ManualClock } from './manual-clock.ts';
import { Browser, CLIENT_ID, CLIENT_SECRET, OpenIdProvider } from './openid-provider.ts';
import type { ProviderOptions, Visit } from './openid-provider.ts';
import { startTestServer } from './test-server.ts';
import type { Answer, Loose, TestServer } from './test-server.ts';

export const START = '/v1/sso/start';
export const CALLBACK = '/v1/sso/callback';

export class SsoWorld {
  readonly on: TestServer;
  readonly clock: ManualClock;
  readonly store: Store;
  /** The one that the settings name; a test may start another. */
  provider!: OpenIdProvider;
  readonly #providers: OpenIdProvider[] = [];

  private constructor(parts: { on: TestServer; clock: ManualClock; store: Store }) {
    this.on = parts.on;
    this.clock = parts.clock;
    this.store = parts.store;
  }

  static async start(config: { publicUrl?: string } = {}): Promise<SsoWorld> {
    const clock = new ManualClock();
    const store = await openSqliteStore({ path: ':memory:' });
    const on = await startTestServer({ dependencies: { clock, store }, config });
    const world = new SsoWorld({ on, clock, store });
    await world.startProvider();
    return world;
  }

  /** Another provider, with Ann as its user; the settings still name the one before. */
  async startProvider(options: Partial<ProviderOptions> = {}): Promise<void> {
    this.provider = await OpenIdProvider.start({ redirectUri: this.address(CALLBACK), ...options });
    this.provider.accounts.set('ann', {
      name: 'Ann Example',
      preferred_username: 'ann',
      email: 'ann@example.com',
      email_verified: true,
      groups: ['staff', 'ops'],
    });
    this.#providers.push(this.provider);
  }

  async stopProvider(): Promise<void> {
    this.#providers.splice(this.#providers.indexOf(this.provider), 1);
    await this.provider.close();
  }

  async end(): Promise<void> {
    await this.on.end();
    await this.store.close();
    for (const provider of this.#providers.splice(0)) await provider.close();
  }

  address(path: string): string {
    return this.on.server.address + path;
  }

  async putSso(over: Record<string, unknown> = {}): Promise<Answer> {
    return this.on.call('PUT', '/v1/sso', {
      issuer: this.provider.url,
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      displayName: 'Example Login',
      scopes: ['openid', 'profile', 'email', 'groups'],
      createUsers: true,
      ...over,
    });
  }

  /** Goes to the provider and back, up to the callback that it does not visit; gives the callback's address. */
  async toCallback(browser: Browser): Promise<string> {
    const visits = await browser.follow(this.address(START), this.address(CALLBACK));
    const last = visits.at(-1);
    expect(last?.location).toContain(CALLBACK);
    return new URL(last?.location ?? '', last?.url).href;
  }

  /** The whole sign-in; gives the last answer of the server. */
  async signIn(browser = new Browser()): Promise<Visit> {
    return browser.get(await this.toCallback(browser));
  }

  /** Asserts that a sign-in comes to its end. */
  async expectSignsIn(browser = new Browser()): Promise<void> {
    expect((await this.signIn(browser)).location).toBe(this.address('/'));
  }

  /** The cookie in which a browser keeps its sign-in. */
  stateCookie(browser: Browser): string {
    return browser.cookie(this.on.server.address, 'sallyport-sso') ?? '';
  }

  setStateCookie(browser: Browser, value: string): void {
    browser.setCookie(this.on.server.address, 'sallyport-sso', value);
  }

  async whoIs(browser: Browser): Promise<Loose> {
    const cookie = `sallyport=${browser.cookie(this.on.server.address, 'sallyport') ?? ''}`;
    const response = await fetch(this.address('/v1/whoami'), { headers: { cookie } });
    return { status: response.status, body: await response.json() };
  }

  /** Newest first. */
  async records(action: AuditAction): Promise<Loose[]> {
    const all = await this.store.read(async ({ audit }) => audit.after(0, 1000));
    return all.filter((record) => record.action === action).reverse();
  }

  /** Asserts that a visit has not signed anybody in, and why, as far as the audit trail knows. */
  async expectRefused(visit: Visit, browser: Browser, reason: string | RegExp): Promise<void> {
    expect(visit).toMatchObject({ status: 303, location: this.address('/#/sign-in?error=sso-failed') });
    expect(visit.setCookies.some((line) => line.startsWith('sallyport=sp_ses_'))).toBe(false);
    expect(browser.cookie(this.on.server.address, 'sallyport')).toBeNull();
    const [failure] = await this.records('sso.failed');
    expect(failure.details.reason).toMatch(reason);
  }
}
