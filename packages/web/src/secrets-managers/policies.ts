// The AWS policies that settings need, written for exactly what was typed: least privilege, bound to the encryption context that every call
// of a delegate carries. What is not known yet stands there in capitals.
import { parseKeyArn, parseRoleArn } from '@sallyport/core';
import type { KeyArn } from '@sallyport/core';
import type { ManagerDraft } from './manager-draft.ts';

/** A policy or statement to paste. */
export type Policy = {
  title: string;
  /** Where it goes. */
  where: string;
  /** JSON. */
  text: string;
};

export type PolicyFacts = {
  draft: Pick<ManagerDraft, 'credentialsType' | 'keyArn' | 'roleArn' | 'externalId'>;
  /** Fixed pairs of the encryption context. */
  context: Readonly<Record<string, string>>;
  /** Id of the saved secrets manager, which the context carries; null: not saved yet. */
  secretsManagerId: string | null;
  /** The key behind an alias, as it was when saved; null: not known. */
  pinnedKeyArn: string | null;
  /** Who the delegate is at AWS, as the last test found out; null: not known. */
  identityArn: string | null;
};

type Condition = Record<string, Record<string, string | string[]>>;

const KEY_ACTIONS = ['kms:GenerateDataKey', 'kms:Decrypt'];
const BOUND_KEYS = ['sallyport:secrets-manager', 'sallyport:secret', 'sallyport:version'];
const HOST_ROLE = 'ROLE-OF-THE-DELEGATE';
const USER = 'USER-OF-THE-ACCESS-KEY';

/** All policies for these settings, in the order in which they are set up; empty until there is a key ARN. */
export function policiesFor(facts: PolicyFacts): Policy[] {
  const arn = parsed(parseKeyArn, facts.draft.keyArn);
  if (arn === null) return [];
  const names = namesOf(facts, arn);
  const keyPolicy = {
    title: 'Key policy statement',
    where: `In the policy of the key, if it is in another account than ${names.who}, or its policy does not hand access over to IAM`,
    text: print(keyStatement(facts, { ...names, principal: names.principal })),
  };
  const permissions = {
    title: `Policy of ${names.who}`,
    where: `Attached to ${names.principal}`,
    text: print({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'SallyportUsesTheKey',
          Effect: 'Allow',
          Action: KEY_ACTIONS,
          Resource: names.resource,
          Condition: contextCondition(facts),
        },
      ],
    }),
  };
  return [
    ...(facts.draft.credentialsType === 'sts-role' ? rolePolicies(facts, names) : []),
    permissions,
    keyPolicy,
  ];
}

/** What in the policies has to be replaced by hand, in words; empty: they can be pasted as they are. */
export function gapsIn(policies: readonly Policy[]): string[] {
  const texts = policies.map(({ text }) => text).join('\n');
  return [
    ...(texts.includes(HOST_ROLE)
      ? [`${HOST_ROLE}: the IAM role of the delegate’s host. A test finds it out.`]
      : []),
    ...(texts.includes(USER)
      ? [`${USER}: the IAM user that the access key belongs to. A test finds it out.`]
      : []),
    ...(texts.includes('KEY-BEHIND-THE-ALIAS')
      ? ['KEY-BEHIND-THE-ALIAS: policies name the key itself, not its alias.']
      : []),
  ];
}

/**
 * The condition on the encryption context. Before the secrets manager is saved it has no id to be bound to, so only the names of the pairs
 * are demanded.
 */
function contextCondition({ context, secretsManagerId }: PolicyFacts): Condition {
  const values = {
    ...(secretsManagerId === null
      ? {}
      : { 'kms:EncryptionContext:sallyport:secrets-manager': secretsManagerId }),
    ...Object.fromEntries(
      Object.entries(context).map(([name, value]) => [`kms:EncryptionContext:${name}`, value]),
    ),
  };
  return {
    ...(Object.keys(values).length === 0 ? {} : { StringEquals: values }),
    'ForAllValues:StringEquals': { 'kms:EncryptionContextKeys': [...BOUND_KEYS, ...Object.keys(context)] },
    // All of no pairs would do as well: there have to be some.
    Null: { 'kms:EncryptionContextKeys': 'false' },
  };
}

type Names = {
  /** ARN of the key. */
  resource: string;
  /** ARN of who uses the key. */
  principal: string;
  /** The same in words. */
  who: string;
  /** ARN of the delegate's own role. */
  host: string;
};

function namesOf({ draft, pinnedKeyArn, identityArn }: PolicyFacts, arn: KeyArn): Names {
  const { partition, accountId, region } = arn;
  const resource =
    arn.type === 'key'
      ? arn.text
      : (pinnedKeyArn ?? `arn:${partition}:kms:${region}:${accountId}:key/KEY-BEHIND-THE-ALIAS`);
  const found = identityArn === null ? null : principalOf(identityArn);
  const host = found ?? `arn:${partition}:iam::${accountId}:role/${HOST_ROLE}`;
  if (draft.credentialsType === 'sts-role') {
    const role = draft.roleArn.trim();
    return {
      resource,
      host,
      principal: role === '' ? `arn:${partition}:iam::${accountId}:role/ROLE-TO-ASSUME` : role,
      who: 'the role to assume',
    };
  }
  if (draft.credentialsType === 'access-keys') {
    const user = found ?? `arn:${partition}:iam::${accountId}:user/${USER}`;
    return { resource, host, principal: user, who: 'the IAM user' };
  }
  return { resource, host, principal: host, who: 'the delegate’s role' };
}

function keyStatement(facts: PolicyFacts, { principal }: Pick<Names, 'principal'>): object {
  return {
    Sid: 'AllowSallyport',
    Effect: 'Allow',
    Principal: { AWS: principal },
    Action: KEY_ACTIONS,
    // In a key's own policy that is the key itself.
    Resource: '*',
    Condition: contextCondition(facts),
  };
}

function rolePolicies({ draft }: PolicyFacts, { host, principal }: Names): Policy[] {
  const externalId = draft.externalId.trim();
  return [
    {
      title: 'Policy of the delegate’s role',
      where: `Attached to ${host}`,
      text: print({
        Version: '2012-10-17',
        Statement: [
          { Sid: 'SallyportAssumesTheRole', Effect: 'Allow', Action: 'sts:AssumeRole', Resource: principal },
        ],
      }),
    },
    {
      title: 'Trust policy of the role to assume',
      where: `On ${principal}`,
      text: print({
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'AllowSallyport',
            Effect: 'Allow',
            Principal: { AWS: host },
            Action: 'sts:AssumeRole',
            ...(externalId === '' ? {} : { Condition: { StringEquals: { 'sts:ExternalId': externalId } } }),
          },
        ],
      }),
    },
  ];
}

/**
 * Who a policy names for an identity that STS reported: of a session, its role. A path that the role may have is not part of it.
 * @returns null when it is no user and no role
 */
export function principalOf(identityArn: string): string | null {
  const session = /^arn:([\w-]+):sts::(\d{12}):assumed-role\/([^/]+)\/.+$/.exec(identityArn);
  if (session !== null) return `arn:${session[1]}:iam::${session[2]}:role/${session[3]}`;
  const isKnown =
    /^arn:[\w-]+:iam::\d{12}:user\/.+$/.test(identityArn) || parsed(parseRoleArn, identityArn) !== null;
  return isKnown ? identityArn : null;
}

function parsed<T>(parse: (text: string) => T, text: string): T | null {
  try {
    return parse(text.trim());
  } catch {
    return null;
  }
}

function print(policy: object): string {
  return JSON.stringify(policy, null, 2);
}
