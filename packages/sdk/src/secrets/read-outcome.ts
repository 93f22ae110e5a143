// From outcomes per reference to what a caller gets: all values in order, or one error that names everything that is missing.
import { AppError, invariant } from '@sallyport/core';
import type { ReadOutcome, ResolvedSecret, UnreadSecret } from './resolve-secrets.ts';

const NAMED_IN_MESSAGE = 20;

/** The outcome of one reference. @throws {internal} when there is none */
export function oneOf(outcomes: ReadonlyMap<string, ReadOutcome>, reference: string): ReadOutcome {
  const outcome = outcomes.get(reference);
  invariant(outcome !== undefined, 'every reference that was asked for has an outcome');
  return outcome;
}

/**
 * All values, in the order asked for.
 * @throws the error of the one that is missing; of several, an error that names them all, with the code of the first one, and
 * `data.failures` as `{ reference, code, message }` each
 */
export function allOrNothing(
  references: readonly string[],
  outcomes: ReadonlyMap<string, ReadOutcome>,
): ResolvedSecret[] {
  const found = references.map((reference) => oneOf(outcomes, reference));
  const missing = [...new Set(found.filter((outcome) => 'error' in outcome))];
  if (missing.length > 0) throw errorOfAll(missing, outcomes.size);
  return found.filter((outcome) => 'value' in outcome);
}

function errorOfAll(missing: readonly UnreadSecret[], asked: number): AppError {
  const [first] = missing;
  invariant(first !== undefined, 'something is missing');
  if (missing.length === 1 && asked === 1) return first.error;
  const named = missing
    .slice(0, NAMED_IN_MESSAGE)
    .map(({ reference, error }) => `${reference} (${error.code}: ${error.publicMessage})`);
  const rest = missing.length > NAMED_IN_MESSAGE ? `, and ${missing.length - NAMED_IN_MESSAGE} more` : '';
  return new AppError(first.error.code, {
    publicMessage: `${missing.length} of ${asked} secrets could not be read: ${named.join(', ')}${rest}.`,
    retryable: missing.every(({ error }) => error.retryable),
    data: {
      ...first.error.data,
      failures: missing.map(({ reference, error }) => ({
        reference,
        code: error.code,
        message: error.publicMessage,
      })),
    },
    cause: first.error,
  });
}
