// Commands for API keys, and for who one is.
import type { ApiKeyView, CreateApiKey } from '@sallyport/protocol';
import type { Command, Invocation } from '../command-line/command.ts';
import { OUTPUT_FLAG, YES_FLAG } from '../command-line/shared-flags.ts';
import { withClient } from '../config/open-client.ts';
import { printGrant } from '../input/parse-region.ts';
import { confirm } from '../input/prompt.ts';
import { printPrincipalKind } from '../output/print-principal-kind.ts';
import { printableLine, printableTime } from '../output/printable.ts';
import { fields, table } from '../output/table.ts';
import { note, writeData, writeJson } from '../output/terminal.ts';
import { grantsIn, permissionsIn, RIGHTS_DETAILS, RIGHTS_FLAGS } from './rights-flags.ts';

const PAGE_ROWS = 500;

export const API_KEY_COMMANDS: readonly Command[] = [
  {
    path: ['api-key', 'create'],
    summary: 'Create an API key; it is printed this once',
    details: [
      'The key has your own rights, or, made with a key of groups, the rights of those. With --group it has the rights of the groups named instead.',
      'With --permission or --grant it has, of those rights, at most what is given.',
      ...RIGHTS_DETAILS,
    ],
    arguments: [{ name: 'NAME', summary: 'a name for the key' }],
    flags: {
      group: {
        kind: 'text',
        value: 'GROUP',
        repeatable: true,
        completes: 'group',
        summary: 'A user group whose rights the key gets; may be repeated',
      },
      ...RIGHTS_FLAGS,
      'expires-in': {
        kind: 'text',
        value: 'DURATION',
        summary: 'Such as 30d or 12h; without, it does not expire',
      },
      ...OUTPUT_FLAG,
    },
    examples: [
      'api-key create laptop --expires-in 30d',
      "api-key create ci --group Deployers --grant 'use@shop/non-production'",
    ],
    connects: true,
    run: createApiKey,
  },
  {
    path: ['api-key', 'list'],
    summary: 'List your API keys, or all if you manage them, without their values',
    flags: { mine: { kind: 'switch', summary: 'Only your own' }, ...OUTPUT_FLAG },
    connects: true,
    run: listApiKeys,
  },
  {
    path: ['api-key', 'revoke'],
    summary: 'Revoke an API key at once',
    arguments: [{ name: 'KEY', summary: 'name or id of the key', completes: 'api-key' }],
    flags: YES_FLAG,
    connects: true,
    run: revokeApiKey,
  },
  {
    path: ['whoami'],
    summary: 'Show who you are to the server, and what you may do',
    flags: OUTPUT_FLAG,
    connects: true,
    run: whoAmI,
  },
];

async function createApiKey(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const groups = [...flags.list('group')];
  const restricted = flags.has('permission') || flags.has('grant');
  const body: CreateApiKey = {
    name: invocation.arguments['NAME'] ?? '',
    owner: groups.length === 0 ? 'me' : { groups },
    restriction: restricted ? { account: permissionsIn(flags), grants: grantsIn(flags) } : null,
    expiresInSeconds: flags.seconds('expires-in'),
  };
  const created = await withClient(invocation, (client) => client.call('createApiKey', { body }));
  if (flags.text('output') === 'json') return writeJson(terminal, created);
  const { name, owner } = created.apiKey;
  const of = printableLine(ownerOf({ owner }));
  await note(terminal, `Created API key ${name} of ${of}. It is shown this once:`);
  await writeData(terminal, `${created.value}\n`);
}

async function listApiKeys(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const owner = flags.has('mine') ? 'me' : 'all';
  const apiKeys = await withClient(invocation, async (client) => {
    const found: ApiKeyView[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await client.call('listApiKeys', { query: { owner, limit: PAGE_ROWS, cursor } });
      found.push(...page.apiKeys);
      cursor = page.nextCursor;
    }
    return found;
  });
  if (flags.text('output') === 'json') return writeJson(terminal, apiKeys);
  const rows = apiKeys.map((key) => [
    key.name,
    key.state,
    ownerOf(key),
    rightsOf(key),
    printableTime(key.createdAtMs),
    printableTime(key.expiresAtMs),
    printableTime(key.lastUsedAtMs),
    key.id,
  ]);
  const headings = ['NAME', 'STATE', 'OWNER', 'AT MOST', 'CREATED', 'EXPIRES', 'LAST USED', 'ID'];
  await writeData(terminal, table(headings, rows));
}

async function revokeApiKey(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const apiKey = invocation.arguments['KEY'] ?? '';
  await confirm(terminal, { question: `Revoke the API key ${apiKey}?`, yes: flags.has('yes') });
  await withClient(invocation, (client) => client.call('revokeApiKey', { params: { apiKey } }));
  await note(terminal, `Revoked ${apiKey}.`);
}

async function whoAmI(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const me = await withClient(invocation, async (client) => ({
    address: client.address,
    ...(await client.call('whoAmI')),
  }));
  if (flags.text('output') === 'json') return writeJson(terminal, me);
  const groups = me.groups.map(({ id, name }) => name ?? id).join(', ');
  const layers = me.grants.map((grants) => grants.flatMap(printGrant).join('  ') || 'none');
  await writeData(
    terminal,
    fields([
      ['server', me.address],
      ['server version', me.serverVersion],
      [printPrincipalKind(me.kind), `${me.name} (${me.id})`],
      ...(me.kind === 'user' || me.user === null
        ? []
        : [['user', `${me.user.name} (${me.user.id})`] as const]),
      ['groups', groups || 'none'],
      ['permissions', me.permissions.join(', ') || 'none'],
      ...layers.map((grants, index) => [index === 0 ? 'grants' : 'of those only', grants] as const),
      ['expires', me.expiresAtMs === null ? 'never' : printableTime(me.expiresAtMs)],
    ]),
  );
}

function ownerOf({ owner }: Pick<ApiKeyView, 'owner'>): string {
  if (owner.type === 'user') {
    if (owner.name === null) return `user ${owner.id} (removed)`;
    return `user ${owner.name}${owner.disabled ? ' (disabled)' : ''}`;
  }
  const names = owner.groups.map(({ id, name }) => name ?? `${id} (deleted)`);
  return `${names.length === 1 ? 'group' : 'groups'} ${names.join(', ')}`;
}

function rightsOf({ restriction }: ApiKeyView): string {
  if (restriction === null) return '-';
  return [...restriction.account, ...restriction.grants.flatMap(printGrant)].join('  ') || 'nothing';
}
