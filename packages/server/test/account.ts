// Builds accounts for tests through the API: applications with environments, groups with grants, keys with the rights of a group.
import { expect } from 'vitest';
import type { AccountPermission } from '@sallyport/core';
import type { Availability, GrantInput, RegionInput, UsageScopeInput } from '@sallyport/protocol';
import { fakeSealed, newRequestId } from './test-server.ts';
import type { Answer, Loose, TestServer } from './test-server.ts';
import type { ScriptedDelegate } from './scripted-delegate.ts';

export type RightsChoice = { account?: AccountPermission[]; grants?: GrantInput[] };

let next = 1;

/** An application with these environments; names of environments say their type by beginning with `prod`. */
export async function addApplication(on: TestServer, name: string, environments: string[]): Promise<Loose> {
  const answer = await on.call('POST', '/v1/applications', {
    name,
    environments: environments.map((environment) => ({
      name: environment,
      type: environment.startsWith('prod') ? 'production' : 'non-production',
    })),
  });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body;
}

/** A key of a new group with these rights; gives its value. */
export async function keyWith(on: TestServer, rights: RightsChoice): Promise<string> {
  const name = `group ${next++}`;
  const { account = [], grants = [] } = rights;
  const group = await on.call('POST', '/v1/groups', { name, account, grants });
  expect(group.status, JSON.stringify(group.body)).toBe(201);
  const key = await on.call('POST', '/v1/api-keys', { name, owner: { groups: [group.body.id] } });
  expect(key.status, JSON.stringify(key.body)).toBe(201);
  return key.body.value as string;
}

/** One row: `shop/prod`, `shop/*`, all production environments by `*` + `/production`. */
export function region(...rows: string[]): RegionInput {
  return rows.map((row) => {
    const [applications = '', environments = ''] = row.split('/');
    return {
      applications: applications === '*' ? 'all' : applications.split(','),
      environments:
        environments === '*'
          ? 'all'
          : environments === 'production' || environments === 'non-production'
            ? environments
            : environments.split(','),
    };
  });
}

export function grant(actions: GrantInput['actions'], ...rows: string[]): GrantInput {
  return { actions, where: region(...rows) };
}

export function scope(...rows: string[]): UsageScopeInput {
  return { type: 'rows', rows: region(...rows) };
}

export type Writing = {
  secret: string;
  value?: string;
  key?: string;
  secretsManager?: string | null;
  scope?: UsageScopeInput | null;
  availability?: Availability | null;
};

/** Writes as the holder of `key`. */
export async function writeAs(on: TestServer, delegate: ScriptedDelegate, writing: Writing): Promise<Answer> {
  const { secret, value = 'value', key, secretsManager = null, scope: scopeInput = null } = writing;
  const { availability = null } = writing;
  const body = {
    requestId: newRequestId(),
    delegateId: delegate.delegateId,
    secret,
    secretsManager,
    expectedVersion: null,
    scope: scopeInput,
    availability,
    sealed: fakeSealed(value),
  };
  return on.call('POST', '/v1/secrets/write', body, key);
}

/** Resolves as the holder of `key`. */
export async function resolveAs(
  on: TestServer,
  delegate: ScriptedDelegate,
  { items, key }: { items: string[]; key?: string },
): Promise<Answer> {
  const body = {
    requestId: newRequestId(),
    delegateId: delegate.delegateId,
    items,
    sealed: fakeSealed('question'),
  };
  return on.call('POST', '/v1/secrets/resolve', body, key);
}
