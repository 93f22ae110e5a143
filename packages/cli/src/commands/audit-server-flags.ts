// Flags of `server run` about the audit trail: how long it is kept, and where copies of it go.
import { resolve } from 'node:path';
import type { ServerConfigInput } from '@sallyport/server';
import type { FlagSpec, Invocation } from '../command-line/command.ts';
import { usageError } from '../command-line/usage-error.ts';

const DAY_SECONDS = 86_400;
const SYSLOG = /^(udp|tcp|tls):\/\/(\[[0-9a-fA-F:.]+\]|[^:/?#[\]@]+)(?::(\d{1,5}))?\/?$/;
/** RFC 5426 and RFC 5425; plain TCP has no port of its own. */
const SYSLOG_PORTS = { udp: 514, tcp: 514, tls: 6514 } as const;

export const AUDIT_SERVER_FLAGS = {
  'audit-retention': {
    kind: 'text',
    value: 'DURATION',
    summary: 'Remove audit records older than this, such as 400d (default: never)',
  },
  'audit-file': {
    kind: 'text',
    value: 'FILE',
    completes: 'file',
    summary: 'Append audit records to this file as JSON lines; rotated at 100 MiB, ten files are kept',
  },
  'audit-syslog': {
    kind: 'text',
    value: 'URL',
    summary: 'Send audit records to a syslog server: udp://HOST:514, tcp://HOST:514 or tls://HOST:6514',
  },
  'audit-syslog-ca-file': {
    kind: 'text',
    value: 'FILE',
    completes: 'file',
    summary: "With tls: PEM certificates to trust instead of the system's",
  },
  'audit-webhook': { kind: 'text', value: 'URL', summary: 'Post audit records to this https address' },
  'audit-webhook-secret-file': {
    kind: 'text',
    value: 'FILE',
    completes: 'file',
    summary: 'File with the secret that deliveries to the webhook are signed with',
  },
} as const satisfies Record<string, FlagSpec>;

const TRANSPORTS = ['udp', 'tcp', 'tls'] as const;

type AuditSettings = Pick<ServerConfigInput, 'auditRetentionDays' | 'auditSinks'>;

/** @throws {invalid-request} when a flag is not what it should be */
export function auditSettings({ flags, folder }: Pick<Invocation, 'flags' | 'folder'>): AuditSettings {
  const path = (name: string): string | null => {
    const given = flags.text(name);
    return given === null ? null : resolve(folder, given);
  };
  const sinks: NonNullable<AuditSettings['auditSinks']> = [];
  const file = path('audit-file');
  if (file !== null) sinks.push({ kind: 'file', name: 'file', path: file });
  const caFile = path('audit-syslog-ca-file');
  const syslog = flags.text('audit-syslog');
  if (syslog !== null) sinks.push({ kind: 'syslog', name: 'syslog', caFile, ...syslogAddress(syslog) });
  const secretFile = path('audit-webhook-secret-file');
  const url = flags.text('audit-webhook');
  if (url !== null) sinks.push({ kind: 'webhook', name: 'webhook', url, secretFile });
  if (caFile !== null && syslog === null) throw usageError('--audit-syslog-ca-file needs --audit-syslog.');
  if (secretFile !== null && url === null)
    throw usageError('--audit-webhook-secret-file needs --audit-webhook.');
  return { auditSinks: sinks, auditRetentionDays: retentionDays(flags.seconds('audit-retention')) };
}

function retentionDays(seconds: number | null): number | null {
  if (seconds === null) return null;
  if (seconds >= DAY_SECONDS && seconds % DAY_SECONDS === 0) return seconds / DAY_SECONDS;
  throw usageError('--audit-retention takes whole days, such as 400d.');
}

function syslogAddress(text: string): { transport: keyof typeof SYSLOG_PORTS; host: string; port: number } {
  const [, scheme, host = '', port] = SYSLOG.exec(text) ?? [];
  const transport = TRANSPORTS.find((one) => one === scheme);
  if (transport === undefined) {
    throw usageError(
      '--audit-syslog takes an address such as udp://HOST:514, tcp://HOST:514 or tls://HOST:6514.',
    );
  }
  const bare = host.startsWith('[') ? host.slice(1, -1) : host;
  return { transport, host: bare, port: port === undefined ? SYSLOG_PORTS[transport] : Number(port) };
}
