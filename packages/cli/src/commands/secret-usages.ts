// Commands about where secrets are used: their scopes, who could use them, who did, what refers to them, what was changed.
import { printAvailability } from '@sallyport/protocol/client';
import type { SecretChange, SecretUse, SetupUsageView, UsageScopeView } from '@sallyport/protocol';
import type { Command, Invocation } from '../command-line/command.ts';
import { OUTPUT_FLAG, SCOPE_FLAGS, YES_FLAG } from '../command-line/shared-flags.ts';
import { usageError } from '../command-line/usage-error.ts';
import { withClient } from '../config/open-client.ts';
import { placedReference } from '../config/place.ts';
import { withConfirmation } from '../input/confirm-effects.ts';
import { AVAILABILITY_DETAILS, readAvailability } from '../input/parse-availability.ts';
import { REGION_DETAILS } from '../input/parse-region.ts';
import { printableTime } from '../output/printable.ts';
import { fields, table } from '../output/table.ts';
import { note, writeData, writeJson } from '../output/terminal.ts';
import { printUsageScope, USAGE_SCOPE_FLAGS, usageScopeOf } from './usage-scope-flags.ts';

const NAME = { name: 'NAME', summary: 'name or id of the secret', completes: 'secret' } as const;
const LIMIT_FLAG = {
  limit: { kind: 'text', value: 'N', summary: 'At most so many records (default 100)' },
} as const;
const PAGE_ROWS = 500;

export const SECRET_USAGE_COMMANDS: readonly Command[] = [
  {
    path: ['scope', 'explain'],
    summary: 'Show who and what could use a secret, as it is or with another scope',
    details: [
      'Without NAME: what a new secret of this scope would come to. Nothing is changed.',
      ...REGION_DETAILS,
    ],
    arguments: [{ ...NAME, optional: true }],
    flags: {
      ...SCOPE_FLAGS,
      ...USAGE_SCOPE_FLAGS,
      'secrets-manager': {
        kind: 'text',
        value: 'NAME',
        completes: 'secrets-manager',
        summary: 'Which one protects it; without, the one it has, or the default for a new secret',
      },
      ...OUTPUT_FLAG,
    },
    connects: true,
    examples: ['scope explain db-password', "scope explain --scope '*/production'"],
    run: explainScope,
  },
  {
    path: ['scope', 'set'],
    summary: 'Change where a secret may be used',
    details: ['It has to lie within the scope of its secrets manager.', ...REGION_DETAILS],
    arguments: [NAME],
    flags: { ...SCOPE_FLAGS, ...USAGE_SCOPE_FLAGS },
    connects: true,
    examples: [
      'scope set db-password --scope shop/production --scope shop/staging',
      'scope set db-password --inherit',
    ],
    run: setScope,
  },
  {
    path: ['availability', 'set'],
    summary: 'Change for how long delegates may serve a secret while the server is away',
    details: AVAILABILITY_DETAILS,
    arguments: [NAME, { name: 'AVAILABILITY', summary: 'fresh, "stale-ok AGE" or "offline AGE"' }],
    flags: { ...SCOPE_FLAGS },
    connects: true,
    examples: ['availability set db-password "offline 24h"', 'availability set db-password fresh'],
    run: setAvailability,
  },
  {
    path: ['alias', 'remove'],
    summary: 'Take an old name of a secret away',
    arguments: [NAME, { name: 'ALIAS', summary: 'the name that it had before' }],
    flags: { ...SCOPE_FLAGS, ...YES_FLAG },
    connects: true,
    run: removeAlias,
  },
  {
    path: ['uses'],
    summary: 'List who had the value of a secret, or was refused it, newest first',
    arguments: [NAME],
    flags: {
      ...SCOPE_FLAGS,
      since: { kind: 'text', value: 'DURATION', summary: 'Only as long ago as this, such as 24h or 30d' },
      ...LIMIT_FLAG,
      ...OUTPUT_FLAG,
    },
    connects: true,
    run: listUses,
  },
  {
    path: ['usages'],
    summary: 'List what is set up to use a secret: config entries of services, and start-up profiles',
    arguments: [NAME],
    flags: { ...SCOPE_FLAGS, ...OUTPUT_FLAG },
    connects: true,
    run: listSetupUsages,
  },
  {
    path: ['changes'],
    summary: 'List what was changed about a secret, newest first',
    arguments: [NAME],
    flags: { ...SCOPE_FLAGS, ...LIMIT_FLAG, ...OUTPUT_FLAG },
    connects: true,
    run: listChanges,
  },
];

async function explainScope(invocation: Invocation): Promise<void> {
  const { flags, terminal } = invocation;
  const { NAME: name = null } = invocation.arguments;
  const scope = usageScopeOf(flags);
  if (name === null && scope === null) {
    throw usageError('Name a secret, or give a scope by --scope, --inherit or --account.');
  }
  const secret = name === null ? null : placedReference(name, invocation);
  const body = { secret, scope, secretsManager: flags.text('secrets-manager') };
  const explained = await withClient(invocation, (client) => client.call('explainScope', { body }));
  if (flags.text('output') === 'json') return writeJson(terminal, explained);
  const { places, placeCount, groups, warnings } = explained;
  const shown = places.map(({ application, environment }) => `${application.name}/${environment.name}`);
  const more = placeCount - shown.length;
  await writeData(
    terminal,
    fields([
      ['scope', printUsageScope(explained.scope)],
      ['secrets manager', explained.secretsManager ?? '-'],
      ['comes to', printUsageScope(explained.effective)],
      ['usable now in', [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ') || 'no environment'],
      ['later ones too', explained.coversFuture ? 'yes' : 'no'],
    ]),
  );
  if (groups !== null) {
    const rows = groups.map((group) => [
      group.name,
      String(group.users),
      String(group.apiKeys),
      String(group.placeCount),
    ]);
    await writeData(terminal, `\n${table(['GROUPS THAT MAY USE IT', 'USERS', 'API KEYS', 'PLACES'], rows)}`);
  }
  for (const warning of warnings) await note(terminal, `warning: ${warning}`);
}

async function setScope(invocation: Invocation): Promise<void> {
  const { NAME: name = '' } = invocation.arguments;
  const scope = usageScopeOf(invocation.flags);
  if (scope === null)
    throw usageError('No flag says what the scope is to be: --scope, --inherit, --account or --no-scope.');
  const secret = placedReference(name, invocation);
  const edited = await withClient(invocation, (client) => client.edit(secret, { scope }));
  await note(invocation.terminal, `${edited.name} may be used: ${printUsageScope(edited.scope)}.`);
}

async function setAvailability(invocation: Invocation): Promise<void> {
  const { NAME: name = '', AVAILABILITY: text = '' } = invocation.arguments;
  const availability = readAvailability(text);
  const secret = placedReference(name, invocation);
  const edited = await withClient(invocation, (client) => client.edit(secret, { availability }));
  await note(
    invocation.terminal,
    `Availability of ${edited.name}: ${printAvailability(edited.availability)}.`,
  );
}

async function removeAlias(invocation: Invocation): Promise<void> {
  const { flags, terminal } = invocation;
  const { NAME: name = '', ALIAS: alias = '' } = invocation.arguments;
  const secret = placedReference(name, invocation);
  const edited = await withClient(invocation, (client) =>
    withConfirmation(
      terminal,
      { question: `Remove the alias ${alias} all the same?`, yes: flags.has('yes') },
      (confirmationToken) => client.edit(secret, { removeAliases: [alias], ...confirmationToken }),
    ),
  );
  await note(terminal, `${edited.name} is no longer found as ${alias}.`);
}

async function listUses(invocation: Invocation): Promise<void> {
  const { flags, terminal } = invocation;
  const since = flags.seconds('since');
  const sinceMs = since === null ? undefined : Date.now() - since * 1000;
  const wanted = limitOf(invocation);
  const secret = placedReference(invocation.arguments['NAME'] ?? '', invocation);
  const found = await withClient(invocation, async (client) => {
    const uses: SecretUse[] = [];
    for (let cursor: string | null | undefined; cursor !== null && uses.length < wanted;) {
      const limit = Math.min(PAGE_ROWS, wanted - uses.length);
      const query = { limit, cursor, sinceMs };
      const page = await client.call('listSecretUses', { params: { secret }, query });
      uses.push(...page.uses);
      cursor = page.nextCursor;
    }
    return uses;
  });
  if (flags.text('output') === 'json') return writeJson(terminal, found);
  const rows = found.map((use) => [
    printableTime(use.atMs),
    printOutcome(use),
    use.version === null ? '-' : String(use.version),
    use.principal.name ?? use.principal.id,
    use.application === null ? '-' : `${nameOf(use.application)}/${nameOf(use.environment)}`,
    use.delegate === null ? '-' : nameOf(use.delegate),
    use.reference ?? '-',
    use.purpose ?? '-',
  ]);
  const headings = ['TIME', 'OUTCOME', 'VERSION', 'BY', 'WHERE', 'DELEGATE', 'ASKED AS', 'PURPOSE'];
  await writeData(terminal, table(headings, rows));
}

/** E.g. `released`, or `released 40 times since 2026-11-26 10:00:00Z, by the delegate alone`. */
function printOutcome({ outcome, code, servedAlone }: SecretUse): string {
  const what = outcome === 'released' ? 'released' : `refused (${code ?? 'unknown'})`;
  if (servedAlone === null) return what;
  const { count, firstAtMs } = servedAlone;
  const times = count === 1 ? 'once at' : `${count} times since`;
  return `${what} ${times} ${printableTime(firstAtMs)}, by the delegate alone`;
}

async function listSetupUsages(invocation: Invocation): Promise<void> {
  const { flags, terminal } = invocation;
  const secret = placedReference(invocation.arguments['NAME'] ?? '', invocation);
  const { usages, hidden } = await withClient(invocation, (client) =>
    client.call('listSetupUsages', { params: { secret } }),
  );
  if (flags.text('output') === 'json') return writeJson(terminal, { usages, hidden });
  await writeData(
    terminal,
    table(['KIND', 'NAME', 'SERVICE', 'APPLICATION', 'ENVIRONMENT'], usages.map(usageRow)),
  );
  if (hidden > 0)
    await note(
      terminal,
      `${hidden} more are in applications, or are start-up profiles, that you may not see.`,
    );
}

function usageRow(usage: SetupUsageView): string[] {
  if (usage.kind === 'start-up-profile') return ['start-up profile', usage.profile.name, '-', '-', '-'];
  const { application, service, kind, name, environment } = usage;
  return [kind, name, service.name, application.name, environment?.name ?? 'all'];
}

async function listChanges(invocation: Invocation): Promise<void> {
  const { flags, terminal } = invocation;
  const secret = placedReference(invocation.arguments['NAME'] ?? '', invocation);
  const query = { limit: Math.min(limitOf(invocation), PAGE_ROWS) };
  const { changes } = await withClient(invocation, (client) =>
    client.call('listSecretChanges', { params: { secret }, query }),
  );
  if (flags.text('output') === 'json') return writeJson(terminal, changes);
  const rows = changes.map((change) => [
    printableTime(change.atMs),
    change.principal.name ?? change.principal.id,
    change.action,
    change.changes.map(printChange).join('; '),
  ]);
  await writeData(terminal, table(['TIME', 'BY', 'ACTION', 'CHANGES'], rows));
}

function limitOf({ flags }: Invocation): number {
  return flags.whole('limit', { min: 1, max: 1_000_000 }) ?? 100;
}

function nameOf(mention: { id: string; name: string | null } | null): string {
  return mention === null ? '?' : (mention.name ?? mention.id);
}

function printChange({ field, from, to }: SecretChange['changes'][number]): string {
  const inWords = (value: typeof from): string => {
    if (field === 'scope') return printUsageScope(value as UsageScopeView);
    return typeof value === 'string' ? value : JSON.stringify(value);
  };
  return from === null ? `${field}: ${inWords(to)}` : `${field}: ${inWords(from)} → ${inWords(to)}`;
}
