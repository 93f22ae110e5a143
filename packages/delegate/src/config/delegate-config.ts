// Settings of one delegate process: one strict schema, so that a misspelt setting refuses to start instead of being ignored.
// It reads no environment and no files; the caller (command line, or a test) hands everything over.
import { z } from 'zod';
import { AppError, checkDisplayName, isAppError, parseSelectors, SELECTORS_MAX } from '@sallyport/core';
import { checkExposure } from '../local-endpoint/check-exposure.ts';
import { parseListenAddress } from '../local-endpoint/listen-address.ts';
import { connectAddressOf } from './server-address.ts';

const HOST_NAME = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])$/i;

const DelegateConfigFields = z.strictObject({
  serverUrl: z
    .string()
    .min(1)
    .max(2048)
    .describe('Address of the server, `https://host[:port][/path]`; `http://` for loopback only.'),
  token: z
    .string()
    .min(1)
    .max(256)
    .nullable()
    .default(null)
    .meta({ 'x-redact': true })
    .describe('Delegate token; null once this identity has been admitted.'),
  name: z.string().min(1).max(128).describe("The delegate's name for itself; also one of its selectors."),
  selectors: z
    .array(z.string().max(160))
    .max(SELECTORS_MAX)
    .default([])
    .describe('Selectors beside the name and the host name.'),
  dataFolder: z
    .string()
    .min(1)
    .max(4096)
    .describe('Folder of identity and key ring, mode 0700; made when missing. One process at a time.'),
  guardFile: z
    .string()
    .min(1)
    .max(4096)
    .nullable()
    .default(null)
    .describe('Limits that no server can widen; null: none beyond the defaults.'),
  caFile: z
    .string()
    .min(1)
    .max(4096)
    .nullable()
    .default(null)
    .describe("PEM certificates trusted for the server's TLS, beside the usual ones; null: none."),
  allowPlainHttp: z
    .boolean()
    .default(false)
    .describe(
      'Permit `http://` to a server that is not on loopback. Values stay sealed, metadata and tokens do not.',
    ),
  environment: z
    .record(z.string(), z.string())
    .default({})
    .describe("The AWS part of the host's environment (AWS_…), as the caller read it."),
  maxTasksInFlight: z
    .number()
    .int()
    .min(1)
    .max(4096)
    .default(256)
    .describe('Tasks worked on at a time; more are refused as `rate-limited`.'),
  maxStreamsInFlight: z
    .number()
    .int()
    .min(1)
    .max(1024)
    .default(32)
    .describe('Uploads and downloads among them; each one needs about 12 MiB of memory.'),
  maxCachedDataKeys: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .describe(
      'Data keys held in memory at a time, over all secrets managers; the least recently used makes room.',
    ),
  localListen: z
    .array(z.string().min(1).max(4096))
    .max(16)
    .default([])
    .describe(
      'Where programs beside the delegate may read: `127.0.0.1:7271`, `unix:/path?mode=0660&key-file=/path`; beyond loopback with TLS only. Empty: nowhere.',
    ),
  localHosts: z
    .array(z.string().max(253).regex(HOST_NAME, 'must be a host name or an IP address, without port'))
    .max(64)
    .default([])
    .describe('Host names by which programs may call the local endpoint, beside those of loopback.'),
  localTlsCertFile: z
    .string()
    .min(1)
    .max(4096)
    .nullable()
    .default(null)
    .describe('PEM certificate chain of local endpoints beyond loopback; null: there are none.'),
  localTlsKeyFile: z.string().min(1).max(4096).nullable().default(null).describe('PEM private key to it.'),
  localMaxConnections: z
    .number()
    .int()
    .min(1)
    .max(65_535)
    .default(1024)
    .describe('Connections to each local listener at a time; more are closed.'),
  localMaxGrants: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .describe('What programs may read, as the server has confirmed it, held in memory at a time.'),
  localMaxOffline: z
    .number()
    .int()
    .min(0)
    .max(100_000)
    .default(1000)
    .describe('Entries on disk for secrets of availability `offline`; the oldest makes room.'),
  localJournalMaxBytes: z
    .number()
    .int()
    .min(65_536)
    .max(16 * 1024 ** 3)
    .default(64 * 1_048_576)
    .describe(
      'Largest journal of uses that the server has not recorded yet; when it is full, nothing is served without the server.',
    ),
  drainSeconds: z
    .number()
    .int()
    .min(0)
    .max(300)
    .default(25)
    .describe('How long a graceful stop waits for tasks under way.'),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least severe level logged.'),
});

/** Settings of one delegate process. Nothing in here is read from anywhere but the object given. */
export const DelegateConfig = DelegateConfigFields;
export type DelegateConfig = z.infer<typeof DelegateConfigFields>;
/** The same, with the fields that have a default left out at will. */
export type DelegateConfigInput = z.input<typeof DelegateConfigFields>;

/**
 * Checks settings and fills in defaults; selectors come back in their normal form.
 * @throws {config-invalid} naming the setting, never its value
 */
export function parseDelegateConfig(input: unknown): DelegateConfig {
  const parsed = DelegateConfigFields.safeParse(input);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue?.path.join('.') ?? '';
    throw invalid(where === '' ? 'The settings of the delegate' : `The setting "${where}"`, {
      problem: issue?.message ?? 'malformed',
    });
  }
  const config = parsed.data;
  const selectors = judge('selectors', () => parseSelectors(config.selectors));
  judge('name', () => checkDisplayName(config.name));
  checkEndpoints(config.environment);
  checkLocalEndpoint(config);
  connectAddressOf(config.serverUrl, { allowPlainHttp: config.allowPlainHttp });
  return { ...config, selectors };
}

/** A typing mistake in an endpoint is found at the start, not when the first secret is read. */
function checkEndpoints(environment: DelegateConfig['environment']): void {
  for (const name of ['AWS_ENDPOINT_URL_KMS', 'AWS_ENDPOINT_URL_STS']) {
    const value = environment[name] ?? '';
    const protocol = URL.parse(value)?.protocol;
    if (value === '' || protocol === 'http:' || protocol === 'https:') continue;
    throw invalid(`The setting "environment.${name}"`, { problem: 'it is not an http or https address' });
  }
}

/** What is wrong with it is found before anything is started. */
function checkLocalEndpoint(config: DelegateConfig): void {
  const { localListen, localHosts } = config;
  checkExposure(localListen.map(parseListenAddress), { hosts: localHosts, tls: localTlsOf(config) });
}

/** The TLS files of local endpoints; null: there are none. @throws {config-invalid} when there is one without the other */
export function localTlsOf(
  config: Pick<DelegateConfig, 'localTlsCertFile' | 'localTlsKeyFile'>,
): { certificate: string; key: string } | null {
  const { localTlsCertFile: certificate, localTlsKeyFile: key } = config;
  if (certificate !== null && key !== null) return { certificate, key };
  if (certificate === null && key === null) return null;
  throw invalid('The TLS setting of the local endpoint', {
    problem: 'certificate and key are needed together (--local-tls-cert and --local-tls-key)',
  });
}

/** Words the refusal of a core check as a refusal of the setting. */
function judge<T>(setting: string, check: () => T): T {
  try {
    return check();
  } catch (thrown) {
    if (isAppError(thrown)) throw invalid(`The setting "${setting}"`, { problem: thrown.publicMessage });
    throw thrown;
  }
}

function invalid(subject: string, detail: { problem: string }): AppError {
  return new AppError('config-invalid', { publicMessage: `${subject} is not valid: ${detail.problem}` });
}
