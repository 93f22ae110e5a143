// Errors as a person reads them and as a script does: what is wrong, its code, where it happened, what to do next, and the policy
// statement to add where one is missing. All on stderr.
import { AppError, isAppError } from '@sallyport/core';
import { EXIT_CODE_OF } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';
import { preflightReport } from './preflight-report.ts';
import { printableLine, printableLines } from './printable.ts';
import { coloured, note } from './terminal.ts';
import type { Terminal } from './terminal.ts';

/**
 * Prints what a command failed with.
 * @returns the exit code
 */
export async function printError(
  terminal: Terminal,
  error: AppError,
  { json }: { json: boolean },
): Promise<ExitCode> {
  const hint = error.data.hint ?? (await nextStepOf(error));
  if (json) {
    const { code, publicMessage: message, retryable } = error;
    await note(
      terminal,
      JSON.stringify({ error: { code, message, retryable, data: { ...error.data, hint } } }),
    );
  } else {
    const report = await preflightIn(terminal, error);
    await note(terminal, report + wordsOf(terminal, error, hint));
  }
  return EXIT_CODE_OF[error.code];
}

function wordsOf(terminal: Terminal, error: AppError, hint: string): string {
  const { stage, awsCode, requestId, delegate, missingStatement, serverRequestId } = error.data;
  const head = coloured(terminal, { stream: 'stderr', meaning: 'bad' }, 'error:');
  const lines = [`${head} ${printableLines(error.publicMessage)}`, `code: ${error.code}`];
  if (stage !== undefined) lines.push(`stage: ${stage}`);
  if (awsCode !== undefined) {
    lines.push(`aws: ${awsCode}${requestId === undefined ? '' : ` (request id ${requestId})`}`);
  }
  if (delegate !== undefined) lines.push(`delegate: ${delegate}`);
  if (error.code === 'internal' && typeof serverRequestId === 'string') {
    lines.push(`request id: ${serverRequestId}`);
  }
  lines.push(`next: ${hint}`);
  const text = lines.map((line, index) => (index === 0 ? line : printableLine(line))).join('\n');
  return missingStatement === undefined
    ? text
    : `${text}\nadd this statement:\n${printableLines(missingStatement)}`;
}

/** A preflight that failed says more than its error: the report of each delegate comes first. */
async function preflightIn(terminal: Terminal, error: AppError): Promise<string> {
  if (error.data['preflight'] === undefined) return '';
  const { PreflightOutcome } = await import('@sallyport/protocol');
  const parsed = PreflightOutcome.safeParse(error.data['preflight']);
  return parsed.success ? `${preflightReport({ terminal, stream: 'stderr' }, parsed.data)}\n` : '';
}

/** The registry is loaded only when something went wrong: most commands do without. */
async function nextStepOf(error: AppError): Promise<string> {
  const { ERROR_REGISTRY } = await import('@sallyport/protocol');
  return ERROR_REGISTRY[error.code].nextStep;
}

/** Anything thrown as an error of ours: a file that cannot be read is the user's to solve, all else is our fault. */
export function toAppError(thrown: unknown): AppError {
  if (isAppError(thrown)) return thrown;
  if (thrown instanceof Error && 'syscall' in thrown && 'code' in thrown) {
    const path = 'path' in thrown ? ` ${String(thrown.path)}` : '';
    return new AppError('config-invalid', {
      publicMessage: `The operating system refused: ${String(thrown.syscall)}${path}: ${String(thrown.code)}.`,
      data: {
        hint: ['ENOSPC', 'EDQUOT'].includes(String(thrown.code))
          ? 'Make room where the output goes, then run it again: it is not complete.'
          : 'Check that the file or folder is there and that you may use it.',
      },
      cause: thrown,
    });
  }
  const what = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : 'something unknown was thrown';
  return new AppError('internal', {
    publicMessage: `Something unforeseen happened (${what}).`,
    cause: thrown,
  });
}
