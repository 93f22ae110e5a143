// KMS answered, and the key cannot be used, or not by this caller, or not with this encryption context.
import { AppError, parseKeyArn } from '@sallyport/core';
import type { ErrorData } from '@sallyport/core';
import { failureData, quoted } from './aws-call.ts';
import type { KmsCall } from './aws-call.ts';
import type { AwsErrorFacts } from './aws-error.ts';
import { identityPolicyStatement, keyPolicyStatement } from './policy-statement.ts';

/** An error of stage `key`, `permission` or `context`, or `null` when the name is none that KMS is known for. */
export function keyFailure(thrown: unknown, facts: AwsErrorFacts, call: KmsCall): AppError | null {
  if (facts.awsCode === null) return null;
  if (facts.name === 'AccessDenied') return accessDenied(thrown, facts, call);
  if (facts.name === 'InvalidCiphertext') return contextRejected(thrown, facts, call);
  const words = unusable(facts, call);
  if (words === null) return null;
  return new AppError('key-unusable', {
    publicMessage: words.what,
    data: { ...failureData(call, facts), hint: words.hint },
    cause: thrown,
  });
}

function unusable(facts: AwsErrorFacts, call: KmsCall): { what: string; hint: string } | null {
  const { keyArn } = call;
  switch (facts.name) {
    case 'NotFound':
      return {
        what: `KMS in ${call.region} has no key ${keyArn}.`,
        hint: 'Check account, region and id in the key ARN, and that the key was not deleted.',
      };
    case 'Disabled':
      return {
        what: `The KMS key ${keyArn} is disabled or scheduled for deletion.${quoted(facts)}`,
        hint: 'Enable the key in the KMS console, or cancel its deletion and then enable it. Until then no secret under it can be written or read.',
      };
    case 'KMSInvalidState':
      return {
        what: `The KMS key ${keyArn} is in a state in which it cannot be used: pending deletion, pending import, or being created or updated.${quoted(facts)}`,
        hint: 'Look at the state of the key in the KMS console. If it is pending deletion, cancel that at once: a deleted key takes all its secrets with it.',
      };
    case 'InvalidKeyUsage':
    case 'UnsupportedOperation':
      return {
        what: `The KMS key ${keyArn} is of a kind that cannot protect data keys.${quoted(facts)}`,
        hint: 'Use a symmetric encryption key (key spec SYMMETRIC_DEFAULT, usage ENCRYPT_DECRYPT).',
      };
    case 'InvalidArn':
    case 'Validation':
    case 'ValidationError':
      return {
        what: `KMS refuses the request for the key ${keyArn}.${quoted(facts)}`,
        hint: 'Check the key ARN of the secrets manager.',
      };
    case 'IncorrectKey':
      return {
        what: `KMS says that the data key was not wrapped by the key ${keyArn}.`,
        hint: 'The stored envelope names another key than the one that wrapped its data key: it was damaged or tampered with.',
      };
    default:
      return null;
  }
}

function accessDenied(thrown: unknown, facts: AwsErrorFacts, call: KmsCall): AppError {
  return accessDeniedFor(call, {
    actions: [call.action],
    data: failureData(call, facts),
    awsMessage: facts.awsMessage,
    cause: thrown,
  });
}

/**
 * An `access-denied` error of stage `permission` that carries what is missing: `missingStatement` for the key's policy when the
 * caller is known, and `identityStatement` for a policy of the caller's.
 */
export function accessDeniedFor(
  call: KmsCall,
  denial: { actions: readonly string[]; data: ErrorData; awsMessage: string | null; cause: unknown },
): AppError {
  const { keyArn, principalArn } = call;
  const { actions, awsMessage } = denial;
  const who = principalArn ?? 'the identity of the delegate';
  const identityStatement = identityPolicyStatement({ actions, keyArn });
  return new AppError('access-denied', {
    publicMessage: `${call.action} on the key ${keyArn} is not allowed to ${who}.`,
    data: {
      ...denial.data,
      stage: 'permission',
      ...(principalArn === null ? {} : { principalArn }),
      hint: hintOf({ call, who, awsMessage }),
      missingStatement: keyPolicyStatement({ actions, keyArn, principalArn }) ?? identityStatement,
      identityStatement,
      ...(call.contextKeys.length === 0 ? {} : { contextKeys: call.contextKeys }),
    },
    cause: denial.cause,
  });
}

function hintOf(denial: { call: KmsCall; who: string; awsMessage: string | null }): string {
  const { call, who } = denial;
  const text = denial.awsMessage ?? '';
  if (/explicit deny/i.test(text)) {
    return `A policy denies ${call.action} explicitly, which no other statement can outweigh: find that Deny in the policies of ${who}, of the key, or of the organization.`;
  }
  if (/VPC endpoint policy/i.test(text)) {
    return `The policy of the VPC endpoint for KMS does not allow ${call.action}. Add it there.`;
  }
  const account = parseKeyArn(call.keyArn).accountId;
  const isForeign = call.principalArn !== null && call.principalArn.split(':')[4] !== account;
  const where = isForeign
    ? `Add the statement to the policy of the key in account ${account}, and the same permission to a policy of ${who}: a key of another account needs both.`
    : `Add the statement to the policy of the key, or the same permission to a policy of ${who}.`;
  if (call.contextKeys.length === 0) return where;
  return `${where} If a policy allows it already, look for a condition on kms:EncryptionContext there: the request carries the pairs ${call.contextKeys.join(', ')}.`;
}

function contextRejected(thrown: unknown, facts: AwsErrorFacts, call: KmsCall): AppError {
  return new AppError('context-rejected', {
    publicMessage: `KMS did not open a data key under ${call.keyArn} with the encryption context that it belongs to.`,
    data: {
      ...failureData(call, facts),
      stage: 'context',
      contextKeys: call.contextKeys,
      hint: 'The data key is damaged, or something between the delegate and KMS changes requests.',
    },
    cause: thrown,
  });
}

/** The same denial with statements that allow all of `actions` at once: one paste for everything that is missing. */
export function withAllActions(denial: AppError, actions: readonly string[]): AppError {
  const keyArn = String(denial.data['keyArn']);
  const principal = denial.data['principalArn'];
  const principalArn = typeof principal === 'string' ? principal : null;
  const identityStatement = identityPolicyStatement({ actions, keyArn });
  const missingStatement = keyPolicyStatement({ actions, keyArn, principalArn }) ?? identityStatement;
  const { publicMessage, data, cause } = denial;
  return new AppError(denial.code, {
    publicMessage,
    data: { ...data, missingStatement, identityStatement },
    cause,
  });
}
