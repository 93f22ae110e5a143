// From the flags of `secrets-manager add` and `edit` to settings as the API takes them. Fields that the flags leave open come from
// what is saved, or stay at the API's defaults. Judging the settings is the server's work.
import type { SecretsManagerView, SettingsInput } from '@sallyport/protocol';
import type { FlagSpec, Invocation } from '../command-line/command.ts';
import { usageError } from '../command-line/usage-error.ts';
import { askHidden, canAsk } from '../input/prompt.ts';
import { readSecretLine } from '../input/read-input.ts';

/** Flags that every kind of secrets manager takes. */
export const SHARED_SETTINGS_FLAGS = {
  selector: {
    kind: 'text',
    value: 'SELECTOR',
    repeatable: true,
    summary: 'A selector that delegates must have; may be repeated, all must be present',
  },
  context: {
    kind: 'text',
    value: 'KEY=VALUE',
    repeatable: true,
    summary: 'A pair added to every encryption context; may be repeated; shown in clear in CloudTrail',
  },
  'cache-max-age': {
    kind: 'text',
    value: 'DURATION',
    summary: 'How long delegates keep data keys in memory, at most 1h; 0 switches it off (default 5m)',
  },
  'cache-max-uses': { kind: 'text', value: 'N', summary: 'How often one cached data key is used at most' },
} as const satisfies Record<string, FlagSpec>;

export const AWS_KMS_FLAGS = {
  'key-arn': { kind: 'text', value: 'ARN', summary: 'ARN of the KMS key, or of an alias for it' },
  region: { kind: 'text', value: 'REGION', summary: "The key's region; without, it is taken from the ARN" },
  credentials: {
    kind: 'text',
    value: 'TYPE',
    choices: ['iam-role', 'access-keys', 'sts-role'],
    summary:
      "How a delegate authenticates: its host's role, a pair of access keys, or a role that it assumes",
  },
  'role-arn': { kind: 'text', value: 'ARN', summary: 'sts-role: the role to assume' },
  'external-id': {
    kind: 'text',
    value: 'ID',
    summary: "sts-role: external ID that the role's trust policy demands",
  },
  duration: {
    kind: 'text',
    value: 'DURATION',
    summary: 'sts-role: length of a session, 15m to 12h (default 1h)',
  },
  'access-key-id': { kind: 'text', value: 'ID', summary: 'access-keys: the access key id' },
  'secret-key-file': {
    kind: 'text',
    value: 'FILE',
    completes: 'file',
    summary:
      'access-keys: file with the secret access key; without this or --secret-key-stdin it is asked for',
  },
  'secret-key-stdin': {
    kind: 'switch',
    summary: 'access-keys: read the secret access key from standard input',
  },
  // Taken only to be refused with an explanation: people will try it.
  'secret-key': {
    kind: 'text',
    value: 'VALUE',
    summary: 'Refused: a secret key does not belong on a command line',
  },
} as const satisfies Record<string, FlagSpec>;

/** Whether any flag of these settings was given. */
export function hasSettingsFlags({ flags }: Invocation): boolean {
  return Object.keys({ ...SHARED_SETTINGS_FLAGS, ...AWS_KMS_FLAGS }).some((name) => flags.has(name));
}

type Shared = Pick<SettingsInput, 'selectors' | 'context' | 'dataKeyCache'>;

/** Settings of a built-in secrets manager. `saved` null: a new one. */
export function builtInSettings(
  invocation: Invocation,
  saved: Extract<SecretsManagerView, { kind: 'built-in' }> | null,
): SettingsInput {
  for (const name of Object.keys(AWS_KMS_FLAGS)) {
    if (invocation.flags.has(name)) throw usageError(`--${name} is for secrets managers of kind aws-kms.`);
  }
  return { kind: 'built-in', ...sharedSettings(invocation, saved) };
}

/** Settings of an AWS KMS secrets manager. Asks for the secret access key where one is needed. */
export async function awsKmsSettings(
  invocation: Invocation,
  saved: Extract<SecretsManagerView, { kind: 'aws-kms' }> | null,
): Promise<SettingsInput> {
  const { flags } = invocation;
  refuseSecretKey(invocation);
  const keyArn = flags.text('key-arn') ?? saved?.keyArn;
  if (keyArn === undefined) throw usageError('--key-arn is missing.');
  // A new key brings its own region unless one is named.
  const region = flags.text('region') ?? (flags.has('key-arn') ? null : (saved?.region ?? null));
  const credentials = await credentialsOf(invocation, saved?.credentials ?? null);
  return { kind: 'aws-kms', keyArn, region, credentials, ...sharedSettings(invocation, saved) };
}

function sharedSettings({ flags }: Invocation, saved: SecretsManagerView | null): Shared {
  const maxAgeSeconds = flags.seconds('cache-max-age') ?? saved?.dataKeyCache.maxAgeSeconds ?? 300;
  const maxUses =
    flags.whole('cache-max-uses', { min: 1, max: 4_294_967_296 }) ?? saved?.dataKeyCache.maxUses ?? 100_000;
  return {
    selectors: flags.has('selector') ? [...flags.list('selector')] : (saved?.selectors ?? []),
    context: flags.has('context') ? flags.pairs('context') : (saved?.context ?? {}),
    dataKeyCache: { maxAgeSeconds, maxUses },
  };
}

type CredentialsInput = Extract<SettingsInput, { kind: 'aws-kms' }>['credentials'];
type CredentialsView = Extract<SecretsManagerView, { kind: 'aws-kms' }>['credentials'];

async function credentialsOf(
  invocation: Invocation,
  saved: CredentialsView | null,
): Promise<CredentialsInput> {
  const { flags } = invocation;
  const type = (flags.text('credentials') as CredentialsInput['type'] | null) ?? saved?.type;
  if (type === undefined) {
    throw usageError('--credentials is missing: iam-role, access-keys or sts-role.');
  }
  refuseFlagsOfOthers(invocation, type);
  if (type === 'iam-role') return { type };
  if (type === 'access-keys') return accessKeysOf(invocation, saved?.type === type ? saved : null);
  const kept = saved?.type === 'sts-role' ? saved : null;
  const roleArn = flags.text('role-arn') ?? kept?.roleArn;
  if (roleArn === undefined) throw usageError('--role-arn is missing: sts-role needs the role to assume.');
  return {
    type,
    roleArn,
    externalId: flags.text('external-id') ?? kept?.externalId ?? null,
    durationSeconds: flags.seconds('duration') ?? kept?.durationSeconds ?? 3600,
  };
}

const FLAGS_OF_TYPE: Readonly<Record<CredentialsInput['type'], readonly string[]>> = {
  'iam-role': [],
  'access-keys': ['access-key-id', 'secret-key-file', 'secret-key-stdin'],
  'sts-role': ['role-arn', 'external-id', 'duration'],
};

function refuseFlagsOfOthers({ flags }: Invocation, type: CredentialsInput['type']): void {
  for (const [other, names] of Object.entries(FLAGS_OF_TYPE)) {
    const stray = other === type ? undefined : names.find((name) => flags.has(name));
    if (stray !== undefined) throw usageError(`--${stray} is for --credentials ${other}, not for ${type}.`);
  }
}

async function accessKeysOf(
  invocation: Invocation,
  saved: Extract<CredentialsView, { type: 'access-keys' }> | null,
): Promise<CredentialsInput> {
  const { flags } = invocation;
  const accessKeyId = flags.text('access-key-id');
  if (accessKeyId === null) {
    throw usageError(
      '--access-key-id is missing.',
      saved === null
        ? undefined
        : `The server shows the saved one only in part (${saved.accessKeyId}), so it has to be given again.`,
    );
  }
  const given = flags.has('secret-key-file') || flags.has('secret-key-stdin');
  if (!given && saved !== null && fitsMask(accessKeyId, saved.accessKeyId)) {
    return { type: 'access-keys', accessKeyId };
  }
  return { type: 'access-keys', accessKeyId, secretAccessKey: await secretAccessKeyOf(invocation) };
}

async function secretAccessKeyOf({ flags, terminal }: Invocation): Promise<string> {
  const file = flags.text('secret-key-file');
  if (file !== null && flags.has('secret-key-stdin')) {
    throw usageError('Give either --secret-key-file or --secret-key-stdin, not both.');
  }
  if (file !== null) return readSecretLine(terminal, file);
  if (flags.has('secret-key-stdin')) return readSecretLine(terminal, '-');
  if (!canAsk(terminal)) {
    throw usageError(
      'The secret access key is missing, and there is no terminal to ask for it.',
      'Give --secret-key-file or --secret-key-stdin.',
    );
  }
  return askHidden(terminal, 'Secret access key (not shown): ');
}

function refuseSecretKey({ flags }: Invocation): void {
  if (!flags.has('secret-key')) return;
  throw usageError(
    'A secret access key is not taken from the command line: other users of this machine could see it there.',
    'Leave it out to be asked for it, or give --secret-key-file or --secret-key-stdin. (It may be in your shell history now.)',
  );
}

/** Whether an access key id can be the one that is shown with its middle masked. */
function fitsMask(accessKeyId: string, masked: string): boolean {
  const [head = '', tail = ''] = [/^[A-Z0-9]*/.exec(masked)?.[0], /[A-Z0-9]*$/.exec(masked)?.[0]];
  return head.length < masked.length && accessKeyId.startsWith(head) && accessKeyId.endsWith(tail);
}
