// Redeeming a one-time link: a person sets the password of their user, or of the first user of all, and is signed in. All else that could let
// somebody in by the old password ends: sessions and other links. A second factor stays, and is asked for: a link in the wrong hands is
// not enough.
import { AppError, checkDisplayName } from '@sallyport/core';
import { auditEntry } from '../audit/audit-entry.ts';
import { ACCOUNT_ADMINISTRATOR } from '../groups/built-in-groups.ts';
import type { Tables } from '../storage/store.ts';
import { checkPassword } from './check-password.ts';
import type { LinkRow } from './link-store.ts';
import { checkLoginName } from './login-name.ts';
import { newUser } from './new-user.ts';
import { findLink } from './one-time-links.ts';
import { secondFactorRequired, secondFactorSubject, useSecondFactor } from './second-factor.ts';
import { asUser, createSession, endSession, signInFailed } from './sessions.ts';
import type { NewSession } from './sessions.ts';
import type { SignInAttempt, SignInServices } from './sign-in.ts';
import type { UserRow } from './user-store.ts';

export type Redemption = {
  value: string;
  password: string;
  code: string | null;
  /** Of the first user; null: not given. */
  name: string | null;
  displayName: string | null;
};

/**
 * @throws {link-invalid} {invalid-password} {second-factor-required} {sign-in-failed} when the code is wrong, {invalid-request} and
 * {invalid-name} for the names of the first user, {rate-limited}
 */
export async function redeemLink(
  given: Redemption,
  attempt: SignInAttempt,
  services: SignInServices,
): Promise<{ user: UserRow; session: NewSession }> {
  const { guesses, store } = services;
  return guesses.attempt({ account: null, address: attempt.client.address }, async () => {
    const asked = { value: given.value, nowMs: attempt.scope.atMs };
    const { user } = await store.read(async (tables) => findLink(tables, asked));
    const names = namesOf(given, user);
    checkPassword(given.password, names);
    if (user === null || user.totp === null) return redeem(given, attempt, services);
    if (given.code === null) throw secondFactorRequired();
    return guesses.attempt(secondFactorSubject(user), async () => redeem(given, attempt, services));
  });
}

async function redeem(
  given: Redemption,
  attempt: SignInAttempt,
  services: SignInServices,
): Promise<{ user: UserRow; session: NewSession }> {
  const { scope, client } = attempt;
  const passwordHash = await services.passwords.hash(given.password);
  return services.store.write(async (tables) => {
    const { link, user: known } = await findLink(tables, { value: given.value, nowMs: scope.atMs });
    const names = namesOf(given, known);
    const checked =
      known === null
        ? await makeFirstUser(tables, { names, scope }, services)
        : await proveFactor(tables, { user: known, code: given.code, nowMs: scope.atMs }, services);
    const user = { ...checked, passwordHash };
    await tables.links.removeOf(link.userId);
    await tables.sessions.remove({ userId: user.id });
    await endSession(tables, { value: attempt.formerValue, scope });
    await recordRedemption(tables, { link, user, attempt });
    const session = await createSession(tables, { user, method: 'link', client, scope }, services);
    return { user, session };
  });
}

async function makeFirstUser(
  tables: Tables,
  first: { names: { name: string; displayName: string }; scope: SignInAttempt['scope'] },
  { ids }: Pick<SignInServices, 'ids'>,
): Promise<UserRow> {
  const { names, scope } = first;
  const user = newUser({ id: ids('user'), ...names, createdAtMs: scope.atMs });
  await tables.users.insert(user);
  await tables.memberships.add({ groupId: ACCOUNT_ADMINISTRATOR, userId: user.id, sinceMs: scope.atMs });
  const details = { displayName: user.displayName, groups: [ACCOUNT_ADMINISTRATOR] };
  await tables.audit.append([
    auditEntry(asUser(scope, user), 'user.created', { resource: user.id, resourceName: user.name, details }),
  ]);
  return user;
}

async function proveFactor(
  tables: Tables,
  proof: { user: UserRow; code: string | null; nowMs: number },
  services: SignInServices,
): Promise<UserRow> {
  const { user, code, nowMs } = proof;
  if (user.totp === null) return user;
  if (code === null) throw secondFactorRequired();
  const updated = await useSecondFactor(tables, { user, code, nowMs }, services);
  if (updated === null) throw signInFailed();
  return updated;
}

async function recordRedemption(
  tables: Pick<Tables, 'audit'>,
  redeemed: { link: LinkRow; user: UserRow; attempt: SignInAttempt },
): Promise<void> {
  const { link, user, attempt } = redeemed;
  const subject = { resource: user.id, resourceName: user.name };
  const details = { link: link.id, purpose: link.purpose, address: attempt.client.address };
  const scope = asUser(attempt.scope, user);
  await tables.audit.append([
    auditEntry(scope, 'link.redeemed', { ...subject, details }),
    auditEntry(scope, 'user.password-changed', { ...subject, details: { by: 'link' } }),
  ]);
}

/** Names of the user that the link is for, or for the first user those that are given. */
function namesOf(given: Redemption, user: UserRow | null): { name: string; displayName: string } {
  if (user === null) {
    if (given.name === null) {
      throw new AppError('invalid-request', {
        publicMessage: 'This link makes the first user: give a name.',
      });
    }
    const name = checkLoginName(given.name);
    return { name, displayName: checkDisplayName(given.displayName ?? name) };
  }
  if (given.name === null && given.displayName === null) return user;
  throw new AppError('invalid-request', {
    publicMessage: 'This link is for a user who has a name already: give none.',
  });
}
