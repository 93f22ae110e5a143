// Reads the values of a plan in one call, and judges whether they can be given to a program: all of them, or nothing is started.
import { AppError } from '@sallyport/core';
import type { Client, ReadOutcome, ResolvedSecret } from '@sallyport/sdk';
import { EXIT_CODE_OF } from '../output/exit-codes.ts';
import type { PlannedFile, PlannedVariable, SecretPlan } from './plan-secrets.ts';

/** Everything that a program is given. */
export type ReadSecrets = {
  /** Texts by variable, plain ones included. */
  variables: ReadonlyMap<string, string>;
  files: readonly { name: string; variable: string | null; value: Uint8Array }[];
  /** Every value that is to be masked, with a name for it. */
  secret: readonly { name: string; value: Uint8Array }[];
};

/** Linux takes no single variable above 128 KiB, name and end included. */
const VARIABLE_MAX_BYTES = 131_071;
const NAMED_IN_MESSAGE = 20;

/** @throws {secret-missing} with all that cannot be read; {unreachable} {no-delegate} …; {invalid-request} for values that cannot be given */
export async function readPlan(
  client: Client,
  plan: SecretPlan,
  { asVariables }: { asVariables: boolean },
): Promise<ReadSecrets> {
  const wanted = [...plan.variables, ...plan.files];
  const references = [...new Set(wanted.map(({ reference }) => reference))];
  const outcomes = references.length === 0 ? [] : await client.resolveEach(references);
  const byReference = new Map(outcomes.map((outcome) => [outcome.reference, outcome]));
  const files: ReadSecrets['files'][number][] = [];
  for (const file of plan.files) {
    const outcome = byReference.get(file.reference);
    const large = outcome !== undefined && 'error' in outcome && outcome.error.code === 'value-too-large';
    if (large) byReference.set(file.reference, await downloaded(client, file.reference));
  }
  requireAll(wanted, byReference);
  for (const { name, variable, reference } of plan.files) {
    files.push({ name, variable, value: valueOf(byReference, reference).value.bytes() });
  }
  const variables = new Map(plan.plain);
  const unfit: string[] = [];
  for (const { variable, reference } of plan.variables) {
    const { name, value } = valueOf(byReference, reference);
    const text = value.text();
    const what = `The secret "${name}"`;
    const why = text === null ? 'is not UTF-8 text' : asVariables ? unfitness(variable, text) : null;
    if (why !== null) unfit.push(`${variable} cannot be a variable. ${what} ${why}.`);
    variables.set(variable, text ?? '');
  }
  for (const [variable, text] of plan.plain) {
    const why = unfitness(variable, text);
    if (why !== null) unfit.push(`${variable} cannot be a variable. Its value ${why}.`);
  }
  requireFit(unfit);
  const resolved = references.map((reference) => valueOf(byReference, reference));
  return {
    variables,
    files,
    secret: resolved.map(({ name, value }) => ({ name, value: value.bytes() })),
  };
}

async function downloaded(client: Client, reference: string): Promise<ReadOutcome> {
  const { Plaintext } = await import('@sallyport/core');
  const download = await client.download(reference);
  const parts: Uint8Array[] = [];
  for await (const part of download) parts.push(part);
  const { secretId, name, version, kind } = download;
  return { reference, secretId, name, version, kind, value: new Plaintext(Buffer.concat(parts)) };
}

function requireAll(
  wanted: readonly (PlannedVariable | PlannedFile)[],
  outcomes: ReadonlyMap<string, ReadOutcome>,
): void {
  const missing = wanted.flatMap((one) => {
    const outcome = outcomes.get(one.reference);
    return outcome !== undefined && 'error' in outcome ? [{ ...one, error: outcome.error }] : [];
  });
  const [first] = missing;
  if (first === undefined) return;
  const lines = missing.slice(0, NAMED_IN_MESSAGE).map(({ variable, reference, origin, error }) => {
    const what = variable === null ? '' : `${variable}: `;
    const from = origin === 'the place' ? '' : ` (${origin})`;
    return `\n  ${what}${reference}${from}: ${error.publicMessage}`;
  });
  if (missing.length > NAMED_IN_MESSAGE) lines.push(`\n  and ${missing.length - NAMED_IN_MESSAGE} more`);
  const count = missing.length === 1 ? 'A secret' : `${missing.length} secrets`;
  // What is there and cannot be had just now is no missing secret: trying again may help.
  const passing = missing.find(({ error }) => EXIT_CODE_OF[error.code] >= 6);
  if (passing !== undefined) {
    throw new AppError(passing.error.code, {
      publicMessage: `${count} could not be read, so nothing was started:${lines.join('')}`,
      data: passing.error.data,
      cause: passing.error,
    });
  }
  throw new AppError('secret-missing', {
    publicMessage: `${count} cannot be read, so nothing was started:${lines.join('')}`,
    data: missing.length === 1 && first.error.data.hint !== undefined ? { hint: first.error.data.hint } : {},
    cause: first.error,
  });
}

function valueOf(outcomes: ReadonlyMap<string, ReadOutcome>, reference: string): ResolvedSecret {
  const outcome = outcomes.get(reference);
  if (outcome === undefined || 'error' in outcome) {
    throw new AppError('internal', { publicMessage: 'A secret has neither a value nor an error.' });
  }
  return outcome;
}

/** Why a text cannot be the value of a variable; null: it can. */
function unfitness(variable: string, text: string): string | null {
  if (text.includes('\0')) return 'has a zero byte, which ends a variable';
  const bytes = Buffer.byteLength(variable) + 1 + Buffer.byteLength(text);
  if (process.platform !== 'linux' || bytes <= VARIABLE_MAX_BYTES) return null;
  return `has ${bytes} bytes with its name, and Linux takes 128 KiB for one variable`;
}

/** @throws {invalid-request} that names all of them */
function requireFit(unfit: readonly string[]): void {
  if (unfit.length === 0) return;
  const shown = unfit.slice(0, NAMED_IN_MESSAGE);
  if (unfit.length > shown.length) shown.push(`and ${unfit.length - shown.length} more`);
  throw new AppError('invalid-request', {
    publicMessage:
      unfit.length === 1
        ? shown.join('')
        : `${unfit.length} values cannot be variables:\n  ${shown.join('\n  ')}`,
    data: {
      hint: 'Give it as a file: --mount FILE for all, --files for secrets of kind file; or leave it out with --exclude.',
    },
  });
}
