// The policy statements that would allow what AWS refused, ready to paste. With the real ARNs: a statement with placeholders is one
// more thing to get wrong.

/** What must be allowed to whom. */
export type MissingPermission = {
  actions: readonly string[];
  keyArn: string;
  /** As a policy names it; `null` when it is not known. */
  principalArn: string | null;
};

/**
 * JSON statement for the key's own policy. Its principal is the caller's when that is known. In the key's account it is enough on
 * its own.
 * @returns `null` when the principal is not known
 */
export function keyPolicyStatement(missing: MissingPermission): string | null {
  if (missing.principalArn === null) return null;
  return JSON.stringify({
    Sid: 'AllowSallyport',
    Effect: 'Allow',
    Principal: { AWS: missing.principalArn },
    Action: oneOrMany(missing.actions),
    Resource: missing.keyArn,
  });
}

/** JSON statement for a policy of the caller's. */
export function identityPolicyStatement(missing: Pick<MissingPermission, 'actions' | 'keyArn'>): string {
  return JSON.stringify({
    Sid: 'AllowSallyport',
    Effect: 'Allow',
    Action: oneOrMany(missing.actions),
    Resource: missing.keyArn,
  });
}

/** JSON statement for a role's trust policy. `externalId` null: the statement demands none. */
export function trustPolicyStatement(trust: { principalArn: string; externalId: string | null }): string {
  return JSON.stringify({
    Sid: 'AllowSallyport',
    Effect: 'Allow',
    Principal: { AWS: trust.principalArn },
    Action: 'sts:AssumeRole',
    ...(trust.externalId === null
      ? {}
      : { Condition: { StringEquals: { 'sts:ExternalId': trust.externalId } } }),
  });
}

function oneOrMany(actions: readonly string[]): string | readonly string[] {
  const [only] = actions;
  return only !== undefined && actions.length === 1 ? only : actions;
}
