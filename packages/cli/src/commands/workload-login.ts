// The command by which a workload gets a key for a short time, in exchange for an identity that it has elsewhere.
import { resolve } from 'node:path';
import type { WorkloadKey } from '@sallyport/protocol';
import type { Client, WorkloadIdentity } from '@sallyport/sdk';
import type { Command, Invocation } from '../command-line/command.ts';
import { OUTPUT_FLAG } from '../command-line/shared-flags.ts';
import { usageError } from '../command-line/usage-error.ts';
import { withKey } from '../config/open-client.ts';
import { readSecretLine } from '../input/read-input.ts';
import { printableLine, printableTime } from '../output/printable.ts';
import { note, writeData, writeJson } from '../output/terminal.ts';

export const WORKLOAD_LOGIN_COMMANDS: readonly Command[] = [
  {
    path: ['workload', 'login'],
    summary: 'Exchange an identity of this workload for a key that is good for minutes; it is printed',
    details: [
      'With --aws the request is signed with the AWS credentials of this environment: a profile, variables, a web identity token, a container or an instance. It names the server that it is for, and is of no use at another.',
    ],
    flags: {
      issuer: { kind: 'text', value: 'ISSUER', summary: 'The issuer as the server knows it, by name or id' },
      'oidc-token-file': {
        kind: 'text',
        value: 'FILE',
        completes: 'file',
        summary: 'File with a token of the issuer; - for standard input',
      },
      aws: { kind: 'switch', summary: 'Show the IAM role that this workload has at AWS' },
      region: {
        kind: 'text',
        value: 'REGION',
        summary: 'With --aws: where STS is asked (AWS_REGION)',
      },
      audience: {
        kind: 'text',
        value: 'URL',
        summary: 'With --aws: address of the server as it knows itself; the address in use unless given',
      },
      export: { kind: 'switch', summary: 'Print a line for the shell: export SALLYPORT_TOKEN=…' },
      ...OUTPUT_FLAG,
    },
    examples: [
      'workload login --issuer kubernetes --oidc-token-file /var/run/secrets/sallyport/token',
      'workload login --issuer jobs --aws --export',
    ],
    connects: true,
    run: login,
  },
];

async function login(invocation: Invocation): Promise<void> {
  const { terminal, flags } = invocation;
  const issuer = flags.required('issuer');
  const isAws = flags.has('aws');
  if (isAws === flags.has('oidc-token-file')) throw usageError('Give either --oidc-token-file or --aws.');
  const key = await withKey(invocation, null, async (client) => {
    const identity = await (isAws ? awsIdentity(invocation, client) : tokenIdentity(invocation));
    return client.call('exchangeWorkloadIdentity', { body: { issuer, ...identity } });
  });
  if (flags.text('output') === 'json') return writeJson(terminal, key);
  await note(terminal, letIn(key));
  await writeData(terminal, flags.has('export') ? `export SALLYPORT_TOKEN=${key.value}\n` : `${key.value}\n`);
}

async function tokenIdentity({ terminal, flags, folder }: Invocation): Promise<WorkloadIdentity> {
  const file = flags.required('oidc-token-file');
  return { token: (await readSecretLine(terminal, file === '-' ? file : resolve(folder, file))).trim() };
}

/** @throws {aws-credentials} when this environment has no identity at AWS */
async function awsIdentity({ flags, environment }: Invocation, client: Client): Promise<WorkloadIdentity> {
  const { AwsRuntime, readAwsEnvironment } = await import('@sallyport/aws');
  const variables = environment.aws();
  const region = flags.text('region') ?? variables['AWS_REGION'] ?? variables['AWS_DEFAULT_REGION'] ?? null;
  if (region === null) throw usageError('--region is missing, and AWS_REGION is not set.');
  const audience = flags.text('audience') ?? client.address;
  const runtime = new AwsRuntime(readAwsEnvironment(variables, { delegateName: 'command line' }));
  try {
    const { url, headers, body } = await runtime.presignCallerIdentity({ region, audience });
    return { awsRequest: { url, headers: { ...headers }, body } };
  } finally {
    runtime.close();
  }
}

function letIn({ subject, expiresAtMs }: WorkloadKey): string {
  return `Let in as ${printableLine(subject)} until ${printableTime(expiresAtMs)}.`;
}
