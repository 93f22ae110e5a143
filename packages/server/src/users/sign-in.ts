// Signing in with name and password, and a code where the user has a second factor. Whatever is wrong, the answer is the same, and so is the
// work: a password is hashed and a record written whether there is such a user or not.
import { isId } from '@sallyport/core';
import type { ApiKeyRow } from '../access/api-key-store.ts';
import { insertApiKey } from '../access/create-api-key.ts';
import { auditEntry } from '../audit/audit-entry.ts';
import type { AuditScope } from '../audit/audit-entry.ts';
import type { ClientFacts } from '../http/client-address.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import { secondFactorRequired, secondFactorSubject, useSecondFactor } from './second-factor.ts';
import { asUser, createSession, endSession, signInFailed } from './sessions.ts';
import type { NewSession } from './sessions.ts';
import type { UserRow } from './user-store.ts';

export type SignInServices = Pick<
  Services,
  'store' | 'clock' | 'ids' | 'config' | 'rootKey' | 'passwords' | 'guesses'
>;

/** Where and in which request somebody signs in. */
export type SignInAttempt = {
  client: ClientFacts;
  scope: AuditScope;
  /** Value of the session cookie that the browser has already; that session ends. */
  formerValue: string | null;
};

/** Why signing in failed; for the audit trail only. */
type Reason = 'unknown-user' | 'wrong-password' | 'disabled' | 'wrong-code' | 'changed-meanwhile';

export type GivenProof = { user: string; password: string; code: string | null };

/** What happens, within the same transaction, once somebody has proved who they are. */
type Conclude<T> = (tables: Tables, user: UserRow) => Promise<T>;

/** Signs a person in at a browser. @throws {sign-in-failed} {second-factor-required} {rate-limited} */
export async function signIn(
  given: GivenProof,
  attempt: SignInAttempt,
  services: SignInServices,
): Promise<{ user: UserRow; session: NewSession }> {
  const { scope, client } = attempt;
  return prove(given, { attempt, services }, async (tables, user) => {
    await endSession(tables, { value: attempt.formerValue, scope });
    const session = await createSession(tables, { user, method: 'password', client, scope }, services);
    return { user, session };
  });
}

/**
 * Signs a person in at a program, which keeps an API key of theirs instead of a session.
 * @param key.name a name that none of the user's keys has
 * @throws {sign-in-failed} {second-factor-required} {rate-limited} {name-taken}
 */
export async function signInForKey(
  given: GivenProof & { key: { name: string; expiresAtMs: number } },
  attempt: SignInAttempt,
  services: SignInServices,
): Promise<{ user: UserRow; row: ApiKeyRow; value: string }> {
  const { client } = attempt;
  return prove(given, { attempt, services }, async (tables, user) => {
    const scope = asUser(attempt.scope, user);
    const key = { ...given.key, owner: { type: 'user', userId: user.id }, restriction: null } as const;
    const { row, value } = await insertApiKey(tables, key, { scope, ids: services.ids });
    await tables.users.update({ ...user, lastSignInAtMs: scope.atMs });
    const details = { method: 'password', key: row.id, address: client.address };
    const subject = { resource: user.id, resourceName: user.name, details };
    await tables.audit.append([auditEntry(scope, 'user.signed-in', subject)]);
    return { user, row, value };
  });
}

async function prove<T>(
  given: GivenProof,
  context: { attempt: SignInAttempt; services: SignInServices },
  conclude: Conclude<T>,
): Promise<T> {
  const { attempt, services } = context;
  const subject = { account: given.user, address: attempt.client.address };
  return services.guesses.attempt(subject, async () => {
    const user = await checkPassword(given, attempt, services);
    const proved = { ...given, user, conclude };
    if (user.totp === null) return concludeSignIn(proved, attempt, services);
    if (given.code === null) throw secondFactorRequired();
    return services.guesses.attempt(secondFactorSubject(user), async () =>
      concludeSignIn(proved, attempt, services),
    );
  });
}

async function checkPassword(
  given: { user: string; password: string },
  attempt: SignInAttempt,
  services: SignInServices,
): Promise<UserRow> {
  const { store, passwords } = services;
  // By name only: the limiter counts by what is given here.
  const name = isId('user', given.user) ? null : given.user;
  const user = await store.read(async ({ users }) => (name === null ? null : users.find(name)));
  const fits = await passwords.verify(given.password, user?.passwordHash ?? null);
  if (user === null) return fail({ user, reason: 'unknown-user' }, attempt, services);
  if (!fits) return fail({ user, reason: 'wrong-password' }, attempt, services);
  if (user.disabledAtMs !== null) return fail({ user, reason: 'disabled' }, attempt, services);
  return user;
}

async function concludeSignIn<T>(
  proved: { user: UserRow; password: string; code: string | null; conclude: Conclude<T> },
  attempt: SignInAttempt,
  services: SignInServices,
): Promise<T> {
  const { scope } = attempt;
  const { store, passwords } = services;
  const isOutdated = proved.user.passwordHash !== null && passwords.isOutdated(proved.user.passwordHash);
  const renewedHash = isOutdated ? await passwords.hash(proved.password) : null;
  const concluded = await store.write(async (tables) => {
    const found = await tables.users.find(proved.user.id);
    // Somebody may have set another password, or taken the second factor away or added one, since it was checked.
    if (found === null || found.passwordHash !== proved.user.passwordHash) return null;
    if (found.disabledAtMs !== null) return null;
    if ((found.totp === null) !== (proved.user.totp === null)) return null;
    const checked =
      found.totp === null || proved.code === null
        ? found
        : await useSecondFactor(tables, { user: found, code: proved.code, nowMs: scope.atMs }, services);
    if (checked === null) return null;
    const user = { ...checked, passwordHash: renewedHash ?? checked.passwordHash };
    return { result: await proved.conclude(tables, user) };
  });
  if (concluded !== null) return concluded.result;
  const reason = proved.user.totp === null ? 'changed-meanwhile' : 'wrong-code';
  return fail({ user: proved.user, reason }, attempt, services);
}

/** A name that is no user's is not recorded: it may be a password, typed into the wrong field. */
async function fail(
  failed: { user: UserRow | null; reason: Reason },
  attempt: SignInAttempt,
  { store }: Pick<Services, 'store'>,
): Promise<never> {
  const { user, reason } = failed;
  const subject = { resource: user?.id ?? 'unknown', resourceName: user?.name ?? null };
  const details = { reason, address: attempt.client.address };
  await store.write(async ({ audit }) =>
    audit.append([auditEntry(attempt.scope, 'user.sign-in-failed', { ...subject, details })]),
  );
  throw signInFailed();
}
