// API keys from making to end: who is let in, until when, and that nobody is locked out by accident. Whose rights a key has is in
// api-keys.test.ts.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ApiKeyId } from '@sallyport/core';
import { openSqliteStore } from '../src/storage/sqlite/sqlite-store.ts';
import type { Store } from '../src/storage/store.ts';
import { ManualClock } from './manual-clock.ts';
import { expectError, startTestServer, until } from './test-server.ts';
import type { Loose, TestServer } from './test-server.ts';

let on: TestServer;
let clock: ManualClock;
let store: Store;

beforeEach(async () => {
  clock = new ManualClock();
  store = await openSqliteStore({ path: ':memory:' });
  on = await startTestServer({ dependencies: { clock, store } });
});
afterEach(async () => {
  await on.end();
  await store.close();
});

async function newKey(
  name: string,
  expiresInSeconds: number | null = null,
): Promise<{ id: string; value: string }> {
  const answer = await on.call('POST', '/v1/api-keys', { name, expiresInSeconds });
  expect(answer.status).toBe(201);
  return { id: answer.body.apiKey.id, value: answer.body.value };
}

const whoAmI = async (key: string) => on.call('GET', '/v1/whoami', undefined, key);

describe('an API key', () => {
  test('is shown once, kept as a hash only, and names its bearer', async () => {
    const { id, value } = await newKey('ci', 3600);
    expect(value).toMatch(/^sp_key_[A-Za-z0-9_-]{43}$/);
    expect((await whoAmI(value)).body).toMatchObject({
      kind: 'api-key',
      id,
      name: 'ci',
      user: null,
      expiresAtMs: clock.nowMs() + 3_600_000,
      serverVersion: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    });
    const list = await on.call('GET', '/v1/api-keys');
    expect(JSON.stringify(list.body)).not.toContain(value);
    const rows = await store.read(async ({ apiKeys }) => apiKeys.list({ after: null, limit: 100 }));
    expect(JSON.stringify(rows)).not.toContain(value.slice(7));
  });

  test('that is revoked is refused from then on, though it was used a moment before', async () => {
    const { value } = await newKey('ci');
    expect((await whoAmI(value)).status).toBe(200);
    expect((await on.call('DELETE', '/v1/api-keys/ci')).status).toBe(204);
    expectError(await whoAmI(value), 'unauthenticated');
  });

  test('that is revoked by another process is refused within a second', async () => {
    const { id, value } = await newKey('ci');
    expect((await whoAmI(value)).status).toBe(200);
    await store.write(async ({ apiKeys }) => apiKeys.revoke(id as never, clock.nowMs()));
    clock.advance(1000);
    expectError(await whoAmI(value), 'unauthenticated');
  });

  test('that is revoked while it is being looked up is not remembered as valid', async () => {
    const { value } = await newKey('ci');
    const answers = await Promise.all([whoAmI(value), on.call('DELETE', '/v1/api-keys/ci'), whoAmI(value)]);
    expect(answers[1].status).toBe(204);
    expectError(await whoAmI(value), 'unauthenticated');
  });

  test('expires to the millisecond', async () => {
    const { value } = await newKey('short', 60);
    clock.advance(59_999);
    expect((await whoAmI(value)).status).toBe(200);
    clock.advance(1);
    expectError(await whoAmI(value), 'unauthenticated');
    const { body } = await on.call('GET', '/v1/api-keys');
    expect(body.apiKeys.find((key: Loose) => key.name === 'short').state).toBe('expired');
  });

  test('notes its last use at most once a minute', async () => {
    const { id, value } = await newKey('ci');
    const lastUsed = async () =>
      (await store.read(async ({ apiKeys }) => apiKeys.find(id as ApiKeyId)))?.lastUsedAtMs ?? null;
    const firstMs = clock.nowMs();
    await whoAmI(value);
    await until(async () => (await lastUsed()) === firstMs);
    clock.advance(59_999);
    await whoAmI(value);
    await on.call('GET', '/v1/api-keys');
    expect(await lastUsed()).toBe(firstMs);
    clock.advance(1);
    await whoAmI(value);
    await until(async () => (await lastUsed()) === firstMs + 60_000);
  });

  test('that is the last way to administer the account cannot revoke itself', async () => {
    const { id } = (await on.call('GET', '/v1/api-keys')).body.apiKeys[0];
    expectError(await on.call('DELETE', `/v1/api-keys/${id}`), 'last-administrator');
    const short = await newKey('short', 60);
    clock.advance(60_000);
    expectError(await on.call('DELETE', `/v1/api-keys/${id}`), 'last-administrator');
    await newKey('other');
    expect((await on.call('DELETE', `/v1/api-keys/${short.id}`)).status).toBe(204);
    expect((await on.call('DELETE', `/v1/api-keys/${id}`)).status).toBe(204);
    expectError(await whoAmI(on.key), 'unauthenticated');
  });

  test('may take the name of a revoked one, not of an active one', async () => {
    const first = await newKey('ci');
    expectError(await on.call('POST', '/v1/api-keys', { name: 'CI' }), 'name-taken');
    expectError(await on.call('POST', '/v1/api-keys', { name: '  ' }), 'invalid-name');
    await on.call('DELETE', '/v1/api-keys/ci');
    const second = await newKey('ci');
    // Revoking again by id is no error and no second record.
    expect((await on.call('DELETE', `/v1/api-keys/${first.id}`)).status).toBe(204);
    expect((await whoAmI(second.value)).status).toBe(200);
    const trail = await store.read(async ({ audit }) => audit.after(0, 100));
    expect(trail.filter(({ action }) => action === 'api-key.revoked')).toHaveLength(1);
    expectError(await on.call('DELETE', '/v1/api-keys/nope'), 'not-found');
  });
});
