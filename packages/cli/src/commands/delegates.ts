// Commands for delegates: what is there, who may run what, whom this machine trusts, and the tokens that admit new ones.
import type { Command, Invocation } from '../command-line/command.ts';
import { OUTPUT_FLAG, YES_FLAG } from '../command-line/shared-flags.ts';
import { usageError } from '../command-line/usage-error.ts';
import { readAddress, readKnownDelegatesPath } from '../config/connection-settings.ts';
import { withClient } from '../config/open-client.ts';
import { withConfirmation } from '../input/confirm-effects.ts';
import { confirm } from '../input/prompt.ts';
import { printableTime } from '../output/printable.ts';
import { table } from '../output/table.ts';
import { note, writeData, writeJson } from '../output/terminal.ts';

const DELEGATE = { name: 'DELEGATE', summary: 'name or id of the delegate', completes: 'delegate' } as const;
const TOKEN = { name: 'TOKEN', summary: 'name or id of the token', completes: 'delegate-token' } as const;
const FINGERPRINT = /^SHA256:[A-Za-z0-9_-]{43}$/;

export const DELEGATE_COMMANDS: readonly Command[] = [
  {
    path: ['delegate', 'list'],
    summary: 'List delegates and their state',
    flags: OUTPUT_FLAG,
    connects: true,
    run: listDelegates,
  },
  {
    path: ['delegate', 'explain'],
    summary: 'Show which delegates could work for a secrets manager, and why not the others',
    flags: {
      ...OUTPUT_FLAG,
      for: {
        kind: 'text',
        value: 'NAME',
        completes: 'secrets-manager',
        summary: 'The secrets manager; without, the default one',
      },
      scripts: { kind: 'switch', summary: 'For scripts with its secrets, see `delegate exec`' },
    },
    connects: true,
    run: explainDelegates,
  },
  {
    path: ['delegate', 'approve'],
    summary: 'Admit a delegate that waits for approval',
    arguments: [DELEGATE],
    connects: true,
    run: approveDelegate,
  },
  {
    path: ['delegate', 'edit'],
    summary: 'Change the selectors that were added to a delegate at the server',
    details: [
      'Those that it was started with stay. The new ones act at once and stay over restarts.',
      'Where a secrets manager would be left without any delegate, it is named and you are asked first.',
    ],
    arguments: [DELEGATE],
    flags: {
      selector: {
        kind: 'text',
        value: 'SELECTOR',
        repeatable: true,
        summary: 'A selector to be added; may be repeated; replaces all that were added before',
      },
      'clear-selectors': { kind: 'switch', summary: 'Take away all that were added' },
      ...YES_FLAG,
      ...OUTPUT_FLAG,
    },
    connects: true,
    examples: ['delegate edit edge-1 --selector prod-vpc --selector eu'],
    run: editDelegate,
  },
  {
    path: ['delegate', 'remove'],
    summary: 'Disconnect and forget a delegate; it needs a token to come back',
    arguments: [DELEGATE],
    flags: YES_FLAG,
    connects: true,
    run: removeDelegate,
  },
  {
    path: ['delegate', 'trust'],
    summary: 'Remember the fingerprint of a delegate on this machine',
    details: [
      "Compare the fingerprint with the one in the delegate's own log first: it is what proves that nobody stands in its place.",
    ],
    arguments: [
      { name: 'NAME', summary: "the delegate's name" },
      { name: 'FINGERPRINT', summary: 'as its own log shows it, SHA256:…' },
    ],
    flags: {
      replace: {
        kind: 'switch',
        summary: 'Forget what was known under this name, for a delegate that was set up anew',
      },
    },
    connects: true,
    run: trustDelegate,
  },
  {
    path: ['delegate', 'known'],
    summary: 'List the delegates that this machine remembers, at all servers',
    flags: OUTPUT_FLAG,
    connects: true,
    run: listKnown,
  },
  {
    path: ['delegate', 'forget'],
    summary: 'Forget a delegate on this machine',
    arguments: [
      { name: 'NAME', summary: "the delegate's name" },
      { name: 'FINGERPRINT', summary: 'only this one', optional: true },
    ],
    connects: true,
    run: forgetDelegate,
  },
  {
    path: ['delegate', 'token', 'create'],
    summary: 'Create a token that admits new delegates; it is printed this once',
    arguments: [{ name: 'NAME', summary: 'a name for the token' }],
    flags: {
      ...OUTPUT_FLAG,
      'expires-in': {
        kind: 'text',
        value: 'DURATION',
        summary: 'Such as 30d or 12h; without, it does not expire',
      },
      'requires-approval': {
        kind: 'switch',
        summary: 'Delegates that come with it wait for `delegate approve`',
      },
    },
    connects: true,
    run: createToken,
  },
  {
    path: ['delegate', 'token', 'list'],
    summary: 'List delegate tokens, without their values',
    flags: OUTPUT_FLAG,
    connects: true,
    run: listTokens,
  },
  {
    path: ['delegate', 'token', 'revoke'],
    summary: 'Revoke a token and disconnect every delegate that it admitted',
    arguments: [TOKEN],
    flags: YES_FLAG,
    connects: true,
    run: revokeToken,
  },
];

async function listDelegates(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const { delegates } = await withClient(invocation, (client) => client.call('listDelegates'));
  if (flags.text('output') === 'json') return writeJson(terminal, delegates);
  const rows = delegates.map((delegate) => [
    delegate.name,
    delegate.restingUntilMs === null ? delegate.state : `${delegate.state}, resting`,
    delegate.hostName,
    delegate.version,
    String(delegate.tasksInFlight),
    delegate.runsScripts === null ? '-' : delegate.runsScripts ? 'yes' : 'no',
    delegate.selectors.join(', '),
    delegate.fingerprint,
  ]);
  const headings = ['NAME', 'STATE', 'HOST', 'VERSION', 'TASKS', 'SCRIPTS', 'SELECTORS', 'FINGERPRINT'];
  await writeData(terminal, table(headings, rows));
}

async function explainDelegates(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const body = { secretsManager: flags.text('for'), scripts: flags.has('scripts') };
  const explained = await withClient(invocation, (client) => client.call('explainDelegates', { body }));
  if (flags.text('output') === 'json') return writeJson(terminal, explained);
  const selectors = explained.selectors.join(', ') || 'none';
  await note(terminal, `Secrets manager ${explained.secretsManager} asks for selectors: ${selectors}`);
  const rows = explained.delegates.map(({ name, eligible, reasons }) => [
    name,
    eligible ? 'yes' : 'no',
    eligible ? '-' : reasons.join(' '),
  ]);
  await writeData(terminal, table(['DELEGATE', 'ELIGIBLE', 'WHY NOT'], rows));
}

async function approveDelegate(invocation: Invocation): Promise<void> {
  const params = { delegate: invocation.arguments['DELEGATE'] ?? '' };
  const view = await withClient(invocation, (client) => client.call('approveDelegate', { params }));
  await note(invocation.terminal, `Approved ${view.name} (${view.fingerprint}).`);
}

async function editDelegate(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const params = { delegate: invocation.arguments['DELEGATE'] ?? '' };
  const isClearing = flags.has('clear-selectors');
  if (isClearing === flags.has('selector'))
    throw usageError('Give the selectors to be added with --selector, or --clear-selectors.');
  const addedSelectors = isClearing ? [] : [...flags.list('selector')];
  const view = await withClient(invocation, async (client) =>
    withConfirmation(
      terminal,
      { question: 'Change the selectors all the same?', yes: flags.has('yes') },
      async (confirmed) => client.call('editDelegate', { params, body: { addedSelectors, ...confirmed } }),
    ),
  );
  if (flags.text('output') === 'json') return writeJson(terminal, view);
  const added = view.addedSelectors.join(', ') || 'none';
  await note(terminal, `${view.name} has selectors ${view.selectors.join(', ')}; added here: ${added}.`);
}

async function removeDelegate(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const delegate = invocation.arguments['DELEGATE'] ?? '';
  await confirm(terminal, { question: `Remove the delegate ${delegate}?`, yes: flags.has('yes') });
  await withClient(invocation, (client) => client.call('removeDelegate', { params: { delegate } }));
  await note(terminal, `Removed ${delegate}.`);
}

/** The file of known delegates and the server that the invocation means. */
async function knownDelegatesOf({ flags, environment, folder, terminal }: Invocation) {
  const warn = (text: string): void => {
    terminal.stderr.write(`${text}\n`);
  };
  const [{ FileKnownDelegates, parseAddress, printAddress }, settings] = await Promise.all([
    import('@sallyport/sdk'),
    readAddress({ flags, environment, folder, warn }),
  ]);
  const { allowPlainHttp } = settings;
  const server = printAddress(parseAddress(settings.address, { allowPlainHttp }));
  return { known: new FileKnownDelegates(settings.knownDelegates), server };
}

async function trustDelegate(invocation: Invocation): Promise<void> {
  const { NAME: name = '', FINGERPRINT: fingerprint = '' } = invocation.arguments;
  if (!FINGERPRINT.test(fingerprint)) {
    throw usageError('A fingerprint is SHA256: and 43 letters, digits, "-" and "_".');
  }
  const { known, server } = await knownDelegatesOf(invocation);
  const replace = invocation.flags.has('replace');
  const dropped = await known.trust({ server, name, fingerprint }, { replace });
  for (const old of dropped) await note(invocation.terminal, `Forgot ${name} as ${old}.`);
  await note(invocation.terminal, `Delegate ${name} at ${server} is known as ${fingerprint} now.`);
}

async function listKnown(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const { FileKnownDelegates } = await import('@sallyport/sdk');
  const { environment, folder } = invocation;
  const warn = (text: string): void => {
    terminal.stderr.write(`${text}\n`);
  };
  const path = await readKnownDelegatesPath({ flags, environment, folder, warn });
  const entries = await new FileKnownDelegates(path).list();
  if (flags.text('output') === 'json') return writeJson(terminal, entries);
  const rows = entries.map(({ server, name, fingerprint, addedAt }) => [
    server,
    name,
    fingerprint,
    printableTime(Date.parse(addedAt)),
  ]);
  await writeData(terminal, table(['SERVER', 'NAME', 'FINGERPRINT', 'ADDED'], rows));
}

async function forgetDelegate(invocation: Invocation): Promise<void> {
  const { NAME: name = '', FINGERPRINT: fingerprint } = invocation.arguments;
  const { known, server } = await knownDelegatesOf(invocation);
  const dropped = await known.forget({ server, name, fingerprint: fingerprint ?? null });
  if (dropped === 0)
    throw usageError(`No such delegate is known at ${server}.`, 'Run `sallyport delegate known`.');
  await note(invocation.terminal, `Forgot ${name} at ${server}.`);
}

async function createToken(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const body = {
    name: invocation.arguments['NAME'] ?? '',
    expiresInSeconds: flags.seconds('expires-in'),
    requiresApproval: flags.has('requires-approval'),
  };
  const created = await withClient(invocation, (client) => client.call('createDelegateToken', { body }));
  if (flags.text('output') === 'json') return writeJson(terminal, created);
  await note(terminal, `Created delegate token ${created.token.name}. It is shown this once:`);
  await writeData(terminal, `${created.value}\n`);
}

async function listTokens(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const { tokens } = await withClient(invocation, (client) => client.call('listDelegateTokens'));
  if (flags.text('output') === 'json') return writeJson(terminal, tokens);
  const rows = tokens.map((token) => [
    token.name,
    token.state,
    token.requiresApproval ? 'yes' : 'no',
    printableTime(token.createdAtMs),
    printableTime(token.expiresAtMs),
    printableTime(token.lastUsedAtMs),
    token.id,
  ]);
  const headings = ['NAME', 'STATE', 'APPROVAL', 'CREATED', 'EXPIRES', 'LAST USED', 'ID'];
  await writeData(terminal, table(headings, rows));
}

async function revokeToken(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const token = invocation.arguments['TOKEN'] ?? '';
  const question = `Revoke the token ${token} and disconnect the delegates that it admitted?`;
  await confirm(terminal, { question, yes: flags.has('yes') });
  await withClient(invocation, (client) => client.call('revokeDelegateToken', { params: { token } }));
  await note(terminal, `Revoked ${token}.`);
}
