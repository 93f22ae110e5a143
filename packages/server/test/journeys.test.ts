// The journeys of a secret through the server, with scripted delegates over real sockets and real SQLite.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ScriptedDelegate } from './scripted-delegate.ts';
import {
  addManager,
  download,
  expectError,
  framesOf,
  resolve,
  startTestServer,
  upload,
  valuesIn,
  write,
} from './test-server.ts';
import type { TestServer } from './test-server.ts';

let on: TestServer;
let delegate: ScriptedDelegate;

beforeAll(async () => {
  on = await startTestServer();
  delegate = await on.delegate();
  await addManager(on);
});
afterAll(async () => {
  await on.end();
});

describe('a text secret', () => {
  test('is stored, listed, read by name, by id and by version, renamed and deleted', async () => {
    const first = await write(on, delegate, { secret: 'db-password', value: 'one' });
    expect(first.status).toBe(200);
    expect(first.body.secret).toMatchObject({ name: 'db-password', kind: 'text', version: 1, valueBytes: 3 });
    const second = await write(on, delegate, { secret: 'DB-Password', value: 'two!' });
    expect(second.body.secret).toMatchObject({ id: first.body.secret.id, version: 2, valueBytes: 4 });
    const { id } = first.body.secret;
    const read = await resolve(on, delegate, ['db-password', 'db-password@1', id, 'nothing', 'not a/name']);
    expect(valuesIn(read)).toEqual({ 'db-password': 'two!', 'db-password@1': 'one', [id]: 'two!' });
    expect(read.body.unresolved).toMatchObject([
      { reference: 'not a/name', error: { code: 'invalid-name' } },
      { reference: 'nothing', error: { code: 'not-found' } },
    ]);
    const detail = await on.call('GET', `/v1/secrets/${id}`);
    expect(detail.body.versions).toMatchObject([
      { version: 2, keyArn: null, createdBy: 'admin' },
      { version: 1, keyArn: null, createdBy: 'admin' },
    ]);
    // Somebody asks by the old name, and it will be gone.
    const unconfirmed = await on.call('PATCH', '/v1/secrets/db-password', { name: 'database' });
    const { confirmationToken } = expectError(unconfirmed, 'confirmation-required').data;
    const renamed = await on.call('PATCH', '/v1/secrets/db-password', {
      name: 'database',
      confirmationToken,
    });
    expect(renamed.body).toMatchObject({ id, name: 'database', version: 2 });
    expect(valuesIn(await resolve(on, delegate, ['database']))).toEqual({ database: 'two!' });
    expectError(await on.call('GET', '/v1/secrets/db-password'), 'not-found');
    const kept = expectError(await on.call('DELETE', `/v1/secrets/${id}`), 'confirmation-required');
    const confirm = encodeURIComponent(kept.data.confirmationToken);
    expect((await on.call('DELETE', `/v1/secrets/${id}?confirm=${confirm}`)).status).toBe(204);
    expectError(await on.call('GET', `/v1/secrets/${id}`), 'not-found');
  });
});

describe('a file secret', () => {
  test.each([1, 100_000, 3_000_000])('of %i bytes comes back byte for byte', async (bytes) => {
    const value = randomBytes(bytes);
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < bytes; at += 1_048_576) chunks.push(value.subarray(at, at + 1_048_576));
    const written = await upload(on, delegate, { secret: `file-${bytes}`, chunks });
    expect(written.body.secret).toMatchObject({ kind: 'file', version: 1, valueBytes: bytes });
    const response = await download(on, delegate, `file-${bytes}`);
    expect(response.status).toBe(200);
    expect(Buffer.concat(await Array.fromAsync(framesOf(response))).equals(value)).toBe(true);
  });
});
