// Commands for applications and their environments.
import type { ApplicationView, DeletionPreview } from '@sallyport/protocol';
import type { Client } from '@sallyport/sdk';
import type { Command, Invocation } from '../command-line/command.ts';
import { OUTPUT_FLAG, SCOPE_FLAGS, YES_FLAG } from '../command-line/shared-flags.ts';
import { usageError } from '../command-line/usage-error.ts';
import { findProjectFile } from '../config/config-files.ts';
import { withClient } from '../config/open-client.ts';
import { confirm } from '../input/prompt.ts';
import { printableLine, printableTime } from '../output/printable.ts';
import { fields, table } from '../output/table.ts';
import { note, writeData, writeJson } from '../output/terminal.ts';

const APPLICATION = {
  name: 'APP',
  summary: 'name or id of the application',
  completes: 'application',
} as const;
const ENVIRONMENT = {
  name: 'ENV',
  summary: 'name or id of the environment',
  completes: 'environment',
} as const;
const NEW_NAME = { name: 'NEW-NAME', summary: 'the name that it gets' } as const;
const TYPES = ['production', 'non-production'] as const;
const PAGE_ROWS = 500;

/** For commands about a part of an application. */
export const IN_APPLICATION = { app: SCOPE_FLAGS.app } as const;

export const APPLICATION_COMMANDS: readonly Command[] = [
  {
    path: ['app', 'create'],
    summary: 'Create an application, with its first environments if you like',
    arguments: [{ name: 'NAME', summary: 'a name for the application' }],
    flags: {
      production: {
        kind: 'text',
        value: 'NAME',
        repeatable: true,
        summary: 'A production environment to start with; may be repeated',
      },
      'non-production': {
        kind: 'text',
        value: 'NAME',
        repeatable: true,
        summary: 'A non-production environment to start with; may be repeated',
      },
      ...OUTPUT_FLAG,
    },
    examples: ['app create shop --production prod --non-production dev --non-production test'],
    connects: true,
    run: createApplication,
  },
  {
    path: ['app', 'list'],
    summary: 'List the applications that you may see, with their environments and services',
    flags: {
      ...OUTPUT_FLAG,
      search: {
        kind: 'text',
        value: 'TEXT',
        summary: 'Only names that contain this; letter case does not matter',
      },
    },
    connects: true,
    run: listApplications,
  },
  {
    path: ['app', 'show'],
    summary: 'Show an application',
    arguments: [APPLICATION],
    flags: OUTPUT_FLAG,
    connects: true,
    run: showApplication,
  },
  {
    path: ['app', 'rename'],
    summary: 'Give an application another name; its id stays, so scopes and grants keep meaning it',
    arguments: [APPLICATION, NEW_NAME],
    connects: true,
    run: renameApplication,
  },
  {
    path: ['app', 'delete'],
    summary: 'Delete an application, after showing what goes with it and what becomes unusable',
    arguments: [APPLICATION],
    flags: YES_FLAG,
    connects: true,
    run: deleteApplication,
  },
  {
    path: ['env', 'create'],
    summary: 'Add an environment to an application',
    arguments: [{ name: 'NAME', summary: 'a name for the environment' }],
    flags: {
      ...IN_APPLICATION,
      type: { kind: 'text', value: 'TYPE', choices: TYPES, summary: 'What it is for; it never changes' },
      ...OUTPUT_FLAG,
    },
    examples: ['env create staging --app shop --type non-production'],
    connects: true,
    run: createEnvironment,
  },
  {
    path: ['env', 'list'],
    summary: 'List the environments of an application',
    flags: { ...IN_APPLICATION, ...OUTPUT_FLAG },
    connects: true,
    run: listEnvironments,
  },
  {
    path: ['env', 'rename'],
    summary: 'Give an environment another name; its id and type stay',
    arguments: [ENVIRONMENT, NEW_NAME],
    flags: IN_APPLICATION,
    connects: true,
    run: renameEnvironment,
  },
  {
    path: ['env', 'delete'],
    summary: 'Delete an environment, after showing what goes with it and what becomes unusable',
    arguments: [ENVIRONMENT],
    flags: { ...IN_APPLICATION, ...YES_FLAG },
    connects: true,
    run: deleteEnvironment,
  },
];

/**
 * The application that a command is about: from the flag, the variable, or the project's file.
 * @throws {invalid-request} when none is named
 */
export async function applicationOf({ flags, environment, folder }: Invocation): Promise<string> {
  const named = flags.text('app') ?? environment.read('SALLYPORT_APP');
  const application = named ?? findProjectFile(folder)?.application ?? null;
  if (application !== null) return application;
  throw usageError('--app is missing.', 'Give --app or SALLYPORT_APP, or an application in .sallyport.json.');
}

async function createApplication(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const environments = TYPES.flatMap((type) => flags.list(type).map((name) => ({ name, type })));
  const body = { name: invocation.arguments['NAME'] ?? '', environments };
  const created = await withClient(invocation, (client) => client.call('createApplication', { body }));
  if (flags.text('output') === 'json') return writeJson(terminal, created);
  await note(terminal, `Created ${created.name} (${created.id}).`);
}

async function listApplications(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const search = flags.text('search') ?? undefined;
  const found = await withClient(invocation, async (client) => {
    const applications: ApplicationView[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const query = { search, cursor, limit: PAGE_ROWS };
      const page = await client.call('listApplications', { query });
      applications.push(...page.applications);
      cursor = page.nextCursor;
    }
    return applications;
  });
  if (flags.text('output') === 'json') return writeJson(terminal, found);
  const rows = found.map(({ name, environments, services }) => [
    name,
    namesOf(environments),
    namesOf(services),
  ]);
  await writeData(terminal, table(['NAME', 'ENVIRONMENTS', 'SERVICES'], rows));
}

async function showApplication(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const application = invocation.arguments['APP'] ?? '';
  const found = await withClient(invocation, (client) => readApplication(client, application));
  if (flags.text('output') === 'json') return writeJson(terminal, found);
  await writeData(
    terminal,
    fields([
      ['name', found.name],
      ['id', found.id],
      ['environments', found.environments.map(({ name, type }) => `${name} (${type})`).join(', ') || '-'],
      ['services', namesOf(found.services)],
      ['created', printableTime(found.createdAtMs)],
    ]),
  );
}

async function renameApplication(invocation: Invocation): Promise<void> {
  const { APP: application = '', 'NEW-NAME': name = '' } = invocation.arguments;
  const input = { params: { application }, body: { name } };
  const renamed = await withClient(invocation, (client) => client.call('renameApplication', input));
  await note(invocation.terminal, `Renamed ${application} to ${renamed.name}.`);
}

async function deleteApplication(invocation: Invocation): Promise<void> {
  const application = invocation.arguments['APP'] ?? '';
  const params = { application };
  await withClient(invocation, async (client) => {
    const preview = await client.call('previewApplicationDeletion', { params });
    const query = await confirmDeletion(invocation, preview, `the application ${application}`);
    await client.call('deleteApplication', { params, query });
  });
  await note(invocation.terminal, `Deleted ${application}.`);
}

async function createEnvironment(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const type = TYPES.find((one) => one === flags.text('type'));
  if (type === undefined) throw usageError('--type is missing: production or non-production.');
  const params = { application: await applicationOf(invocation) };
  const body = { name: invocation.arguments['NAME'] ?? '', type };
  const created = await withClient(invocation, (client) =>
    client.call('createEnvironment', { params, body }),
  );
  if (flags.text('output') === 'json') return writeJson(terminal, created);
  await note(terminal, `Created ${created.name} (${created.id}).`);
}

async function listEnvironments(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const application = await applicationOf(invocation);
  const { environments } = await withClient(invocation, (client) => readApplication(client, application));
  if (flags.text('output') === 'json') return writeJson(terminal, environments);
  const rows = environments.map(({ name, type, id, createdAtMs }) => [
    name,
    type,
    id,
    printableTime(createdAtMs),
  ]);
  await writeData(terminal, table(['NAME', 'TYPE', 'ID', 'CREATED'], rows));
}

async function renameEnvironment(invocation: Invocation): Promise<void> {
  const { ENV: environment = '', 'NEW-NAME': name = '' } = invocation.arguments;
  const params = { application: await applicationOf(invocation), environment };
  const renamed = await withClient(invocation, (client) =>
    client.call('renameEnvironment', { params, body: { name } }),
  );
  await note(invocation.terminal, `Renamed ${environment} to ${renamed.name}.`);
}

async function deleteEnvironment(invocation: Invocation): Promise<void> {
  const environment = invocation.arguments['ENV'] ?? '';
  const application = await applicationOf(invocation);
  const params = { application, environment };
  await withClient(invocation, async (client) => {
    const preview = await client.call('previewEnvironmentDeletion', { params });
    const what = `the environment ${environment} of ${application}`;
    const query = await confirmDeletion(invocation, preview, what);
    await client.call('deleteEnvironment', { params, query });
  });
  await note(invocation.terminal, `Deleted ${environment}.`);
}

/** Shows what would happen and asks; the answer is what the deletion is called with. */
async function confirmDeletion(
  { terminal, flags }: Invocation,
  { effect, confirmationToken }: DeletionPreview,
  what: string,
): Promise<{ confirm: string }> {
  for (const { sentence } of effect.consequences) await note(terminal, printableLine(sentence));
  await confirm(terminal, { question: `Delete ${what}?`, yes: flags.has('yes') });
  return { confirm: confirmationToken };
}

async function readApplication(client: Client, application: string): Promise<ApplicationView> {
  return client.call('getApplication', { params: { application } });
}

function namesOf(parts: readonly { name: string }[]): string {
  return parts.map(({ name }) => name).join(', ') || '-';
}
