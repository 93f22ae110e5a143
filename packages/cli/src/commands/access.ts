// Commands for API keys, the audit trail, and who one is.
import { AUDIT_ACTION_NAMES, auditActionOf } from './audit-actions.ts';
import type { Command, Invocation } from '../command-line/command.ts';
import { OUTPUT_FLAG, YES_FLAG } from '../command-line/shared-flags.ts';
import { withClient } from '../config/open-client.ts';
import { confirm } from '../input/prompt.ts';
import { printableTime } from '../output/printable.ts';
import { fields, table } from '../output/table.ts';
import { note, writeData, writeJson } from '../output/terminal.ts';

const PAGE_ROWS = 500;

export const ACCESS_COMMANDS: readonly Command[] = [
  {
    path: ['api-key', 'create'],
    summary: 'Create an API key; it is printed this once',
    arguments: [{ name: 'NAME', summary: 'a name for the key' }],
    flags: {
      ...OUTPUT_FLAG,
      'expires-in': {
        kind: 'text',
        value: 'DURATION',
        summary: 'Such as 30d or 12h; without, it does not expire',
      },
    },
    connects: true,
    run: createApiKey,
  },
  {
    path: ['api-key', 'list'],
    summary: 'List API keys, without their values',
    flags: OUTPUT_FLAG,
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
    path: ['audit', 'list'],
    summary: 'List the audit trail, newest first',
    flags: {
      ...OUTPUT_FLAG,
      resource: { kind: 'text', value: 'ID', summary: 'Only what was done to this' },
      action: { kind: 'text', value: 'ACTION', choices: AUDIT_ACTION_NAMES, summary: 'Only this action' },
      limit: { kind: 'text', value: 'N', summary: 'At most so many records (default 100)' },
    },
    connects: true,
    run: listAudit,
  },
  {
    path: ['whoami'],
    summary: 'Show who the API key is, and the server',
    flags: OUTPUT_FLAG,
    connects: true,
    run: whoAmI,
  },
];

async function createApiKey(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const body = { name: invocation.arguments['NAME'] ?? '', expiresInSeconds: flags.seconds('expires-in') };
  const created = await withClient(invocation, (client) => client.call('createApiKey', { body }));
  if (flags.text('output') === 'json') return writeJson(terminal, created);
  await note(terminal, `Created API key ${created.apiKey.name}. It is shown this once:`);
  await writeData(terminal, `${created.value}\n`);
}

async function listApiKeys(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const { apiKeys } = await withClient(invocation, (client) => client.call('listApiKeys'));
  if (flags.text('output') === 'json') return writeJson(terminal, apiKeys);
  const rows = apiKeys.map((key) => [
    key.name,
    key.state,
    printableTime(key.createdAtMs),
    printableTime(key.expiresAtMs),
    printableTime(key.lastUsedAtMs),
    key.id,
  ]);
  await writeData(terminal, table(['NAME', 'STATE', 'CREATED', 'EXPIRES', 'LAST USED', 'ID'], rows));
}

async function revokeApiKey(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const apiKey = invocation.arguments['KEY'] ?? '';
  await confirm(terminal, { question: `Revoke the API key ${apiKey}?`, yes: flags.has('yes') });
  await withClient(invocation, (client) => client.call('revokeApiKey', { params: { apiKey } }));
  await note(terminal, `Revoked ${apiKey}.`);
}

async function listAudit(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const wanted = flags.whole('limit', { min: 1, max: 1_000_000 }) ?? 100;
  const records = await withClient(invocation, async (client) => {
    const found = [];
    const resource = flags.text('resource') ?? undefined;
    const action = auditActionOf(flags.text('action'));
    for (let cursor: string | null | undefined; cursor !== null && found.length < wanted;) {
      const limit = Math.min(PAGE_ROWS, wanted - found.length);
      const page = await client.call('listAudit', { query: { resource, action, limit, cursor } });
      found.push(...page.records);
      cursor = page.nextCursor;
    }
    return found;
  });
  if (flags.text('output') === 'json') return writeJson(terminal, records);
  const rows = records.map((record) => [
    String(record.sequence),
    printableTime(record.atMs),
    record.actorName,
    record.action,
    record.resourceName ?? record.resource,
    Object.entries(record.details)
      .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
      .join(' '),
  ]);
  await writeData(terminal, table(['NUMBER', 'TIME', 'ACTOR', 'ACTION', 'RESOURCE', 'DETAILS'], rows));
}

async function whoAmI(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const me = await withClient(invocation, async (client) => ({
    address: client.address,
    ...(await client.call('whoAmI')),
  }));
  if (flags.text('output') === 'json') return writeJson(terminal, me);
  await writeData(
    terminal,
    fields([
      ['server', me.address],
      ['server version', me.serverVersion],
      ['API key', `${me.name} (${me.apiKeyId})`],
      ['expires', me.expiresAtMs === null ? 'never' : printableTime(me.expiresAtMs)],
    ]),
  );
}
