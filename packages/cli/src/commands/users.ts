// Commands for those who manage users, and for redeeming the links that they make.
import type { CreatedLink, EditUser, RedeemLink, UserView } from '@sallyport/protocol';
import type { Command, Invocation } from '../command-line/command.ts';
import { OUTPUT_FLAG, YES_FLAG } from '../command-line/shared-flags.ts';
import { usageError } from '../command-line/usage-error.ts';
import { withClient, withKey } from '../config/open-client.ts';
import { Answers } from '../input/answers.ts';
import { confirm } from '../input/prompt.ts';
import { printableLine, printableTime } from '../output/printable.ts';
import { fields, table } from '../output/table.ts';
import { note, writeData, writeJson } from '../output/terminal.ts';

const USER = { name: 'USER', summary: 'name or id of the user', completes: 'user' } as const;
const PAGE_ROWS = 500;

export const USER_COMMANDS: readonly Command[] = [
  {
    path: ['user', 'invite'],
    summary: 'Create a user, and print a one-time link by which they choose a password',
    details: ['Whoever has the link can use it, once and within 72 hours: hand it to the right person.'],
    arguments: [{ name: 'NAME', summary: 'what they will sign in with' }],
    flags: {
      'display-name': { kind: 'text', value: 'NAME', summary: 'The name that others see' },
      group: {
        kind: 'text',
        value: 'GROUP',
        repeatable: true,
        completes: 'group',
        summary: 'A user group to be in; may be repeated',
      },
      ...OUTPUT_FLAG,
    },
    examples: ['user invite alice@example.com --group Deployers'],
    connects: true,
    run: inviteUser,
  },
  {
    path: ['user', 'list'],
    summary: 'List users',
    flags: {
      search: { kind: 'text', value: 'TEXT', summary: 'Only names that contain this' },
      ...OUTPUT_FLAG,
    },
    connects: true,
    run: listUsers,
  },
  {
    path: ['user', 'show'],
    summary: 'Show a user: groups, ways to sign in, sessions',
    arguments: [USER],
    flags: OUTPUT_FLAG,
    connects: true,
    run: showUser,
  },
  {
    path: ['user', 'edit'],
    summary: 'Rename a user',
    arguments: [USER],
    flags: {
      name: { kind: 'text', value: 'NAME', summary: 'What they sign in with from now on' },
      'display-name': { kind: 'text', value: 'NAME', summary: 'The name that others see' },
    },
    connects: true,
    run: renameUser,
  },
  {
    path: ['user', 'disable'],
    summary: 'Disable a user: sessions end, and keys of the user do not work',
    arguments: [USER],
    flags: YES_FLAG,
    connects: true,
    run: disableUser,
  },
  {
    path: ['user', 'enable'],
    summary: 'Enable a user again',
    arguments: [USER],
    connects: true,
    run: enableUser,
  },
  {
    path: ['user', 'remove'],
    summary: 'Remove a user for good, with sessions, keys and memberships',
    arguments: [USER],
    flags: YES_FLAG,
    connects: true,
    run: removeUser,
  },
  {
    path: ['user', 'reset-link'],
    summary: 'Print a one-time link by which a user sets a new password; earlier links end',
    arguments: [USER],
    flags: OUTPUT_FLAG,
    connects: true,
    run: createResetLink,
  },
  {
    path: ['user', 'revoke-sessions'],
    summary: 'End all sessions of a user at once',
    arguments: [USER],
    connects: true,
    run: revokeSessions,
  },
  {
    path: ['user', 'reset-totp'],
    summary: 'Take away the second factor of a user who has lost it',
    arguments: [USER],
    flags: YES_FLAG,
    connects: true,
    run: resetTotp,
  },
  {
    path: ['user', 'redeem'],
    summary: 'Choose a password with a one-time link',
    details: [
      'Asks for the link and the password. Without a terminal, answers are read from standard input, one a line.',
    ],
    flags: {
      name: { kind: 'text', value: 'NAME', summary: 'For the link of a new server: name of the first user' },
      'display-name': { kind: 'text', value: 'NAME', summary: 'The name that others see' },
    },
    connects: true,
    run: redeemLink,
  },
];

async function inviteUser(invocation: Invocation): Promise<void> {
  const { flags } = invocation;
  const displayName = flags.text('display-name');
  const body = {
    name: invocation.arguments['NAME'] ?? '',
    ...(displayName === null ? {} : { displayName }),
    groups: [...flags.list('group')],
  };
  const created = await withClient(invocation, (client) => client.call('inviteUser', { body }));
  await printLink(invocation, created, `Created the user ${printableLine(created.user.name)}.`);
}

async function createResetLink(invocation: Invocation): Promise<void> {
  const created = await withClient(invocation, (client) =>
    client.call('createResetLink', { params: paramsOf(invocation) }),
  );
  await printLink(invocation, created, `A new password for ${printableLine(created.user.name)}.`);
}

async function printLink({ terminal, flags }: Invocation, created: CreatedLink, head: string): Promise<void> {
  if (flags.text('output') === 'json') return writeJson(terminal, created);
  const until = printableTime(created.expiresAtMs);
  await note(terminal, `${head} The link is good once, until ${until}, and is shown this once:`);
  await writeData(terminal, `${created.link}\n`);
}

async function listUsers(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const search = flags.text('search') ?? undefined;
  const users = await withClient(invocation, async (client) => {
    const found: UserView[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await client.call('listUsers', { query: { search, limit: PAGE_ROWS, cursor } });
      found.push(...page.users);
      cursor = page.nextCursor;
    }
    return found;
  });
  if (flags.text('output') === 'json') return writeJson(terminal, users);
  const rows = users.map((user) => [
    user.name,
    user.displayName,
    user.state,
    waysOf(user),
    printableTime(user.lastSignInAtMs),
    user.id,
  ]);
  await writeData(
    terminal,
    table(['NAME', 'DISPLAY NAME', 'STATE', 'SIGNS IN BY', 'LAST SIGN-IN', 'ID'], rows),
  );
}

async function showUser(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const user = await withClient(invocation, (client) =>
    client.call('getUser', { params: paramsOf(invocation) }),
  );
  if (flags.text('output') === 'json') return writeJson(terminal, user);
  const { pendingLink } = user;
  const shown = fields([
    ['name', user.name],
    ['display name', user.displayName],
    ['id', user.id],
    ['state', user.state],
    ['signs in by', waysOf(user)],
    ['groups', user.groups.map(({ name, id }) => name ?? id).join(', ') || 'none'],
    ['sessions', String(user.sessionCount)],
    ['created', printableTime(user.createdAtMs)],
    ['last sign-in', user.lastSignInAtMs === null ? 'never' : printableTime(user.lastSignInAtMs)],
    ...(pendingLink === null
      ? []
      : [['link', `${pendingLink.purpose}, until ${printableTime(pendingLink.expiresAtMs)}`] as const]),
  ]);
  await writeData(terminal, shown);
}

function waysOf(user: UserView): string {
  const ways = [
    ...(user.hasPassword ? [user.secondFactor ? 'password and code' : 'password'] : []),
    ...(user.singleSignOn ? ['single sign-on'] : []),
  ];
  return ways.join(', ') || '-';
}

async function renameUser(invocation: Invocation): Promise<void> {
  const { flags, terminal } = invocation;
  const name = flags.text('name');
  const displayName = flags.text('display-name');
  if (name === null && displayName === null) {
    throw usageError('Nothing to change was given.', 'Give --name, --display-name, or both.');
  }
  const change = {
    ...(name === null ? {} : { name }),
    ...(displayName === null ? {} : { displayName }),
  };
  const user = await edit(invocation, change);
  await note(terminal, `The user is ${printableLine(user.name)} (${printableLine(user.displayName)}) now.`);
}

async function disableUser(invocation: Invocation): Promise<void> {
  await confirmed(invocation, 'Disable');
  const user = await edit(invocation, { disabled: true });
  await note(invocation.terminal, `Disabled ${printableLine(user.name)}.`);
}

async function enableUser(invocation: Invocation): Promise<void> {
  const user = await edit(invocation, { disabled: false });
  await note(invocation.terminal, `Enabled ${printableLine(user.name)}.`);
}

async function edit(invocation: Invocation, body: EditUser): Promise<UserView> {
  return withClient(invocation, (client) => client.call('editUser', { params: paramsOf(invocation), body }));
}

async function removeUser(invocation: Invocation): Promise<void> {
  await confirmed(invocation, 'Remove');
  await withClient(invocation, (client) => client.call('removeUser', { params: paramsOf(invocation) }));
  await note(invocation.terminal, `Removed ${printableLine(paramsOf(invocation).user)}.`);
}

async function revokeSessions(invocation: Invocation): Promise<void> {
  const { revoked } = await withClient(invocation, (client) =>
    client.call('revokeUserSessions', { params: paramsOf(invocation) }),
  );
  await note(invocation.terminal, revoked === 1 ? 'Ended one session.' : `Ended ${revoked} sessions.`);
}

async function resetTotp(invocation: Invocation): Promise<void> {
  await confirmed(invocation, 'Take away the second factor of');
  await withClient(invocation, (client) => client.call('resetUserTotp', { params: paramsOf(invocation) }));
  const user = printableLine(paramsOf(invocation).user);
  await note(invocation.terminal, `${user} signs in without a second factor now.`);
}

async function redeemLink(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const answers = new Answers(terminal);
  const link = await answers.secret('Link');
  // The part after the last slash; a link that was cut to that is as good.
  const value = link.slice(link.lastIndexOf('/') + 1).trim();
  const redeemed = await withKey(invocation, null, async (client) => {
    const found = await client.call('inspectLink', { body: { value } });
    const name = flags.text('name') ?? (found.name === null ? await answers.shown('Name of the user') : null);
    const displayName = flags.text('display-name');
    const password = await answers.newSecret('New password');
    const body: RedeemLink = {
      value,
      password,
      ...(name === null ? {} : { name }),
      ...(displayName === null ? {} : { displayName }),
      ...(found.needsCode ? { code: await answers.secret('Code of your authenticator app') } : {}),
    };
    return client.call('redeemLink', { body });
  });
  await note(terminal, `${printableLine(redeemed.name)} can sign in with this password now: sallyport login`);
}

async function confirmed({ terminal, flags, arguments: given }: Invocation, verb: string): Promise<void> {
  await confirm(terminal, { question: `${verb} ${given['USER'] ?? ''}?`, yes: flags.has('yes') });
}

function paramsOf({ arguments: given }: Invocation): { user: string } {
  return { user: given['USER'] ?? '' };
}
