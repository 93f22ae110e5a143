// Sessions: when they begin and end, how their values are renewed, and that an ended one never comes back.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hashBearerValue } from '../src/access/bearer-value.ts';
import { addKey } from './access-rows.ts';
import { ALICE, startPeople } from './browser.ts';
import type { Browser, People } from './browser.ts';
import { expectError } from './test-server.ts';
import type { Loose } from './test-server.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let people: People;
let alice: Browser;
beforeEach(async () => {
  people = await startPeople();
  alice = await people.join(ALICE);
});
afterEach(async () => {
  await people.end();
});

const valueIn = (browser: Browser): string => browser.cookie?.split('=')[1] ?? '';

/** Another browser with the same cookie, e.g. a thief's. */
function copyOf(browser: Browser): Browser {
  const copy = people.browser();
  copy.cookie = browser.cookie;
  return copy;
}

async function rowsOf(name: string) {
  return people.store.read(async ({ users, sessions }) => {
    const user = await users.find(name);
    return user === null ? [] : sessions.listOf(user.id);
  });
}

test('only hashes are stored, and no answer or record has a value', async () => {
  const value = valueIn(alice);
  const [row] = await rowsOf('alice');
  expect(row?.hash).toBe(hashBearerValue(value));
  expect(JSON.stringify(row)).not.toContain(value.slice(7));
  const { body } = await alice.call('GET', '/v1/me/sessions');
  expect(JSON.stringify([body, await people.trail()])).not.toMatch(/sp_ses_|[0-9a-f]{64}.*sp_/);
  expect(body.sessions).toEqual([
    {
      id: row?.id,
      current: true,
      method: 'link',
      clientAddress: '127.0.0.1',
      userAgent: null,
      createdAtMs: people.clock.nowMs(),
      lastUsedAtMs: people.clock.nowMs(),
      expiresAtMs: people.clock.nowMs() + 12 * HOUR_MS,
    },
  ]);
});

describe('a session ends', () => {
  test('by signing out, and a copy of the cookie is of no use any more', async () => {
    const copy = copyOf(alice);
    expect(await copy.isSignedIn()).toBe(true);
    const answer = await alice.call('POST', '/v1/sign-out');
    expect(answer.status).toBe(204);
    expect(answer.setCookies).toEqual([expect.stringMatching(/^sallyport=; .*Max-Age=0/)]);
    expect(await copy.isSignedIn()).toBe(false);
    expect(await rowsOf('alice')).toEqual([]);
    // Twice is no error, and no second record.
    expect((await copy.call('POST', '/v1/sign-out')).status).toBe(204);
    const records = (await people.trail()).filter(({ action }: Loose) => action === 'user.signed-out');
    expect(records).toMatchObject([{ actorName: 'alice', actorKind: 'user', resourceName: 'alice' }]);
  });

  test('when it is not used for 30 minutes, not before', async () => {
    people.clock.advance(30 * MINUTE_MS - 1);
    expect(await alice.isSignedIn()).toBe(true);
    people.clock.advance(30 * MINUTE_MS - 1);
    expect(await alice.isSignedIn()).toBe(true);
    people.clock.advance(30 * MINUTE_MS);
    expect(await alice.isSignedIn()).toBe(false);
  });

  test('12 hours after it began, however much it is used', async () => {
    const endsAtMs = people.clock.nowMs() + 12 * HOUR_MS;
    while (people.clock.nowMs() + 20 * MINUTE_MS < endsAtMs) {
      people.clock.advance(20 * MINUTE_MS);
      expect(await alice.isSignedIn()).toBe(true);
    }
    people.clock.advance(endsAtMs - people.clock.nowMs() - 1);
    expect(await alice.isSignedIn()).toBe(true);
    people.clock.advance(1);
    expect(await alice.isSignedIn()).toBe(false);
  });

  test('and is removed when the next one begins', async () => {
    people.clock.advance(13 * HOUR_MS);
    await people.browser().signIn('alice', ALICE.password);
    expect(await rowsOf('alice')).toHaveLength(1);
  });

  test('when its user is disabled: at once here, within a second if another process does it', async () => {
    const bob = await people.join({ user: 'bob', password: 'another long password' });
    expect([await alice.isSignedIn(), await bob.isSignedIn()]).toEqual([true, true]);
    await people.admin.call('PATCH', '/v1/users/alice', { disabled: true });
    expect(await alice.isSignedIn()).toBe(false);
    await people.store.write(async ({ users }) => {
      const row = await users.find('bob');
      if (row !== null) await users.update({ ...row, disabledAtMs: people.clock.nowMs() });
    });
    people.clock.advance(1000);
    expect(await bob.isSignedIn()).toBe(false);
  });

  test('when its user is disabled, and their own keys rest with it', async () => {
    const { body } = await alice.call('GET', '/v1/whoami');
    const key = await addKey(people.store, { type: 'user', userId: body.id });
    const works = async () => (await people.on.call('GET', '/v1/whoami', undefined, key.value)).status;
    expect(await works()).toBe(200);
    await people.admin.call('PATCH', '/v1/users/alice', { disabled: true });
    expect(await works()).toBe(401);
    await people.admin.call('PATCH', '/v1/users/alice', { disabled: false });
    expect([await works(), await alice.isSignedIn()]).toEqual([200, false]);
  });

  test('when its user is removed', async () => {
    expect(await alice.isSignedIn()).toBe(true);
    expect((await people.admin.call('DELETE', '/v1/users/alice')).status).toBe(204);
    expect(await alice.isSignedIn()).toBe(false);
  });

  test('when another process ends it, within a second', async () => {
    expect(await alice.isSignedIn()).toBe(true);
    const [row] = await rowsOf('alice');
    await people.store.write(async ({ sessions }) => {
      if (row !== undefined) await sessions.remove({ userId: row.userId });
    });
    people.clock.advance(1000);
    expect(await alice.isSignedIn()).toBe(false);
  });

  test('while it is being looked up, and is not remembered as good', async () => {
    const answers = await Promise.all([
      copyOf(alice).isSignedIn(),
      copyOf(alice).call('POST', '/v1/sign-out'),
      copyOf(alice).isSignedIn(),
    ]);
    expect(answers[1].status).toBe(204);
    expect(await alice.isSignedIn()).toBe(false);
  });
});

describe('revoking', () => {
  test("all ends every session of the user at once, the own one too, and nobody else's", async () => {
    const second = people.browser();
    await second.signIn('alice', ALICE.password);
    const answer = await alice.call('POST', '/v1/me/sessions/revoke', { sessions: 'all' });
    expect(answer.body).toEqual({ revoked: 2 });
    expect(alice.cookie).toBeNull();
    expect([await second.isSignedIn(), await people.admin.isSignedIn()]).toEqual([false, true]);
  });

  test('the others keeps the own one, and one by id takes that one', async () => {
    const [second, third] = [people.browser(), people.browser()];
    for (const browser of [second, third]) await browser.signIn('alice', ALICE.password);
    const { sessions } = (await third.call('GET', '/v1/me/sessions')).body;
    const own = sessions.find(({ current }: Loose) => current).id;
    expect((await alice.call('POST', '/v1/me/sessions/revoke', { sessions: own })).body).toEqual({
      revoked: 1,
    });
    expect([await third.isSignedIn(), await second.isSignedIn()]).toEqual([false, true]);
    const others = await alice.call('POST', '/v1/me/sessions/revoke', { sessions: 'others' });
    expect(others.body).toEqual({ revoked: 1 });
    expect([await second.isSignedIn(), await alice.isSignedIn()]).toEqual([false, true]);
  });

  test("another user's session by its id is answered as if it were not there", async () => {
    const { sessionId } = (await people.admin.call('GET', '/v1/whoami')).body;
    const unknown = 'ses_00000000000000000000000000';
    const answers = [];
    for (const sessions of [sessionId, unknown]) {
      answers.push(await alice.call('POST', '/v1/me/sessions/revoke', { sessions }));
    }
    expectError(answers[0] as Loose, 'not-found');
    expect(answers[0]?.body.error).toEqual(answers[1]?.body.error);
    expect(await people.admin.isSignedIn()).toBe(true);
  });

  test('by those who manage users ends all sessions of a user', async () => {
    const answer = await people.admin.call('POST', '/v1/users/alice/revoke-sessions');
    expect(answer.body).toEqual({ revoked: 1 });
    expect(await alice.isSignedIn()).toBe(false);
    const records = (await people.trail()).filter(({ action }: Loose) => action === 'user.sessions-revoked');
    expect(records).toMatchObject([{ actorName: 'admin', resourceName: 'alice', details: { sessions: 1 } }]);
  });
});

describe('changing the own display name', () => {
  test('needs no administrator, leaves the name to sign in with, and is on record', async () => {
    const edited = await alice.call('PATCH', '/v1/me', { displayName: 'Alice A.' });
    expect(edited.body).toMatchObject({ name: 'alice', displayName: 'Alice A.' });
    expect((await alice.call('GET', '/v1/me')).body).toEqual(edited.body);
    const last = (await people.trail()).at(-1);
    expect(last).toMatchObject({
      action: 'user.edited',
      actor: edited.body.userId,
      resource: edited.body.userId,
    });
    expect(last.details.changes).toEqual([
      { field: 'displayName', from: expect.any(String), to: edited.body.displayName },
    ]);
    const before = (await people.trail()).length;
    await alice.call('PATCH', '/v1/me', { displayName: edited.body.displayName });
    expect(await people.trail()).toHaveLength(before);
  });

  test('takes nothing else, no form that names have not, and no key that is nobody’s', async () => {
    expectError(await alice.call('PATCH', '/v1/me', { displayName: '\u0007' }), 'invalid-name');
    expectError(await alice.call('PATCH', '/v1/me', { displayName: 'A', name: 'root' }), 'invalid-request');
    expectError(await people.on.call('PATCH', '/v1/me', { displayName: 'A' }), 'forbidden');
  });
});

describe('changing the password', () => {
  const next = 'an entirely other password';

  test('needs the current one, and ends all other sessions', async () => {
    const other = people.browser();
    await other.signIn('alice', ALICE.password);
    const wrong = { currentPassword: 'not what it is now', newPassword: next };
    expectError(await alice.call('POST', '/v1/me/password', wrong), 'sign-in-failed');
    expect(await other.isSignedIn()).toBe(true);
    const right = { currentPassword: ALICE.password, newPassword: next };
    expect((await alice.call('POST', '/v1/me/password', right)).status).toBe(204);
    expect([await alice.isSignedIn(), await other.isSignedIn()]).toEqual([true, false]);
    expectError(await other.signIn('alice', ALICE.password), 'sign-in-failed');
    expect((await other.signIn('alice', next)).status).toBe(200);
  });

  test.each([
    ['too short', 'elevenchars'],
    ['too long', 'x1y2'.repeat(257)],
    ['the own name', 'alicealice'.padEnd(12, ' ')],
    ['one that everybody tries', 'Password1234'],
    ['one letter, over and over', 'aaaaaaaaaaaaaaaa'],
  ])('to one that is %s is refused', async (_, newPassword) => {
    const body = { currentPassword: ALICE.password, newPassword };
    expectError(await alice.call('POST', '/v1/me/password', body), 'invalid-password');
    expect((await people.browser().signIn('alice', ALICE.password)).status).toBe(200);
  });

  test("is not for keys of groups, which are nobody's", async () => {
    const body = { currentPassword: ALICE.password, newPassword: next };
    expectError(await people.on.call('POST', '/v1/me/password', body), 'forbidden');
  });
});

describe('a value that has been in use for 15 minutes', () => {
  test('is replaced by a new one on the next answer, and is good for 30 seconds more', async () => {
    const old = copyOf(alice);
    people.clock.advance(15 * MINUTE_MS - 1);
    const before = await alice.call('GET', '/v1/whoami');
    expect(before.setCookies).toEqual([]);
    people.clock.advance(1);
    const after = await alice.call('GET', '/v1/whoami');
    expect(after.setCookies).toEqual([expect.stringMatching(/^sallyport=sp_ses_/)]);
    expect(alice.cookie).not.toBe(old.cookie);
    expect(await alice.isSignedIn()).toBe(true);
    people.clock.advance(29_999);
    expect(await copyOf(old).isSignedIn()).toBe(true);
    people.clock.advance(1);
    expect(await copyOf(old).isSignedIn()).toBe(false);
    expect(await alice.isSignedIn()).toBe(true);
    expect(await rowsOf('alice')).toHaveLength(1);
  });

  test('is replaced once for many requests at the same time, all of which are served', async () => {
    people.clock.advance(16 * MINUTE_MS);
    const copies = Array.from({ length: 20 }, () => copyOf(alice));
    const answers = await Promise.all(copies.map((copy) => copy.call('GET', '/v1/whoami')));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    const values = new Set(copies.map(({ cookie }) => cookie));
    expect(values.size).toBe(1);
    expect(values).not.toContain(alice.cookie);
  });

  test('is replaced on the answer of an operation that fails, too', async () => {
    people.clock.advance(16 * MINUTE_MS);
    const answer = await alice.call('GET', '/v1/users');
    expectError(answer, 'forbidden');
    expect(answer.setCookies).toHaveLength(1);
    people.clock.advance(MINUTE_MS);
    expect(await alice.isSignedIn()).toBe(true);
  });

  test('gets the new one again when the answer with it was lost, but not once it was used', async () => {
    const lost = copyOf(alice);
    const thief = copyOf(alice);
    people.clock.advance(16 * MINUTE_MS);
    await lost.isSignedIn();
    people.clock.advance(10_000);
    const again = await alice.call('GET', '/v1/whoami');
    expect(again.setCookies).toHaveLength(1);
    expect(alice.cookie).toBe(lost.cookie);
    expect(await alice.isSignedIn()).toBe(true);
    // Whoever has a copy of the old value parts ways with the one who has the new one.
    const stolen = await thief.call('GET', '/v1/whoami');
    expect([stolen.status, stolen.setCookies]).toEqual([200, []]);
    people.clock.advance(30_000);
    expect([await thief.isSignedIn(), await alice.isSignedIn()]).toEqual([false, true]);
  });

  test('that is replaced does not come back after signing out with the new one', async () => {
    const old = copyOf(alice);
    people.clock.advance(16 * MINUTE_MS);
    expect(await alice.isSignedIn()).toBe(true);
    await alice.call('POST', '/v1/sign-out');
    expect(await old.isSignedIn()).toBe(false);
  });

  test('ends the session by signing out with the old one as well', async () => {
    const old = copyOf(alice);
    people.clock.advance(16 * MINUTE_MS);
    expect(await alice.isSignedIn()).toBe(true);
    await old.call('POST', '/v1/sign-out');
    expect(await alice.isSignedIn()).toBe(false);
  });
});

test("the limits of a session are the settings'", async () => {
  const strict = await startPeople({ config: { sessionIdleMinutes: 5, sessionHours: 1 } });
  try {
    const { admin, clock } = strict;
    clock.advance(5 * MINUTE_MS - 1);
    expect(await admin.isSignedIn()).toBe(true);
    clock.advance(5 * MINUTE_MS);
    expect(await admin.isSignedIn()).toBe(false);
  } finally {
    await strict.end();
  }
});
