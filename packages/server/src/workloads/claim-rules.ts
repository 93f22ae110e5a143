// Claim rules: which tokens of an issuer are let in. An issuer such as GitHub signs tokens for the whole world, so the rules are what
// tells one's own workloads from everybody else's. All of them have to hold.
//
// A claim is named as it is (`repository`), or, when it lies within others, by a JSON pointer (RFC 6901: `/kubernetes.io/namespace`).
// Names of claims contain dots and colons, so nothing else is a separator. A pattern is compared with the whole value, letter by letter
// and in its own letter case; `*` stands for any characters, or none. Numbers and booleans are compared as JSON writes them; of a list
// one element has to fit; an object never fits.
import { AppError } from '@sallyport/core';
import type { ClaimRule } from '@sallyport/protocol';

/** Claims of a token whose signature was verified. */
export type Claims = Readonly<Record<string, unknown>>;

const SHOWN_MAX_CHARACTERS = 200;

/**
 * Checks rules as an administrator gives them.
 * @throws {invalid-request} for a pointer that is none, and for a pattern that fits everything
 */
export function checkClaimRules(rules: readonly ClaimRule[]): void {
  for (const { claim, pattern } of rules) {
    checkClaimName(claim);
    // Such a rule looks like one and keeps nobody out.
    if (/^\*+$/.test(pattern)) {
      throw invalid(
        `The pattern for "${claim}" fits every value: give at least a part of what it has to be.`,
      );
    }
  }
}

/** @throws {invalid-request} for a pointer that is none */
export function checkClaimName(claim: string): void {
  if (!claim.startsWith('/') || !/~(?![01])/.test(claim)) return;
  throw invalid(`"${claim}" is not a JSON pointer: in it "~" is written "~0", and "/" within a name "~1".`);
}

/** The first rule that does not hold, in words that may be shown to an administrator; `null`: all hold. */
export function explainRefusal(rules: readonly ClaimRule[], claims: Claims): string | null {
  for (const { claim, pattern } of rules) {
    const value = claimOf(claims, claim);
    if (value === undefined) return `the token has no claim ${claim}`;
    if (!fits(pattern, value))
      return `the claim ${claim} is ${shown(value)}, and the rule asks for ${pattern}`;
  }
  return null;
}

/** The value of a claim by its name or pointer; `undefined` when it is not there. */
export function claimOf(claims: Claims, name: string): unknown {
  if (!name.startsWith('/')) return Object.hasOwn(claims, name) ? claims[name] : undefined;
  let value: unknown = claims;
  for (const part of name.slice(1).split('/')) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function fits(pattern: string, value: unknown): boolean {
  if (Array.isArray(value)) return value.some((element) => !Array.isArray(element) && fits(pattern, element));
  const text = textOf(value);
  return text !== null && matchesWildcard(pattern, text);
}

function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}

/**
 * Whether `text` as a whole fits `pattern`, in which `*` stands for any characters or none. Takes the parts between the stars one after the
 * other, each as early as it comes, so that no pattern takes more than one pass for each part.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  const [first = '', ...others] = pattern.split('*');
  const last = others.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first) || text.length < first.length + last.length) return false;
  let from = first.length;
  const end = text.length - last.length;
  for (const part of others) {
    const at = text.indexOf(part, from);
    if (at < 0 || at + part.length > end) return false;
    from = at + part.length;
  }
  return text.endsWith(last);
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? '').slice(0, SHOWN_MAX_CHARACTERS);
}

function invalid(publicMessage: string): AppError {
  return new AppError('invalid-request', { publicMessage });
}
