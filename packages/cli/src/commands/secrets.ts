// Commands for secrets: the everyday ones stand at the top level.
import { parseSecretReference, printSecretReference } from '@sallyport/core';
import { printAvailability } from '@sallyport/protocol/client';
import type { SecretDownload } from '@sallyport/sdk';
import type { Command, Invocation } from '../command-line/command.ts';
import { OUTPUT_FLAG, SCOPE_FLAGS, YES_FLAG } from '../command-line/shared-flags.ts';
import { usageError } from '../command-line/usage-error.ts';
import { withClient } from '../config/open-client.ts';
import { placedReference, readPlace } from '../config/place.ts';
import { withConfirmation } from '../input/confirm-effects.ts';
import { confirm } from '../input/prompt.ts';
import { printableBytes, printableTime } from '../output/printable.ts';
import { printUsageScope } from './usage-scope-flags.ts';
import { fields, table } from '../output/table.ts';
import { note, writeData, writeJson } from '../output/terminal.ts';
import { writePrivateFile } from '../output/write-file.ts';
import { setSecret, VERSION_MAX, WRITE_FLAGS } from './set-secret.ts';

const NAME = { name: 'NAME', summary: 'name or id of the secret', completes: 'secret' } as const;

export const SECRET_COMMANDS: readonly Command[] = [
  {
    path: ['set'],
    summary: 'Store a secret, or a new version of it',
    details: [
      'Asks for the value without showing it. With -, the value is read from standard input, byte for byte.',
      'A value is never taken from the command line: other users could see it there, and shells remember it.',
    ],
    arguments: [NAME, { name: 'SOURCE', summary: '- for standard input', optional: true }],
    flags: WRITE_FLAGS,
    connects: true,
    examples: [
      'set db-password',
      "printf %s 'value' | sallyport set db-password -",
      'set tls-cert --file cert.pem',
    ],
    run: setSecret,
  },
  {
    path: ['get'],
    summary: 'Print the value of a secret',
    details: [
      'Prints the value alone, byte for byte; on a terminal, a line end is added to text. Use --out for large files: it writes all or nothing.',
    ],
    arguments: [{ ...NAME, summary: 'name or id, with an optional version as in name@3' }],
    flags: {
      ...SCOPE_FLAGS,
      version: { kind: 'text', value: 'N', summary: 'This version instead of the newest' },
      output: {
        kind: 'text',
        short: 'o',
        value: 'FORMAT',
        choices: ['raw', 'json'],
        summary: 'raw (default) or json; with json, errors are JSON as well',
      },
      out: {
        kind: 'text',
        value: 'FILE',
        completes: 'file',
        summary: 'Write to this file, readable by its owner only, instead of standard output',
      },
    },
    connects: true,
    examples: [
      'get db-password',
      'get db-password@3',
      'get db-password --app shop --env production',
      'get sally://shop/production/db-password',
      'get tls-cert --out cert.pem',
    ],
    run: getSecret,
  },
  {
    path: ['list'],
    summary: 'List the secrets that you may see, without their values',
    details: ['With --app and --env, only those that can be used there.'],
    flags: {
      ...OUTPUT_FLAG,
      ...SCOPE_FLAGS,
      search: {
        kind: 'text',
        value: 'TEXT',
        summary: 'Only names that contain this; letter case does not matter',
      },
    },
    connects: true,
    run: listSecrets,
  },
  {
    path: ['describe'],
    summary: 'Show what is known of a secret, without its value',
    arguments: [NAME],
    flags: { ...OUTPUT_FLAG, ...SCOPE_FLAGS },
    connects: true,
    run: describeSecret,
  },
  {
    path: ['history'],
    summary: 'List the versions of a secret',
    arguments: [NAME],
    flags: { ...OUTPUT_FLAG, ...SCOPE_FLAGS },
    connects: true,
    run: listVersions,
  },
  {
    path: ['rename'],
    summary: 'Give a secret another name; its id and versions stay',
    details: [
      'Whoever asks for it by its old name is shown first. With --leave-alias the old name goes on finding it.',
    ],
    arguments: [NAME, { name: 'NEW-NAME', summary: 'the name that it gets' }],
    flags: {
      ...SCOPE_FLAGS,
      ...YES_FLAG,
      'leave-alias': { kind: 'switch', summary: 'Keep the old name as an alias' },
    },
    connects: true,
    run: renameSecret,
  },
  {
    path: ['rm'],
    summary: 'Delete a secret with all its versions',
    details: ['A secret that config entries of services refer to is not deleted, unless by --force.'],
    arguments: [NAME],
    flags: {
      ...SCOPE_FLAGS,
      ...YES_FLAG,
      force: {
        kind: 'switch',
        summary: 'Delete it and the config entries that refer to it; a right of its own, and recorded',
      },
    },
    connects: true,
    run: removeSecret,
  },
];

async function getSecret(invocation: Invocation): Promise<void> {
  const { flags } = invocation;
  const reference = placedReference(referenceOf(invocation), invocation);
  const out = flags.text('out');
  const json = flags.text('output') === 'json';
  if (json && out !== null) throw usageError('Give either --out or -o json, not both.');
  await withClient(invocation, async (client) => {
    const download = await client.download(reference);
    if (out !== null) await writePrivateFile(out, download);
    else if (json) await printJson(invocation, download);
    else await printRaw(invocation, download);
  });
}

function referenceOf({ arguments: { NAME: name = '' }, flags }: Invocation): string {
  const version = flags.whole('version', { min: 1, max: VERSION_MAX });
  if (version === null) return name;
  const reference = parseSecretReference(name);
  if (reference.version !== null && reference.version !== version) {
    throw usageError('The name has a version and --version names another one.');
  }
  return printSecretReference({ ...reference, version });
}

async function printRaw({ terminal }: Invocation, download: SecretDownload): Promise<void> {
  const onTerminal = terminal.stdout.isTTY === true;
  let last: number | undefined;
  for await (const part of download) {
    if (onTerminal && last === undefined && download.kind === 'file' && part.includes(0)) {
      throw usageError(
        'This file is not text and would garble the terminal.',
        'Give --out FILE, or pipe it elsewhere.',
      );
    }
    last = part.at(-1);
    await writeData(terminal, part);
  }
  if (onTerminal && download.kind === 'text' && last !== 0x0a) await writeData(terminal, '\n');
}

async function printJson({ terminal }: Invocation, download: SecretDownload): Promise<void> {
  const parts: Uint8Array[] = [];
  for await (const part of download) parts.push(part);
  const bytes = Buffer.concat(parts);
  const { secretId, name, version, kind } = download;
  const value =
    kind === 'text' ? { value: bytes.toString('utf8') } : { valueBase64: bytes.toString('base64') };
  await writeJson(terminal, { secretId, name, version, kind, ...value });
}

async function listSecrets(invocation: Invocation): Promise<void> {
  const { flags, terminal } = invocation;
  const search = flags.text('search');
  const place = readPlace(invocation);
  const chosen = { ...(search === null ? {} : { search }), ...place };
  const found = await withClient(invocation, async (client) => Array.fromAsync(client.list(chosen)));
  if (flags.text('output') === 'json') return writeJson(terminal, found);
  const rows = found.map((secret) => [
    secret.name,
    secret.kind,
    String(secret.version),
    printableBytes(secret.valueBytes),
    secret.secretsManagerName ?? '-',
    printUsageScope(secret.scope),
    printAvailability(secret.availability),
    printableTime(secret.updatedAtMs),
    printableTime(secret.usage.lastReleasedAtMs),
  ]);
  const headings = [
    'NAME',
    'KIND',
    'VERSION',
    'SIZE',
    'SECRETS MANAGER',
    'SCOPE',
    'AVAILABILITY',
    'UPDATED',
    'LAST USED',
  ];
  await writeData(terminal, table(headings, rows));
}

async function describeSecret(invocation: Invocation): Promise<void> {
  const { flags, terminal } = invocation;
  const name = placedReference(invocation.arguments['NAME'] ?? '', invocation);
  const detail = await withClient(invocation, (client) => client.describe(name));
  if (flags.text('output') === 'json') return writeJson(terminal, detail);
  const { secret, versions, aliases } = detail;
  const { usage } = secret;
  await writeData(
    terminal,
    fields([
      ['name', secret.name],
      ['id', secret.id],
      ['kind', secret.kind],
      ['version', String(secret.version)],
      ['size', `${printableBytes(secret.valueBytes)} (${secret.valueBytes} bytes)`],
      ['secrets manager', `${secret.secretsManagerName ?? '-'} (${secret.secretsManagerId})`],
      ['scope', printUsageScope(secret.scope)],
      ['availability', printAvailability(secret.availability)],
      ...(aliases.length === 0 ? [] : [['aliases', aliases.join(', ')] as const]),
      ['setup usages', String(usage.setupUsages)],
      ['reads in 90 days', `${usage.releases}, and ${usage.refusals} refused`],
      ['last read', printableTime(usage.lastReleasedAtMs)],
      ['key', versions[0]?.keyArn ?? 'built-in key ring'],
      ['created', printableTime(secret.createdAtMs)],
      ['updated', printableTime(secret.updatedAtMs)],
      ['updated by', versions[0]?.createdBy ?? '-'],
    ]),
  );
}

async function listVersions(invocation: Invocation): Promise<void> {
  const { flags, terminal } = invocation;
  const name = placedReference(invocation.arguments['NAME'] ?? '', invocation);
  const { versions } = await withClient(invocation, (client) => client.describe(name));
  if (flags.text('output') === 'json') return writeJson(terminal, versions);
  const rows = versions.map((version) => [
    String(version.version),
    printableBytes(version.valueBytes),
    printableTime(version.createdAtMs),
    version.createdBy,
    version.keyArn ?? 'built-in key ring',
  ]);
  await writeData(terminal, table(['VERSION', 'SIZE', 'CREATED', 'BY', 'KEY'], rows));
}

async function renameSecret(invocation: Invocation): Promise<void> {
  const { flags, terminal } = invocation;
  const { NAME: name = '', 'NEW-NAME': newName = '' } = invocation.arguments;
  const secret = placedReference(name, invocation);
  const change = { name: newName, leaveAlias: flags.has('leave-alias') };
  const renamed = await withClient(invocation, (client) =>
    withConfirmation(
      terminal,
      { question: `Rename ${name} all the same?`, yes: flags.has('yes') },
      (confirmationToken) => client.edit(secret, { ...change, ...confirmationToken }),
    ),
  );
  await note(terminal, `Renamed ${name} to ${renamed.name}.`);
}

async function removeSecret(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const name = invocation.arguments['NAME'] ?? '';
  const secret = placedReference(name, invocation);
  const yes = flags.has('yes');
  await confirm(terminal, { question: `Delete ${name} with all its versions?`, yes });
  const force = flags.has('force');
  await withClient(invocation, (client) =>
    withConfirmation(terminal, { question: `Delete ${name} all the same?`, yes }, (confirmationToken) =>
      client.remove(secret, { force, ...confirmationToken }),
    ),
  );
  await note(terminal, `Deleted ${name}.`);
}
