// Selectors: labels on delegates. What asks for selectors gets only delegates that have all of them, whatever the letter case.
import { AppError } from '../errors/app-error.ts';

/** A selector in its normal form: trimmed, lower case. */
export type Selector = string;

/** At most this many selectors on one delegate or one secrets manager. */
export const SELECTORS_MAX = 32;

const SELECTOR = /^[a-z0-9](?:[a-z0-9._:/=-]{0,126}[a-z0-9])?$/;

/**
 * Brings a selector to its normal form.
 * @throws {invalid-selector}
 */
export function parseSelector(text: string): Selector {
  const normal = text.trim().toLowerCase();
  if (SELECTOR.test(normal)) return normal;
  throw new AppError('invalid-selector', {
    publicMessage:
      'A selector has 1 to 128 letters, digits and . _ : / = - and begins and ends with a letter or digit.',
  });
}

/** Normal forms without duplicates, in the order given. @throws {invalid-selector} */
export function parseSelectors(texts: readonly string[]): Selector[] {
  if (texts.length > SELECTORS_MAX) {
    throw new AppError('invalid-selector', {
      publicMessage: `At most ${SELECTORS_MAX} selectors can be given.`,
    });
  }
  return [...new Set(texts.map(parseSelector))];
}

/** The selectors that are asked for and not there; empty means that the delegate qualifies. */
export function missingSelectors(asked: readonly Selector[], present: readonly Selector[]): Selector[] {
  const have = new Set(present);
  return asked.filter((selector) => !have.has(selector));
}

/**
 * The selectors that every delegate has without being told: its name and its host name. A host name that is no valid selector
 * adds none.
 */
export function implicitSelectors(delegate: { name: string; hostName: string }): Selector[] {
  return [...new Set([delegate.name, delegate.hostName].map((text) => text.trim().toLowerCase()))].filter(
    (text) => SELECTOR.test(text),
  );
}
