// Applications, secrets and callers for tests of access through the HTTP API: who may do what is given in the words of the API.
import { expect } from 'vitest';
import type {
  AccountPermission,
  ApplicationAction,
  ApplicationId,
  EnvironmentId,
  EnvironmentType,
  SecretId,
  UsageScope,
} from '@sallyport/core';
import type { RegionInput } from '@sallyport/protocol';
import type { Store } from '../src/storage/store.ts';
import { addSecret, managerRow } from './storage-rows.ts';
import type { Answer, Loose, TestServer } from './test-server.ts';

/** An application as the API shows it, with the ids of its environments by name. */
export type TestApplication = {
  id: ApplicationId;
  name: string;
  environments: Record<string, EnvironmentId>;
};

export async function addApplication(
  on: TestServer,
  name: string,
  environments: Readonly<Record<string, EnvironmentType>> = { prod: 'production', dev: 'non-production' },
): Promise<TestApplication> {
  const first = Object.entries(environments).map(([environment, type]) => ({ name: environment, type }));
  const answer = await on.call('POST', '/v1/applications', { name, environments: first });
  expect(answer.status).toBe(201);
  const ids = answer.body.environments.map((one: Loose) => [one.name, one.id]);
  return { id: answer.body.id, name, environments: Object.fromEntries(ids) };
}

export type TestRights = {
  account?: AccountPermission[];
  grants?: { where: RegionInput; actions: ApplicationAction[] }[];
};

let keysMade = 0;

/** Makes a key that may do this and nothing else, and calls with it. */
export async function caller(on: TestServer, { account = [], grants = [] }: TestRights) {
  keysMade += 1;
  const restriction = { account, grants };
  const made = await on.call('POST', '/v1/api-keys', { name: `caller ${keysMade}`, restriction });
  expect(made.status).toBe(201);
  return async (method: string, path: string, body?: unknown): Promise<Answer> =>
    on.call(method, path, body, made.body.value);
}
export type Caller = Awaited<ReturnType<typeof caller>>;

/** Rights to these actions in these environments of one application. */
export function inApplication(
  application: string,
  environments: RegionInput[number]['environments'],
  ...actions: ApplicationAction[]
): TestRights {
  return { grants: [{ where: [{ applications: [application], environments }], actions }] };
}

/** Stores a secret of this scope as if it had been written, under a secrets manager that may be used everywhere. */
export async function storeSecret(store: Store, name: string, scope: UsageScope): Promise<SecretId> {
  return store.write(async (tables) => {
    const usageScope = [{ applications: 'all', environments: 'all' }] as const;
    const fresh = managerRow({ name: 'everywhere', usageScope });
    const known = await tables.secretsManagers.find(fresh.name);
    if (known === null) await tables.secretsManagers.insert(fresh);
    return addSecret(tables, { name, manager: (known ?? fresh).id, scope });
  });
}

/** An answer without what differs between any two: its time and its request's id. */
export function bare({ status, body, headers }: Answer): unknown {
  const kept = [...headers].filter(([name]) => name !== 'date' && name !== 'x-request-id');
  const { requestId: _, ...rest } = body ?? {};
  return { status, body: rest, headers: kept };
}
