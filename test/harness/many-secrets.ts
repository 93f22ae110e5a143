// Fills the database of a server that is stopped with so many secrets that long lists can be tried: through the server's own storage, in
// large transactions, since 100,000 writes through a delegate would take minutes and would try something else. All have the envelope of
// one secret, which is bound to that one: they can be listed, found and described, and not be read.
import { randomBytes } from 'node:crypto';
import { ID_RANDOM_BYTES, makeId } from '@sallyport/core';
import type { ApplicationId, EnvironmentId, SecretsManagerId, UsageScope } from '@sallyport/core';
import { openSqliteStore } from '../../packages/server/src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../../packages/server/src/storage/store.ts';
import type { Deployment } from './deployment.ts';

const BATCH = 5000;
const DAY_MS = 86_400_000;
const WHAT = ['db-password', 'api-token', 'signing-key', 'smtp-login', 'webhook-salt', 'licence', 'tls-key'];

/** Where they are to be. */
type Crowd = {
  secretsManagerId: SecretsManagerId;
  applications: readonly { id: ApplicationId; environments: readonly { id: EnvironmentId }[] }[];
  count: number;
};

/** Name of the secret with this number, e.g. `api-token-000123`. */
export function crowdName(index: number): string {
  return `${WHAT[index % WHAT.length]}-${String(index).padStart(6, '0')}`;
}

/**
 * An application `shop` with this many environments and `others` besides, and secrets for them: every tenth is for all of them as its
 * secrets manager is, the others for one environment each. Most of the latter are in `shop`. Takes a delegate, and starts the server anew.
 */
export async function fillWithSecrets(deployment: Deployment, count: number): Promise<void> {
  const { client } = deployment;
  const { secretsManager } = await client.call('createSecretsManager', {
    body: { name: 'crowd', settings: { kind: 'built-in' }, makeDefault: true },
  });
  const applications: Crowd['applications'][number][] = [];
  for (const name of ['shop', ...Array.from({ length: 40 }, (_, index) => `team-${index + 1}`)]) {
    const environments = ['production', 'staging', 'development', 'preview'].map((environment) => ({
      name: environment,
      type: environment === 'production' ? ('production' as const) : ('non-production' as const),
    }));
    applications.push(await client.call('createApplication', { body: { name, environments } }));
  }
  await deployment.server.stop();
  const store = await openSqliteStore({ path: deployment.databaseFile });
  try {
    await insertCrowd(store, { secretsManagerId: secretsManager.id, applications, count });
  } finally {
    await store.close();
  }
  await deployment.startServer();
}

async function insertCrowd(store: Store, crowd: Crowd): Promise<void> {
  const envelope = randomBytes(200);
  const nowMs = Date.now();
  for (let start = 0; start < crowd.count; start += BATCH) {
    await store.write(async ({ secrets, usage }) => {
      const used = [];
      for (let index = start; index < Math.min(start + BATCH, crowd.count); index++) {
        const createdAtMs = nowMs - (index % 400) * DAY_MS;
        const id = makeId('secret', { nowMs: createdAtMs, random: randomBytes(ID_RANDOM_BYTES) });
        const { secretsManagerId } = crowd;
        const kind = index % 20 === 19 ? 'file' : 'text';
        const scope = scopeOf(index, crowd);
        const availability = { mode: 'fresh' } as const;
        const row = { id, name: crowdName(index), kind, scope, availability, createdAtMs } as const;
        await secrets.insert(row, secretsManagerId);
        const version = { secretId: id, version: 1, secretsManagerId, envelope: { inline: envelope } };
        await secrets.addVersion({ ...version, valueBytes: 32, createdAtMs, createdBy: 'crowd' });
        const day = Math.floor(nowMs / DAY_MS) - (index % 80);
        used.push({ secretId: id, day, released: index % 50, refused: 0, releasedAtMs: day * DAY_MS });
      }
      await usage.add(used);
    });
  }
}

function scopeOf(index: number, { applications }: Crowd): UsageScope {
  if (index % 10 === 0) return { type: 'inherit' };
  const application = index % 10 < 7 ? applications[0] : applications[(index % 409) % applications.length];
  const environment = application?.environments[index % 4];
  if (application === undefined || environment === undefined) throw new Error('no application to fill');
  return {
    type: 'rows',
    rows: [
      {
        applications: [application.id],
        environments: [environment.id],
      },
    ],
  };
}
