// An account with something of every kind that some callers may not know of (existence.test.ts): all of the application shop, and of
// billing the environment prod.
import { expect } from 'vitest';
import { addApplication, region, scope, writeAs } from './account.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import { addManager, startTestServer, until } from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

export type HiddenWorld = {
  on: TestServer;
  delegate: ScriptedDelegate;
  /** By the name of the path parameter; by id and by name. */
  hidden: Record<string, string[]>;
  /** What callers with rights at billing/dev may know of, by the name of the path parameter. */
  visible: Record<string, string>;
};

export async function startHiddenWorld(): Promise<HiddenWorld> {
  const on = await startTestServer();
  const delegate = await on.delegate();
  const made = async (path: string, fields: object): Promise<Loose> => {
    const answer = await on.call('POST', path, fields);
    expect([path, answer.status]).toEqual([path, 201]);
    return answer.body;
  };
  const shop = await addApplication(on, 'shop', ['prod', 'staging']);
  const billing = await addApplication(on, 'billing', ['prod', 'dev']);
  const everywhere = await addManager(on, 'everywhere');
  const manager = await addManagerOfShop(made);
  const ofShop = await writeAs(on, delegate, { secret: 'db-password', scope: scope('shop/*') });
  const ofBilling = await writeAs(on, delegate, { secret: 'open', scope: scope('billing/*') });
  const service = await made('/v1/applications/billing/services', { name: 'api' });
  const other = await made('/v1/applications/shop/services', { name: 'web' });
  const entry = { kind: 'variable', name: 'TOKEN', environment: 'prod', secret: 'open' };
  const put = await on.call('PUT', '/v1/applications/billing/services/api/config', entry);
  expect(put.status).toBe(200);
  const group = await made('/v1/groups', { name: 'operators' });
  const { user } = await made('/v1/users', { name: 'alice' });
  const { apiKey } = await made('/v1/api-keys', { name: 'deployment' });
  const { token } = await made('/v1/delegate-tokens', { name: 'second' });
  const settings = { kind: 'aws', roleArns: ['arn:aws:iam::111122223333:role/ci'] };
  const issuer = await made('/v1/workload-issuers', { name: 'ci', settings, groups: [group.id] });
  delegate.send({ type: 'begun-profiles', begun: [] });
  const profile = await made('/v1/delegate-profiles', { name: 'set-up', script: 'true' });
  const runs = async (): Promise<Loose[]> =>
    (await on.call('GET', `/v1/delegate-profiles/${profile.id}/runs`)).body.runs;
  await until(async () => (await runs()).length > 0);
  const [run] = (await runs()) as [Loose];
  const prod = billing.environments.find(({ name }: Loose) => name === 'prod');
  const hidden = {
    secret: [ofShop.body.secret.id, 'db-password', 'sally://shop/prod/db-password'],
    secretsManager: [manager.id, 'shop keys'],
    application: [shop.id, 'shop'],
    environment: [prod.id, 'prod'],
    service: [other.id, 'web'],
    entry: [put.body.id],
    group: [group.id, 'operators'],
    user: [user.id, 'alice'],
    apiKey: [apiKey.id, 'deployment'],
    token: [token.id, 'second'],
    delegate: [delegate.delegateId ?? '', delegate.name],
    workloadIssuer: [issuer.id, 'ci'],
    profile: [profile.id, 'set-up'],
    run: [run.id],
  };
  const visible = {
    application: 'billing',
    environment: 'dev',
    service: service.id,
    secret: ofBilling.body.secret.id,
    secretsManager: everywhere.id,
    group: group.id,
  };
  return { on, delegate, hidden, visible };
}

async function addManagerOfShop(made: (path: string, fields: object) => Promise<Loose>): Promise<Loose> {
  const fields = { name: 'shop keys', settings: { kind: 'built-in' }, usageScope: region('shop/*') };
  return (await made('/v1/secrets-managers', fields)).secretsManager;
}
