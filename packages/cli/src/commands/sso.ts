// Commands for the settings of single sign-on.
import { resolve } from 'node:path';
import type { PutSso, SsoView } from '@sallyport/protocol';
import type { Command, Invocation } from '../command-line/command.ts';
import { OUTPUT_FLAG, YES_FLAG } from '../command-line/shared-flags.ts';
import { usageError } from '../command-line/usage-error.ts';
import { withClient } from '../config/open-client.ts';
import { confirm } from '../input/prompt.ts';
import { readSecretLine } from '../input/read-input.ts';
import { printableTime } from '../output/printable.ts';
import { fields } from '../output/table.ts';
import { note, writeData, writeJson } from '../output/terminal.ts';

export const SSO_COMMANDS: readonly Command[] = [
  {
    path: ['sso', 'set'],
    summary: 'Set single sign-on up with an OpenID provider, or change it',
    details: [
      'All settings are given each time; only the client secret stays when it is left out and provider and client id are the same.',
      'Users enter and leave the groups of --map at each sign-in, as the claim says. Other groups are left alone.',
    ],
    flags: {
      issuer: { kind: 'text', value: 'URL', summary: 'The provider, exactly as it names itself' },
      'client-id': { kind: 'text', value: 'ID', summary: 'What this server is called there' },
      'client-secret-file': {
        kind: 'text',
        value: 'FILE',
        completes: 'file',
        summary: 'File with the client secret; - for standard input',
      },
      'no-client-secret': { kind: 'switch', summary: 'The client has no secret (a public client)' },
      name: { kind: 'text', value: 'NAME', summary: 'What the sign-in page calls it' },
      'oidc-scope': {
        kind: 'text',
        value: 'SCOPE',
        repeatable: true,
        summary: 'A scope to ask for; may be repeated (default openid, profile, email)',
      },
      'group-claim': {
        kind: 'text',
        value: 'CLAIM',
        summary: "The claim with a user's groups, by name or JSON pointer such as /realm_access/roles",
      },
      map: {
        kind: 'text',
        value: 'VALUE=GROUP',
        repeatable: true,
        summary: 'The group that users are in who have this value in the claim; may be repeated',
      },
      'allowed-domain': {
        kind: 'text',
        value: 'DOMAIN',
        repeatable: true,
        summary: 'Only users with a verified mail address of this domain; may be repeated',
      },
      'create-users': { kind: 'switch', summary: 'Make a user at the first sign-in' },
      ...OUTPUT_FLAG,
    },
    examples: [
      'sso set --issuer https://login.example.com --client-id sallyport --client-secret-file secret --create-users --group-claim groups --map ops=Production-Support',
    ],
    connects: true,
    run: setSso,
  },
  {
    path: ['sso', 'show'],
    summary: 'Show the settings of single sign-on',
    flags: OUTPUT_FLAG,
    connects: true,
    run: showSso,
  },
  {
    path: ['sso', 'remove'],
    summary: 'Turn single sign-on off; users and their sessions stay',
    flags: YES_FLAG,
    connects: true,
    run: removeSso,
  },
];

async function setSso(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const name = flags.text('name');
  const scopes = [...flags.list('oidc-scope')];
  const domains = [...flags.list('allowed-domain')];
  const body = {
    issuer: flags.required('issuer'),
    clientId: flags.required('client-id'),
    ...(await secretIn(invocation)),
    ...(name === null ? {} : { displayName: name }),
    ...(scopes.length === 0 ? {} : { scopes }),
    groupClaim: flags.text('group-claim'),
    groupMapping: mappingIn(invocation),
    allowedDomains: domains.length === 0 ? null : domains,
    createUsers: flags.has('create-users'),
  };
  const sso = await withClient(invocation, (client) => client.call('putSso', { body }));
  if (flags.text('output') === 'json') return writeJson(terminal, sso);
  await note(terminal, 'Single sign-on is set up. The provider has to allow this redirect address:');
  await writeData(terminal, `${sso.callbackUrl}\n`);
}

async function secretIn({ terminal, flags, folder }: Invocation): Promise<{ clientSecret?: string | null }> {
  const file = flags.text('client-secret-file');
  if (flags.has('no-client-secret')) {
    if (file !== null) throw usageError('Give --client-secret-file or --no-client-secret, not both.');
    return { clientSecret: null };
  }
  if (file === null) return {};
  return { clientSecret: await readSecretLine(terminal, file === '-' ? file : resolve(folder, file)) };
}

function mappingIn({ flags }: Invocation): PutSso['groupMapping'] {
  return flags.list('map').map((text) => {
    // Values of claims may contain "=" (distinguished names do), names of groups may too, but seldom.
    const equals = text.lastIndexOf('=');
    if (equals < 1) throw usageError('--map takes a value of the claim and a group, such as ops=Operators.');
    return { value: text.slice(0, equals), group: text.slice(equals + 1) };
  });
}

async function showSso(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const { sso } = await withClient(invocation, (client) => client.call('getSso'));
  if (flags.text('output') === 'json') return writeJson(terminal, sso);
  if (sso === null) return note(terminal, 'Single sign-on is off.');
  await writeData(terminal, fields(fieldsOf(sso)));
}

function fieldsOf(sso: SsoView): [string, string][] {
  const mapping = sso.groupMapping.map(
    ({ value, group }) => `${value}=${group.name ?? `${group.id} (deleted)`}`,
  );
  return [
    ['name', sso.displayName],
    ['provider', sso.issuer],
    ['client id', sso.clientId],
    ['client secret', sso.hasClientSecret ? 'set' : 'none'],
    ['redirect address', sso.callbackUrl],
    ['scopes', sso.scopes.join(', ')],
    ['group claim', sso.groupClaim ?? 'none'],
    ['groups', mapping.join('  ') || 'none'],
    ['allowed domains', sso.allowedDomains?.join(', ') ?? 'all'],
    ['makes users', sso.createUsers ? 'yes' : 'no'],
    ['changed', printableTime(sso.updatedAtMs)],
  ];
}

async function removeSso(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  await confirm(terminal, { question: 'Turn single sign-on off?', yes: flags.has('yes') });
  await withClient(invocation, (client) => client.call('removeSso'));
  await note(terminal, 'Single sign-on is off.');
}
