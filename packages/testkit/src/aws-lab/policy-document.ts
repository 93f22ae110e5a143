// Policy documents: the JSON that a user writes, checked as AWS checks it when the policy is saved, and its compiled form.
// Evaluation is in evaluate-policy.ts. NotPrincipal and policy variables are refused, never ignored.
import { AppError } from '@sallyport/core';
import { arnParts } from './match-wildcard.ts';
import { compileConditions } from './policy-condition.ts';
import type { CompiledCondition } from './policy-condition.ts';

type OneOrMany<T> = T | readonly T[];
type ConditionValue = OneOrMany<string | number | boolean>;

export type PolicyPrincipal =
  | '*'
  | {
      AWS?: OneOrMany<string>;
      Federated?: OneOrMany<string>;
      Service?: OneOrMany<string>;
    };

export type PolicyStatement = {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Principal?: PolicyPrincipal;
  Action?: OneOrMany<string>;
  NotAction?: OneOrMany<string>;
  Resource?: OneOrMany<string>;
  NotResource?: OneOrMany<string>;
  Condition?: Readonly<Record<string, Readonly<Record<string, ConditionValue>>>>;
};

/** A policy as written in JSON. */
export type PolicyDocument = {
  Version?: '2012-10-17' | '2008-10-17';
  Id?: string;
  Statement: OneOrMany<PolicyStatement>;
};

/** Where a policy is attached, which decides what its statements may and must have. */
export type PolicyKind = 'identity' | 'session' | 'resource' | 'trust';

export type CompiledPrincipals = {
  everyone: boolean;
  aws: string[];
  federated: string[];
  services: string[];
};

export type CompiledStatement = {
  effect: 'Allow' | 'Deny';
  /** `null` in policies of kind identity and session, which apply to whoever carries them. */
  principals: CompiledPrincipals | null;
  /** Patterns in lower case. `negated`: everything but these (NotAction). */
  actions: { patterns: string[]; negated: boolean };
  /** `null` in trust policies, whose resource is the role itself. */
  resources: { patterns: string[]; negated: boolean } | null;
  conditions: CompiledCondition[];
};

export type CompiledPolicy = { document: PolicyDocument; statements: CompiledStatement[] };

const POLICY_KEYS = new Set(['Version', 'Id', 'Statement']);
const STATEMENT_KEYS = new Set([
  'Sid',
  'Effect',
  'Principal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
]);
const PRINCIPAL_KEYS = new Set(['AWS', 'Federated', 'Service']);
const AWS_PRINCIPAL =
  /^(?:\*|\d{12}|arn:aws[a-z-]*:(?:iam::\d{12}:(?:root|user\/[^\s*?]+|role\/[^\s*?]+)|sts::\d{12}:assumed-role\/[^/\s*?]+\/[^/\s*?]+))$/;

/**
 * Checks and compiles a policy.
 * @throws {invalid-request} saying which statement is wrong and why
 */
export function compilePolicy(document: unknown, kind: PolicyKind): CompiledPolicy {
  const policy = recordOf(document, 'the policy', POLICY_KEYS);
  const version = policy['Version'];
  if (version !== undefined && version !== '2012-10-17' && version !== '2008-10-17') {
    throw refused('its Version is neither 2012-10-17 nor 2008-10-17');
  }
  const statements = Array.isArray(policy['Statement']) ? policy['Statement'] : [policy['Statement']];
  if (statements.length === 0) throw refused('it has no statement');
  return {
    document: document as PolicyDocument,
    statements: statements.map((statement: unknown, index) =>
      compileStatement(recordOf(statement, `statement ${index + 1}`, STATEMENT_KEYS), kind),
    ),
  };
}

function compileStatement(statement: Record<string, unknown>, kind: PolicyKind): CompiledStatement {
  const effect = statement['Effect'];
  if (effect !== 'Allow' && effect !== 'Deny') throw refused('Effect must be "Allow" or "Deny"');
  const isResourceBased = kind === 'resource' || kind === 'trust';
  if (isResourceBased !== (statement['Principal'] !== undefined)) {
    throw refused(
      isResourceBased ? 'a statement has no Principal' : 'an identity policy must not have a Principal',
    );
  }
  return {
    effect,
    principals: isResourceBased ? compilePrincipal(statement['Principal']) : null,
    actions: compileActions(statement),
    resources: compileResources(statement, kind),
    conditions: compileConditions(statement['Condition']),
  };
}

function compileActions(statement: Record<string, unknown>): CompiledStatement['actions'] {
  const negated = statement['NotAction'] !== undefined;
  if (negated === (statement['Action'] !== undefined)) {
    throw refused('a statement needs exactly one of Action and NotAction');
  }
  const patterns = stringsOf(statement[negated ? 'NotAction' : 'Action'], 'Action');
  for (const pattern of patterns) {
    if (pattern !== '*' && !/^[A-Za-z0-9-]+:[A-Za-z0-9*?]+$/.test(pattern)) {
      throw refused(`"${pattern}" is not an action; write it with its service, e.g. kms:Decrypt`);
    }
  }
  return { patterns: patterns.map((pattern) => pattern.toLowerCase()), negated };
}

function compileResources(
  statement: Record<string, unknown>,
  kind: PolicyKind,
): CompiledStatement['resources'] {
  const negated = statement['NotResource'] !== undefined;
  const given = statement[negated ? 'NotResource' : 'Resource'];
  if (kind === 'trust') {
    if (given !== undefined) throw refused('a trust policy must not have a Resource');
    return null;
  }
  if (given === undefined || (negated && statement['Resource'] !== undefined)) {
    throw refused('a statement needs exactly one of Resource and NotResource');
  }
  const patterns = stringsOf(given, 'Resource');
  for (const pattern of patterns) {
    if (pattern !== '*' && arnParts(pattern)?.[0] !== 'arn') {
      throw refused(`the resource "${pattern}" is neither an ARN nor "*"`);
    }
  }
  return { patterns, negated };
}

function compilePrincipal(principal: unknown): CompiledPrincipals {
  if (principal === '*') return { everyone: true, aws: [], federated: [], services: [] };
  const given = recordOf(principal, 'Principal', PRINCIPAL_KEYS);
  const listed = (key: string): string[] =>
    given[key] === undefined ? [] : stringsOf(given[key], `Principal.${key}`);
  const aws = listed('AWS');
  for (const name of aws) {
    if (!AWS_PRINCIPAL.test(name)) throw refused(`"${name}" is an invalid principal`);
  }
  return {
    everyone: aws.includes('*'),
    aws: aws.filter((name) => name !== '*'),
    federated: listed('Federated'),
    services: listed('Service'),
  };
}

function recordOf(value: unknown, what: string, allowed: ReadonlySet<string>): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refused(`${what} is not an object`);
  const unknownKey = Object.keys(value).find((key) => !allowed.has(key));
  if (unknownKey !== undefined) throw refused(`${what} has "${unknownKey}", which the lab does not know`);
  return value as Record<string, unknown>;
}

function stringsOf(value: unknown, what: string): string[] {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  if (values.length === 0) throw refused(`${what} is empty`);
  return values.map((text) => {
    if (typeof text !== 'string') throw refused(`${what} is not a string`);
    if (text.includes('${')) throw refused('policy variables are not supported by the lab');
    return text;
  });
}

function refused(why: string): AppError {
  return new AppError('invalid-request', { publicMessage: `This policy is refused: ${why}.` });
}
