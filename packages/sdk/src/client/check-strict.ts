// Strict mode is of no use without a memory of delegates, so a client that is made so is refused before it does anything.
import { AppError } from '@sallyport/core';
import type { KnownDelegates } from '../known-delegates/known-delegates.ts';

/** @throws {config-invalid} */
export function checkStrict(options: { strict?: boolean; knownDelegates?: KnownDelegates }): void {
  if (options.strict !== true || options.knownDelegates !== undefined) return;
  throw new AppError('config-invalid', {
    publicMessage: 'Strict mode needs known delegates: without them, every delegate is unknown.',
  });
}
