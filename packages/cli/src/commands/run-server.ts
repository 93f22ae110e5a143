// `sallyport server run`: flags and environment to settings, the server's life, and the keys that a new installation starts with.
import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isAppError } from '@sallyport/core';
import type { RunningServer, ServerConfigInput } from '@sallyport/server';
import type { Command, FlagSpec, Invocation } from '../command-line/command.ts';
import { usageError } from '../command-line/usage-error.ts';
import { AUDIT_SERVER_FLAGS, auditSettings } from './audit-server-flags.ts';
import { note } from '../output/terminal.ts';
import { contentOf, writePrivateFile } from '../output/write-file.ts';
import { isSupervised, reportReady, untilStopped } from '../start/stop-signals.ts';

const SERVER_FLAGS = {
  data: { kind: 'text', value: 'DIR', completes: 'file', summary: 'Folder of the database (SALLYPORT_DATA)' },
  host: { kind: 'text', value: 'HOST', summary: 'Address to listen on (default 127.0.0.1)' },
  port: { kind: 'text', value: 'N', summary: 'Port to listen on (PORT, default 8200); 0 takes any free one' },
  'tls-certificate': {
    kind: 'text',
    value: 'FILE',
    completes: 'file',
    summary: 'PEM file with the certificate chain',
  },
  'tls-key': {
    kind: 'text',
    value: 'FILE',
    completes: 'file',
    summary: "PEM file with the certificate's key",
  },
  'allow-plain-http': {
    kind: 'switch',
    summary: 'Permit plain http beyond this machine; tokens then cross the network in clear',
  },
  'public-url': {
    kind: 'text',
    value: 'URL',
    summary: 'The address that people use, for links and cookies (default: the one it listens on)',
  },
  'trusted-proxy': {
    kind: 'text',
    value: 'ADDRESS',
    repeatable: true,
    summary:
      'A proxy whose X-Forwarded-For is believed: an address or a block such as 10.0.0.0/8; may be repeated',
  },
  'session-idle': {
    kind: 'text',
    value: 'DURATION',
    summary: 'A session ends when it was not used for so long (default 30m)',
  },
  'session-length': {
    kind: 'text',
    value: 'DURATION',
    summary: 'A session ends after so long, however much it is used (default 12h)',
  },
  'root-key-file': {
    kind: 'text',
    value: 'FILE',
    completes: 'file',
    summary:
      'File of the root key, made at the first start (default root.key in the data folder; or SALLYPORT_ROOT_KEY)',
  },
  'file-max-bytes': { kind: 'text', value: 'N', summary: 'Largest file secret, in bytes' },
  'task-timeout': {
    kind: 'text',
    value: 'DURATION',
    summary: 'How long a delegate may take for one task (default 30s)',
  },
  'shutdown-grace': {
    kind: 'text',
    value: 'DURATION',
    summary: 'How long running requests may take when it stops',
  },
  'log-level': {
    kind: 'text',
    value: 'LEVEL',
    choices: ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'],
    summary: 'Least severe level logged (default info)',
  },
  ...AUDIT_SERVER_FLAGS,
  'admin-key-file': {
    kind: 'text',
    value: 'FILE',
    completes: 'file',
    summary: 'If this file is missing, make an API key and write it there, readable by its owner only',
  },
  'delegate-token-file': {
    kind: 'text',
    value: 'FILE',
    completes: 'file',
    summary: 'If this file is missing, make a delegate token and write it there, readable by its owner only',
  },
} as const satisfies Record<string, FlagSpec>;

export const SERVER_COMMANDS: readonly Command[] = [
  {
    path: ['server', 'run'],
    summary: 'Run a server',
    details: [
      'At the first start in a data folder, a first API key is written to admin-key in it, unless --admin-key-file says where.',
      'Logs are JSON lines on standard output.',
    ],
    flags: SERVER_FLAGS,
    examples: [
      'server run --data /var/lib/sallyport --host 0.0.0.0 --tls-certificate cert.pem --tls-key key.pem',
    ],
    run: runServer,
  },
];

async function runServer(invocation: Invocation): Promise<void> {
  const { terminal } = invocation;
  const { parseServerConfig, startServer, DATABASE_FILE } = await import('@sallyport/server');
  const input = serverSettings(invocation);
  const config = parseServerConfig(input);
  const isNew = !(await isThere(join(config.dataFolder, DATABASE_FILE)));
  const signals = untilStopped();
  const server = await startServer(config);
  try {
    await writeFirstKeys(server, { invocation, isNew, dataFolder: config.dataFolder });
    const setupLink = await server.createSetupLink();
    reportReady({ address: server.address, ...(setupLink === null ? {} : { setupLink }) });
    // A supervisor shows it to a person; here it would only get into its log.
    if (setupLink !== null && !isSupervised()) await note(terminal, setupNote(setupLink));
    await note(terminal, `Sallyport server listens on ${server.address}`);
    await signals.stopped;
  } finally {
    await server.close();
    signals.cancel();
  }
}

function serverSettings({ flags, environment, folder }: Invocation): ServerConfigInput {
  const dataFolder = resolve(
    folder,
    flags.text('data') ?? environment.read('SALLYPORT_DATA') ?? '.sallyport/server',
  );
  const path = (name: string): string | null => {
    const given = flags.text(name);
    return given === null ? null : resolve(folder, given);
  };
  const rootKey = environment.read('SALLYPORT_ROOT_KEY');
  const rootKeyFile = path('root-key-file');
  if (rootKey !== null && rootKeyFile !== null) {
    throw usageError('Give the root key either by --root-key-file or by SALLYPORT_ROOT_KEY, not by both.');
  }
  const optional = {
    listenHost: flags.text('host'),
    fileMaxBytes: flags.whole('file-max-bytes', { min: 1, max: Number.MAX_SAFE_INTEGER }),
    taskTimeoutSeconds: flags.seconds('task-timeout'),
    shutdownGraceSeconds: flags.seconds('shutdown-grace'),
    logLevel: flags.text('log-level'),
    publicUrl: flags.text('public-url'),
    sessionIdleMinutes: wholeUnits(flags.seconds('session-idle'), 60),
    sessionHours: wholeUnits(flags.seconds('session-length'), 3600),
  };
  return {
    ...(Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== null)) as object),
    port: portOf({ flags, environment }),
    dataFolder,
    tlsCertificateFile: path('tls-certificate'),
    tlsKeyFile: path('tls-key'),
    allowPlainHttp: flags.has('allow-plain-http'),
    trustedProxies: [...flags.list('trusted-proxy')],
    ...auditSettings({ flags, folder }),
    rootKey: rootKey === null ? { file: rootKeyFile ?? join(dataFolder, 'root.key') } : { base64: rootKey },
  };
}

/** Rounded up, so that nothing ends before it was asked to. */
function wholeUnits(seconds: number | null, unitSeconds: number): number | null {
  return seconds === null ? null : Math.ceil(seconds / unitSeconds);
}

/** What a person is told who starts a server that has no users. */
export function setupNote(link: string): string {
  return `Nobody can sign in yet. This link makes the first user, an administrator; it is good once, within 24 hours, e.g. with \`sallyport user redeem\`:\n  ${link}`;
}

/** The port to listen on: --port, PORT, or 8200. @throws {invalid-request} */
export function portOf({ flags, environment }: Pick<Invocation, 'flags' | 'environment'>): number {
  const given = flags.whole('port', { min: 0, max: 65_535 });
  if (given !== null) return given;
  const text = environment.read('PORT') ?? '8200';
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (port >= 0 && port <= 65_535) return port;
  throw usageError('PORT must be a whole number from 0 to 65535.');
}

/** Values are written to files of mode 0600 and never printed: a terminal's history or a log collector would keep them. */
async function writeFirstKeys(
  server: RunningServer,
  { invocation, isNew, dataFolder }: { invocation: Invocation; isNew: boolean; dataFolder: string },
): Promise<void> {
  const { flags, folder, terminal } = invocation;
  const asked = flags.text('admin-key-file');
  const keyFile = asked === null ? join(dataFolder, 'admin-key') : resolve(folder, asked);
  if ((asked !== null || isNew) && !(await isThere(keyFile))) {
    const value = await named('admin', (name) => server.createAdminKey(name));
    await writePrivateFile(keyFile, contentOf(`${value}\n`));
    await note(terminal, `A first API key is in ${keyFile}`);
  }
  const tokenFlag = flags.text('delegate-token-file');
  if (tokenFlag === null) return;
  const tokenFile = resolve(folder, tokenFlag);
  if (await isThere(tokenFile)) return;
  const value = await named('first', (name) => server.createDelegateToken(name));
  await writePrivateFile(tokenFile, contentOf(`${value}\n`));
}

/** A name is taken when an earlier start made a key whose file is gone; that key is left alone. */
async function named(name: string, create: (name: string) => Promise<string>): Promise<string> {
  try {
    return await create(name);
  } catch (error) {
    if (!isAppError(error, 'name-taken')) throw error;
    return create(`${name} ${new Date().toISOString().slice(0, 23)}`);
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
