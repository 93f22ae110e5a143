// `sallyport export`: values in the forms that other programs read, or everything as it is stored, to be opened without us.
import { resolve } from 'node:path';
import type { Command, FlagSpec, Invocation } from '../command-line/command.ts';
import { OUTPUT_FLAG, SCOPE_FLAGS } from '../command-line/shared-flags.ts';
import { usageError } from '../command-line/usage-error.ts';
import { withClient } from '../config/open-client.ts';
import { placedReference, readPlace } from '../config/place.ts';
import { VALUE_FORMATS } from '../export/value-formats.ts';
import type { ValueFormat } from '../export/value-formats.ts';
import { printableBytes } from '../output/printable.ts';
import { note, writeData, writeJson } from '../output/terminal.ts';
import { contentOf, writePrivateFile } from '../output/write-file.ts';

const EXPORT_FLAGS = {
  format: {
    kind: 'text',
    value: 'FORMAT',
    choices: VALUE_FORMATS,
    summary: 'What the values are written as',
  },
  ...SCOPE_FLAGS,
  secret: {
    kind: 'text',
    value: 'NAME',
    repeatable: true,
    completes: 'secret',
    summary: 'This secret only; may be repeated',
  },
  exclude: {
    kind: 'text',
    value: 'SECRET',
    repeatable: true,
    completes: 'secret',
    summary: 'A secret of the place to leave out; may be repeated',
  },
  out: {
    kind: 'text',
    value: 'FILE',
    completes: 'file',
    summary: 'Write to this file, readable by its owner only, instead of standard output',
  },
  name: {
    kind: 'text',
    value: 'NAME',
    summary: 'With k8s-secret: name of the object; the application without it',
  },
  namespace: { kind: 'text', value: 'NAME', summary: 'With k8s-secret: its namespace' },
  envelopes: {
    kind: 'text',
    value: 'FOLDER',
    completes: 'file',
    summary: 'Envelopes of the whole account, still encrypted, into this folder',
  },
  newest: { kind: 'switch', summary: 'With --envelopes: only the newest version of each secret' },
  ...OUTPUT_FLAG,
} as const satisfies Record<string, FlagSpec>;

/** Flags that belong to one of the two kinds of export alone. */
const OF_VALUES = ['format', 'secret', 'exclude', 'out', 'name', 'namespace'] as const;
const OF_ENVELOPES = ['newest', 'output'] as const;

export const EXPORT_COMMANDS: readonly Command[] = [
  {
    path: ['export'],
    summary:
      'Write values in the form that another program reads, or all secrets to a folder, still encrypted',
    details: [
      'With --format, the values of all secrets that you may use in an application and environment, or of those named by --secret. All or nothing. What a format cannot hold is refused.',
      'With --envelopes, all versions of all secrets as they are stored, with an index and a README that tells how to open them with AWS’s own tools and nothing of Sallyport. Needs the right to administer; recorded for each secret.',
      'A folder that an earlier export was written to is brought up to date: what is there already is not fetched again.',
    ],
    flags: EXPORT_FLAGS,
    connects: true,
    examples: [
      'export --format dotenv --app shop --env prod --out .env',
      'export --format k8s-secret --app shop --env prod --name shop-secrets | kubectl apply -f -',
      'export --envelopes backup',
    ],
    run: runExport,
  },
];

async function runExport(invocation: Invocation): Promise<void> {
  const { flags } = invocation;
  const folder = flags.text('envelopes');
  const stray = (folder === null ? OF_ENVELOPES : OF_VALUES).find((name) => flags.has(name));
  if (folder === null && flags.text('format') === null) {
    throw usageError(
      'Give --format FORMAT for values, or --envelopes FOLDER for everything, still encrypted.',
    );
  }
  if (stray !== undefined) {
    throw usageError(`--${stray} is for an export ${folder === null ? 'with --envelopes' : 'of values'}.`);
  }
  return folder === null ? exportValues(invocation) : exportFolder(invocation, folder);
}

async function exportValues(invocation: Invocation): Promise<void> {
  const { flags, terminal } = invocation;
  const format = flags.required('format') as ValueFormat;
  const out = flags.text('out');
  const place = readPlace(invocation);
  const names = flags.list('secret');
  if (place === null && names.length === 0) {
    throw usageError(
      'Give --app and --env, or --secret NAME.',
      'An export of everything is: --envelopes FOLDER',
    );
  }
  const excluded = flags.list('exclude');
  if (names.length > 0 && excluded.length > 0) {
    throw usageError('Give --secret or --exclude, not both: --exclude is for all of a place.');
  }
  const manifest = {
    name: flags.text('name') ?? place?.application.toLowerCase() ?? 'secrets',
    namespace: flags.text('namespace'),
  };
  if (format !== 'k8s-secret' && (flags.has('name') || flags.has('namespace'))) {
    throw usageError('--name and --namespace are for --format k8s-secret.');
  }
  const references = names.map((name) => placedReference(name, invocation));
  const [{ readValues }, { printValues }] = await Promise.all([
    import('../export/read-values.ts'),
    import('../export/value-formats.ts'),
  ]);
  const from = references.length > 0 || place === null ? { references } : { place, excluded };
  const values = await withClient(invocation, (client) => readValues(client, from));
  const text = printValues(format, values, manifest);
  if (out !== null) {
    await writePrivateFile(resolve(invocation.folder, out), contentOf(text));
    await note(terminal, `Wrote ${values.length} values to ${out}. They are in clear there.`);
    return;
  }
  if (terminal.stdout.isTTY === true) await note(terminal, 'warning: values in clear on this terminal.');
  await writeData(terminal, text);
}

async function exportFolder(invocation: Invocation, folder: string): Promise<void> {
  const { flags, terminal } = invocation;
  const path = resolve(invocation.folder, folder);
  const live = terminal.stderr.isTTY === true;
  const { exportEnvelopes } = await import('../export/export-envelopes.ts');
  const done = await withClient(invocation, (client) =>
    exportEnvelopes(client, path, {
      newestOnly: flags.has('newest'),
      onProgress: ({ envelopes }) => {
        if (live) terminal.stderr.write(`\r${envelopes} envelopes`);
      },
    }),
  );
  if (live) terminal.stderr.write('\r\u001B[K');
  if (flags.text('output') === 'json') return writeJson(terminal, done);
  const { envelopes, written, kept, bytes } = done;
  await note(
    terminal,
    `${envelopes} envelopes are in ${folder}: ${written} written now (${printableBytes(bytes)}), ${kept} there before. README.md in it tells how to open them.`,
  );
}
