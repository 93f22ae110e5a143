// The server's settings: one strict schema, so that a misspelt setting refuses to start instead of being ignored. Where the settings
// come from (file, flags, environment) is the caller's business.
import { isIP } from 'node:net';
import { z } from 'zod';
import { AppError } from '@sallyport/core';
import { AuditSinkSettings } from '../audit-sinks/sink-settings.ts';
import { isProxyEntry } from '../http/client-address.ts';

const MIB = 1_048_576;

const RootKeySource = z
  .union([
    z.strictObject({ file: z.string().min(1).describe('Path of the key file (mode 0600).') }),
    z.strictObject({
      base64: z.string().min(1).max(128).meta({ 'x-redact': true }).describe('The 32-byte key itself.'),
    }),
  ])
  .describe('The key under which static AWS access keys are encrypted at rest.');

export const ServerConfig = z
  .strictObject({
    listenHost: z
      .string()
      .min(1)
      .max(255)
      .default('127.0.0.1')
      .describe('Address to listen on. Anything but loopback needs TLS, or `allowPlainHttp`.'),
    port: z.number().int().min(0).max(65_535).default(8200).describe('TCP port; 0 takes any free one.'),
    dataFolder: z.string().min(1).describe('Folder of the database. Created when it does not exist.'),
    tlsCertificateFile: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe('PEM file with the certificate chain; null: the server speaks plain HTTP.'),
    tlsKeyFile: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe("PEM file with the certificate's private key; given exactly when the certificate is."),
    allowPlainHttp: z
      .boolean()
      .default(false)
      .describe('Listen beyond loopback without TLS: only behind a proxy that speaks TLS to everybody else.'),
    publicUrl: z
      .string()
      .max(500)
      .refine(isPublicUrl, 'an http or https address without user, query and fragment')
      .transform((text) => new URL(text).href.replace(/\/$/, ''))
      .nullable()
      .default(null)
      .describe(
        'The address that people use, for links, cookies and the check against cross-site requests; null: the one that is listened on.',
      ),
    trustedProxies: z
      .array(z.string().refine(isProxyEntry, 'an IP address or a block such as 10.0.0.0/8'))
      .max(100)
      .default([])
      .describe('Proxies whose X-Forwarded-For is believed: addresses and CIDR blocks.'),
    sessionIdleMinutes: z
      .number()
      .int()
      .min(1)
      .max(1440)
      .default(30)
      .describe('A session ends when it was not used for so long.'),
    sessionHours: z
      .number()
      .int()
      .min(1)
      .max(720)
      .default(12)
      .describe('A session ends after so long, however much it is used.'),
    rootKey: RootKeySource,
    webFolder: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe('Folder of the built web UI; null: the one that `npm run build:web` makes.'),
    fileMaxBytes: z
      .number()
      .int()
      .min(MIB)
      .max(16 * 1024 * MIB)
      .default(100 * MIB)
      .describe('Largest file secret, in bytes. Text secrets have at most 1 MiB.'),
    auditRetentionDays: z
      .number()
      .int()
      .min(1)
      .max(36_500)
      .nullable()
      .default(null)
      .describe('Audit records older than this are removed, below the newest checkpoint; null: never.'),
    auditCheckpointRecords: z
      .number()
      .int()
      .min(1)
      .max(1_000_000)
      .default(1000)
      .describe('A delegate is asked to sign the audit trail after so many new records.'),
    auditCheckpointSeconds: z
      .number()
      .int()
      .min(1)
      .max(86_400)
      .default(60)
      .describe('Or after so long, when anything was recorded.'),
    auditSinks: z
      .array(AuditSinkSettings)
      .max(20)
      .default([])
      .describe('Where copies of audit records go.')
      .refine(
        (sinks) => new Set(sinks.map(({ name }) => name)).size === sinks.length,
        'two have the same name',
      ),
    taskTimeoutSeconds: z
      .number()
      .int()
      .min(1)
      .max(600)
      .default(30)
      .describe('How long a delegate may take for one task; for files, how long without progress.'),
    shutdownGraceSeconds: z
      .number()
      .int()
      .min(0)
      .max(300)
      .default(10)
      .describe('How long running requests may take to end when the server stops.'),
    logLevel: z
      .enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'])
      .default('info')
      .describe('`debug` logs every refused request.'),
  })
  .superRefine((config, context) => {
    if ((config.tlsCertificateFile === null) !== (config.tlsKeyFile === null)) {
      context.addIssue({
        code: 'custom',
        path: ['tlsKeyFile'],
        message: 'tlsCertificateFile and tlsKeyFile are given together',
      });
    }
    if (config.tlsCertificateFile !== null && config.publicUrl?.startsWith('http:') === true) {
      context.addIssue({
        code: 'custom',
        path: ['publicUrl'],
        message: 'with a TLS certificate, people use an https address',
      });
    }
    if (config.tlsCertificateFile === null && !config.allowPlainHttp && !isLoopback(config.listenHost)) {
      context.addIssue({
        code: 'custom',
        path: ['listenHost'],
        message:
          'listening beyond loopback without TLS would show API keys and metadata to the network; give tlsCertificateFile and tlsKeyFile, or set allowPlainHttp behind a proxy that speaks TLS',
      });
    }
  });

/** All settings, defaults filled in. */
export type ServerConfig = z.output<typeof ServerConfig>;
/** What may be left out is left out. */
export type ServerConfigInput = z.input<typeof ServerConfig>;

/** @throws {config-invalid} naming each setting that is wrong */
export function parseServerConfig(input: unknown): ServerConfig {
  const parsed = ServerConfig.safeParse(input);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) =>
    issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`,
  );
  throw new AppError('config-invalid', {
    publicMessage: `The server's settings are not valid. ${wrong.join('. ')}.`,
    data: { settings: wrong },
  });
}

function isPublicUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return ['http:', 'https:'].includes(protocol) && username + password + search + hash === '';
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}
