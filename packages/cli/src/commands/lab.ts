// `sallyport lab`: the AWS lab by itself, to try delegates of one's own against it.
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Command, Invocation } from '../command-line/command.ts';
import { note, writeData } from '../output/terminal.ts';
import { printLabFacts } from '../start/lab-facts.ts';
import type { LabFacts } from '../start/lab-facts.ts';
import { reportReady, untilStopped } from '../start/stop-signals.ts';

export const LAB_COMMANDS: readonly Command[] = [
  {
    path: ['lab'],
    summary: 'Run an AWS lab: KMS, STS and instance metadata to try things with; it is not AWS',
    details: [
      'Prints variables for the environment of a delegate, and a key, role and access keys to use. Keys live in the state file; it protects nothing, since whoever reads it can decrypt.',
    ],
    flags: {
      state: {
        kind: 'text',
        value: 'FILE',
        completes: 'file',
        summary:
          'Keep keys and identities here from one run to the next; without, they are gone when it ends',
      },
      port: { kind: 'text', value: 'N', summary: 'Port to listen on, at 127.0.0.1 (default: any free one)' },
    },
    run: runLab,
  },
];

async function runLab({ flags, folder, terminal }: Invocation): Promise<void> {
  const { seedDemo, startAwsLab } = await import('@sallyport/testkit/lab');
  const state = flags.text('state');
  const stateFile = state === null ? null : resolve(folder, state);
  if (stateFile !== null) await mkdir(dirname(stateFile), { recursive: true, mode: 0o700 });
  const port = flags.whole('port', { min: 0, max: 65_535 }) ?? 0;
  const signals = untilStopped();
  const lab = await startAwsLab({ port, ...(stateFile === null ? {} : { stateFile }) });
  try {
    const { region, keyArn, keyAliasArn, roleArn, externalId, accessKeyId, secretAccessKey, environment } =
      seedDemo(lab);
    const facts: LabFacts = {
      address: lab.url,
      region,
      keyArn,
      keyAliasArn,
      roleArn,
      externalId,
      accessKeyId,
      secretAccessKey,
      environment,
    };
    reportReady(printLabFacts(facts));
    if (!process.connected) await explain(terminal, facts);
    await signals.stopped;
  } finally {
    await lab.close();
    signals.cancel();
  }
}

async function explain(terminal: Invocation['terminal'], lab: LabFacts): Promise<void> {
  await note(terminal, `AWS lab at ${lab.address}. It is NOT AWS: it protects nothing. For a delegate:`);
  const variables = Object.entries(lab.environment).map(([name, value]) => `export ${name}=${value}\n`);
  await writeData(terminal, variables.join(''));
  await note(terminal, `key ARN:           ${lab.keyArn}`);
  await note(terminal, `key alias ARN:     ${lab.keyAliasArn}`);
  await note(terminal, `role ARN:          ${lab.roleArn}`);
  await note(terminal, `external ID:       ${lab.externalId}`);
  await note(terminal, `access key id:     ${lab.accessKeyId}`);
  await note(terminal, `secret access key: ${lab.secretAccessKey}`);
}
