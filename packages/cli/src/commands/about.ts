// Commands about the command itself: version, help, completion.
import type { ApplicationView } from '@sallyport/protocol';
import type { Client } from '@sallyport/sdk';
import type { Command, CompletionSource, Invocation } from '../command-line/command.ts';
import { completionOf } from '../command-line/completion.ts';
import { completionScript, SHELLS } from '../command-line/completion-scripts.ts';
import { usageError } from '../command-line/usage-error.ts';
import { withClient } from '../config/open-client.ts';
import { writeData } from '../output/terminal.ts';
import manifest from '../../package.json' with { type: 'json' };

/** Version of this command. */
export const VERSION = manifest.version;

const MOST_NAMES = 500;
const PATIENCE_MS = 1500;

export const ABOUT_COMMANDS: readonly Command[] = [
  {
    path: ['version'],
    summary: 'Show the version',
    run: async ({ terminal }) => writeData(terminal, `sallyport ${VERSION}\n`),
  },
  {
    path: ['completion'],
    summary: 'Print a completion script for a shell',
    details: SHELLS.map((shell) => `${shell}: ${howTo(shell)}`),
    arguments: [{ name: 'SHELL', summary: SHELLS.join(', ') }],
    run: async ({ terminal, arguments: { SHELL: name } }) => {
      const shell = SHELLS.find((one) => one === name);
      if (shell === undefined) throw usageError(`The shell is one of ${SHELLS.join(', ')}.`);
      await writeData(terminal, completionScript(shell));
    },
  },
];

function howTo(shell: (typeof SHELLS)[number]): string {
  if (shell === 'fish') return 'sallyport completion fish | source';
  return `source <(sallyport completion ${shell})`;
}

/** Prints what can follow the words typed so far, one a line. Never fails: a shell that completes must not show errors. */
export async function printCompletions(
  invocation: Omit<Invocation, 'arguments'>,
  { commands, words }: { commands: readonly Command[]; words: readonly string[] },
): Promise<void> {
  const { candidates, source } = completionOf(commands, words);
  const typed = words.at(-1) ?? '';
  const names = source === null || source === 'file' ? [] : await namesOf(invocation, source);
  const lines = [...candidates, ...names.filter((name) => name.startsWith(typed))];
  if (source === 'file') lines.push(':files');
  await writeData(invocation.terminal, lines.map((line) => `${line}\n`).join(''));
}

async function namesOf(
  invocation: Omit<Invocation, 'arguments'>,
  source: CompletionSource,
): Promise<string[]> {
  const patience = new Promise<string[]>((resolve) => {
    setTimeout(() => resolve([]), PATIENCE_MS).unref();
  });
  const asked = withClient(invocation, (client) => namesAt(client, source)).catch(() => []);
  return Promise.race([asked, patience]);
}

async function namesAt(client: Client, source: CompletionSource): Promise<string[]> {
  const namesIn = (items: readonly { name: string }[]): string[] => items.map(({ name }) => name);
  switch (source) {
    case 'secret':
      return namesIn((await client.call('listSecrets', { query: { limit: MOST_NAMES } })).secrets);
    case 'secrets-manager':
      return namesIn((await client.call('listSecretsManagers')).secretsManagers);
    case 'delegate':
      return namesIn((await client.call('listDelegates')).delegates);
    case 'delegate-profile':
      return namesIn((await client.call('listDelegateProfiles')).profiles);
    case 'delegate-token':
      return namesIn((await client.call('listDelegateTokens')).tokens);
    case 'api-key':
      return namesIn((await client.call('listApiKeys')).apiKeys);
    case 'application':
      return namesIn(await applicationsAt(client));
    case 'environment':
      return [
        ...new Set(namesIn((await applicationsAt(client)).flatMap(({ environments }) => environments))),
      ];
    case 'group':
      return namesIn((await client.call('listGroups')).groups);
    case 'user':
      return namesIn((await client.call('listUsers', { query: { limit: MOST_NAMES } })).users);
    case 'workload-issuer':
      return namesIn((await client.call('listWorkloadIssuers')).issuers);
    case 'file':
      // Completed by the shell itself.
      return [];
    default:
      return source satisfies never;
  }
}

async function applicationsAt(client: Client): Promise<ApplicationView[]> {
  return (await client.call('listApplications', { query: { limit: MOST_NAMES } })).applications;
}
