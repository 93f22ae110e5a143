// Commands for user groups: what they allow, and who is in them.
import type { EditGroup, GroupView } from '@sallyport/protocol';
import type { Command, Invocation } from '../command-line/command.ts';
import { OUTPUT_FLAG, YES_FLAG } from '../command-line/shared-flags.ts';
import { usageError } from '../command-line/usage-error.ts';
import { withClient } from '../config/open-client.ts';
import { printGrant } from '../input/parse-region.ts';
import { confirm } from '../input/prompt.ts';
import { printableLine, printableTime } from '../output/printable.ts';
import { fields, table } from '../output/table.ts';
import { note, writeData, writeJson } from '../output/terminal.ts';
import { grantsIn, permissionsIn, RIGHTS_DETAILS, RIGHTS_FLAGS } from './rights-flags.ts';

const GROUP = { name: 'GROUP', summary: 'name or id of the group', completes: 'group' } as const;
const USER = { name: 'USER', summary: 'name or id of the user', completes: 'user' } as const;

export const GROUP_COMMANDS: readonly Command[] = [
  {
    path: ['group', 'create'],
    summary: 'Create a user group',
    details: RIGHTS_DETAILS,
    arguments: [{ name: 'NAME', summary: 'a name for the group' }],
    flags: { ...RIGHTS_FLAGS, ...OUTPUT_FLAG },
    examples: [
      "group create Deployers --grant 'read,use@shop/*'",
      'group create Key-keepers --permission manage-secrets-managers --permission manage-delegates',
    ],
    connects: true,
    run: createGroup,
  },
  {
    path: ['group', 'list'],
    summary: 'List the user groups that you are in, or all if you manage them',
    flags: OUTPUT_FLAG,
    connects: true,
    run: listGroups,
  },
  {
    path: ['group', 'show'],
    summary: 'Show what a user group allows, and who is in it',
    arguments: [GROUP],
    flags: OUTPUT_FLAG,
    connects: true,
    run: showGroup,
  },
  {
    path: ['group', 'edit'],
    summary: 'Rename a user group, or replace what it allows',
    details: [
      'The permissions given take the place of all that it has, and so do the grants.',
      ...RIGHTS_DETAILS,
    ],
    arguments: [GROUP],
    flags: {
      name: { kind: 'text', value: 'NAME', summary: 'Its new name' },
      ...RIGHTS_FLAGS,
      'no-permissions': { kind: 'switch', summary: 'Take all account permissions away' },
      'no-grants': { kind: 'switch', summary: 'Take all grants away' },
      ...OUTPUT_FLAG,
    },
    connects: true,
    run: editGroup,
  },
  {
    path: ['group', 'delete'],
    summary: 'Delete a user group, after showing who and what loses rights with it',
    arguments: [GROUP],
    flags: YES_FLAG,
    connects: true,
    run: deleteGroup,
  },
  {
    path: ['group', 'add-member'],
    summary: 'Put a user into a group',
    arguments: [GROUP, USER],
    connects: true,
    run: addMember,
  },
  {
    path: ['group', 'remove-member'],
    summary: 'Take a user out of a group',
    arguments: [GROUP, USER],
    connects: true,
    run: removeMember,
  },
];

async function createGroup(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const body = {
    name: invocation.arguments['NAME'] ?? '',
    account: permissionsIn(flags),
    grants: grantsIn(flags),
  };
  const group = await withClient(invocation, (client) => client.call('createGroup', { body }));
  if (flags.text('output') === 'json') return writeJson(terminal, group);
  await note(terminal, `Created the user group ${printableLine(group.name)} (${group.id}).`);
}

async function listGroups(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const { groups } = await withClient(invocation, (client) => client.call('listGroups'));
  if (flags.text('output') === 'json') return writeJson(terminal, groups);
  const rows = groups.map((group) => [
    group.name,
    group.memberCount === null ? '-' : String(group.memberCount),
    group.account.join(', ') || '-',
    grantsOf(group).join('  ') || '-',
    group.id,
  ]);
  await writeData(terminal, table(['NAME', 'MEMBERS', 'PERMISSIONS', 'GRANTS', 'ID'], rows));
}

async function showGroup(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const params = { group: invocation.arguments['GROUP'] ?? '' };
  const group = await withClient(invocation, (client) => client.call('getGroup', { params }));
  if (flags.text('output') === 'json') return writeJson(terminal, group);
  const text = fields([
    ['name', group.name],
    ['id', group.id],
    ['built-in', group.builtIn ? 'yes' : 'no'],
    ['permissions', group.account.join(', ') || 'none'],
    ['grants', grantsOf(group).join('  ') || 'none'],
    ...(group.builtIn
      ? []
      : ([
          ['created', printableTime(group.createdAtMs)],
          ['changed', printableTime(group.updatedAtMs)],
        ] as const)),
  ]);
  await writeData(terminal, text);
  if (group.members === null || group.members.length === 0) return;
  const rows = group.members.map((member) => [
    member.name,
    member.displayName,
    member.disabled ? 'disabled' : 'active',
    printableTime(member.sinceMs),
    member.userId,
  ]);
  await writeData(terminal, `\n${table(['MEMBER', 'NAME', 'STATE', 'SINCE', 'ID'], rows)}`);
}

async function editGroup(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const params = { group: invocation.arguments['GROUP'] ?? '' };
  const name = flags.text('name');
  const body: EditGroup = {
    ...(name === null ? {} : { name }),
    ...(hasOneOf(invocation, 'permission', 'no-permissions') ? { account: permissionsIn(flags) } : {}),
    ...(hasOneOf(invocation, 'grant', 'no-grants') ? { grants: grantsIn(flags) } : {}),
  };
  if (Object.keys(body).length === 0) throw usageError('Nothing to change was given.');
  const group = await withClient(invocation, (client) => client.call('editGroup', { params, body }));
  if (flags.text('output') === 'json') return writeJson(terminal, group);
  await note(terminal, `Changed the user group ${printableLine(group.name)}.`);
}

/** Whether the values of a flag, or that there be none, are given. @throws {invalid-request} when both are */
function hasOneOf({ flags }: Invocation, some: string, none: string): boolean {
  if (flags.has(some) && flags.has(none)) throw usageError(`Give --${some} or --${none}, not both.`);
  return flags.has(some) || flags.has(none);
}

async function deleteGroup(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const group = invocation.arguments['GROUP'] ?? '';
  const params = { group };
  await withClient(invocation, async (client) => {
    const { effect, confirmationToken } = await client.call('previewGroupDeletion', { params });
    for (const { sentence, examples } of effect.consequences) {
      await note(
        terminal,
        printableLine([sentence, examples.join(', ')].filter((text) => text !== '').join(' ')),
      );
    }
    await confirm(terminal, { question: `Delete the user group ${group}?`, yes: flags.has('yes') });
    await client.call('deleteGroup', { params, query: { confirm: confirmationToken } });
  });
  await note(terminal, `Deleted ${group}.`);
}

async function addMember(invocation: Invocation): Promise<void> {
  const { GROUP: group = '', USER: user = '' } = invocation.arguments;
  await withClient(invocation, (client) =>
    client.call('addGroupMember', { params: { group }, body: { user } }),
  );
  await note(invocation.terminal, `${user} is in the group ${group} now.`);
}

async function removeMember(invocation: Invocation): Promise<void> {
  const { GROUP: group = '', USER: user = '' } = invocation.arguments;
  await withClient(invocation, (client) => client.call('removeGroupMember', { params: { group, user } }));
  await note(invocation.terminal, `${user} is no longer in the group ${group}.`);
}

function grantsOf({ grants }: Pick<GroupView, 'grants'>): string[] {
  return grants.flatMap(printGrant);
}
