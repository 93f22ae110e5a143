// The inline policy that narrows an assumed session to the keys of one secrets manager, so that a role which may do more cannot be
// misused through the delegate.
import { parseKeyArn } from '@sallyport/core';

/** Longest inline session policy that STS takes. */
const MAX_CHARACTERS = 2048;

/** Which keys a session is for. */
export type SessionScope = {
  /** The key that new secrets are protected with; an alias while it is being resolved. */
  keyArn: string;
  /** Keys that may still have to unwrap. */
  formerKeyArns: readonly string[];
};

/**
 * The policy as JSON. An alias cannot be named in a policy's resource, so for one all keys of its account and region are allowed;
 * former keys that would not fit are named by account and region too.
 */
export function sessionPolicyOf(scope: SessionScope): string {
  const key = resourceOf(scope.keyArn);
  const former = scope.formerKeyArns.filter((arn) => arn !== scope.keyArn);
  const exact = policy(key, former);
  if (exact.length <= MAX_CHARACTERS) return exact;
  return policy(key, [...new Set(former.map(allKeysBeside))]);
}

function policy(key: string, former: readonly string[]): string {
  const use = ['kms:GenerateDataKey', 'kms:Decrypt', 'kms:DescribeKey'];
  const statements = [{ Effect: 'Allow', Action: use, Resource: key }];
  return JSON.stringify({
    Version: '2012-10-17',
    Statement:
      former.length === 0
        ? statements
        : [...statements, { Effect: 'Allow', Action: ['kms:Decrypt'], Resource: former }],
  });
}

function resourceOf(arn: string): string {
  return parseKeyArn(arn).type === 'key' ? arn : allKeysBeside(arn);
}

function allKeysBeside(arn: string): string {
  const { partition, region, accountId } = parseKeyArn(arn);
  return `arn:${partition}:kms:${region}:${accountId}:key/*`;
}
