// `sallyport import`: secrets from files of other tools, from Vault or OpenBao, and from AWS's command line.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AppError } from '@sallyport/core';
import type { Command, FlagSpec, Invocation } from '../command-line/command.ts';
import { OUTPUT_FLAG, SCOPE_FLAGS } from '../command-line/shared-flags.ts';
import { usageError } from '../command-line/usage-error.ts';
import { withClient } from '../config/open-client.ts';
import { readPlace } from '../config/place.ts';
import type { RowResult } from '../import/carry-out.ts';
import type { ImportRow } from '../import/import-row.ts';
import type { Action, PlannedRow } from '../import/plan-import.ts';
import { readStdin } from '../input/read-input.ts';
import { printableBytes } from '../output/printable.ts';
import { table } from '../output/table.ts';
import { note, writeData, writeJson } from '../output/terminal.ts';
import { USAGE_SCOPE_FLAGS, usageScopeOf } from './usage-scope-flags.ts';

const STDIN_MAX_BYTES = 256 * 1_048_576;
const SOURCES = ['dotenv', 'json', 'yaml', 'csv', 'aws', 'vault'] as const;

const IMPORT_FLAGS = {
  from: {
    kind: 'text',
    value: 'FORMAT',
    choices: SOURCES,
    summary: 'What the source is; a file name that ends in .env, .json, .yaml or .csv says it by itself',
  },
  'dry-run': { kind: 'switch', summary: 'Show what would be done, and do nothing' },
  'skip-existing': { kind: 'switch', summary: 'Leave secrets alone that are there already' },
  compare: {
    kind: 'switch',
    summary:
      'Read the values of secrets that are there, and write only those that differ; the reads are recorded',
  },
  join: { kind: 'text', value: 'TEXT', summary: 'What stands between nested keys in a name (default -)' },
  strip: { kind: 'text', value: 'TEXT', summary: 'Take this away from the beginning of joined names' },
  prefix: { kind: 'text', value: 'TEXT', summary: 'Put this in front of every name' },
  expand: {
    kind: 'switch',
    summary: 'With aws: a value that is a JSON object becomes a secret for each of its keys',
  },
  mount: {
    kind: 'text',
    value: 'PATH',
    summary: 'With vault: where the engine is mounted; Vault tells it from the source without this',
  },
  'secrets-manager': {
    kind: 'text',
    value: 'NAME',
    completes: 'secrets-manager',
    summary: 'Which one protects them; without, the one each has, or the default for new secrets',
  },
  ...SCOPE_FLAGS,
  ...USAGE_SCOPE_FLAGS,
  ...OUTPUT_FLAG,
} as const satisfies Record<string, FlagSpec>;

export const IMPORT_COMMANDS: readonly Command[] = [
  {
    path: ['import'],
    summary: 'Store secrets from a file of another tool, from Vault or OpenBao, or from AWS',
    details: [
      'Each value becomes a secret, or a new version of the one of that name; no value is ever printed. With --app and --env, new secrets may be used there. Values that are not text, or larger than 1 MiB, become file secrets.',
      'One that fails does not stop the others; then the exit code is 10. Run it again with --compare or --skip-existing for the rest.',
    ],
    arguments: [
      { name: 'SOURCE', summary: 'a file, - for standard input, or for vault MOUNT/PATH', completes: 'file' },
    ],
    flags: IMPORT_FLAGS,
    connects: true,
    examples: [
      'import .env --app shop --env prod --dry-run',
      'import --from vault secret/shop/prod --app shop --env prod',
      'import secrets.yaml --join . --prefix shop.',
      'import - --from aws --app shop --env prod --strip shop-prod-',
    ],
    run: runImport,
  },
];

async function runImport(invocation: Invocation): Promise<void> {
  const { flags } = invocation;
  if (flags.has('skip-existing') && flags.has('compare')) {
    throw usageError('Give either --skip-existing or --compare, not both.');
  }
  const place = readPlace(invocation);
  const scope = usageScopeOf(flags);
  const secretsManager = flags.text('secrets-manager');
  const found = await readSource(invocation);
  const [{ nameRows }, { planImport }] = await Promise.all([
    import('../import/name-rows.ts'),
    import('../import/plan-import.ts'),
  ]);
  const rows = nameRows(found, {
    join: flags.text('join') ?? '-',
    strip: flags.text('strip') ?? '',
    prefix: flags.text('prefix') ?? '',
  });
  const existing = flags.has('skip-existing') ? 'skip' : flags.has('compare') ? 'compare' : 'update';
  await withClient(invocation, async (client) => {
    const plan = await planImport(client, rows, { place, existing });
    if (flags.has('dry-run')) return showPlan(invocation, plan);
    const [{ carryOut }, { Interruption }] = await Promise.all([
      import('../import/carry-out.ts'),
      import('../import/interruption.ts'),
    ]);
    using interruption = new Interruption(() => {
      void note(invocation.terminal, 'Stopping: what has begun is finished. Another signal ends it at once.');
    });
    const results = await carryOut(client, plan, {
      signal: interruption.signal,
      ...(scope === null ? {} : { scope }),
      ...(secretsManager === null ? {} : { secretsManager }),
    });
    await showResults(invocation, results, interruption.signal.aborted);
  });
}

async function readSource(invocation: Invocation): Promise<ImportRow[]> {
  const { flags, terminal, folder } = invocation;
  const source = invocation.arguments['SOURCE'] ?? '';
  const from = flags.text('from');
  if (from !== 'aws' && flags.has('expand')) throw usageError('--expand is for --from aws.');
  if (from !== 'vault' && flags.has('mount')) throw usageError('--mount is for --from vault.');
  if (from === 'vault') return readFromVault(invocation, source);
  const { FILE_FORMATS, formatOf, parseFile } = await import('../import/parse-files.ts');
  const format = FILE_FORMATS.find((one) => one === from) ?? formatOf(source);
  if (format === null) {
    throw usageError(
      `What ${source === '-' ? 'standard input' : source} is cannot be told by its name.`,
      'Give --from.',
    );
  }
  const bytes =
    source === '-'
      ? await readStdin(terminal, STDIN_MAX_BYTES)
      : await readFile(resolve(folder, source)).catch((error: NodeJS.ErrnoException) => {
          throw usageError(`The file ${source} cannot be read: ${error.code ?? 'unknown reason'}.`);
        });
  const what = source === '-' ? 'Standard input' : `The file ${source}`;
  return parseFile(bytes, { format, what, expand: flags.has('expand') });
}

async function readFromVault(
  { flags, environment, folder }: Invocation,
  source: string,
): Promise<ImportRow[]> {
  const parts = (text: string): string[] => text.split('/').filter((part) => part !== '');
  const mount = flags.text('mount');
  const [at, path] = [mount === null ? null : parts(mount), parts(source)];
  if ((at ?? path).length === 0) {
    throw usageError('Nothing of Vault is named.', 'The source is MOUNT/PATH, for example secret/shop/prod.');
  }
  if ([...(at ?? []), ...path].some((part) => part === '.' || part === '..')) {
    throw usageError('A path in Vault has no parts that are . or ..');
  }
  const [{ vaultAccess }, { readVault }] = await Promise.all([
    import('../import/vault-access.ts'),
    import('../import/vault-source.ts'),
  ]);
  const access = await vaultAccess(environment, folder);
  return readVault(access, { mount: at?.join('/') ?? null, path: path.join('/') });
}

const FAILS: readonly Action[] = ['invalid', 'conflict', 'unreadable'];
const isProblem = ({ action }: PlannedRow): boolean => FAILS.includes(action);

async function showPlan({ flags, terminal }: Invocation, plan: readonly PlannedRow[]): Promise<void> {
  if (flags.text('output') === 'json') {
    await writeJson(
      terminal,
      plan.map((row) => ({ ...factsOf(row), reason: row.reason })),
    );
  } else {
    const rows = plan.map((row) => [
      row.name,
      row.absence === null ? row.kind : '',
      row.absence === null ? printableBytes(row.value.length) : '',
      row.action,
      row.reason ?? '',
    ]);
    await writeData(terminal, table(['NAME', 'KIND', 'SIZE', 'ACTION', 'WHY'], rows));
  }
  await note(terminal, `${countsOf(plan)}. Nothing was written: this was a dry run.`);
}

async function showResults(
  { flags, terminal }: Invocation,
  results: readonly RowResult[],
  isInterrupted: boolean,
): Promise<void> {
  const failed = results.filter(({ row, error }) => error !== null || isProblem(row));
  if (flags.text('output') === 'json') {
    const rows = results.map(({ row, version, error }) => ({
      ...factsOf(row),
      version,
      reason: error?.publicMessage ?? row.reason,
      code: error?.code ?? null,
    }));
    await writeJson(terminal, rows);
  } else {
    const rows = results.map(({ row, version, error }) => [
      row.name,
      error === null ? (version === null ? row.action : `version ${version}`) : 'FAILED',
      error === null ? (row.reason ?? '') : `${error.publicMessage} (${error.code})`,
    ]);
    await writeData(terminal, table(['NAME', 'RESULT', 'WHY'], rows));
  }
  const written = results.filter(({ version }) => version !== null).length;
  if (failed.length === 0) return note(terminal, `Stored ${written} of ${results.length} values.`);
  if (isInterrupted) {
    throw new AppError('partly-done', {
      publicMessage: `Stored ${written} of ${results.length} values, then it was interrupted.`,
      data: { hint: 'Run it again with --skip-existing or --compare for the rest.' },
    });
  }
  throw new AppError('partly-done', {
    publicMessage: `Stored ${written} of ${results.length} values; ${failed.length} could not be.`,
    data: { hint: 'Mend what is named above, and run it again with --compare or --skip-existing.' },
  });
}

function factsOf({ source, name, kind, value, action, absence }: PlannedRow): object {
  if (absence !== null) return { source, name, kind: null, valueBytes: null, action };
  return { source, name, kind, valueBytes: value.length, action };
}

function countsOf(plan: readonly PlannedRow[]): string {
  const counts = Map.groupBy(plan, ({ action }) => action);
  return [...counts].map(([action, rows]) => `${rows.length} ${action}`).join(', ') || 'The source is empty';
}
