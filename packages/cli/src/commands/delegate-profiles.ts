// Commands for start-up profiles: scripts that delegates run once, when they first connect, and what came of them.
import { SCRIPT_MAX_SECONDS } from '@sallyport/protocol/client';
import type { EditDelegateProfile, ProfileRun } from '@sallyport/protocol';
import type { Command, FlagSpec, Invocation } from '../command-line/command.ts';
import { OUTPUT_FLAG, YES_FLAG } from '../command-line/shared-flags.ts';
import { usageError } from '../command-line/usage-error.ts';
import { withClient } from '../config/open-client.ts';
import { confirm } from '../input/prompt.ts';
import { readScript } from '../input/read-input.ts';
import { warnOfQuotes, warnOfWrittenSecrets } from '../input/script-warnings.ts';
import { printableLine, printableLines, printableTime } from '../output/printable.ts';
import { fields, table } from '../output/table.ts';
import { note, writeData, writeJson } from '../output/terminal.ts';

const PROFILE = {
  name: 'PROFILE',
  summary: 'name or id of the profile',
  completes: 'delegate-profile',
} as const;

const SCRIPT_FLAGS = {
  file: {
    kind: 'text',
    value: 'SCRIPT',
    completes: 'file',
    summary: 'The script, for bash; - for standard input',
  },
  selector: {
    kind: 'text',
    value: 'SELECTOR',
    repeatable: true,
    summary: 'Only delegates with this selector; may be repeated, all must match',
  },
  timeout: {
    kind: 'text',
    value: 'DURATION',
    summary: 'End it after this time (default 10m, or what the guard file allows)',
  },
} as const satisfies Record<string, FlagSpec>;

const SECRETS_DETAIL =
  '${secrets.getValue("name")} becomes the value at the delegate. The secret has to be scoped to the account or to all places, and you have to be able to use it.';

export const DELEGATE_PROFILE_COMMANDS: readonly Command[] = [
  {
    path: ['delegate', 'profile', 'create'],
    summary: 'Create a start-up profile: a script that delegates run once, when they first connect',
    details: [
      'The server keeps the script in clear, with references to secrets and without their values.',
      SECRETS_DETAIL,
      'Delegates run it whose guard file allows scripts: at once if they are connected. Needs the permissions manage-delegates and run-scripts.',
    ],
    arguments: [{ name: 'NAME', summary: 'a name for the profile' }],
    flags: { ...SCRIPT_FLAGS, ...OUTPUT_FLAG },
    connects: true,
    examples: ['delegate profile create tools --file install-tools.sh --selector prod-vpc --timeout 5m'],
    run: createProfile,
  },
  {
    path: ['delegate', 'profile', 'list'],
    summary: 'List start-up profiles',
    flags: OUTPUT_FLAG,
    connects: true,
    run: listProfiles,
  },
  {
    path: ['delegate', 'profile', 'describe'],
    summary: 'Show a start-up profile with its script',
    arguments: [PROFILE],
    flags: OUTPUT_FLAG,
    connects: true,
    run: describeProfile,
  },
  {
    path: ['delegate', 'profile', 'edit'],
    summary: 'Change a start-up profile; a new script or time limit makes all its delegates run it again',
    details: [
      'Other selectors or another name do not: only delegates that it has not run on yet run it then.',
      SECRETS_DETAIL,
    ],
    arguments: [PROFILE],
    flags: {
      name: { kind: 'text', value: 'NAME', summary: 'Its new name' },
      ...SCRIPT_FLAGS,
      'all-delegates': { kind: 'switch', summary: 'Let all delegates run it, whatever their selectors' },
      again: { kind: 'switch', summary: 'Let all its delegates run it again, even if nothing else changes' },
      ...OUTPUT_FLAG,
    },
    connects: true,
    examples: ['delegate profile edit tools --file install-tools.sh', 'delegate profile edit tools --again'],
    run: editProfile,
  },
  {
    path: ['delegate', 'profile', 'rm'],
    summary: 'Delete a start-up profile and what is kept of its runs',
    details: [
      'What it has set up on delegates stays there. Where it runs, it is ended, with all that it has started.',
    ],
    arguments: [PROFILE],
    flags: YES_FLAG,
    connects: true,
    run: deleteProfile,
  },
  {
    path: ['delegate', 'profile', 'runs'],
    summary: 'Show what came of a start-up profile on each delegate, newest first',
    details: [
      'Output is masked and kept in clear by the server, its last 64 KiB; whoever has the permission manage-delegates can read it.',
    ],
    arguments: [PROFILE],
    flags: {
      delegate: {
        kind: 'text',
        value: 'NAME',
        completes: 'delegate',
        summary: 'Only those on this delegate',
      },
      'show-output': { kind: 'switch', summary: 'Show the output of each as well' },
      ...OUTPUT_FLAG,
    },
    connects: true,
    examples: ['delegate profile runs tools --delegate edge-1 --show-output'],
    run: listRuns,
  },
];

async function createProfile(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const script = await readScriptOf(invocation, flags.required('file'));
  const body = {
    name: invocation.arguments['NAME'] ?? '',
    script,
    selectors: [...flags.list('selector')],
    maxSeconds: secondsOf(invocation),
  };
  const profile = await withClient(invocation, (client) => client.call('createDelegateProfile', { body }));
  if (flags.text('output') === 'json') return writeJson(terminal, profile);
  await note(
    terminal,
    `Created start-up profile ${printableLine(profile.name)} (${profile.id}) for ${whoRuns(profile.selectors)}. \`sallyport delegate profile runs\` shows what comes of it.`,
  );
}

async function listProfiles(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const { profiles } = await withClient(invocation, (client) => client.call('listDelegateProfiles'));
  if (flags.text('output') === 'json') return writeJson(terminal, profiles);
  const rows = profiles.map((profile) => [
    profile.name,
    whoRuns(profile.selectors),
    String(profile.revision),
    String(profile.secrets.length),
    profile.savedBy,
    printableTime(profile.updatedAtMs),
    profile.id,
  ]);
  await writeData(
    terminal,
    table(['NAME', 'RUN BY', 'REVISION', 'SECRETS', 'SAVED BY', 'CHANGED', 'ID'], rows),
  );
}

async function describeProfile(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const params = { profile: invocation.arguments['PROFILE'] ?? '' };
  const profile = await withClient(invocation, (client) => client.call('getDelegateProfile', { params }));
  if (flags.text('output') === 'json') return writeJson(terminal, profile);
  const { maxSeconds } = profile;
  const facts = fields([
    ['name', profile.name],
    ['id', profile.id],
    ['run by', whoRuns(profile.selectors)],
    [
      'time limit',
      maxSeconds === null ? '600 seconds, or what the guard file allows' : `${maxSeconds} seconds`,
    ],
    ['revision', String(profile.revision)],
    ['secrets', profile.secrets.join(', ') || 'none'],
    ['sha256', profile.sha256],
    ['saved by', profile.savedBy],
    ['changed', printableTime(profile.updatedAtMs)],
  ]);
  await writeData(terminal, `${facts}script:\n${indented(profile.script)}`);
}

async function editProfile(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const params = { profile: invocation.arguments['PROFILE'] ?? '' };
  const body = await changesOf(invocation);
  const profile = await withClient(invocation, (client) =>
    client.call('editDelegateProfile', { params, body }),
  );
  if (flags.text('output') === 'json') return writeJson(terminal, profile);
  await note(
    terminal,
    `Changed start-up profile ${printableLine(profile.name)}: revision ${profile.revision}, for ${whoRuns(profile.selectors)}.`,
  );
}

async function changesOf(invocation: Invocation): Promise<EditDelegateProfile> {
  const { flags } = invocation;
  const name = flags.text('name');
  const file = flags.text('file');
  const maxSeconds = secondsOf(invocation);
  const selectors = flags.has('selector') ? [...flags.list('selector')] : null;
  const isForAll = flags.has('all-delegates');
  if (isForAll && selectors !== null) throw usageError('Give --selector or --all-delegates.');
  const runAgain = flags.has('again');
  const changes = {
    ...(name === null ? {} : { name }),
    ...(file === null ? {} : { script: await readScriptOf(invocation, file) }),
    ...(maxSeconds === null ? {} : { maxSeconds }),
    ...(isForAll ? { selectors: [] } : selectors === null ? {} : { selectors }),
  };
  if (Object.keys(changes).length === 0 && !runAgain)
    throw usageError('Nothing is to be changed.', 'Give --file, --selector, --timeout, --name or --again.');
  return { ...changes, runAgain };
}

async function deleteProfile(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const profile = invocation.arguments['PROFILE'] ?? '';
  const question = `Delete the start-up profile ${profile} and what is kept of its runs? Where it runs, it is ended.`;
  await confirm(terminal, { question, yes: flags.has('yes') });
  await withClient(invocation, (client) => client.call('deleteDelegateProfile', { params: { profile } }));
  await note(terminal, `Deleted ${profile}.`);
}

async function listRuns(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const profile = invocation.arguments['PROFILE'] ?? '';
  const delegate = flags.text('delegate');
  const withOutput = flags.has('show-output');
  const { runs, outputs } = await withClient(invocation, async (client) => {
    const query = delegate === null ? {} : { delegate };
    const { runs } = await client.call('listProfileRuns', { params: { profile }, query });
    const outputs = new Map<string, string>();
    for (const { id } of withOutput ? runs : []) {
      const { output } = await client.call('getProfileRun', { params: { profile, run: id } });
      outputs.set(id, Buffer.from(output, 'base64').toString('utf8'));
    }
    return { runs, outputs };
  });
  if (flags.text('output') === 'json') {
    return writeJson(
      terminal,
      withOutput ? runs.map((run) => ({ ...run, output: outputs.get(run.id) ?? '' })) : runs,
    );
  }
  if (!withOutput) return writeData(terminal, tableOf(runs));
  const parts = runs.map((run) => `${tableOf([run])}${indented(outputs.get(run.id) ?? '')}`);
  await writeData(terminal, parts.join('\n'));
}

function tableOf(runs: readonly ProfileRun[]): string {
  const rows = runs.map((run) => [
    run.delegateName,
    String(run.revision),
    run.state,
    printableTime(run.startedAtMs),
    run.end === null ? '-' : `${(run.end.elapsedMs / 1000).toFixed(1)}s`,
    outcomeOf(run),
  ]);
  return table(['DELEGATE', 'REVISION', 'STATE', 'STARTED', 'TOOK', 'OUTCOME'], rows);
}

function outcomeOf({ end, error }: ProfileRun): string {
  if (error !== null) return error.message;
  if (end === null) return '-';
  if (end.reason === 'time-limit') return 'ended at its time limit';
  if (end.reason === 'output-limit') return 'ended since it wrote too much';
  return end.exitCode === null ? `ended by ${end.signal ?? 'a signal'}` : `exit code ${end.exitCode}`;
}

function whoRuns(selectors: readonly string[]): string {
  return selectors.length === 0 ? 'all delegates' : `delegates with ${selectors.join(', ')}`;
}

function indented(text: string): string {
  const lines = printableLines(text.replace(/\n$/, '').replaceAll('\t', '    ')).split('\n');
  return text === '' ? '' : `${lines.map((line) => `  ${line}`.trimEnd()).join('\n')}\n`;
}

async function readScriptOf({ terminal }: Invocation, file: string): Promise<string> {
  const script = await readScript(terminal, file);
  warnOfQuotes(terminal, script);
  warnOfWrittenSecrets(terminal, script);
  return script;
}

/** @throws {invalid-request} */
function secondsOf({ flags }: Invocation): number | null {
  const seconds = flags.seconds('timeout');
  if (seconds === null || (seconds >= 1 && seconds <= SCRIPT_MAX_SECONDS)) return seconds;
  throw usageError('--timeout takes from 1s to 6h.', 'Leave it out for 10 minutes.');
}
