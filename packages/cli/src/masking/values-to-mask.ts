// Where the values come from that the `mask` filter takes out: secrets of a place, secrets by name, a file of variables, or variables of
// the filter's own environment.
import { readFile } from 'node:fs/promises';
import { AppError } from '@sallyport/core';
import type { MaskedValue } from '@sallyport/masking';
import type { Client, ReadOutcome } from '@sallyport/sdk';
import type { Invocation } from '../command-line/command.ts';
import { usageError } from '../command-line/usage-error.ts';
import { withClient } from '../config/open-client.ts';
import { placedReference, readPlace } from '../config/place.ts';
import { parseDotenv } from '../run/parse-dotenv.ts';

/** Values, and names of secrets that are too large to be held in memory and masked. */
export type ValuesToMask = { values: MaskedValue[]; tooLarge: string[] };

/** @throws what reading fails with: output that cannot be masked as asked for must not pass */
export async function readValuesToMask(invocation: Invocation): Promise<ValuesToMask> {
  const { flags } = invocation;
  const file = flags.text('values-from-file');
  const variables = flags.list('values-from-env').flatMap((names) => names.split(','));
  const names = flags.list('secret');
  const others = [...(file === null ? [] : await valuesOfFile(file)), ...valuesOf(variables, invocation)];
  const isServerAsked = names.length > 0 || (file === null && variables.length === 0);
  if (!isServerAsked) return { values: others, tooLarge: [] };
  const read = await withClient(invocation, (client) => readSecrets(client, { names, invocation }));
  return { values: [...others, ...read.values], tooLarge: read.tooLarge };
}

async function readSecrets(
  client: Client,
  { names, invocation }: { names: readonly string[]; invocation: Invocation },
): Promise<ValuesToMask> {
  const references =
    names.length > 0
      ? names.map((name) => placedReference(name, invocation))
      : await referencesOfPlace(client, invocation);
  const outcomes = await client.resolveEach(references);
  const tooLarge = outcomes.filter((outcome) => isTooLarge(outcome)).map(({ reference }) => reference);
  const failed = outcomes.find((outcome) => 'error' in outcome && !isTooLarge(outcome));
  if (failed !== undefined && 'error' in failed) {
    const { code, publicMessage, data } = failed.error;
    throw new AppError(code, {
      publicMessage: `${failed.reference} cannot be read, so nothing is let through: ${publicMessage}`,
      data,
      cause: failed.error,
    });
  }
  const values = outcomes.flatMap((outcome) =>
    'value' in outcome ? [{ name: outcome.name, value: outcome.value.bytes() }] : [],
  );
  return { values, tooLarge };
}

function isTooLarge(outcome: ReadOutcome): boolean {
  return 'error' in outcome && outcome.error.code === 'value-too-large';
}

async function referencesOfPlace(client: Client, invocation: Invocation): Promise<string[]> {
  const place = readPlace(invocation);
  if (place === null) {
    throw usageError(
      'It is not said whose values are to be masked.',
      'Give --app and --env for all secrets of a place, or --secret NAME, --values-from-file FILE or --values-from-env NAME.',
    );
  }
  const { secrets, unreadable } = await client.usable({ place });
  return [...secrets, ...unreadable].map(({ reference }) => reference);
}

async function valuesOfFile(path: string): Promise<MaskedValue[]> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw usageError(`The file ${path} cannot be read: ${error.code ?? 'unknown reason'}.`);
  });
  return parseDotenv(bytes.toString('utf8'), path).map(({ variable, text }) => ({
    name: variable,
    value: Buffer.from(text),
  }));
}

function valuesOf(variables: readonly string[], { environment }: Invocation): MaskedValue[] {
  return variables.map((name) => {
    const value = environment.valueOf(name);
    if (value === null) throw usageError(`--values-from-env names a variable that is not set: ${name}.`);
    return { name, value: Buffer.from(value) };
  });
}
