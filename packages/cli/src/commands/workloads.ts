// Commands for the issuers whose workloads are let in without a stored key. Letting one in is in workload-login.ts.
import { resolve } from 'node:path';
import type { EditWorkloadIssuer, WorkloadIssuerSettings, WorkloadIssuerView } from '@sallyport/protocol';
import type { Command, FlagSpec, Invocation } from '../command-line/command.ts';
import { OUTPUT_FLAG, YES_FLAG } from '../command-line/shared-flags.ts';
import { usageError } from '../command-line/usage-error.ts';
import { withClient } from '../config/open-client.ts';
import { printGrant } from '../input/parse-region.ts';
import { confirm } from '../input/prompt.ts';
import { readJsonFile } from '../input/read-input.ts';
import { printableLine, printableTime } from '../output/printable.ts';
import { fields, table } from '../output/table.ts';
import { note, writeData, writeJson } from '../output/terminal.ts';
import { grantsIn, permissionsIn, RIGHTS_DETAILS, RIGHTS_FLAGS } from './rights-flags.ts';

type OidcSettings = Extract<WorkloadIssuerSettings, { kind: 'oidc' }>;

const ISSUER = { name: 'ISSUER', summary: 'name or id of the issuer', completes: 'workload-issuer' } as const;
const NAME = { name: 'NAME', summary: 'a name for the issuer' } as const;

/** What keys of its workloads may do, and for how long. */
const KEY_FLAGS = {
  group: {
    kind: 'text',
    value: 'GROUP',
    repeatable: true,
    completes: 'group',
    summary: 'A user group whose rights the keys have; may be repeated',
  },
  ...RIGHTS_FLAGS,
  ttl: {
    kind: 'text',
    value: 'DURATION',
    summary: 'How long a key is good for, 1m to 1h (default 15m)',
  },
} as const satisfies Record<string, FlagSpec>;

const OIDC_FLAGS = {
  audience: { kind: 'text', value: 'TEXT', summary: 'What tokens have to name as their audience' },
  rule: {
    kind: 'text',
    value: 'CLAIM=PATTERN',
    repeatable: true,
    summary: 'What a claim of the token has to be, with * for any characters; may be repeated, all must hold',
  },
  'jwks-file': {
    kind: 'text',
    value: 'FILE',
    completes: 'file',
    summary: "The issuer's public keys (a JWKS), for one that the server cannot reach",
  },
} as const satisfies Record<string, FlagSpec>;

const AWS_FLAGS = {
  role: {
    kind: 'text',
    value: 'ARN',
    repeatable: true,
    summary: 'An IAM role that is let in, with * in its name for any characters; may be repeated',
  },
  selector: {
    kind: 'text',
    value: 'SELECTOR',
    repeatable: true,
    summary: 'A selector that the delegates must have which verify identities; may be repeated',
  },
} as const satisfies Record<string, FlagSpec>;

const KEY_DETAILS: readonly string[] = [
  'Keys have the rights of the groups; with --permission or --grant, of those at most what is given.',
  ...RIGHTS_DETAILS,
];

export const WORKLOAD_COMMANDS: readonly Command[] = [
  {
    path: ['workload', 'add-oidc'],
    summary: 'Let in workloads that have a token of an OpenID issuer',
    details: [
      'A claim is named as it is, e.g. repository; one within others by a JSON pointer, e.g. /kubernetes.io/namespace.',
      'An issuer such as GitHub signs tokens for everybody: only the rules tell your workloads from others.',
      ...KEY_DETAILS,
    ],
    arguments: [NAME],
    flags: {
      issuer: { kind: 'text', value: 'URL', summary: 'The issuer, exactly as its tokens name it' },
      ...OIDC_FLAGS,
      ...KEY_FLAGS,
      ...OUTPUT_FLAG,
    },
    examples: [
      'workload add-oidc github --issuer https://token.actions.githubusercontent.com --audience sallyport --rule repository=acme/shop --rule ref=refs/heads/main --group Deployers',
    ],
    connects: true,
    run: addOidc,
  },
  {
    path: ['workload', 'add-aws'],
    summary: 'Let in workloads by the IAM role that they have at AWS',
    details: ['A delegate asks STS who a workload is; its word is taken for it.', ...KEY_DETAILS],
    arguments: [NAME],
    flags: { ...AWS_FLAGS, ...KEY_FLAGS, ...OUTPUT_FLAG },
    examples: ['workload add-aws jobs --role arn:aws:iam::111122223333:role/nightly-job --group Readers'],
    connects: true,
    run: addAws,
  },
  {
    path: ['workload', 'list'],
    summary: 'List the issuers whose workloads are let in',
    flags: OUTPUT_FLAG,
    connects: true,
    run: listIssuers,
  },
  {
    path: ['workload', 'show'],
    summary: 'Show an issuer: who is let in, and to what',
    arguments: [ISSUER],
    flags: OUTPUT_FLAG,
    connects: true,
    run: showIssuer,
  },
  {
    path: ['workload', 'edit'],
    summary: 'Change an issuer; the keys of its workloads end, unless only its name changes',
    details: [
      'What is given takes the place of what was there: all rules, all roles, all groups.',
      ...KEY_DETAILS,
    ],
    arguments: [ISSUER],
    flags: {
      name: { kind: 'text', value: 'NAME', summary: 'Its new name' },
      ...OIDC_FLAGS,
      ...AWS_FLAGS,
      ...KEY_FLAGS,
      'no-restriction': { kind: 'switch', summary: 'Let keys do all that the groups may' },
      ...OUTPUT_FLAG,
    },
    connects: true,
    run: editIssuer,
  },
  {
    path: ['workload', 'remove'],
    summary: 'Let nobody of an issuer in any more; the keys of its workloads end',
    arguments: [ISSUER],
    flags: YES_FLAG,
    connects: true,
    run: removeIssuer,
  },
];

async function addOidc(invocation: Invocation): Promise<void> {
  const { flags } = invocation;
  const settings: OidcSettings = {
    kind: 'oidc',
    issuer: flags.required('issuer'),
    audience: flags.required('audience'),
    rules: rulesIn(invocation),
    jwks: await jwksIn(invocation),
  };
  if (settings.rules.length === 0) throw usageError('--rule is missing.');
  await addIssuer(invocation, settings);
}

async function addAws(invocation: Invocation): Promise<void> {
  const { flags } = invocation;
  const roleArns = [...flags.list('role')];
  if (roleArns.length === 0) throw usageError('--role is missing.');
  await addIssuer(invocation, { kind: 'aws', roleArns, selectors: [...flags.list('selector')] });
}

async function addIssuer(invocation: Invocation, settings: WorkloadIssuerSettings): Promise<void> {
  const { terminal, flags } = invocation;
  const groups = [...flags.list('group')];
  if (groups.length === 0) throw usageError('--group is missing.');
  const ttlSeconds = flags.seconds('ttl');
  const body = {
    name: invocation.arguments['NAME'] ?? '',
    settings,
    groups,
    restriction: restrictionIn(invocation),
    ...(ttlSeconds === null ? {} : { ttlSeconds }),
  };
  const issuer = await withClient(invocation, (client) => client.call('createWorkloadIssuer', { body }));
  if (flags.text('output') === 'json') return writeJson(terminal, issuer);
  await note(terminal, `Workloads of ${printableLine(issuer.name)} (${issuer.id}) are let in now.`);
}

async function listIssuers(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const { issuers } = await withClient(invocation, (client) => client.call('listWorkloadIssuers'));
  if (flags.text('output') === 'json') return writeJson(terminal, issuers);
  const rows = issuers.map((issuer) => [
    issuer.name,
    issuer.settings.kind,
    whoIn(issuer.settings).join('  '),
    groupsOf(issuer),
    `${issuer.ttlSeconds}s`,
    issuer.id,
  ]);
  await writeData(terminal, table(['NAME', 'KIND', 'LETS IN', 'GROUPS', 'KEYS LAST', 'ID'], rows));
}

async function showIssuer(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const params = { workloadIssuer: invocation.arguments['ISSUER'] ?? '' };
  const issuer = await withClient(invocation, (client) => client.call('getWorkloadIssuer', { params }));
  if (flags.text('output') === 'json') return writeJson(terminal, issuer);
  const { settings, restriction } = issuer;
  await writeData(
    terminal,
    fields([
      ['name', issuer.name],
      ['id', issuer.id],
      ['kind', settings.kind],
      ...(settings.kind === 'oidc'
        ? ([
            ['issuer', settings.issuer],
            ['audience', settings.audience],
            ['keys', settings.jwks === null ? 'asked for' : `${settings.jwks.keys.length} entered`],
          ] as const)
        : ([['selectors', settings.selectors.join(', ') || 'none']] as const)),
      ['lets in', whoIn(settings).join('  ')],
      ['groups', groupsOf(issuer)],
      ['at most', restriction === null ? 'all of that' : restrictionOf(restriction)],
      ['keys last', `${issuer.ttlSeconds} seconds`],
      ['changed', printableTime(issuer.updatedAtMs)],
    ]),
  );
}

async function editIssuer(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const params = { workloadIssuer: invocation.arguments['ISSUER'] ?? '' };
  const name = flags.text('name');
  const ttlSeconds = flags.seconds('ttl');
  const groups = [...flags.list('group')];
  const restriction = restrictionIn(invocation);
  if (restriction !== null && flags.has('no-restriction')) {
    throw usageError('Give --permission and --grant, or --no-restriction.');
  }
  const own = {
    ...(name === null ? {} : { name }),
    ...(ttlSeconds === null ? {} : { ttlSeconds }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(restriction === null && !flags.has('no-restriction') ? {} : { restriction }),
  };
  const issuer = await withClient(invocation, async (client) => {
    const body: EditWorkloadIssuer = { ...own };
    if ([...Object.keys(OIDC_FLAGS), ...Object.keys(AWS_FLAGS)].some((flag) => flags.has(flag))) {
      const { settings } = await client.call('getWorkloadIssuer', { params });
      body.settings = await settingsWith(settings, invocation);
    }
    if (Object.keys(body).length === 0) throw usageError('Nothing to change was given.');
    return client.call('editWorkloadIssuer', { params, body });
  });
  if (flags.text('output') === 'json') return writeJson(terminal, issuer);
  await note(terminal, `Changed the issuer ${printableLine(issuer.name)}.`);
}

/** The settings with what the flags say in its place. */
async function settingsWith(
  settings: WorkloadIssuerSettings,
  invocation: Invocation,
): Promise<WorkloadIssuerSettings> {
  const { flags } = invocation;
  const foreign = Object.keys(settings.kind === 'oidc' ? AWS_FLAGS : OIDC_FLAGS);
  const wrong = foreign.find((flag) => flags.has(flag));
  if (wrong !== undefined) throw usageError(`--${wrong} is not for an issuer of kind ${settings.kind}.`);
  if (settings.kind === 'aws') {
    const { roleArns, selectors } = settings;
    return {
      kind: 'aws',
      roleArns: flags.has('role') ? [...flags.list('role')] : roleArns,
      selectors: flags.has('selector') ? [...flags.list('selector')] : selectors,
    };
  }
  return {
    ...settings,
    audience: flags.text('audience') ?? settings.audience,
    rules: flags.has('rule') ? rulesIn(invocation) : settings.rules,
    jwks: (await jwksIn(invocation)) ?? settings.jwks,
  };
}

async function removeIssuer(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const workloadIssuer = invocation.arguments['ISSUER'] ?? '';
  const question = `Let no workloads of ${workloadIssuer} in any more, and end their keys?`;
  await confirm(terminal, { question, yes: flags.has('yes') });
  await withClient(invocation, (client) =>
    client.call('deleteWorkloadIssuer', { params: { workloadIssuer } }),
  );
  await note(terminal, `Removed ${workloadIssuer}.`);
}

function rulesIn({ flags }: Invocation): OidcSettings['rules'] {
  return flags.list('rule').map((text) => {
    const equals = text.indexOf('=');
    if (equals < 1) throw usageError('--rule takes a claim and a pattern, such as repository=acme/shop.');
    return { claim: text.slice(0, equals), pattern: text.slice(equals + 1) };
  });
}

async function jwksIn({ flags, folder }: Invocation): Promise<OidcSettings['jwks']> {
  const file = flags.text('jwks-file');
  // The server checks what is in it.
  return file === null ? null : ((await readJsonFile(resolve(folder, file))) as OidcSettings['jwks']);
}

function restrictionIn({ flags }: Invocation): NonNullable<EditWorkloadIssuer['restriction']> | null {
  if (!flags.has('permission') && !flags.has('grant')) return null;
  return { account: permissionsIn(flags), grants: grantsIn(flags) };
}

function whoIn(settings: WorkloadIssuerSettings): string[] {
  if (settings.kind === 'aws') return settings.roleArns;
  return settings.rules.map(({ claim, pattern }) => `${claim}=${pattern}`);
}

function groupsOf({ groups }: WorkloadIssuerView): string {
  return groups.map(({ id, name }) => name ?? `${id} (deleted)`).join(', ');
}

function restrictionOf({ account, grants }: NonNullable<WorkloadIssuerView['restriction']>): string {
  return [...account, ...grants.flatMap(printGrant)].join('  ') || 'nothing';
}
