// Settings of audit sinks, a part of the server's settings.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { AppError } from '@sallyport/core';

const MIB = 1_048_576;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

const Shared = {
  name: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/, 'small letters, digits and dashes')
    .describe('Its name for good: under it the server remembers how far it has got.'),
  capRecords: z
    .number()
    .int()
    .min(1000)
    .max(100_000_000)
    .default(1_000_000)
    .describe('How many records it may be behind; beyond that it skips forward and is told what it missed.'),
};

export const FileSinkSettings = z.strictObject({
  kind: z.literal('file'),
  ...Shared,
  path: z.string().min(1).max(4096).describe('JSON lines are appended to it; made with mode 0600.'),
  maxBytes: z
    .number()
    .int()
    .min(4096)
    .max(1_048_576 * MIB)
    .default(100 * MIB)
    .describe('Before it grows beyond this it becomes PATH.1, and a new file is begun.'),
  keepFiles: z.number().int().min(0).max(1000).default(9).describe('How many of PATH.1, PATH.2 … are kept.'),
});
export type FileSinkSettings = z.output<typeof FileSinkSettings>;

export const SyslogSinkSettings = z.strictObject({
  kind: z.literal('syslog'),
  ...Shared,
  transport: z.enum(['udp', 'tcp', 'tls']),
  host: z.string().min(1).max(253),
  port: z.number().int().min(1).max(65_535),
  caFile: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe("tls: PEM certificates to trust instead of the system's."),
  facility: z.number().int().min(0).max(23).default(13).describe('RFC 5424 section 6.2.1; 13 is log audit.'),
});
export type SyslogSinkSettings = z.output<typeof SyslogSinkSettings>;

export const WebhookSinkSettings = z.strictObject({
  kind: z.literal('webhook'),
  ...Shared,
  url: z
    .string()
    .max(2000)
    .refine(isSafeUrl, 'an https address (http only for loopback) without user name and password'),
  secretFile: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('File with the secret that deliveries are signed with; null: they are not signed.'),
  timeoutSeconds: z.number().int().min(1).max(120).default(10).describe('How long one delivery may take.'),
});
export type WebhookSinkSettings = z.output<typeof WebhookSinkSettings>;

export const AuditSinkSettings = z.discriminatedUnion('kind', [
  FileSinkSettings,
  SyslogSinkSettings,
  WebhookSinkSettings,
]);
export type AuditSinkSettings = z.output<typeof AuditSinkSettings>;

const SECRET_MIN_CHARACTERS = 16;

/**
 * The secret of a webhook: the first line of its file.
 * @throws {config-invalid} when it cannot be read or is too short to protect anything
 */
export function readWebhookSecret(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (thrown) {
    throw new AppError('config-invalid', {
      publicMessage: `The file ${path} (webhook secret) cannot be read: ${(thrown as Error).message}.`,
      cause: thrown,
    });
  }
  const secret = text.split(/\r?\n/, 1)[0] ?? '';
  if (secret.length >= SECRET_MIN_CHARACTERS) return secret;
  throw new AppError('config-invalid', {
    publicMessage: `The file ${path} does not hold a webhook secret: its first line has fewer than ${SECRET_MIN_CHARACTERS} characters.`,
  });
}

function isSafeUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname));
}
