// Checks what comes in and what goes out against the route's schemas. What is wrong with an input is the caller's to know, field by
// field; an output that does not fit is our own mistake and is never sent.
import type { z } from 'zod';
import { AppError } from '@sallyport/core';

/** One field that is wrong; `path` is empty when the whole is. */
export type InputIssue = { path: string; message: string };

const ISSUES_MAX = 20;
const TEXT_MAX_CHARACTERS = 200;

/**
 * @param what names the input in the message: `body`, `query`
 * @throws {invalid-request} with `data.issues`, a list of `InputIssue`
 */
export function parseInput<T extends z.ZodType>(schema: T, input: unknown, what: string): z.output<T> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw invalidInput(what, parsed.error.issues.slice(0, ISSUES_MAX).map(toIssue));
}

/** @throws {invalid-request} */
export function invalidInput(what: string, issues: readonly InputIssue[]): AppError {
  const first = issues[0];
  const where = first === undefined || first.path === '' ? `The ${what}` : `${first.path} in the ${what}`;
  return new AppError('invalid-request', {
    publicMessage: `${where} is not valid: ${first?.message ?? 'it has another form'}.`,
    data: { issues },
  });
}

/** @throws {internal} when the answer does not fit its schema */
export function parseOutput<T extends z.ZodType>(schema: T, output: unknown, operation: string): z.output<T> {
  const parsed = schema.safeParse(output);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.code}`);
  throw new AppError('internal', {
    publicMessage: 'An internal error occurred.',
    message: `the answer of ${operation} does not fit its schema (${fields.join('; ')})`,
  });
}

function toIssue(issue: z.core.$ZodIssue): InputIssue {
  const path = issue.path.map(String).join('.').slice(0, TEXT_MAX_CHARACTERS);
  return { path, message: printable(issue.message) };
}

/** Messages may repeat names of fields that the caller made up. */
function printable(text: string): string {
  const cut = text.length > TEXT_MAX_CHARACTERS ? `${text.slice(0, TEXT_MAX_CHARACTERS)}…` : text;
  return cut.toWellFormed();
}
