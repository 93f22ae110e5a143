// The few policies that nearly every set-up needs, as functions, so that tests and the demo show intent instead of JSON.
import type { PolicyDocument, PolicyStatement } from './policy-document.ts';

/** An identity policy that allows `actions` (GenerateDataKey, Decrypt and DescribeKey unless given) on one key. */
export function keyUsePolicy(use: {
  keyArn: string;
  actions?: readonly string[];
  condition?: NonNullable<PolicyStatement['Condition']>;
}): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: {
      Sid: 'UseKey',
      Effect: 'Allow',
      Action: use.actions ?? ['kms:GenerateDataKey', 'kms:Decrypt', 'kms:DescribeKey'],
      Resource: use.keyArn,
      ...(use.condition === undefined ? {} : { Condition: use.condition }),
    },
  };
}

/** An identity policy that allows assuming one role. */
export function assumeRolePolicy(roleArn: string): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: roleArn },
  };
}

/** A trust policy for users and roles, by ARN or account; with `externalId` it demands that one. */
export function trustPrincipals(trust: {
  principals: readonly string[];
  externalId?: string;
}): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { AWS: trust.principals },
      Action: 'sts:AssumeRole',
      ...(trust.externalId === undefined
        ? {}
        : { Condition: { StringEquals: { 'sts:ExternalId': trust.externalId } } }),
    },
  };
}

/** A trust policy for AWS services, e.g. `ec2.amazonaws.com` for a role on an instance profile. */
export function trustServices(services: readonly string[]): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Principal: { Service: services }, Action: 'sts:AssumeRole' },
  };
}

/** A trust policy for one subject of an OIDC provider, as IRSA writes it. */
export function trustWebIdentity(trust: {
  providerArn: string;
  subject: string;
  audience: string;
}): PolicyDocument {
  const issuer = trust.providerArn.split(':oidc-provider/')[1] ?? '';
  return {
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { Federated: trust.providerArn },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringEquals: { [`${issuer}:sub`]: trust.subject, [`${issuer}:aud`]: trust.audience } },
    },
  };
}
