// Who a set of credentials is at AWS, and the forms in which that is written: the ARN of a session is not what policies name.
import type { RoleArn } from '@sallyport/core';

/** As `sts:GetCallerIdentity` answers. */
export type CallerIdentity = {
  /** E.g. `arn:aws:sts::111122223333:assumed-role/ROLE/SESSION` or `arn:aws:iam::111122223333:user/NAME`. */
  arn: string;
  /** Twelve digits. */
  accountId: string;
};

const SESSION = /^arn:([a-z-]+):sts::(\d{12}):assumed-role\/([^/]+)\/[^/]+$/;

/**
 * The ARN that a policy names for an identity: of a session, its role. The path of that role is not in the session's ARN; a role
 * that has one must be completed by hand.
 */
export function policyPrincipalOf(identity: Pick<CallerIdentity, 'arn'>): string {
  const session = SESSION.exec(identity.arn);
  return session === null ? identity.arn : `arn:${session[1]}:iam::${session[2]}:role/${session[3]}`;
}

/** Whether an identity is a session of `role` already. Names of roles are unique in an account whatever their path. */
export function isSessionOf(identity: Pick<CallerIdentity, 'arn'>, role: RoleArn): boolean {
  const session = SESSION.exec(identity.arn);
  return session !== null && session[2] === role.accountId && session[3] === role.roleName;
}
