// Audit records as syslog messages (RFC 5424). The text is JSON in ASCII, so that no receiver can get its characters wrong.
import type { AuditAction } from '@sallyport/protocol';
import { printItem } from './audit-sink.ts';
import type { SinkItem } from './audit-sink.ts';

/** Severities of RFC 5424 section 6.2.1. */
const SEVERITY = { warning: 4, informational: 6 } as const;
const WARNINGS: ReadonlySet<string> = new Set<AuditAction>(['secret.refused', 'audit.checkpoint-refused']);
/** Longest MSGID (section 6.2.7). */
const MESSAGE_ID_MAX = 32;

export type SyslogSender = {
  /** 0 to 23. */
  facility: number;
  hostName: string;
  processId: number;
};

/** One message without framing. Its id is the action. */
export function syslogMessage(item: SinkItem, sender: SyslogSender): string {
  const [atMs, id, severity] =
    item.type === 'gap'
      ? ([item.atMs, 'gap', SEVERITY.warning] as const)
      : ([item.record.atMs, item.record.action, severityOf(item.record.action)] as const);
  const priority = sender.facility * 8 + severity;
  const head = `<${priority}>1 ${new Date(atMs).toISOString()} ${field(sender.hostName, 255)} sallyport`;
  return `${head} ${sender.processId} ${field(id, MESSAGE_ID_MAX)} - ${ascii(printItem(item))}`;
}

/** Framing for streams by octet counting (RFC 6587 section 3.4.1, RFC 5425 section 4.3). */
export function frameMessage(message: string): Buffer {
  // ASCII: as many octets as characters.
  return Buffer.from(`${message.length} ${message}`, 'latin1');
}

function severityOf(action: string): number {
  return WARNINGS.has(action) ? SEVERITY.warning : SEVERITY.informational;
}

/** A header field: printable ASCII without blanks, a dash when it is empty. */
function field(text: string, maxCharacters: number): string {
  const printable = text.replaceAll(/[^\x21-\x7e]/g, '?').slice(0, maxCharacters);
  return printable === '' ? '-' : printable;
}

/** JSON says every character beyond ASCII as an escape just as well. */
function ascii(json: string): string {
  return json.replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
