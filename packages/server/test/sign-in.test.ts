// Signing in: that it tells nobody who there is, that it adopts nothing that was there before, and that it leaves a record or does not happen.
import { hash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PasswordHasher, systemArgon2id } from '../src/users/password-hasher.ts';
import { addPerson } from './access-rows.ts';
import { addSecondFactor, ADMIN, ALICE, startPeople, totpCode } from './browser.ts';
import type { BrowserAnswer, People } from './browser.ts';
import { expectError } from './test-server.ts';

let people: People;
beforeEach(async () => {
  people = await startPeople();
});
afterEach(async () => {
  await people.end();
});

/** What a client can see of an answer, without what differs between any two. */
function visible(answer: BrowserAnswer): unknown {
  const { requestId: _, ...body } = answer.body;
  const headers = [...answer.headers].filter(([name]) => name !== 'x-request-id' && name !== 'date');
  return { status: answer.status, body, headers, setCookies: answer.setCookies };
}

describe('a person', () => {
  test('signs in with name and password, whatever the case of the name', async () => {
    await people.join(ALICE);
    const browser = people.browser();
    const answer = await browser.signIn('ALICE', ALICE.password);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      userId: expect.stringMatching(/^usr_/),
      name: 'alice',
      displayName: 'alice',
      sessionId: expect.stringMatching(/^ses_/),
      expiresAtMs: people.clock.nowMs() + 12 * 3_600_000,
    });
    const { body } = await browser.call('GET', '/v1/whoami');
    expect(body).toMatchObject({ kind: 'user', id: answer.body.userId, sessionId: answer.body.sessionId });
  });

  test('whose password was hashed with weaker parameters gets a new hash by signing in', async () => {
    await people.join(ALICE);
    const weak = { memory: 8192, passes: 1, parallelism: 1 };
    const nonce = Buffer.alloc(16, 1);
    const text = Buffer.concat([nonce, Buffer.from('8192 1 1 '), Buffer.from(ALICE.password)]);
    const tag = hash('sha512', text, 'buffer').subarray(0, 32);
    const base64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');
    const passwordHash = `$argon2id$v=19$m=8192,t=1,p=1$${base64(nonce)}$${base64(tag)}`;
    await people.store.write(async ({ users }) => {
      const row = await users.find('alice');
      if (row !== null) await users.update({ ...row, passwordHash });
    });
    people.hashing.length = 0;
    expect((await people.browser().signIn('alice', ALICE.password)).status).toBe(200);
    expect(people.hashing).toMatchObject([
      weak,
      { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 },
    ]);
    people.hashing.length = 0;
    expect((await people.browser().signIn('alice', ALICE.password)).status).toBe(200);
    expect(people.hashing).toMatchObject([{ memory: 19_456, passes: 2 }]);
  });
});

describe('a sign-in that fails', () => {
  test('is answered alike, whether there is such a user or not, disabled, without password, or with a wrong code', async () => {
    await people.join(ALICE);
    const disabled = await people.join({ user: 'bob', password: 'another long password' });
    expect(await disabled.isSignedIn()).toBe(true);
    await people.admin.call('PATCH', '/v1/users/bob', { disabled: true });
    await addPerson(people.store, { name: 'invited', passwordHash: null });
    const guarded = await people.join({ user: 'carol', password: 'yet another password' });
    await addSecondFactor(guarded, 'yet another password', people.clock);
    const attempts: [user: string, password: string, code?: string][] = [
      ['nobody', 'whatever it may be'],
      ['alice', 'a wrong long password'],
      ['bob', 'another long password'],
      ['invited', 'whatever it may be'],
      ['carol', 'yet another password', '000000'],
      ['carol', 'a wrong long password', '000000'],
      ['usr_00000000000000000000000001', 'whatever it may be'],
    ];
    const answers = [];
    for (const [user, password, code] of attempts) {
      people.clock.advance(3_600_000);
      answers.push(await people.browser().signIn(user, password, code));
    }
    for (const answer of answers) {
      expectError(answer, 'sign-in-failed');
      expect(answer.setCookies).toEqual([]);
      expect(visible(answer)).toEqual(visible(answers[0] as BrowserAnswer));
    }
  });

  test('costs the same work for known and unknown users, so that time tells nothing', async () => {
    await people.join(ALICE);
    await addPerson(people.store, { name: 'invited', passwordHash: null });
    const work = [];
    for (const user of ['alice', 'nobody', 'invited']) {
      people.hashing.length = 0;
      const before = (await people.trail()).length;
      expectError(await people.browser().signIn(user, 'a wrong long password'), 'sign-in-failed');
      const records = (await people.trail()).length - before;
      const hashed = people.hashing.map(({ message, nonce, ...cost }) => ({
        ...cost,
        nonce: nonce.length,
        hasMessage: message.length > 0,
      }));
      work.push({ hashed, records });
    }
    expect(work[0]).toEqual({
      hashed: [{ memory: 19_456, passes: 2, parallelism: 1, tagLength: 32, nonce: 16, hasMessage: true }],
      records: 1,
    });
    expect(work[1]).toEqual(work[0]);
    expect(work[2]).toEqual(work[0]);
  });

  test("is recorded with the address; a name that is no user's is not, since it may be a password", async () => {
    await people.join(ALICE);
    await people.browser().signIn('alice', 'a wrong long password');
    await people.browser().signIn('hunter2-in-the-wrong-field', 'x');
    const [known, unknown] = (await people.trail()).filter(({ action }) => action === 'user.sign-in-failed');
    expect(known).toMatchObject({
      actor: 'anybody',
      actorKind: 'anybody',
      resource: expect.stringMatching(/^usr_/),
      resourceName: 'alice',
      details: { reason: 'wrong-password', address: '127.0.0.1' },
    });
    expect(unknown).toMatchObject({
      actor: 'anybody',
      resource: 'unknown',
      resourceName: null,
      details: { reason: 'unknown-user', address: '127.0.0.1' },
    });
    expect(JSON.stringify(await people.trail())).not.toContain('hunter2');
  });
});

test('with real hashes, a sign-in takes about as long for unknown users as for known ones', async () => {
  const slow = await startPeople({ argon2id: systemArgon2id });
  try {
    const times: Record<string, number[]> = { [ADMIN.user]: [], nobody: [] };
    // In turns, so that whatever else the machine does meets both alike.
    for (let i = 0; i < 11; i++) {
      for (const [user, taken] of Object.entries(times)) {
        slow.clock.advance(3_600_000);
        const startMs = performance.now();
        expectError(await slow.browser().signIn(user, 'a wrong long password'), 'sign-in-failed');
        taken.push(performance.now() - startMs);
      }
    }
    const [known = 0, unknown = 0] = Object.values(times).map((all) => all.toSorted((x, y) => x - y)[5] ?? 0);
    expect(known / unknown).toBeGreaterThan(1 / 3);
    expect(known / unknown).toBeLessThan(3);
  } finally {
    await slow.end();
  }
});

describe('what cannot be recorded does not happen', () => {
  test('neither a sign-in nor a failure nor a redeemed link gets past an audit trail that cannot be written', async () => {
    await people.join(ALICE);
    const { body } = await people.admin.call('POST', '/v1/users/alice/reset-link');
    people.store.failsAudit = true;
    const browser = people.browser();
    expectError(await browser.signIn('alice', ALICE.password), 'storage-unavailable');
    expectError(await browser.signIn('alice', 'a wrong long password'), 'storage-unavailable');
    expectError(await browser.signIn('nobody', 'a wrong long password'), 'storage-unavailable');
    const redeem = { value: body.link.split('/').at(-1), password: 'chosen by way of a link' };
    expectError(await browser.call('POST', '/v1/links/redeem', redeem), 'storage-unavailable');
    expect(browser.cookie).toBeNull();
    people.store.failsAudit = false;
    expect((await people.on.call('GET', '/v1/users/alice')).body.sessionCount).toBe(1);
    expect((await browser.signIn('alice', ALICE.password)).status).toBe(200);
    expect((await browser.call('POST', '/v1/links/redeem', redeem)).status).toBe(200);
  });

  test('signing out fails, and says so, rather than leaving a session that seems to be gone', async () => {
    people.store.failsWrites = true;
    const answer = await people.admin.call('POST', '/v1/sign-out');
    expectError(answer, 'storage-unavailable');
    expect(answer.setCookies).toEqual([]);
    people.store.failsWrites = false;
    expect(await people.admin.isSignedIn()).toBe(true);
  });
});

describe('signing in at a program', () => {
  const signInForKey = async (more: object = {}): Promise<BrowserAnswer> => {
    const proof = { user: ALICE.user, password: ALICE.password };
    const body = { ...proof, keyName: 'laptop', expiresInSeconds: 3600, ...more };
    return people.browser().call('POST', '/v1/sign-in/api-key', body, { 'sec-fetch-site': null });
  };

  test('gives a key with the rights of its user, which ends when it was asked to, and no cookie', async () => {
    await people.join(ALICE, ['Production Support']);
    const { status, body, setCookies } = await signInForKey();
    expect([status, setCookies]).toEqual([201, []]);
    expect(body).toMatchObject({ name: 'alice', expiresAtMs: people.clock.nowMs() + 3_600_000 });
    const whoAmI = async () => people.on.call('GET', '/v1/whoami', undefined, body.value);
    expect((await whoAmI()).body).toMatchObject({
      kind: 'api-key',
      id: body.apiKeyId,
      user: { id: body.userId, name: 'alice' },
      groups: [{ name: 'Production Support' }],
    });
    expectError(await signInForKey({ keyName: 'Laptop' }), 'name-taken');
    const records = (await people.trail()).slice(-2);
    expect(records).toMatchObject([
      { action: 'api-key.created', actorName: 'alice', resource: body.apiKeyId },
      { action: 'user.signed-in', actorName: 'alice', details: { method: 'password', key: body.apiKeyId } },
    ]);
    people.clock.advance(3_600_000);
    expectError(await whoAmI(), 'unauthenticated');
  });

  test('asks for as much as signing in at a browser does', async () => {
    const alice = await people.join(ALICE);
    const { secret } = await addSecondFactor(alice, ALICE.password, people.clock);
    people.clock.advance(60_000);
    expectError(await signInForKey(), 'second-factor-required');
    expectError(await signInForKey({ code: '000000' }), 'sign-in-failed');
    expectError(await signInForKey({ password: 'a wrong long password' }), 'sign-in-failed');
    expectError(await signInForKey({ user: 'nobody' }), 'sign-in-failed');
    const code = totpCode(secret, people.clock.nowMs());
    expect((await signInForKey({ code })).status).toBe(201);
    expectError(await signInForKey({ code, keyName: 'another' }), 'sign-in-failed');
  });
});

describe('session fixation', () => {
  test('a value that was planted in the browser is never the one that gets signed in', async () => {
    await people.join(ALICE);
    const planted = `sallyport=sp_ses_${'A'.repeat(43)}`;
    const browser = people.browser();
    browser.cookie = planted;
    expect((await browser.signIn('alice', ALICE.password)).status).toBe(200);
    expect(browser.cookie).not.toBe(planted);
    const attacker = people.browser();
    attacker.cookie = planted;
    expect(await attacker.isSignedIn()).toBe(false);
  });

  test("an attacker's own session in the browser ends when its user signs in", async () => {
    const attacker = await people.join({ user: 'mallory', password: 'mallorys own password' });
    await people.join(ALICE);
    const browser = people.browser();
    browser.cookie = attacker.cookie;
    expect((await browser.signIn('alice', ALICE.password)).status).toBe(200);
    expect(browser.cookie).not.toBe(attacker.cookie);
    expect(await attacker.isSignedIn()).toBe(false);
    expect((await browser.call('GET', '/v1/whoami')).body.name).toBe('alice');
  });
});

describe('hashing', () => {
  test('happens at most two at a time, in the order of asking, and refuses what would wait too long', async () => {
    const ends: (() => void)[] = [];
    const started: string[] = [];
    const hasher = new PasswordHasher(async ({ message }) => {
      started.push(Buffer.from(message).toString());
      await new Promise<void>((resolve) => ends.push(resolve));
      return Buffer.alloc(32);
    });
    const running = Array.from({ length: 66 }, (_, i) => hasher.hash(`password ${i}`));
    await expect(hasher.hash('one too many')).rejects.toMatchObject({ code: 'rate-limited' });
    expect(started).toEqual(['password 0', 'password 1']);
    for (let i = 0; i < 66; i++) {
      ends[i]?.();
      await running[i];
    }
    expect(started).toEqual(Array.from({ length: 66 }, (_, i) => `password ${i}`));
  });

  test('keeps parameters beside the hash, and takes a password for itself however it is typed', async () => {
    const hasher = new PasswordHasher();
    const stored = await hasher.hash('pa\u0301ssword of mine');
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await hasher.verify('p\u00e1ssword of mine', stored)).toBe(true);
    expect(await hasher.verify('password of mine', stored)).toBe(false);
    expect(await hasher.verify('', null)).toBe(false);
    expect(hasher.isOutdated(stored)).toBe(false);
    expect(hasher.isOutdated(stored.replace('t=2', 't=1'))).toBe(true);
    await expect(hasher.verify('x', '$2b$10$of-another-kind')).rejects.toMatchObject({ code: 'internal' });
  });
});

test('a code that the app shows signs in, and asking for one says nothing without the password', async () => {
  const alice = await people.join(ALICE);
  const { secret } = await addSecondFactor(alice, ALICE.password, people.clock);
  people.clock.advance(60_000);
  const browser = people.browser();
  expectError(await browser.signIn('alice', ALICE.password), 'second-factor-required');
  expect(browser.cookie).toBeNull();
  expectError(await browser.signIn('alice', 'a wrong long password'), 'sign-in-failed');
  const code = totpCode(secret, people.clock.nowMs());
  expect((await browser.signIn('alice', ALICE.password, code)).status).toBe(200);
});
