// STS refused to let the delegate assume a role. AWS gives one text for a wrong external ID, a role that does not exist and a
// missing permission, on purpose; so all that can be done is to say so, and what to check in which order.
import { AppError } from '@sallyport/core';
import { failureData, quoted } from './aws-call.ts';
import type { AssumeRoleCall } from './aws-call.ts';
import type { AwsErrorFacts } from './aws-error.ts';
import { trustPolicyStatement } from './policy-statement.ts';

const CHAINING_LIMIT_SECONDS = 3600;

/** An `assume-role-failed` error, or `null` when the name is none that AssumeRole is known for. */
export function assumeRoleFailure(
  thrown: unknown,
  facts: AwsErrorFacts,
  call: AssumeRoleCall,
): AppError | null {
  const words = wordsOf(facts, call);
  if (facts.awsCode === null || words === null) return null;
  return new AppError('assume-role-failed', {
    publicMessage: words.what,
    data: {
      ...failureData(call, facts),
      roleArn: call.roleArn,
      hint: words.hint,
      ...(words.statement === undefined ? {} : { missingStatement: words.statement }),
      ...(words.identityStatement === undefined ? {} : { identityStatement: words.identityStatement }),
    },
    cause: thrown,
  });
}

type Words = { what: string; hint: string; statement?: string; identityStatement?: string };

function wordsOf(facts: AwsErrorFacts, call: AssumeRoleCall): Words | null {
  switch (facts.name) {
    case 'AccessDenied':
      return denied(call);
    case 'ValidationError':
    case 'Validation':
      return invalid(facts, call);
    case 'MalformedPolicyDocument':
    case 'PackedPolicyTooLarge':
      return {
        what: `STS refuses the session policy for the role ${call.roleArn} (${facts.awsCode}).${quoted(facts)}`,
        hint: 'The policy names the key and the former keys of the secrets manager. Re-encrypt secrets of former keys to make it shorter.',
      };
    case 'RegionDisabled':
      return {
        what: `STS is not active in region ${call.region} for the account of the role ${call.roleArn}.`,
        hint: 'Activate STS for that region in the account settings of IAM, or use a key in another region.',
      };
    default:
      return null;
  }
}

function denied(call: AssumeRoleCall): Words {
  const who = call.principalArn ?? "the delegate's own identity";
  const externalId =
    call.externalId === null
      ? 'no external ID is given, but the trust policy may demand one'
      : 'the external ID must be the one in the trust policy, letter by letter';
  const statement =
    call.principalArn === null
      ? {}
      : {
          statement: trustPolicyStatement({ principalArn: call.principalArn, externalId: call.externalId }),
        };
  return {
    what: `STS does not let ${who} assume the role ${call.roleArn}. AWS gives the same answer for a wrong or missing external ID, a role that does not exist, and a missing permission.`,
    hint: `Check in this order: (1) the role exists and its ARN is spelled right; (2) its trust policy allows sts:AssumeRole to ${who}; (3) ${externalId}; (4) a policy of ${who} allows sts:AssumeRole on ${call.roleArn}.`,
    ...statement,
    identityStatement: JSON.stringify({
      Sid: 'AllowSallyport',
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      Resource: call.roleArn,
    }),
  };
}

// AWS has one code for all that is wrong with the parameters; only its text tells the two duration limits apart. The text decides
// nothing but the hint.
function invalid(facts: AwsErrorFacts, call: AssumeRoleCall): Words {
  const text = facts.awsMessage ?? '';
  const seconds = call.durationSeconds;
  if (/role chaining/i.test(text)) {
    return {
      what: `STS refuses a session of ${seconds} s for the role ${call.roleArn}: the delegate's own identity is a role too, and a role assumed from a role ("role chaining") is limited to ${CHAINING_LIMIT_SECONDS} s by AWS.`,
      hint: `Set the duration of the secrets manager to ${CHAINING_LIMIT_SECONDS} s or less; the session is renewed by itself.`,
    };
  }
  if (/MaxSessionDuration/i.test(text)) {
    return {
      what: `STS refuses a session of ${seconds} s for the role ${call.roleArn}: that is more than the maximum session duration of the role.`,
      hint: 'Lower the duration of the secrets manager, or raise the maximum session duration of the role (1 to 12 hours). A role assumed from another role is limited to 3600 s in any case.',
    };
  }
  return {
    what: `STS refuses the parameters for assuming the role ${call.roleArn}.${quoted(facts)}`,
    hint: 'Check role ARN, external ID and duration of the secrets manager.',
  };
}
