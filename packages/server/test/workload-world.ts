// A server and an issuer of tokens beside it, for one test; and what tests of workloads ask again and again.
import type { AuditAction, AuditRecord } from '@sallyport/protocol';
import { expect } from 'vitest';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../src/storage/store.ts';
import { ManualClock } from './manual-clock.ts';
import { startTestServer } from './test-server.ts';
import type { Answer, Loose, TestServer } from './test-server.ts';
import { AUDIENCE, TokenIssuer } from './token-issuer.ts';

export const RULES = [{ claim: 'repository', pattern: 'acme/shop' }];

export class WorkloadWorld {
  readonly on: TestServer;
  readonly clock: ManualClock;
  readonly store: Store;
  readonly issuer: TokenIssuer;

  private constructor(parts: { on: TestServer; clock: ManualClock; store: Store; issuer: TokenIssuer }) {
    this.on = parts.on;
    this.clock = parts.clock;
    this.store = parts.store;
    this.issuer = parts.issuer;
  }

  static async start(): Promise<WorkloadWorld> {
    const clock = new ManualClock();
    const store = await openSqliteStore({ path: ':memory:' });
    const on = await startTestServer({ dependencies: { clock, store } });
    return new WorkloadWorld({ on, clock, store, issuer: await TokenIssuer.start() });
  }

  async end(): Promise<void> {
    await this.on.end();
    await this.store.close();
    await this.issuer.close();
  }

  /** Lets workloads of the issuer in. */
  async addIssuer(
    over: Record<string, unknown> = {},
    settings: Record<string, unknown> = {},
  ): Promise<Loose> {
    const answer = await this.on.call('POST', '/v1/workload-issuers', {
      name: 'github',
      groups: ['Production Support'],
      settings: { kind: 'oidc', issuer: this.issuer.url, audience: AUDIENCE, rules: RULES, ...settings },
      ...over,
    });
    expect(answer.body).toMatchObject({ id: expect.stringMatching(/^wli_/) });
    return answer.body;
  }

  /** Shows a token, without any credentials, as a workload does. */
  async exchange(token: string, issuer = 'github'): Promise<Answer> {
    return this.on.call('POST', '/v1/workloads/exchange', { issuer, token }, 'none');
  }

  /** A key for a workload with a good token. */
  async givenKey(): Promise<string> {
    return (await this.exchange(await this.issuer.token())).body.value;
  }

  async whoAmI(key: string): Promise<Answer> {
    return this.on.call('GET', '/v1/whoami', undefined, key);
  }

  /** Newest first. */
  async records(filter: { actions?: AuditAction[]; resource?: string }): Promise<Loose[]> {
    const { actions, resource } = filter;
    const all = await this.store.read(async ({ audit }) => audit.after(0, 1000));
    const fits = (record: AuditRecord): boolean =>
      (actions?.includes(record.action) ?? true) && (resource ?? record.resource) === record.resource;
    return all.filter(fits).reverse();
  }

  /** The newest record of an action; null: there is none. */
  async lastRecord(action: AuditAction): Promise<Loose> {
    return (await this.records({ actions: [action] }))[0] ?? null;
  }
}
