// `sallyport set`: where a value comes from, and that it never comes from the command line.
import { AppError } from '@sallyport/core';
import type { WriteOptions, WrittenVersion } from '@sallyport/sdk';
import type { FlagSpec, Invocation } from '../command-line/command.ts';
import { SCOPE_FLAGS } from '../command-line/shared-flags.ts';
import { usageError } from '../command-line/usage-error.ts';
import { withClient } from '../config/open-client.ts';
import { placedReference } from '../config/place.ts';
import { readAvailability } from '../input/parse-availability.ts';
import { askHidden, canAsk } from '../input/prompt.ts';
import { openUpload, readStdin } from '../input/read-input.ts';
import { printableBytes } from '../output/printable.ts';
import { note } from '../output/terminal.ts';
import { USAGE_SCOPE_FLAGS, usageScopeOf } from './usage-scope-flags.ts';

/** Highest version that can be named. */
export const VERSION_MAX = 999_999_999;

/** Flags of `set`. */
export const WRITE_FLAGS = {
  file: {
    kind: 'text',
    value: 'PATH',
    completes: 'file',
    summary: 'Store this file, byte for byte, as a file secret; - is standard input',
  },
  'secrets-manager': {
    kind: 'text',
    value: 'NAME',
    completes: 'secrets-manager',
    summary: 'Which one protects it; without, the one it has, or the default for a new secret',
  },
  'if-version': {
    kind: 'text',
    value: 'N',
    summary: 'Only if N is the newest version; 0: only if there is no such secret',
  },
  ...SCOPE_FLAGS,
  ...USAGE_SCOPE_FLAGS,
  availability: {
    kind: 'text',
    value: 'AVAILABILITY',
    summary: 'Of a new secret: fresh (default), "stale-ok AGE" or "offline AGE"; see `availability set`',
  },
} as const satisfies Record<string, FlagSpec>;

/** Carries out `set`. */
export async function setSecret(invocation: Invocation): Promise<void> {
  const { flags, terminal } = invocation;
  const { NAME: name = '', SOURCE: source } = invocation.arguments;
  const file = flags.text('file');
  if (source !== undefined && source !== '-') {
    throw usageError(
      'A value is not taken from the command line: other users of this machine could see it there.',
      'Leave it out to be asked for it, or give - and pass it on standard input. (It may be in your shell history now.)',
    );
  }
  if (source === '-' && file !== null) throw usageError('Give either - or --file, not both.');
  const options = writeOptionsOf(invocation);
  const secret = placedReference(name, invocation);
  if (file !== null) {
    const bytes = await openUpload(terminal, file);
    await withClient(invocation, async (client) =>
      report(invocation, await client.upload(secret, bytes, options)),
    );
    if (typeof bytes === 'function') await noteUnmasked(invocation, await startOf(bytes()));
    return;
  }
  const value = source === '-' ? await textFromStdin(invocation) : await textFromPerson(invocation, name);
  await withClient(invocation, async (client) =>
    report(invocation, await client.set(secret, value, options)),
  );
  await noteUnmasked(invocation, typeof value === 'string' ? Buffer.from(value) : value);
}

/** Said when a value is set, since whoever reads output later does not know what should have been masked. */
async function noteUnmasked({ terminal }: Invocation, value: Uint8Array): Promise<void> {
  const { judgeValue, VALUE_PROBLEMS } = await import('@sallyport/masking/judge-value');
  const problem = judgeValue(value);
  if (problem !== null) await note(terminal, `note: the value ${VALUE_PROBLEMS[problem]}.`);
}

/** Enough of a file to see whether it is too short. */
async function startOf(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  for await (const part of bytes) return part;
  return new Uint8Array();
}

function writeOptionsOf({ flags }: Invocation): WriteOptions {
  const secretsManager = flags.text('secrets-manager');
  const expectedVersion = flags.whole('if-version', { min: 0, max: VERSION_MAX });
  const scope = usageScopeOf(flags);
  const availability = flags.text('availability');
  return {
    ...(scope === null ? {} : { scope }),
    ...(availability === null ? {} : { availability: readAvailability(availability) }),
    ...(secretsManager === null ? {} : { secretsManager }),
    ...(expectedVersion === null ? {} : { expectedVersion }),
  };
}

async function textFromStdin({ terminal }: Invocation): Promise<Uint8Array> {
  const value = await readStdin(terminal);
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(value);
  } catch {
    throw usageError('Standard input is not UTF-8 text.', 'Store it as a file: --file - for standard input.');
  }
  if (value.at(-1) === 0x0a) {
    await note(
      terminal,
      'note: the value ends with a line break, which is part of it. `printf %s` adds none.',
    );
  }
  return value;
}

async function textFromPerson({ terminal }: Invocation, name: string): Promise<string> {
  if (!canAsk(terminal)) {
    throw usageError(
      'There is no value, and no terminal to ask for one.',
      'Give - to read it from standard input.',
    );
  }
  const value = await askHidden(terminal, `Value of ${name} (not shown): `);
  if (value === '')
    throw new AppError('empty-value', { publicMessage: 'No value was typed. Nothing was stored.' });
  return value;
}

async function report({ terminal }: Invocation, written: WrittenVersion): Promise<void> {
  const { name, version, valueBytes } = written;
  await note(terminal, `Stored version ${version} of ${name} (${printableBytes(valueBytes)}).`);
}
