// `sallyport start`: everything on this machine, to try the product or to develop against it.
import { resolve } from 'node:path';
import type { Command, Invocation } from '../command-line/command.ts';
import { coloured, note, writeData } from '../output/terminal.ts';
import {
  createFirstSecretsManager,
  openInstallation,
  readAdminKey,
  rememberDelegate,
  writeProjectFile,
} from '../start/installation.ts';
import type { Installation } from '../start/installation.ts';
import { labHints } from '../start/lab-facts.ts';
import { untilStopped } from '../start/stop-signals.ts';
import { startAll } from '../start/supervisor.ts';
import type { Running } from '../start/supervisor.ts';
import { portOf, setupNote } from './run-server.ts';

export const START_COMMANDS: readonly Command[] = [
  {
    path: ['start'],
    summary: 'Run a server, a delegate and an AWS lab here, to try things',
    details: [
      'Listens on 127.0.0.1:8200; PORT and SALLYPORT_DATA change port and data folder. A .sallyport.json is left in the working directory, so that other commands just work there.',
      'The AWS lab behaves like KMS, STS and the instance metadata service but is not AWS: it protects nothing.',
    ],
    flags: {
      aws: {
        kind: 'switch',
        summary: 'Use the real AWS, with the AWS settings of the environment, instead of the lab',
      },
      port: {
        kind: 'text',
        value: 'N',
        summary: 'Port to listen on (PORT, default 8200); 0 takes any free one',
      },
      data: {
        kind: 'text',
        value: 'DIR',
        completes: 'file',
        summary: 'Data folder (SALLYPORT_DATA, default .sallyport)',
      },
      guard: {
        kind: 'text',
        value: 'FILE',
        completes: 'file',
        summary: 'Guard file of the delegate, see `delegate run`',
      },
    },
    run: start,
  },
];

async function start(invocation: Invocation): Promise<void> {
  const { flags, environment, folder, terminal } = invocation;
  const port = portOf(invocation);
  const data = flags.text('data') ?? environment.read('SALLYPORT_DATA') ?? '.sallyport';
  const signals = untilStopped();
  const aborter = new AbortController();
  void signals.stopped.then(() => aborter.abort(STOPPED));
  const tell = (text: string): void => {
    terminal.stderr.write(`${text}\n`);
  };
  tell('Sallyport starts …');
  try {
    const installation = await openInstallation(resolve(folder, data));
    const realAws = flags.has('aws');
    const { signal } = aborter;
    const guard = flags.text('guard');
    const guardFile = guard === null ? null : resolve(folder, guard);
    const running = await startAll({
      installation,
      port,
      realAws,
      environment,
      guardFile,
      signal,
      tell,
    });
    try {
      await settleIn(invocation, { installation, running });
      await Promise.race([signals.stopped, running.failed]);
    } finally {
      await note(terminal, 'Sallyport stops …');
      await running.stop();
    }
  } catch (error) {
    // Whoever stops a start that is under way wants no error.
    if (error !== STOPPED) throw error;
  } finally {
    signals.cancel();
  }
}

const STOPPED = new Error('stopped on demand');

/** What every start sees to, and what it prints. Nothing is made twice. */
async function settleIn(
  { terminal, folder }: Invocation,
  { installation, running }: { installation: Installation; running: Running },
): Promise<void> {
  const { createClient, FileKnownDelegates } = await import('@sallyport/sdk');
  const { address, fingerprint, local, lab, setupLink } = running;
  const token = await readAdminKey(installation);
  const known = new FileKnownDelegates(installation.knownDelegates);
  const client = createClient({ address, token, knownDelegates: known, strict: true });
  try {
    await rememberDelegate(known, { server: client.address, fingerprint });
    await createFirstSecretsManager(client);
  } finally {
    client.close();
  }
  const obstacle = await writeProjectFile(installation, { address, folder });
  const strong = (text: string): string => coloured(terminal, { stream: 'stdout', meaning: 'strong' }, text);
  const lines = [
    '',
    strong('Sallyport runs.'),
    `  address: ${strong(address)}`,
    `  local:   ${strong(local)}  (programs on this machine read here with a key: docs/guide/local-endpoint.md)`,
    `  data:    ${installation.folder}`,
    installation.isNew
      ? `  API key: ${token}  (the first one; it is also in ${installation.adminKey})`
      : `  API key: in ${installation.adminKey}`,
    ...(setupLink === null ? [] : ['', setupNote(setupLink)]),
    '',
    ...(obstacle === null
      ? [
          'Try, in another terminal:',
          '  npx sallyport set db-password',
          '  npx sallyport get db-password',
          '',
        ]
      : [obstacle, '']),
    ...(lab === null ? ['AWS: as the environment says.', ''] : labHints(lab)),
    'Ctrl-C stops everything; the next start goes on with the same data.',
  ];
  await writeData(terminal, `${lines.join('\n')}\n`);
}
