// What a template needs and cannot have, as one error that says for each where it stands in the template and why.
import { AppError } from '@sallyport/core';
import type { LocatedNeed } from '@sallyport/core/template';

/** `error` null: the service has no such variable or file there. */
export type NeedFailure = { need: LocatedNeed; error: AppError | null };

const NAMED_IN_MESSAGE = 20;

/** What is needed, as in "variable DB_USER of the service". */
export function needInWords(need: LocatedNeed): string {
  if (need.kind === 'secret') return `secret ${need.reference}`;
  return need.kind === 'config-file'
    ? `file ${need.path} of the service`
    : `variable ${need.name} of the service`;
}

/** Why it is missing, in a sentence. */
export function reasonOf({ need, error }: NeedFailure): string {
  if (error?.code === 'value-too-large')
    return 'The value is above 1 MiB, which is too large for a template.';
  if (error !== null) return error.publicMessage;
  const kind = need.kind === 'config-file' ? 'file of this path' : 'variable of this name';
  return `The service has no ${kind} in this environment.`;
}

/** Does nothing when there are none. @throws one error for all, with the code of the first */
export function failNeeds(title: string, failures: readonly NeedFailure[]): void {
  const [first] = failures;
  if (first === undefined) return;
  const lines = failures.slice(0, NAMED_IN_MESSAGE).map((failure) => {
    const [{ line, column } = { line: 0, column: 0 }] = failure.need.positions;
    return `line ${line}, column ${column}: ${needInWords(failure.need)}: ${reasonOf(failure)}`;
  });
  if (failures.length > NAMED_IN_MESSAGE) lines.push(`and ${failures.length - NAMED_IN_MESSAGE} more.`);
  const [only = ''] = lines;
  throw new AppError(first.error?.code ?? 'not-found', {
    publicMessage:
      failures.length === 1
        ? `${title}, ${only}`
        : `${failures.length} things that ${title} needs cannot be read:\n  ${lines.join('\n  ')}`,
    data: {
      hint: first.error?.data.hint ?? 'Run the command with --check to see all that the template needs.',
      failures: failures.map((failure) => ({
        need: needInWords(failure.need),
        positions: failure.need.positions,
        code: failure.error?.code ?? 'not-found',
        message: reasonOf(failure),
      })),
    },
    ...(first.error === null ? {} : { cause: first.error }),
  });
}
