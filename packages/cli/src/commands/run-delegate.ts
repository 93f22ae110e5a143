// `sallyport delegate run`: flags and environment to settings, and the delegate's life.
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { DelegateConfigInput, DelegateState } from '@sallyport/delegate';
import type { Command, FlagSpec, Invocation } from '../command-line/command.ts';
import { usageError } from '../command-line/usage-error.ts';
import { readSecretLine } from '../input/read-input.ts';
import { printableLine } from '../output/printable.ts';
import { note } from '../output/terminal.ts';
import { reportReady, untilStopped } from '../start/stop-signals.ts';

const DELEGATE_FLAGS = {
  server: { kind: 'text', value: 'URL', summary: 'Address of the server (SALLYPORT_ADDR)' },
  name: {
    kind: 'text',
    value: 'NAME',
    summary: 'Its name, also one of its selectors (default: the host name)',
  },
  selector: {
    kind: 'text',
    value: 'SELECTOR',
    repeatable: true,
    summary: 'A selector beside name and host name; may be repeated',
  },
  token: {
    kind: 'text',
    value: 'TOKEN',
    summary:
      'Delegate token (SALLYPORT_DELEGATE_TOKEN); other users of this machine can see it in the process list',
  },
  'token-file': { kind: 'text', value: 'FILE', completes: 'file', summary: 'File with the delegate token' },
  data: {
    kind: 'text',
    value: 'DIR',
    completes: 'file',
    summary: 'Folder of identity and key ring (SALLYPORT_DATA, default .sallyport/delegate)',
  },
  guard: {
    kind: 'text',
    value: 'FILE',
    completes: 'file',
    summary: 'Limits that no server can widen, as JSON',
  },
  'ca-file': {
    kind: 'text',
    value: 'FILE',
    completes: 'file',
    summary: "PEM certificates to trust for the server's TLS (SALLYPORT_CA_FILE)",
  },
  'allow-plain-http': {
    kind: 'switch',
    summary: 'Permit plain http beyond this machine; tokens then cross the network in clear',
  },
  'local-listen': {
    kind: 'text',
    value: 'ADDRESS',
    repeatable: true,
    summary:
      'Where programs here may read: 127.0.0.1:7271 or unix:/PATH[?mode=0660&key-file=/PATH]; may be repeated (SALLYPORT_LOCAL_LISTEN, with commas)',
  },
  'local-host': {
    kind: 'text',
    value: 'HOST',
    repeatable: true,
    summary:
      'Host name by which programs may call it, beside those of loopback; may be repeated (SALLYPORT_LOCAL_HOSTS)',
  },
  'local-tls-cert': {
    kind: 'text',
    value: 'FILE',
    completes: 'file',
    summary: 'PEM certificate chain for addresses beyond loopback (SALLYPORT_LOCAL_TLS_CERT)',
  },
  'local-tls-key': {
    kind: 'text',
    value: 'FILE',
    completes: 'file',
    summary: 'PEM private key to it (SALLYPORT_LOCAL_TLS_KEY)',
  },
  'local-max-connections': {
    kind: 'text',
    value: 'N',
    summary: 'Connections of programs to each address at a time (default 1024)',
  },
  'local-journal-max': {
    kind: 'text',
    value: 'MIB',
    summary: 'Largest journal of uses that the server has not recorded yet, in MiB (default 64)',
  },
  'max-tasks': { kind: 'text', value: 'N', summary: 'Tasks worked on at a time' },
  drain: { kind: 'text', value: 'DURATION', summary: 'How long a graceful stop waits for tasks under way' },
  'log-level': {
    kind: 'text',
    value: 'LEVEL',
    choices: ['silent', 'error', 'warn', 'info', 'debug'],
    summary: 'Least severe level logged (default info)',
  },
} as const satisfies Record<string, FlagSpec>;

export const RUN_DELEGATE_COMMANDS: readonly Command[] = [
  {
    path: ['delegate', 'run'],
    summary: 'Run a delegate',
    details: [
      'The token is needed the first time; afterwards the delegate proves who it is by its own key.',
      'With --local-listen, programs beside it read secrets by plain HTTP, also while the server is away: see docs/guide/local-endpoint.md.',
      'AWS settings come from the usual AWS_… variables of its environment. Logs are JSON lines on standard error.',
    ],
    flags: DELEGATE_FLAGS,
    examples: [
      'delegate run --server https://sallyport.example.com --token-file token --name prod-1 --selector prod-vpc',
      'delegate run --server https://sallyport.example.com --local-listen 127.0.0.1:7271',
    ],
    run: runDelegate,
  },
];

async function runDelegate(invocation: Invocation): Promise<void> {
  const { terminal } = invocation;
  const { parseDelegateConfig, startDelegate } = await import('@sallyport/delegate');
  const config = parseDelegateConfig(await delegateSettings(invocation));
  const signals = untilStopped();
  const delegate = await startDelegate(config);
  const tell = (text: string): void => {
    terminal.stderr.write(`${text}\n`);
  };
  tell(`Delegate ${config.name}, fingerprint ${delegate.fingerprint}`);
  for (const address of delegate.localAddresses) tell(`Programs here may read at ${address}`);
  const report = (state: DelegateState): void => {
    if (state.name === 'connected') {
      tell(`Connected to ${config.serverUrl} as ${state.delegateId}`);
      const { fingerprint, name } = delegate;
      const [local = ''] = delegate.localAddresses;
      reportReady({ fingerprint, name, delegateId: state.delegateId, local });
    }
    if (state.name === 'waiting' && state.error !== null) {
      tell(`The server refused this delegate (${state.error.code}): ${printableLine(state.detail)}`);
    }
  };
  const stopReporting = delegate.onState(report);
  report(delegate.state());
  await signals.stopped;
  stopReporting();
  await note(terminal, 'Delegate stops: finishing tasks under way.');
  await delegate.drain();
  signals.cancel();
}

async function delegateSettings(invocation: Invocation): Promise<DelegateConfigInput> {
  const { flags, environment, folder, terminal } = invocation;
  const serverUrl = flags.text('server') ?? environment.read('SALLYPORT_ADDR');
  if (serverUrl === null) throw usageError('--server is missing.');
  const tokenFile = flags.text('token-file');
  const token =
    flags.text('token') ??
    (tokenFile === null ? null : await readSecretLine(terminal, resolve(folder, tokenFile))) ??
    environment.read('SALLYPORT_DELEGATE_TOKEN');
  const path = (text: string | null): string | null => (text === null ? null : resolve(folder, text));
  const maxTasksInFlight = flags.whole('max-tasks', { min: 1, max: 4096 });
  const drainSeconds = flags.seconds('drain');
  const localMaxConnections = flags.whole('local-max-connections', { min: 1, max: 65_535 });
  const journalMebibytes = flags.whole('local-journal-max', { min: 1, max: 16_384 });
  const logLevel = flags.text('log-level') as DelegateConfigInput['logLevel'] | null;
  return {
    serverUrl,
    token,
    name: flags.text('name') ?? hostname(),
    selectors: [...flags.list('selector')],
    dataFolder: resolve(
      folder,
      flags.text('data') ?? environment.read('SALLYPORT_DATA') ?? '.sallyport/delegate',
    ),
    guardFile: path(flags.text('guard')),
    caFile: path(flags.text('ca-file') ?? environment.read('SALLYPORT_CA_FILE')),
    allowPlainHttp: flags.has('allow-plain-http') || environment.isOn('SALLYPORT_ALLOW_PLAIN_HTTP'),
    environment: environment.aws(),
    localListen: listOf(flags.list('local-listen'), environment.read('SALLYPORT_LOCAL_LISTEN')),
    localHosts: listOf(flags.list('local-host'), environment.read('SALLYPORT_LOCAL_HOSTS')),
    localTlsCertFile: path(flags.text('local-tls-cert') ?? environment.read('SALLYPORT_LOCAL_TLS_CERT')),
    localTlsKeyFile: path(flags.text('local-tls-key') ?? environment.read('SALLYPORT_LOCAL_TLS_KEY')),
    ...(localMaxConnections === null ? {} : { localMaxConnections }),
    ...(journalMebibytes === null ? {} : { localJournalMaxBytes: journalMebibytes * 1_048_576 }),
    ...(maxTasksInFlight === null ? {} : { maxTasksInFlight }),
    ...(drainSeconds === null ? {} : { drainSeconds }),
    ...(logLevel === null ? {} : { logLevel }),
  };
}

/** What the flag says, or else the variable, with commas between several. */
function listOf(flags: readonly string[], variable: string | null): string[] {
  if (flags.length > 0) return [...flags];
  return (variable ?? '').split(',').flatMap((text) => (text.trim() === '' ? [] : [text.trim()]));
}
