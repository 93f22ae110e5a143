// Condition blocks of IAM policies. Operators that the lab does not know are refused when the policy is made, since a condition that
// is silently ignored turns a narrow permission into a wide one.
import { BlockList, isIP } from 'node:net';
import { AppError } from '@sallyport/core';
import { matchArn, matchWildcard } from './match-wildcard.ts';

/** What is known about a request: condition keys in lower case, each with its values. A key that is absent is not in the map. */
export type ConditionContext = ReadonlyMap<string, readonly string[]>;

/** A compiled condition block: true when every condition in it holds. */
export type CompiledCondition = (context: ConditionContext) => boolean;

type Comparison = (wanted: string, actual: string) => boolean;
/** `negated` operators hold when no wanted value matches, and hold for a key that is absent. */
type Operator = { compare: Comparison; negated: boolean };

const sameString: Comparison = (wanted, actual) => wanted === actual;
const sameIgnoringCase: Comparison = (wanted, actual) => wanted.toLowerCase() === actual.toLowerCase();
const likeString: Comparison = (wanted, actual) => matchWildcard({ pattern: wanted, text: actual });
const likeArn: Comparison = (wanted, actual) => matchArn({ pattern: wanted, arn: actual });
const byNumber =
  (holds: (actual: number, wanted: number) => boolean): Comparison =>
  (wanted, actual) =>
    holds(Number(actual), Number(wanted));
const byDate =
  (holds: (actual: number, wanted: number) => boolean): Comparison =>
  (wanted, actual) =>
    holds(instant(actual), instant(wanted));
const inNetwork: Comparison = (wanted, actual) => {
  const [network = '', prefix = isIP(wanted) === 6 ? '128' : '32'] = wanted.split('/');
  const list = new BlockList();
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
  list.addSubnet(network, Number(prefix), family);
  return list.check(actual, isIP(actual) === 6 ? 'ipv6' : 'ipv4');
};

const positive = (compare: Comparison): Operator => ({ compare, negated: false });
const negative = (compare: Comparison): Operator => ({ compare, negated: true });

const OPERATORS: Readonly<Record<string, Operator>> = {
  StringEquals: positive(sameString),
  StringNotEquals: negative(sameString),
  StringEqualsIgnoreCase: positive(sameIgnoringCase),
  StringNotEqualsIgnoreCase: negative(sameIgnoringCase),
  StringLike: positive(likeString),
  StringNotLike: negative(likeString),
  ArnEquals: positive(likeArn),
  ArnLike: positive(likeArn),
  ArnNotEquals: negative(likeArn),
  ArnNotLike: negative(likeArn),
  Bool: positive(sameIgnoringCase),
  NumericEquals: positive(byNumber((a, w) => a === w)),
  NumericNotEquals: negative(byNumber((a, w) => a === w)),
  NumericLessThan: positive(byNumber((a, w) => a < w)),
  NumericLessThanEquals: positive(byNumber((a, w) => a <= w)),
  NumericGreaterThan: positive(byNumber((a, w) => a > w)),
  NumericGreaterThanEquals: positive(byNumber((a, w) => a >= w)),
  DateEquals: positive(byDate((a, w) => a === w)),
  DateNotEquals: negative(byDate((a, w) => a === w)),
  DateLessThan: positive(byDate((a, w) => a < w)),
  DateLessThanEquals: positive(byDate((a, w) => a <= w)),
  DateGreaterThan: positive(byDate((a, w) => a > w)),
  DateGreaterThanEquals: positive(byDate((a, w) => a >= w)),
  IpAddress: positive(inNetwork),
  NotIpAddress: negative(inNetwork),
};

const OPERATOR_FORM = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/;

/**
 * Compiles a condition block, e.g. `{ StringEquals: { 'kms:EncryptionContext:app': 'sallyport' } }`.
 * @throws {invalid-request} for an operator that the lab does not know, or a value that is no string, number or boolean
 */
export function compileConditions(block: unknown): CompiledCondition[] {
  if (block === undefined) return [];
  return entriesOf(block, 'Condition').flatMap(([operator, keys]) =>
    entriesOf(keys, operator).map(([key, values]) => compileOne(operator, key, valuesOf(values, key))),
  );
}

function compileOne(name: string, key: string, wanted: readonly string[]): CompiledCondition {
  const [, quantifier, base = '', ifExists] = OPERATOR_FORM.exec(name) ?? [];
  const contextKey = key.toLowerCase();
  if (base === 'Null' && quantifier === undefined && ifExists === undefined) {
    const mustBeAbsent = wanted.some((value) => value.toLowerCase() === 'true');
    return (context) => context.has(contextKey) !== mustBeAbsent;
  }
  const operator = Object.hasOwn(OPERATORS, base) ? OPERATORS[base] : undefined;
  if (operator === undefined) throw refused(`the condition operator "${name}" is not known`);
  const holds = (actual: string): boolean =>
    wanted.some((value) => operator.compare(value, actual)) !== operator.negated;
  if (quantifier === 'ForAllValues') return (context) => (context.get(contextKey) ?? []).every(holds);
  if (quantifier === 'ForAnyValue') return (context) => (context.get(contextKey) ?? []).some(holds);
  const whenAbsent = ifExists !== undefined || operator.negated;
  return (context) => {
    const values = context.get(contextKey);
    if (values === undefined) return whenAbsent;
    // A key with several values needs a set operator; AWS calls the outcome without one unpredictable, so it never widens here.
    const only = values[0];
    return values.length === 1 && only !== undefined ? holds(only) : operator.negated;
  };
}

function entriesOf(value: unknown, what: string): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refused(`"${what}" is not an object`);
  }
  return Object.entries(value);
}

function valuesOf(values: unknown, key: string): string[] {
  return (Array.isArray(values) ? values : [values]).map((value: unknown) => {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      throw refused(`the value of "${key}" is not a string, number or boolean`);
    }
    const text = String(value);
    if (text.includes('${')) throw refused(`policy variables such as "${text}" are not supported by the lab`);
    return text;
  });
}

/** ISO 8601 or seconds since the epoch, to milliseconds. */
function instant(text: string): number {
  return /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text);
}

function refused(why: string): AppError {
  return new AppError('invalid-request', { publicMessage: `This policy is refused: ${why}.` });
}
