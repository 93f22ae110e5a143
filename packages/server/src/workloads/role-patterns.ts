// Which IAM roles are let in. STS names the session of a role (`assumed-role/ROLE/SESSION`) without the path that the role has, so roles
// are compared by partition, account and name, which is unique in its account whatever the path.
import { AppError, isAppError, parseRoleArn } from '@sallyport/core';
import type { RoleArn } from '@sallyport/core';
import { matchesWildcard } from './claim-rules.ts';

const SESSION = /^arn:([a-z-]+):sts::(\d{12}):assumed-role\/([A-Za-z0-9_+=,.@-]{1,64})\/[^/]+$/;

/** The role of a session. */
export type SessionRole = Pick<RoleArn, 'partition' | 'accountId' | 'roleName'> & {
  /** E.g. `arn:aws:iam::111122223333:role/deploy`; the path of the role is not known. */
  text: string;
};

/**
 * Checks the ARN of a role, in whose name `*` may stand for any characters or none.
 * @throws {invalid-role-arn}
 */
export function checkRolePattern(pattern: string): void {
  parsePattern(pattern);
}

/** The role whose session an identity is; `null` for users and everything else. */
export function roleOfSession(arn: string): SessionRole | null {
  const [, partition, accountId, roleName] = SESSION.exec(arn) ?? [];
  const text = `arn:${partition}:iam::${accountId}:role/${roleName}`;
  try {
    return parseRoleArn(text);
  } catch (thrown) {
    if (isAppError(thrown)) return null;
    throw thrown;
  }
}

/** Whether one of the patterns fits the role. */
export function isRoleLetIn(role: SessionRole, patterns: readonly string[]): boolean {
  return patterns.some((text) => {
    const pattern = parsePattern(text);
    return (
      pattern.partition === role.partition &&
      pattern.accountId === role.accountId &&
      matchesWildcard(pattern.roleName, role.roleName)
    );
  });
}

function parsePattern(text: string): Pick<RoleArn, 'partition' | 'accountId' | 'roleName'> {
  const slash = text.lastIndexOf('/');
  const name = text.slice(slash + 1);
  if (!text.includes('*')) return parseRoleArn(text);
  // A name without its stars, so that the rest of the ARN is checked as that of any other role.
  const { partition, accountId } = parseRoleArn(`${text.slice(0, slash + 1)}${name.replaceAll('*', 'x')}`);
  if (text.slice(0, slash).includes('*')) throw wrong('"*" may stand in the name of the role only');
  // The path would be lost, and with it the half of what the pattern says.
  if (!text.slice(0, slash).endsWith(':role')) {
    throw wrong('a role with a path cannot be given with "*": STS does not say which path a role has');
  }
  return { partition, accountId, roleName: name };
}

function wrong(why: string): AppError {
  return new AppError('invalid-role-arn', {
    publicMessage: `This cannot be used as the ARN of a role: ${why}.`,
  });
}
