// The error for a command line that cannot be carried out as it was typed.
import { AppError } from '@sallyport/core';

/** @param hint what to type instead; without one, `--help` is named */
export function usageError(publicMessage: string, hint?: string): AppError {
  return new AppError('invalid-request', {
    publicMessage,
    data: { hint: hint ?? 'Run the command with --help to see what it takes.' },
  });
}
