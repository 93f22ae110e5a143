// Commands for secrets managers: which key protects secrets, and how delegates authenticate to use it.
import { AppError } from '@sallyport/core';
import type { PreflightOutcome, SecretsManagerView, SettingsInput } from '@sallyport/protocol';
import type { Command, FlagSpec, Invocation } from '../command-line/command.ts';
import { OUTPUT_FLAG, YES_FLAG } from '../command-line/shared-flags.ts';
import { usageError } from '../command-line/usage-error.ts';
import { isAppError } from '@sallyport/core';
import { withClient } from '../config/open-client.ts';
import { printRegion } from '../input/parse-region.ts';
import { confirm } from '../input/prompt.ts';
import { watchPreflight } from '../output/live-preflight.ts';
import { healthByDelegate, healthLine } from '../output/manager-health.ts';
import { preflightReport } from '../output/preflight-report.ts';
import { printableLine, printableLines, printableTime } from '../output/printable.ts';
import { fields, table } from '../output/table.ts';
import { note, writeData, writeJson } from '../output/terminal.ts';
import {
  AWS_KMS_FLAGS,
  awsKmsSettings,
  builtInSettings,
  hasSettingsFlags,
  SHARED_SETTINGS_FLAGS,
} from './settings-flags.ts';
import { managerScopeOf } from './usage-scope-flags.ts';

const GROUP = 'secrets-manager';
const NAME = {
  name: 'NAME',
  summary: 'name or id of the secrets manager',
  completes: 'secrets-manager',
} as const;
const ADD_FLAGS = {
  name: { kind: 'text', value: 'NAME', summary: 'Its name' },
  default: { kind: 'switch', summary: 'Make it the default for new secrets' },
  scope: {
    kind: 'text',
    value: 'PLACES',
    repeatable: true,
    summary:
      'Where its secrets may be used at most, such as */production; may be repeated (default: everywhere)',
  },
  'dry-run': { kind: 'switch', summary: 'Try the settings on every eligible delegate; save nothing' },
} as const satisfies Record<string, FlagSpec>;

export const SECRETS_MANAGER_COMMANDS: readonly Command[] = [
  {
    path: [GROUP, 'add', 'aws-kms'],
    summary: 'Add a secrets manager that uses an AWS KMS key',
    details: [
      'The settings are tried on every eligible delegate first, and saved only if one of them can use the key.',
    ],
    flags: { ...ADD_FLAGS, ...AWS_KMS_FLAGS, ...SHARED_SETTINGS_FLAGS, ...OUTPUT_FLAG },
    connects: true,
    examples: [
      'secrets-manager add aws-kms --name prod-kms --credentials sts-role --selector prod-vpc --role-arn arn:aws:iam::111122223333:role/sallyport --external-id acme --key-arn arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    ],
    run: async (invocation) => addSecretsManager(invocation, () => awsKmsSettings(invocation, null)),
  },
  {
    path: [GROUP, 'add', 'built-in'],
    summary: "Add a secrets manager that uses a delegate's own key ring, without AWS",
    flags: { ...ADD_FLAGS, ...SHARED_SETTINGS_FLAGS, ...OUTPUT_FLAG },
    connects: true,
    run: async (invocation) => addSecretsManager(invocation, async () => builtInSettings(invocation, null)),
  },
  {
    path: [GROUP, 'test'],
    summary: 'Try a saved secrets manager on every eligible delegate',
    details: ['In a terminal, each step is told as it happens; the report comes at the end either way.'],
    arguments: [NAME],
    flags: OUTPUT_FLAG,
    connects: true,
    run: testSecretsManager,
  },
  {
    path: [GROUP, 'list'],
    summary: 'List secrets managers with what their last tests found, the default first',
    flags: OUTPUT_FLAG,
    connects: true,
    run: listSecretsManagers,
  },
  {
    path: [GROUP, 'show'],
    summary: 'Show the settings of a secrets manager, and what its last test found at each delegate',
    details: ['The last test at each delegate is kept, with its own time; nothing is tried to show it.'],
    arguments: [NAME],
    flags: {
      tests: { kind: 'switch', summary: 'Also show the last tests stage by stage' },
      ...OUTPUT_FLAG,
    },
    connects: true,
    run: showSecretsManager,
  },
  {
    path: [GROUP, 'edit'],
    summary: 'Rename a secrets manager or change its settings',
    details: [
      'Settings that no flag names stay as they are; a repeatable flag replaces all of its kind. Changed settings are tried first.',
    ],
    arguments: [NAME],
    flags: {
      name: ADD_FLAGS.name,
      scope: ADD_FLAGS.scope,
      'no-scope': { kind: 'switch', summary: 'May be used nowhere' },
      'let-inherit': {
        kind: 'switch',
        summary:
          'Secrets whose own scope would reach beyond the new one get the new one instead, after a question',
      },
      ...YES_FLAG,
      ...AWS_KMS_FLAGS,
      ...SHARED_SETTINGS_FLAGS,
      'dry-run': ADD_FLAGS['dry-run'],
      ...OUTPUT_FLAG,
    },
    connects: true,
    run: editSecretsManager,
  },
  {
    path: [GROUP, 'set-default'],
    summary: 'Make a secrets manager the default for new secrets',
    arguments: [NAME],
    connects: true,
    run: setDefault,
  },
  {
    path: [GROUP, 'delete'],
    summary: 'Delete a secrets manager that holds no secrets',
    arguments: [NAME],
    flags: YES_FLAG,
    connects: true,
    run: deleteSecretsManager,
  },
];

async function addSecretsManager(
  invocation: Invocation,
  readSettings: () => Promise<SettingsInput>,
): Promise<void> {
  const { flags } = invocation;
  if (flags.has('dry-run')) return tryOut(invocation, await readSettings());
  const name = flags.required('name');
  const settings = await readSettings();
  await withClient(invocation, async (client) => {
    const body = { name, settings, makeDefault: flags.has('default'), ...managerScopeOf(flags) };
    const saved = await client.call('createSecretsManager', {
      body,
      ...watchPreflight(invocation.terminal),
    });
    await reportSaved(invocation, saved.secretsManager, saved.preflight);
  });
}

async function tryOut(invocation: Invocation, settings: SettingsInput): Promise<void> {
  const outcome = await withClient(invocation, (client) =>
    client.call('preflightSettings', { body: { settings }, ...watchPreflight(invocation.terminal) }),
  );
  await reportTried(invocation, outcome);
}

async function testSecretsManager(invocation: Invocation): Promise<void> {
  const params = { secretsManager: invocation.arguments['NAME'] ?? '' };
  const outcome = await withClient(invocation, (client) =>
    client.call('testSecretsManager', { params, ...watchPreflight(invocation.terminal) }),
  );
  await reportTried(invocation, outcome);
}

/** The report is the data here; a failed one is an error besides. */
async function reportTried({ terminal, flags }: Invocation, outcome: PreflightOutcome): Promise<void> {
  if (flags.text('output') === 'json') await writeJson(terminal, outcome);
  else await writeData(terminal, preflightReport({ terminal, stream: 'stdout' }, outcome));
  if (outcome.ok) return;
  throw new AppError('preflight-failed', {
    publicMessage: 'No eligible delegate could use the key with these settings.',
    data: { hint: 'Read the stages above: each failed one names what is missing.' },
  });
}

async function reportSaved(
  { terminal, flags }: Invocation,
  saved: SecretsManagerView,
  preflight: PreflightOutcome | null,
): Promise<void> {
  if (flags.text('output') === 'json') return writeJson(terminal, { secretsManager: saved, preflight });
  if (preflight !== null) await note(terminal, preflightReport({ terminal, stream: 'stderr' }, preflight));
  await note(terminal, `Saved ${saved.name} (${saved.id})${saved.isDefault ? ', the default' : ''}.`);
}

async function listSecretsManagers(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const { secretsManagers } = await withClient(invocation, (client) => client.call('listSecretsManagers'));
  if (flags.text('output') === 'json') return writeJson(terminal, secretsManagers);
  const rows = secretsManagers.map((one) => [
    one.isDefault ? `${one.name} (default)` : one.name,
    one.kind,
    one.kind === 'aws-kms' ? one.credentials.type : '-',
    String(one.secretCount),
    printableLine(healthLine(one.health)),
    one.selectors.join(', ') || '-',
    one.kind === 'aws-kms' ? one.keyArn : '-',
  ]);
  const headings = ['NAME', 'KIND', 'CREDENTIALS', 'SECRETS', 'HEALTH', 'SELECTORS', 'KEY'];
  await writeData(terminal, table(headings, rows));
}

async function showSecretsManager(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const params = { secretsManager: invocation.arguments['NAME'] ?? '' };
  const [view, tests] = await withClient(invocation, async (client) => [
    await client.call('getSecretsManager', { params }),
    flags.has('tests') ? (await client.call('listSecretsManagerTests', { params })).tests : null,
  ]);
  if (flags.text('output') === 'json') return writeJson(terminal, tests === null ? view : { ...view, tests });
  const context = Object.entries(view.context).map(([key, value]) => `${key}=${value}`);
  const { maxAgeSeconds, maxUses } = view.dataKeyCache;
  await writeData(
    terminal,
    fields([
      ['name', view.name],
      ['id', view.id],
      ['default', view.isDefault ? 'yes' : 'no'],
      ['kind', view.kind],
      ...(view.kind === 'aws-kms' ? awsKmsFields(view) : []),
      ['selectors', view.selectors.join(', ') || 'none'],
      ['context', context.join(', ') || 'none'],
      ['data-key cache', maxAgeSeconds === 0 ? 'off' : `${maxAgeSeconds} s, ${maxUses} uses`],
      ['scope', printRegion(view.usageScope).join(' ') || 'nowhere'],
      ['secrets', String(view.secretCount)],
      ['revision', String(view.revision)],
      ['updated', printableTime(view.updatedAtMs)],
      ['health', printableLine(healthLine(view.health))],
      ...healthByDelegate(view.health).map(
        ([name, found]) => [printableLine(`at ${name}`), printableLine(found)] as const,
      ),
    ]),
  );
  if (tests === null || tests.length === 0) return;
  const { state } = view.health;
  const outcome = { ok: state === 'healthy' || state === 'degraded', delegates: tests };
  await writeData(terminal, `\n${preflightReport({ terminal, stream: 'stdout' }, outcome)}`);
}

function awsKmsFields(view: Extract<SecretsManagerView, { kind: 'aws-kms' }>): [string, string][] {
  const { credentials } = view;
  const shown: [string, string][] = [
    ['key', view.keyArn],
    ['region', view.region],
    ['credentials', credentials.type],
  ];
  if (view.pinnedKeyArn !== view.keyArn) shown.push(['key behind alias', view.pinnedKeyArn]);
  if (view.formerKeyArns.length > 0) shown.push(['former keys', view.formerKeyArns.join(', ')]);
  if (credentials.type === 'access-keys') shown.push(['access key id', credentials.accessKeyId]);
  if (credentials.type === 'sts-role') {
    shown.push(
      ['role', credentials.roleArn],
      ['external id', credentials.externalId ?? 'none'],
      ['duration', `${credentials.durationSeconds} s`],
    );
  }
  return shown;
}

async function editSecretsManager(invocation: Invocation): Promise<void> {
  const { flags } = invocation;
  const params = { secretsManager: invocation.arguments['NAME'] ?? '' };
  const name = flags.text('name');
  const scope = managerScopeOf(flags);
  if (name === null && scope.usageScope === undefined && !hasSettingsFlags(invocation))
    throw usageError('No flag says what to change.');
  await withClient(invocation, async (client) => {
    const saved = await client.call('getSecretsManager', { params });
    const settings = hasSettingsFlags(invocation) ? await editedSettings(invocation, saved) : undefined;
    if (flags.has('dry-run')) {
      if (settings === undefined) throw usageError('--dry-run tries settings, and no flag changes any.');
      const watching = watchPreflight(invocation.terminal);
      return reportTried(
        invocation,
        await client.call('preflightSettings', { body: { settings }, ...watching }),
      );
    }
    const change = {
      ...(name === null ? {} : { name }),
      ...scope,
      ...(settings === undefined ? {} : { settings, expectedRevision: saved.revision }),
    };
    const edited = await withInheriting(invocation, (agreement) =>
      client.call('editSecretsManager', {
        params,
        body: { ...change, ...agreement },
        ...watchPreflight(invocation.terminal),
      }),
    );
    await reportSaved(invocation, edited.secretsManager, edited.preflight);
  });
}

/** With --let-inherit, secrets that would lie outside of a narrower scope are shown, and after a yes inherit it. */
async function withInheriting<T>(
  { terminal, flags }: Invocation,
  edit: (agreement: { onConflict?: 'inherit'; confirmationToken?: string }) => Promise<T>,
): Promise<T> {
  try {
    return await edit({});
  } catch (error) {
    const token = isAppError(error, 'scope-conflict') ? error.data['confirmationToken'] : undefined;
    if (!flags.has('let-inherit') || !isAppError(error) || typeof token !== 'string') throw error;
    await note(terminal, printableLines(error.publicMessage));
    await confirm(terminal, { question: 'Let them inherit the new scope?', yes: flags.has('yes') });
    return edit({ onConflict: 'inherit', confirmationToken: token });
  }
}

async function editedSettings(invocation: Invocation, saved: SecretsManagerView): Promise<SettingsInput> {
  return saved.kind === 'aws-kms' ? awsKmsSettings(invocation, saved) : builtInSettings(invocation, saved);
}

async function setDefault(invocation: Invocation): Promise<void> {
  const params = { secretsManager: invocation.arguments['NAME'] ?? '' };
  const view = await withClient(invocation, (client) => client.call('makeDefaultSecretsManager', { params }));
  await note(invocation.terminal, `${view.name} is the default for new secrets now.`);
}

async function deleteSecretsManager(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const name = invocation.arguments['NAME'] ?? '';
  await confirm(terminal, { question: `Delete the secrets manager ${name}?`, yes: flags.has('yes') });
  await withClient(invocation, (client) =>
    client.call('deleteSecretsManager', { params: { secretsManager: name } }),
  );
  await note(terminal, `Deleted ${name}.`);
}
