// Reads of programs beside a delegate: when the server is asked, what is served without it and for how long, and what is forgotten.
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { LocalGrant } from '@sallyport/protocol';
import { LocalFixture, GOOD_KEY } from './local-fixture.ts';
import { ManualTime } from './manual-time.ts';
import { refusalOf } from './scripted-server.ts';

const STALE = { mode: 'stale-ok', maxAgeSeconds: 60 } as const;
const OFFLINE = { mode: 'offline', maxAgeSeconds: 60 } as const;
const FRESH = { mode: 'fresh' } as const;

describe('while the server is there', () => {
  test('a read is asked of the server and comes with name, version and origin', async () => {
    await using it = await LocalFixture.start();
    await it.store('db-password', 'correct horse', FRESH);
    const answer = await it.get('/v1/secrets/db-password');
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.json).toMatchObject({
      value: 'correct horse',
      encoding: 'utf8',
      name: 'db-password',
      version: 1,
      from: 'server',
    });
    expect(it.server.asked).toMatchObject([
      { callerToken: GOOD_KEY, renewal: false, items: ['db-password'] },
    ]);
  });

  test('a fresh secret is asked for on every read, also on many at once', async () => {
    await using it = await LocalFixture.start();
    await it.store('fresh', 'x', FRESH);
    await it.value('fresh');
    const values = await Promise.all(Array.from({ length: 8 }, () => it.value('fresh')));
    expect(values).toEqual(Array(8).fill('x'));
    expect(it.server.timesUsed('fresh')).toBe(9);
    expect(it.server.uses).toEqual([]);
  });

  test('what was confirmed is served from memory, and each use is told to the server once', async () => {
    await using it = await LocalFixture.start();
    await it.store('stale', 'x', STALE);
    expect((await it.get('/v1/secrets/stale')).json.from).toBe('server');
    const answers = await Promise.all(Array.from({ length: 20 }, async () => it.get('/v1/secrets/stale')));
    expect(answers.map(({ json }) => json.from)).toEqual(Array(20).fill('memory'));
    expect(it.server.asked).toHaveLength(1);
    await it.server.until(() => it.server.timesUsed('stale') === 21);
    expect(it.server.uses[0]).toMatchObject({ from: 'memory', outcome: 'released', purpose: null });
  });

  test('reads of one secret at the same time share one question, and every one of them is counted', async () => {
    await using it = await LocalFixture.start();
    await it.store('stale', 'x', STALE);
    await Promise.all(Array.from({ length: 10 }, () => it.value('stale')));
    expect(it.server.asked).toHaveLength(1);
    await it.server.until(() => it.server.timesUsed('stale') === 10);
  });

  test('a confirmation counts for 15 seconds and is renewed ahead in the background', async () => {
    const time = new ManualTime();
    await using it = await LocalFixture.start({ dependencies: { time } });
    await it.store('stale', 'x', STALE);
    await it.value('stale');
    time.advance(8000);
    expect((await it.get('/v1/secrets/stale')).json.from).toBe('memory');
    await it.server.until(() => it.server.asked.length === 2);
    expect(it.server.asked[1]?.renewal).toBe(true);
    // Its answer has come before the answer to this.
    await it.get('/v1/secrets/other');
    // Nobody reads: nothing is renewed, and the next read asks.
    time.advance(15_000);
    expect((await it.get('/v1/secrets/stale')).json.from).toBe('server');
  });

  test('a recheck makes the next read ask, and what is refused then is gone at once', async () => {
    await using it = await LocalFixture.start();
    await it.store('stale', 'x', STALE);
    await it.value('stale');
    it.server.secrets.delete('stale');
    it.it.connection.send({ type: 'recheck' });
    // Both travel on one connection, so the recheck has arrived before the answer to this.
    expect((await it.get('/v1/secrets/other')).status).toBe(404);
    expect((await it.get('/v1/secrets/stale')).status).toBe(404);
    it.it.connection.drop();
    expect((await it.get('/v1/secrets/stale')).json.error?.code).toBe('unreachable');
  });

  test('many references in one call travel in one message; one that is refused does not fail the others', async () => {
    await using it = await LocalFixture.start();
    await it.store('a', '1', FRESH);
    await it.store('b', '2', STALE);
    const body = JSON.stringify({ references: ['a', 'b', 'missing'], purpose: 'deploy 7' });
    const answer = await it.get('/v1/resolve', { method: 'POST', body });
    expect(answer.json.items).toMatchObject([
      { reference: 'a', value: '1' },
      { reference: 'b', value: '2' },
      { reference: 'missing', error: { code: 'not-found' } },
    ]);
    expect(it.server.asked).toMatchObject([{ items: ['a', 'b', 'missing'], purpose: 'deploy 7' }]);
  });

  test('a key that the server refuses is not asked about again for a while, and loses what it had', async () => {
    await using it = await LocalFixture.start();
    await it.store('offline', 'x', OFFLINE);
    await it.value('offline');
    it.server.keys.delete(GOOD_KEY);
    it.it.connection.send({ type: 'recheck' });
    await it.get('/v1/secrets/other', { key: 'sk-unknown' });
    const asked = it.server.asked.length;
    for (let round = 0; round < 5; round++) expect((await it.get('/v1/secrets/offline')).status).toBe(401);
    expect(it.server.asked.length).toBe(asked + 1);
    expect(await readdir(join(it.it.folder, 'offline'))).toEqual([expect.stringMatching(/^manager-/)]);
  });

  test('guessing keys is not passed on at speed, and known keys go on reading', async () => {
    await using it = await LocalFixture.start();
    await it.store('fresh', 'x', FRESH);
    await it.value('fresh');
    let limited = 0;
    for (let guess = 0; guess < 100; guess++) {
      const { status } = await it.get('/v1/secrets/fresh', { key: `sk-guess-${guess}` });
      if (status === 429) limited += 1;
    }
    expect(limited).toBeGreaterThan(30);
    expect(await it.value('fresh')).toBe('x');
  });
});

describe('while the server is away', () => {
  test('fresh is not served, and the error says since when and why', async () => {
    await using it = await LocalFixture.start();
    await it.store('fresh', 'x', FRESH);
    await it.value('fresh');
    it.it.connection.drop();
    await it.it.server.close();
    await disconnected(it);
    const { status, json } = await it.get('/v1/secrets/fresh');
    expect(status).toBe(503);
    expect(json.error).toMatchObject({
      code: 'unreachable',
      retryable: true,
      message: expect.stringMatching(/away since 20.+availability of this secret is fresh/) as string,
      data: { availability: 'fresh' },
    });
  });

  test.each(['stale-ok', 'offline'] as const)(
    '%s is served from memory until its age, and no longer',
    async (mode) => {
      const time = new ManualTime();
      await using it = await LocalFixture.start({ dependencies: { time } });
      await it.store('kept', 'x', { mode, maxAgeSeconds: 60 });
      await it.value('kept');
      it.it.connection.drop();
      await it.it.server.close();
      await disconnected(it);
      time.advance(59_000);
      expect((await it.get('/v1/secrets/kept')).json).toMatchObject({ value: 'x', from: 'memory' });
      time.advance(1000);
      const late = await it.get('/v1/secrets/kept');
      expect(late.json.error?.message).toMatch(/too long ago/);
      expect(late.json.value).toBeUndefined();
    },
  );

  test('a read by another caller, or by another reference, is not served on somebody else’s grant', async () => {
    await using it = await LocalFixture.start();
    await it.store('kept', 'x', STALE);
    await it.value('kept');
    it.it.connection.drop();
    await disconnected(it);
    expect((await it.get('/v1/secrets/kept', { key: 'sk-other' })).status).toBe(503);
    expect((await it.get('/v1/secrets/kept', { key: `${GOOD_KEY}x` })).status).toBe(503);
    expect((await it.get('/v1/secrets/kept@1')).status).toBe(503);
    expect(await it.value('kept')).toBe('x');
  });

  test('a server that says it cannot record counts as away, and is asked again in the background', async () => {
    await using it = await LocalFixture.start();
    await it.store('kept', 'x', STALE);
    await it.store('fresh', 'y', FRESH);
    await it.value('kept');
    it.server.answers = { ...refusalOf('storage-unavailable'), retryable: true };
    it.it.connection.send({ type: 'recheck' });
    expect((await it.get('/v1/secrets/fresh')).json.error?.code).toBe('unreachable');
    expect((await it.get('/v1/secrets/kept')).json).toMatchObject({ value: 'x', from: 'memory' });
    it.server.answers = 'properly';
    await it.server.until(() => it.server.asked.some((read) => read.renewal));
    expect((await it.get('/v1/secrets/fresh')).json).toMatchObject({ value: 'y', from: 'server' });
  });

  test('a server that does not answer within two seconds counts as away; the next reads do not wait for it', async () => {
    const time = new ManualTime();
    await using it = await LocalFixture.start({ dependencies: { time } });
    await it.store('kept', 'x', STALE);
    await it.value('kept');
    it.server.answers = 'not';
    it.it.connection.send({ type: 'recheck' });
    const asked = it.server.asked.length;
    const first = it.get('/v1/secrets/kept');
    await it.server.until(() => it.server.asked.length > asked);
    time.advance(2000);
    expect((await first).json).toMatchObject({ value: 'x', from: 'memory' });
    expect((await it.get('/v1/secrets/kept')).json).toMatchObject({ value: 'x', from: 'memory' });
  });

  test('uses are told once when the server is back, whatever was lost on the way', async () => {
    await using it = await LocalFixture.start();
    await it.store('kept', 'x', STALE);
    await it.value('kept');
    it.server.recordsUses = false;
    for (let round = 0; round < 5; round++) await it.value('kept');
    it.it.connection.drop();
    await disconnected(it);
    for (let round = 0; round < 7; round++) await it.value('kept');
    it.server.recordsUses = true;
    await it.reconnected();
    await it.server.until(() => it.server.timesUsed('kept') >= 13);
    expect(it.server.timesUsed('kept')).toBe(13);
  });
});

describe('after a restart without the server', () => {
  test('offline is served from disk, stale-ok is not, and uses of before are not lost', async () => {
    await using it = await LocalFixture.start();
    await it.store('kept', 'x', OFFLINE);
    await it.store('stale', 'y', STALE);
    await it.value('kept');
    await it.value('stale');
    it.server.recordsUses = false;
    await it.value('kept');
    await it.restart({ serverUrl: 'http://127.0.0.1:9' });
    expect((await it.get('/v1/secrets/kept')).json).toMatchObject({ value: 'x', from: 'disk' });
    expect((await it.get('/v1/secrets/kept')).json).toMatchObject({ value: 'x', from: 'disk' });
    expect((await it.get('/v1/secrets/stale')).status).toBe(503);
    it.server.recordsUses = true;
    await it.restart();
    await it.reconnected();
    await it.server.until(() => it.server.timesUsed('kept') >= 4);
    expect(it.server.timesUsed('kept')).toBe(4);
    expect(it.server.uses.some((use) => use.from === 'disk')).toBe(true);
  });

  test('what lies on disk is private, wrapped, and named after nothing', async () => {
    await using it = await LocalFixture.start();
    await it.store('the-name', 'the-value', OFFLINE);
    await it.value('the-name');
    await it.delegate.close();
    const folder = join(it.it.folder, 'offline');
    const names = await readdir(folder);
    expect(names.sort()).toEqual([
      expect.stringMatching(/^grant-[0-9a-f]{64}\.json$/),
      expect.stringMatching(/^manager-sm_/),
    ]);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    for (const name of names) {
      expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
      const content = await readFile(join(folder, name), 'utf8');
      expect(content).not.toContain('the-value');
      expect(content).not.toContain(GOOD_KEY);
    }
  });

  // Whoever can write to the folder must not be able to change what a program gets, or who gets it.
  test.each<[string, (text: string) => string]>([
    ['a grant for another caller', (text) => swapped(text, 'callerHash')],
    ['a longer life', (text) => text.replace(/(\\"expiresAtMs\\":)\d/, '$19')],
    ['another envelope', (text) => text.replace(/"envelope":"AgR4/, '"envelope":"AgR5')],
    ['a cut file', (text) => text.slice(0, -20)],
  ])('%s on disk is not served', async (_name, change) => {
    await using it = await LocalFixture.start();
    await it.store('kept', 'x', OFFLINE);
    await it.value('kept');
    await it.delegate.close();
    const folder = join(it.it.folder, 'offline');
    const name = (await readdir(folder)).find((file) => file.startsWith('grant-')) ?? '';
    const before = await readFile(join(folder, name), 'utf8');
    const after = change(before);
    expect(after).not.toBe(before);
    await writeFile(join(folder, name), after, { mode: 0o600 });
    await it.restart({ serverUrl: 'http://127.0.0.1:9' });
    const answer = await it.get('/v1/secrets/kept');
    expect(answer.status).toBe(503);
    expect(answer.json.value).toBeUndefined();
  });

  test('settings with an access key are not written to disk, so their secrets do not outlive a restart', async () => {
    await using it = await LocalFixture.start();
    await it.store('kept', 'x', OFFLINE);
    const { secretsManagerId } = it.it;
    it.it.connection.send({
      type: 'configure',
      secretsManagerId,
      revision: 2,
      access: {
        settings: {
          kind: 'built-in',
          selectors: [],
          context: {},
          dataKeyCache: { maxAgeSeconds: 300, maxUses: 1000 },
        },
        secretAccessKey: 'static-key',
      },
    });
    expect(await it.value('kept')).toBe('x');
    await it.restart({ serverUrl: 'http://127.0.0.1:9' });
    expect((await it.get('/v1/secrets/kept')).status).toBe(503);
    await expect(readdir(join(it.it.folder, 'offline'))).resolves.toEqual([]);
  });

  test('a server with another key for grants is not believed until the operator says so', async () => {
    await using it = await LocalFixture.start();
    await it.store('fresh', 'x', FRESH);
    const path = join(it.it.folder, 'server-grant-key.json');
    await it.delegate.close();
    const file = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    await writeFile(path, JSON.stringify({ ...file, grantKey: Buffer.alloc(32, 9).toString('base64url') }), {
      mode: 0o600,
    });
    await it.restart();
    await it.reconnected();
    await it.delegate.connected;
    const refused = await it.get('/v1/secrets/fresh');
    expect(refused.json.error).toMatchObject({
      code: 'unreachable',
      data: { hint: expect.stringContaining(path) as string },
    });
    await rm(path);
    await it.restart();
    await it.reconnected();
    await it.delegate.connected;
    expect(await it.value('fresh')).toBe('x');
  });
});

// The server signs; the delegate believes none of it that does not fit to what was asked.
describe('a grant', () => {
  test.each<[string, (grant: LocalGrant) => LocalGrant]>([
    ['another caller', (grant) => ({ ...grant, callerHash: 'A'.repeat(43) })],
    ['another delegate', (grant) => ({ ...grant, delegate: 'SHA256:other' })],
    ['another account', (grant) => ({ ...grant, accountId: `acc_${'8'.repeat(32)}` })],
    ['another reference', (grant) => ({ ...grant, reference: 'other' })],
    ['another name', (grant) => ({ ...grant, name: 'other' })],
    ['another envelope', (grant) => ({ ...grant, envelopeHash: 'A'.repeat(43) })],
    ['a life longer than its age', (grant) => ({ ...grant, expiresAtMs: grant.expiresAtMs + 1 })],
  ])('for %s releases nothing', async (_name, twist) => {
    await using it = await LocalFixture.start();
    await it.store('db-password', 'x', STALE);
    it.server.twist = twist;
    const { status, json } = await it.get('/v1/secrets/db-password');
    expect(status).toBe(502);
    expect(json.error?.code).toBe('answer-mismatch');
    expect(json.value).toBeUndefined();
  });
});

async function disconnected(it: LocalFixture): Promise<void> {
  while (it.delegate.state().name === 'connected') await new Promise((resolve) => setImmediate(resolve));
}

/** Another hash of the same length in its place, also in the name under which it would be found. */
function swapped(text: string, field: string): string {
  return text.replace(new RegExp(`(\\\\"${field}\\\\":\\\\")...`), '$1AAA');
}
