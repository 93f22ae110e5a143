// The second factor: that codes are those of RFC 6238, that each works once, and that it cannot be taken away by a borrowed session.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hashRecoveryCode, newRecoveryCodes, totpStepOf } from '../src/users/totp.ts';
import { addSecondFactor, ALICE, startPeople, totpCode } from './browser.ts';
import type { Browser, People } from './browser.ts';
import { newId } from './storage-rows.ts';
import { expectError } from './test-server.ts';
import type { Loose } from './test-server.ts';

// RFC 6238, appendix B, for SHA-1: the last six of the eight digits.
const VECTORS: [seconds: number, code: string][] = [
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
];

test.each(VECTORS)('the code at %i seconds is that of RFC 6238', (seconds, code) => {
  const secret = Buffer.from('12345678901234567890');
  const nowMs = seconds * 1000;
  const step = Math.floor(seconds / 30);
  expect(totpStepOf(secret, { code, nowMs })).toBe(step);
  expect(totpStepOf(secret, { code, nowMs: nowMs + 30_000 })).toBe(step);
  expect(totpStepOf(secret, { code, nowMs: nowMs - 30_000 })).toBe(step);
  expect(totpStepOf(secret, { code, nowMs: nowMs + 60_000 })).toBeNull();
  expect(totpStepOf(secret, { code, nowMs: nowMs - 60_000 })).toBeNull();
});

test('recovery codes are ten different ones, and are read as they were meant', () => {
  const user = newId('user');
  const codes = newRecoveryCodes();
  expect(new Set(codes).size).toBe(10);
  for (const code of codes) expect(code).toMatch(/^([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$/);
  const hash = hashRecoveryCode(user, '01ab-cdef-ghjk-mnpq');
  expect(hashRecoveryCode(user, ' OlAB CDEF-GHJKMNPQ')).toBe(hash);
  expect(hashRecoveryCode(newId('user'), '01ab-cdef-ghjk-mnpq')).not.toBe(hash);
});

describe('a second factor', () => {
  let people: People;
  let alice: Browser;
  beforeEach(async () => {
    people = await startPeople();
    alice = await people.join(ALICE);
  });
  afterEach(async () => {
    await people.end();
  });

  const signIn = async (code?: string) => people.browser().signIn(ALICE.user, ALICE.password, code);
  const codeAt = (secret: string, offMs = 0) => totpCode(secret, people.clock.nowMs() + offMs);

  test('counts from when it is confirmed with a code', async () => {
    const begun = await alice.call('POST', '/v1/me/second-factor/begin', { password: ALICE.password });
    const { secret, uri } = begun.body;
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(new URL(uri).searchParams.get('secret')).toBe(secret);
    expect(decodeURIComponent(uri)).toMatch(/^otpauth:\/\/totp\/Sallyport 127\.0\.0\.1:alice\?/);
    expect((await signIn()).status).toBe(200);
    expectError(
      await alice.call('POST', '/v1/me/second-factor/confirm', { code: '000000' }),
      'sign-in-failed',
    );
    expect((await signIn()).status).toBe(200);
    const code = codeAt(secret);
    const confirmed = await alice.call('POST', '/v1/me/second-factor/confirm', { code });
    expect(confirmed.body.recoveryCodes).toHaveLength(10);
    expectError(await signIn(), 'second-factor-required');
    expect((await alice.call('GET', '/v1/me')).body.secondFactor).toEqual({ recoveryCodesLeft: 10 });
    const again = await alice.call('POST', '/v1/me/second-factor/begin', { password: ALICE.password });
    expectError(again, 'in-use');
  });

  test('is encrypted in the database and bound to its user', async () => {
    const { secret } = await addSecondFactor(alice, ALICE.password, people.clock);
    const row = await people.store.read(async ({ users }) => users.find('alice'));
    expect(JSON.stringify(row)).not.toContain(secret);
    // Moved to another user's row by somebody with access to the database, it does not open.
    await people.join({ user: 'mallory', password: 'mallorys own password' });
    await people.store.write(async ({ users }) => {
      const other = await users.find('mallory');
      if (other !== null && row !== null) await users.update({ ...other, totp: row.totp });
    });
    people.clock.advance(60_000);
    const moved = await people.browser().signIn('mallory', 'mallorys own password', codeAt(secret));
    expectError(moved, 'internal');
  });

  test('takes each code once, also after it was used for something else, and none from before', async () => {
    const { secret } = await addSecondFactor(alice, ALICE.password, people.clock);
    // The code that confirmed it.
    expectError(await signIn(codeAt(secret)), 'sign-in-failed');
    expectError(await signIn(codeAt(secret, -30_000)), 'sign-in-failed');
    const next = codeAt(secret, 30_000);
    expect((await signIn(next)).status).toBe(200);
    // Somebody looked over the shoulder.
    expectError(await signIn(next), 'sign-in-failed');
    people.clock.advance(30_000);
    expectError(await signIn(next), 'sign-in-failed');
    people.clock.advance(30_000);
    expect((await signIn(codeAt(secret))).status).toBe(200);
  });

  test('takes one of many uses of the same code at once', async () => {
    const { secret } = await addSecondFactor(alice, ALICE.password, people.clock);
    people.clock.advance(60_000);
    const code = codeAt(secret);
    const answers = await Promise.all([signIn(code), signIn(code), signIn(code), signIn(code)]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401, 401, 401]);
  });

  test('has recovery codes that work once each, until they are renewed', async () => {
    const { recoveryCodes } = await addSecondFactor(alice, ALICE.password, people.clock);
    const [first = '', second = '', third = ''] = recoveryCodes;
    expect((await signIn(first.toUpperCase())).status).toBe(200);
    expectError(await signIn(first), 'sign-in-failed');
    expect((await alice.call('GET', '/v1/me')).body.secondFactor).toEqual({ recoveryCodesLeft: 9 });
    const renewed = await alice.call('POST', '/v1/me/second-factor/recovery-codes', { code: second });
    expect(renewed.status).toBe(200);
    expectError(await signIn(third), 'sign-in-failed');
    expect((await signIn(renewed.body.recoveryCodes[0])).status).toBe(200);
    const said = JSON.stringify(await people.trail());
    for (const code of recoveryCodes) expect(said).not.toContain(code);
  });

  test('is set up and taken away only with the password or a code, not by a session alone', async () => {
    const wrong = { password: 'not my password at all' };
    expectError(await alice.call('POST', '/v1/me/second-factor/begin', wrong), 'sign-in-failed');
    const { secret } = await addSecondFactor(alice, ALICE.password, people.clock);
    const disable = async (proof: object) => alice.call('POST', '/v1/me/second-factor/disable', proof);
    expectError(await disable(wrong), 'sign-in-failed');
    expectError(await disable({ code: '000000' }), 'sign-in-failed');
    expectError(await disable({}), 'invalid-request');
    expectError(await disable({ ...wrong, code: '000000' }), 'invalid-request');
    expectError(await signIn(), 'second-factor-required');
    people.clock.advance(60_000);
    expect((await disable({ code: codeAt(secret) })).status).toBe(204);
    expect((await signIn()).status).toBe(200);
    await addSecondFactor(alice, ALICE.password, people.clock);
    expect((await disable({ password: ALICE.password })).status).toBe(204);
    const actions = (await people.trail()).map(({ action }: Loose) => action);
    expect(actions.filter((action: string) => action.startsWith('user.totp'))).toEqual([
      'user.totp-enabled',
      'user.totp-disabled',
      'user.totp-enabled',
      'user.totp-disabled',
    ]);
  });

  test('that is lost is taken away by those who manage users', async () => {
    const { recoveryCodes } = await addSecondFactor(alice, ALICE.password, people.clock);
    expect((await people.admin.call('POST', '/v1/users/alice/reset-second-factor')).status).toBe(204);
    expect((await signIn()).status).toBe(200);
    const { body } = await people.on.call('GET', '/v1/users/alice');
    expect(body.secondFactor).toBe(false);
    // What was left of it does not count for a next one.
    await addSecondFactor(alice, ALICE.password, people.clock);
    expectError(await signIn(recoveryCodes[0]), 'sign-in-failed');
  });
});
