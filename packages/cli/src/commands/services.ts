// Commands for the services of an application, and for the variables and files of theirs that refer to secrets.
import { AppError } from '@sallyport/core';
import type { ConfigEntryView } from '@sallyport/protocol';
import type { Client } from '@sallyport/sdk';
import type { Command, Invocation } from '../command-line/command.ts';
import { OUTPUT_FLAG, SCOPE_FLAGS, YES_FLAG } from '../command-line/shared-flags.ts';
import { withClient } from '../config/open-client.ts';
import { confirm } from '../input/prompt.ts';
import { printableTime } from '../output/printable.ts';
import { table } from '../output/table.ts';
import { note, writeData, writeJson } from '../output/terminal.ts';
import { applicationOf, IN_APPLICATION } from './applications.ts';

const SERVICE = { name: 'SERVICE', summary: 'name or id of the service' } as const;
const ENTRY = { name: 'NAME', summary: 'name of the variable, or path of the file' } as const;
const KINDS = ['variable', 'file'] as const;
const ENTRY_FLAGS = {
  ...IN_APPLICATION,
  env: { ...SCOPE_FLAGS.env, summary: 'Only in this environment; without, in all that have no own entry' },
  kind: {
    kind: 'text',
    value: 'KIND',
    choices: KINDS,
    summary: 'What it becomes for the service (default variable)',
  },
} as const;

export const SERVICE_COMMANDS: readonly Command[] = [
  {
    path: ['service', 'create'],
    summary: 'Add a service to an application',
    arguments: [{ name: 'NAME', summary: 'a name for the service' }],
    flags: { ...IN_APPLICATION, ...OUTPUT_FLAG },
    connects: true,
    run: createService,
  },
  {
    path: ['service', 'list'],
    summary: 'List the services of an application',
    flags: { ...IN_APPLICATION, ...OUTPUT_FLAG },
    connects: true,
    run: listServices,
  },
  {
    path: ['service', 'rename'],
    summary: 'Give a service another name',
    arguments: [SERVICE, { name: 'NEW-NAME', summary: 'the name that it gets' }],
    flags: IN_APPLICATION,
    connects: true,
    run: renameService,
  },
  {
    path: ['service', 'delete'],
    summary: 'Delete a service with its variables and files; the secrets stay',
    arguments: [SERVICE],
    flags: { ...IN_APPLICATION, ...YES_FLAG },
    connects: true,
    run: deleteService,
  },
  {
    path: ['service', 'config', 'set'],
    summary: 'Let a variable or file of a service refer to a secret',
    arguments: [SERVICE, ENTRY, { name: 'SECRET', summary: 'name or id of the secret', completes: 'secret' }],
    flags: { ...ENTRY_FLAGS, ...OUTPUT_FLAG },
    examples: [
      'service config set api DB_PASSWORD db-password --app shop',
      'service config set api etc/tls.pem tls-key --kind file --app shop --env prod',
    ],
    connects: true,
    run: setEntry,
  },
  {
    path: ['service', 'config', 'list'],
    summary: 'List the variables and files of a service, and the secrets that they refer to',
    arguments: [SERVICE],
    flags: { ...IN_APPLICATION, ...OUTPUT_FLAG },
    connects: true,
    run: listEntries,
  },
  {
    path: ['service', 'config', 'remove'],
    summary: 'Take a variable or file away from a service; the secret stays',
    arguments: [SERVICE, ENTRY],
    flags: { ...ENTRY_FLAGS, ...YES_FLAG },
    connects: true,
    run: removeEntry,
  },
];

async function paramsOf(invocation: Invocation): Promise<{ application: string; service: string }> {
  return {
    application: await applicationOf(invocation),
    service: invocation.arguments['SERVICE'] ?? '',
  };
}

async function createService(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const params = { application: await applicationOf(invocation) };
  const body = { name: invocation.arguments['NAME'] ?? '' };
  const created = await withClient(invocation, (client) => client.call('createService', { params, body }));
  if (flags.text('output') === 'json') return writeJson(terminal, created);
  await note(terminal, `Created ${created.name} (${created.id}).`);
}

async function listServices(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const params = { application: await applicationOf(invocation) };
  const { services } = await withClient(invocation, (client) => client.call('getApplication', { params }));
  if (flags.text('output') === 'json') return writeJson(terminal, services);
  const rows = services.map(({ name, id, createdAtMs }) => [name, id, printableTime(createdAtMs)]);
  await writeData(terminal, table(['NAME', 'ID', 'CREATED'], rows));
}

async function renameService(invocation: Invocation): Promise<void> {
  const params = await paramsOf(invocation);
  const body = { name: invocation.arguments['NEW-NAME'] ?? '' };
  const renamed = await withClient(invocation, (client) => client.call('renameService', { params, body }));
  await note(invocation.terminal, `Renamed ${params.service} to ${renamed.name}.`);
}

async function deleteService(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const params = await paramsOf(invocation);
  await withClient(invocation, async (client) => {
    const { entries } = await client.call('listConfigEntries', { params });
    const what =
      entries.length === 0
        ? `the service ${params.service}`
        : `the service ${params.service} with ${entries.length} of its variables and files`;
    await confirm(terminal, { question: `Delete ${what}?`, yes: flags.has('yes') });
    await client.call('deleteService', { params });
  });
  await note(terminal, `Deleted ${params.service}.`);
}

async function setEntry(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const { NAME: name = '', SECRET: secret = '' } = invocation.arguments;
  const params = await paramsOf(invocation);
  const body = { kind: kindOf(invocation), name, environment: flags.text('env'), secret };
  const entry = await withClient(invocation, (client) => client.call('putConfigEntry', { params, body }));
  if (flags.text('output') === 'json') return writeJson(terminal, entry);
  await note(terminal, `${entry.name} refers to ${entry.secret.name ?? entry.secret.id} ${whereOf(entry)}.`);
}

async function listEntries(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const params = await paramsOf(invocation);
  const { entries } = await withClient(invocation, (client) => client.call('listConfigEntries', { params }));
  if (flags.text('output') === 'json') return writeJson(terminal, entries);
  const rows = entries.map((entry) => [
    entry.kind,
    entry.name,
    entry.environment?.name ?? 'all',
    entry.secret.name ?? entry.secret.id,
    entry.unusableIn.join(', ') || '-',
  ]);
  await writeData(terminal, table(['KIND', 'NAME', 'ENVIRONMENT', 'SECRET', 'UNUSABLE IN'], rows));
}

async function removeEntry(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const params = await paramsOf(invocation);
  await withClient(invocation, async (client) => {
    const entry = await findEntry(client, params, invocation);
    const question = `Take ${entry.name} away from ${params.service} ${whereOf(entry)}?`;
    await confirm(terminal, { question, yes: flags.has('yes') });
    await client.call('removeConfigEntry', { params: { ...params, entry: entry.id } });
  });
  await note(terminal, `Removed ${invocation.arguments['NAME'] ?? ''}.`);
}

/** @throws {not-found} */
async function findEntry(
  client: Client,
  params: { application: string; service: string },
  invocation: Invocation,
): Promise<ConfigEntryView> {
  const { entries } = await client.call('listConfigEntries', { params });
  const kind = kindOf(invocation);
  const environment = invocation.flags.text('env');
  const name = invocation.arguments['NAME'];
  const found = entries.find(
    (entry) =>
      entry.kind === kind &&
      entry.name === name &&
      (environment === null
        ? entry.environment === null
        : entry.environment?.id === environment ||
          entry.environment?.name.toLowerCase() === environment.toLowerCase()),
  );
  if (found !== undefined) return found;
  throw new AppError('not-found', {
    publicMessage: `The service has no such ${kind} ${environment === null ? 'for all environments' : `for ${environment}`}.`,
    data: { hint: 'See `sallyport service config list`; --env and --kind have to be those of the entry.' },
  });
}

function kindOf({ flags }: Invocation): (typeof KINDS)[number] {
  return KINDS.find((kind) => kind === flags.text('kind')) ?? 'variable';
}

function whereOf({ environment }: ConfigEntryView): string {
  return environment === null ? 'in all environments' : `in ${environment.name}`;
}
