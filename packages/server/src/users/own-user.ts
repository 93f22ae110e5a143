// The user behind a request, for operations that people do to themselves.
import { AppError } from '@sallyport/core';
import type { Principal } from '../access/principal.ts';
import { auditEntry } from '../audit/audit-entry.ts';
import type { AuditScope } from '../audit/audit-entry.ts';
import type { ClientFacts } from '../http/client-address.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import { secondFactorSubject, useSecondFactor } from './second-factor.ts';
import { signInFailed } from './sessions.ts';
import type { UserRow } from './user-store.ts';

/** @throws {forbidden} for keys of groups, which are nobody's */
export async function ownUser(tables: Pick<Tables, 'users'>, principal: Principal): Promise<UserRow> {
  const user = principal.userId === null ? null : await tables.users.find(principal.userId);
  if (user !== null) return user;
  throw new AppError('forbidden', {
    publicMessage: `${principal.name} belongs to no user: this is for people, and for keys of their own.`,
  });
}

type Proof = { principal: Principal; client: ClientFacts; scope: AuditScope };
type ProofServices = Pick<Services, 'store' | 'passwords' | 'guesses' | 'rootKey'>;

/**
 * Asks for the password once more: a session or key that somebody else got hold of must not be enough to take the user over. Then makes a
 * change of the user in a transaction.
 * @throws {sign-in-failed} when the password is wrong, or there is none; {rate-limited}
 */
export async function withOwnPassword<T>(
  { principal, client }: Proof,
  given: { password: string; change: (tables: Tables, user: UserRow) => Promise<T> },
  { store, passwords, guesses }: ProofServices,
): Promise<T> {
  const user = await store.read(async (tables) => ownUser(tables, principal));
  return guesses.attempt({ account: user.name, address: client.address }, async () => {
    if (!(await passwords.verify(given.password, user.passwordHash))) throw signInFailed();
    return store.write(async (tables) => {
      const current = await ownUser(tables, principal);
      if (current.passwordHash !== user.passwordHash) throw signInFailed();
      return given.change(tables, current);
    });
  });
}

/**
 * The same with a code of the second factor.
 * @throws {sign-in-failed} when the code is wrong, was used before, or there is no second factor; {rate-limited}
 */
export async function withOwnCode<T>(
  { principal, scope }: Proof,
  given: { code: string; change: (tables: Tables, user: UserRow) => Promise<T> },
  services: ProofServices,
): Promise<T> {
  const { store, guesses } = services;
  const user = await store.read(async (tables) => ownUser(tables, principal));
  return guesses.attempt(secondFactorSubject(user), async () =>
    store.write(async (tables) => {
      const current = await ownUser(tables, principal);
      const asked = { user: current, code: given.code, nowMs: scope.atMs };
      const updated = await useSecondFactor(tables, asked, services);
      if (updated === null) throw signInFailed();
      return given.change(tables, updated);
    }),
  );
}

/** A record about the user, by whoever acts. */
export async function record(
  tables: Pick<Tables, 'audit'>,
  scope: AuditScope,
  about: {
    action: Parameters<typeof auditEntry>[1];
    user: UserRow;
    details?: Record<string, string | number>;
  },
): Promise<void> {
  const { action, user, details = {} } = about;
  const subject = { resource: user.id, resourceName: user.name, details };
  await tables.audit.append([auditEntry(scope, action, subject)]);
}
