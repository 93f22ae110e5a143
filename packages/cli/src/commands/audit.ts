// Commands for the audit trail: read it, export it, verify it without a server, have it signed, see how it stands.
import { resolve } from 'node:path';
import { AUDIT_ACTIONS } from '@sallyport/protocol/audit-actions';
import type { Command, FlagSpec, Invocation } from '../command-line/command.ts';
import { OUTPUT_FLAG } from '../command-line/shared-flags.ts';
import { usageError } from '../command-line/usage-error.ts';
import { withClient } from '../config/open-client.ts';
import { printableTime } from '../output/printable.ts';
import { table } from '../output/table.ts';
import { note, writeData, writeJson } from '../output/terminal.ts';
import { showAuditStatus } from './audit-status.ts';
import { verifyAudit } from './audit-verify.ts';

const PAGE_ROWS = 500;
const EXPORT_ROWS = 1000;
const FILE = { name: 'FILE', summary: 'the file', completes: 'file' } as const;

const LIST_FLAGS = {
  ...OUTPUT_FLAG,
  since: {
    kind: 'text',
    value: 'TIME',
    summary: 'Only from then on: so long ago (24h, 30d) or a time (2026-11-24T08:00Z)',
  },
  until: { kind: 'text', value: 'TIME', summary: 'Only before then, written in the same way' },
  principal: {
    kind: 'text',
    value: 'WHO',
    summary: 'Only what this user, key or delegate did: an id or name',
  },
  resource: { kind: 'text', value: 'ID', summary: 'Only what was done to this' },
  action: {
    kind: 'text',
    value: 'ACTION',
    repeatable: true,
    choices: AUDIT_ACTIONS,
    summary: 'Only this action; may be repeated',
  },
  app: {
    kind: 'text',
    short: 'a',
    value: 'APP',
    completes: 'application',
    summary: 'Only what this application, by name or id, is named in',
  },
  env: {
    kind: 'text',
    short: 'e',
    value: 'ENV',
    completes: 'environment',
    summary: 'Only what this environment is named in: its name, with --app, or its id',
  },
  limit: { kind: 'text', value: 'N', summary: 'At most so many records (default 100)' },
} as const satisfies Record<string, FlagSpec>;

export const AUDIT_COMMANDS: readonly Command[] = [
  {
    path: ['audit', 'list'],
    summary: 'List the audit trail, newest first',
    flags: LIST_FLAGS,
    examples: ['audit list --since 24h --action secret.released --app shop --env prod'],
    connects: true,
    run: listAudit,
  },
  {
    path: ['audit', 'export'],
    summary: 'Write the audit trail to a file, or continue a file that is there',
    details: [
      'The file has one JSON object a line: a header, records from the oldest on, and the checkpoints that delegates have signed.',
    ],
    arguments: [FILE],
    connects: true,
    run: exportAudit,
  },
  {
    path: ['audit', 'verify'],
    summary: 'Verify an exported audit trail; needs no server',
    details: [
      'Checks the hash chain, every checkpoint, and that their signers are delegates that you trust: those given by --trusted, or those that this machine remembers.',
      'Exits with 8 and names the first record that is wrong.',
    ],
    arguments: [{ ...FILE, summary: 'the exported file' }],
    flags: {
      ...OUTPUT_FLAG,
      checkpoint: {
        kind: 'text',
        value: 'FILE',
        repeatable: true,
        completes: 'file',
        summary:
          'A checkpoint that you kept, an earlier export, or the log of a delegate, which this trail must contain; may be repeated',
      },
      trusted: {
        kind: 'text',
        value: 'FINGERPRINT',
        repeatable: true,
        summary: 'SHA256:… of a delegate; one of those given must have signed; may be repeated',
      },
      'known-delegates': {
        kind: 'text',
        value: 'FILE',
        completes: 'file',
        summary: 'File of known delegates (SALLYPORT_KNOWN_DELEGATES)',
      },
    },
    examples: ['audit verify trail.jsonl --checkpoint kept.json'],
    run: verifyAudit,
  },
  {
    path: ['audit', 'checkpoint'],
    summary: 'Have a delegate sign the newest record now, and print that as JSON, to be kept elsewhere',
    examples: ['audit checkpoint > kept-2026-11-24.json'],
    connects: true,
    run: makeCheckpoint,
  },
  {
    path: ['audit', 'status'],
    summary: 'Show how far the trail reaches, who signed it last, and how far sinks are behind',
    flags: OUTPUT_FLAG,
    connects: true,
    run: showAuditStatus,
  },
];

async function listAudit(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const wanted = flags.whole('limit', { min: 1, max: 1_000_000 }) ?? 100;
  const given = (name: string): string | undefined => flags.text(name) ?? undefined;
  const actions = flags.list('action').join(',');
  const filter = {
    fromMs: timeOf(invocation, 'since'),
    untilMs: timeOf(invocation, 'until'),
    principal: given('principal'),
    resource: given('resource'),
    action: actions === '' ? undefined : actions,
    application: given('app'),
    environment: given('env'),
  };
  const records = await withClient(invocation, async (client) => {
    const found = [];
    for (let cursor: string | null | undefined; cursor !== null && found.length < wanted;) {
      const limit = Math.min(PAGE_ROWS, wanted - found.length);
      const page = await client.call('listAudit', { query: { ...filter, limit, cursor } });
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
    [...(record.purpose === null ? [] : [`purpose=${record.purpose}`]), ...detailsOf(record.details)].join(
      ' ',
    ),
  ]);
  await writeData(terminal, table(['NUMBER', 'TIME', 'ACTOR', 'ACTION', 'RESOURCE', 'DETAILS'], rows));
}

function detailsOf(details: Record<string, unknown>): string[] {
  return Object.entries(details).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
}

async function exportAudit(invocation: Invocation): Promise<void> {
  const { terminal, folder } = invocation;
  const name = invocation.arguments['FILE'] ?? '';
  const { exportTrail } = await import('../audit/export-trail.ts');
  const exported = await withClient(invocation, (client) =>
    exportTrail(resolve(folder, name), (from) =>
      client.call('exportAudit', { query: { ...from, limit: EXPORT_ROWS } }),
    ),
  );
  const { records, checkpoints, continued, lastSequence } = exported;
  const what = `${records} records and ${checkpoints} checkpoints`;
  const where = lastSequence === 0 ? 'it has no records yet' : `it ends with record ${lastSequence}`;
  await note(terminal, `${continued ? `Added ${what} to` : `Wrote ${what} to`} ${name}; ${where}.`);
}

async function makeCheckpoint(invocation: Invocation): Promise<void> {
  const { terminal } = invocation;
  const { checkpoint, refusing } = await withClient(invocation, async (client) => {
    const made = await client.call('createAuditCheckpoint');
    const { signers } = await client.call('auditStatus');
    return { checkpoint: made, refusing: signers.filter(({ refusal }) => refusal !== null) };
  });
  await writeData(terminal, `${JSON.stringify(checkpoint)}\n`);
  const { delegateName, fingerprint, sequence } = checkpoint;
  await note(terminal, `Delegate ${delegateName} (${fingerprint}) signed record ${sequence}.`);
  for (const { name, refusal } of refusing) {
    await note(terminal, `warning: delegate ${name} refuses to sign this trail: ${refusal?.message}`);
  }
}

/** A time as milliseconds: so long ago, or a date. @throws {invalid-request} */
function timeOf({ flags }: Invocation, name: string): number | undefined {
  const text = flags.text(name);
  if (text === null) return undefined;
  if (/^\d+[smhd]$/.test(text)) return Date.now() - (flags.seconds(name) ?? 0) * 1000;
  const atMs = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : NaN;
  if (atMs >= 0) return atMs;
  throw usageError(`--${name} takes how long ago, such as 24h or 30d, or a time such as 2026-11-24T08:00Z.`);
}
