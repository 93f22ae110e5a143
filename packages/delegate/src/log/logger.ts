// The delegate's own log: JSON lines on stderr. It says what happened to which task, never what a value, key or token is.
import { pino } from 'pino';
import type { Logger } from 'pino';

export type { Logger } from 'pino';

/**
 * Names of fields that never appear in the log, at up to three levels of depth. A second line of defence: no statement logs
 * them. A test keeps the list equal to the fields marked `x-redact` in the schemas that a delegate handles.
 */
export const REDACTED_FIELDS = ['token', 'callerToken', 'secretAccessKey', 'headers'] as const;

/** Writes to stderr, at once, so that the last lines before a crash are there. */
export function createLogger(options: { level: string }): Logger {
  const paths = REDACTED_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths, censor: '[redacted]' },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

/**
 * What may be logged of an unknown fault: its class and where it was thrown. Not its message, which can quote what was being
 * worked on (`JSON.parse` quotes its input).
 */
export function faultOf(thrown: unknown): { fault: string; at: string[] } {
  if (!(thrown instanceof Error)) return { fault: typeof thrown, at: [] };
  const frames = (thrown.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { fault: thrown.name, at: frames.slice(0, 8).map((line) => line.trim()) };
}
