// `sallyport export`: everything as it is stored, to be opened without us.
import { resolve } from 'node:path';
import type { Command, Invocation } from '../command-line/command.ts';
import { OUTPUT_FLAG } from '../command-line/shared-flags.ts';
import { usageError } from '../command-line/usage-error.ts';
import { withClient } from '../config/open-client.ts';
import { printableBytes } from '../output/printable.ts';
import { note, writeJson } from '../output/terminal.ts';

export const EXPORT_COMMANDS: readonly Command[] = [
  {
    path: ['export'],
    summary: 'Write stored secrets to a folder, still encrypted',
    details: [
      'With --envelopes, all versions of all secrets as they are stored, with an index and a README that tells how to open them with AWS’s own tools and nothing of Sallyport. Needs the right to administer; recorded for each secret.',
      'A folder that an earlier export was written to is brought up to date: what is there already is not fetched again.',
    ],
    flags: {
      ...OUTPUT_FLAG,
      envelopes: {
        kind: 'text',
        value: 'FOLDER',
        completes: 'file',
        summary: 'Envelopes of the whole account, into this folder',
      },
      newest: { kind: 'switch', summary: 'With --envelopes: only the newest version of each secret' },
    },
    connects: true,
    examples: ['export --envelopes backup'],
    run: runExport,
  },
];

async function runExport(invocation: Invocation): Promise<void> {
  const { flags } = invocation;
  const folder = flags.text('envelopes');
  if (folder === null) throw usageError('Give --envelopes FOLDER.');
  return exportFolder(invocation, folder);
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
