// The server's log: JSON lines on stdout by pino. Requests are not logged unless they fail; the audit trail is what tells who did what.
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { redact, redactedNames, redactedPaths } from './redaction.ts';

/** @param destination stdout unless given */
export function createLogger(options: { level: string; destination?: DestinationStream }): Logger {
  const names = redactedNames(redactedPaths());
  const settings = {
    level: options.level,
    base: { component: 'server' },
    formatters: { log: (facts: object) => redact(facts, names) as Record<string, unknown> },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}
