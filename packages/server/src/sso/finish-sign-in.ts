// From a user that the provider has proved to a session here. A user is known by issuer and subject, and by nothing else: a mail address
// or name is what somebody at the provider chose, and must not lead to a user who is here already.
import { checkDisplayName, isAppError } from '@sallyport/core';
import type { GroupId } from '@sallyport/core';
import { auditEntry, SERVER_ACTOR } from '../audit/audit-entry.ts';
import type { AuditScope } from '../audit/audit-entry.ts';
import type { ClientFacts } from '../http/client-address.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import { checkLoginName } from '../users/login-name.ts';
import { newUser } from '../users/new-user.ts';
import { createSession, endSession } from '../users/sessions.ts';
import type { NewSession } from '../users/sessions.ts';
import type { UserRow } from '../users/user-store.ts';
import { claimOf } from '../workloads/claim-rules.ts';
import type { Claims } from '../workloads/claim-rules.ts';
import { ssoFailed } from './provider.ts';
import type { ProvedUser } from './provider.ts';
import { readSso } from './sso-settings.ts';
import type { SsoRow } from './sso-settings.ts';

export type SsoSignIn = {
  sso: SsoRow;
  proved: ProvedUser;
  client: ClientFacts;
  scope: AuditScope;
  /** Value of the session cookie that the browser has already; that session ends. */
  formerValue: string | null;
};

const SUBJECT_MAX_CHARACTERS = 255;

/**
 * @throws {sso-failed} when this user may not come in; its message says why, for the audit trail
 */
export async function finishSignIn(
  signIn: SsoSignIn,
  services: Pick<Services, 'store' | 'ids' | 'config'>,
): Promise<NewSession> {
  const { sso, proved, client, scope, formerValue } = signIn;
  requireDomain(sso, proved.claims);
  if (proved.subject.length > SUBJECT_MAX_CHARACTERS) throw ssoFailed('the subject of the user is too long');
  return services.store.write(async (tables) => {
    const now = await readSso(tables);
    if (now?.updatedAtMs !== sso.updatedAtMs) throw ssoFailed('the settings were changed meanwhile');
    const user = await findOrCreate(tables, signIn, services);
    // Before anything is changed for them.
    if (user.disabledAtMs !== null) throw ssoFailed(`the user ${user.name} is disabled`);
    await setMemberships(tables, signIn, user);
    await endSession(tables, { value: formerValue, scope });
    return createSession(tables, { user, method: 'single-sign-on', client, scope }, services);
  });
}

function requireDomain({ allowedDomains }: SsoRow, claims: Claims): void {
  if (allowedDomains === null) return;
  const { email, email_verified: isVerified } = claims;
  const domain = typeof email === 'string' ? email.slice(email.lastIndexOf('@') + 1).toLowerCase() : null;
  if (domain === null || isVerified !== true) throw ssoFailed('the user has no verified mail address');
  if (!allowedDomains.includes(domain)) throw ssoFailed('the domain of the mail address is not allowed');
}

async function findOrCreate(
  tables: Tables,
  { sso, proved, scope }: SsoSignIn,
  { ids }: Pick<Services, 'ids'>,
): Promise<UserRow> {
  const { subject, claims } = proved;
  const external = { issuer: sso.issuer, subject };
  const known = await tables.users.findExternal(external);
  if (known !== null) return known;
  if (!sso.createUsers)
    throw ssoFailed('the user is not known, and users are not made at their first sign-in');
  const id = ids('user');
  const name = await freeName(tables, [
    claims['preferred_username'],
    claims['email'],
    subject,
    `sso-${id.slice(-12)}`,
  ]);
  const user: UserRow = {
    ...newUser({ id, name, displayName: displayNameOf(claims, name), createdAtMs: scope.atMs }),
    externalIssuer: external.issuer,
    externalSubject: external.subject,
  };
  await tables.users.insert(user);
  const details = { method: 'single-sign-on', displayName: user.displayName, ...external, groups: [] };
  await tables.audit.append([
    auditEntry(byServer(scope), 'user.created', { resource: id, resourceName: name, details }),
  ]);
  return user;
}

/** The first that can be a name here and is nobody's. */
async function freeName({ users }: Tables, candidates: readonly unknown[]): Promise<string> {
  for (const candidate of candidates) {
    if (typeof candidate !== 'string' || !isLoginName(candidate)) continue;
    if ((await users.find(candidate)) === null) return candidate;
  }
  throw ssoFailed('the user has no name that is free here');
}

function isLoginName(text: string): boolean {
  try {
    return checkLoginName(text) === text;
  } catch (thrown) {
    if (isAppError(thrown, 'invalid-name')) return false;
    throw thrown;
  }
}

function displayNameOf({ name }: Claims, loginName: string): string {
  for (const candidate of [name, loginName]) {
    try {
      if (typeof candidate === 'string') return checkDisplayName(candidate);
    } catch (thrown) {
      if (!isAppError(thrown, 'invalid-name')) throw thrown;
    }
  }
  return 'user';
}

/** In the mapped groups exactly as the claim says; of other groups the provider knows nothing. */
async function setMemberships(
  tables: Tables,
  { sso, proved, scope }: SsoSignIn,
  user: UserRow,
): Promise<void> {
  const { groupClaim, groupMapping } = sso;
  if (groupClaim === null) return;
  const values = listOf(claimOf(proved.claims, groupClaim));
  const wanted = new Set<GroupId>();
  for (const { value, groupId } of groupMapping) if (values.includes(value)) wanted.add(groupId);
  const mapped = new Set(groupMapping.map(({ groupId }) => groupId));
  for (const group of await tables.groups.findMany([...mapped])) {
    const member = { groupId: group.id, userId: user.id };
    const isWanted = wanted.has(group.id);
    const changed = isWanted
      ? await tables.memberships.add({ ...member, sinceMs: scope.atMs })
      : await tables.memberships.remove(member);
    if (!changed) continue;
    const details = { user: user.id, userName: user.name, method: 'single-sign-on' };
    const action = isWanted ? 'group.member-added' : 'group.member-removed';
    const subject = { resource: group.id, resourceName: group.name, details };
    await tables.audit.append([auditEntry(byServer(scope), action, subject)]);
  }
}

function listOf(claim: unknown): readonly unknown[] {
  return Array.isArray(claim) ? claim : [claim];
}

function byServer(scope: AuditScope): AuditScope {
  return { ...scope, actor: SERVER_ACTOR, actorKind: 'server' };
}
