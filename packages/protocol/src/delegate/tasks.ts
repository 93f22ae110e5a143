// Tasks: what the server asks of a delegate, and what it gets back. A task names what the server has decided; the sealed request
// in it names what the client asked for; the delegate compares both with each other and with the envelope.
import { z } from 'zod';
import { ENVIRONMENT_TYPES, SECRET_KINDS } from '@sallyport/core';
import { AccountIdSchema, AuditChainPoint, AuditCheckpoint } from '../api/audit.ts';
import {
  ApplicationIdSchema,
  DelegateProfileIdSchema,
  EnvironmentIdSchema,
  ReferenceSchema,
  RequestIdSchema,
  SecretIdSchema,
  SecretReferenceSchema,
  SecretsManagerIdSchema,
  TaskIdSchema,
} from '../api/ids.ts';
import {
  RESOLVE_MAX_ITEMS,
  SCRIPT_MAX_BYTES,
  SCRIPT_MAX_SECONDS,
  SCRIPT_MAX_SECRETS,
} from '../api/limits.ts';
import { SealedBox, SealedRequestSchema, SealedStreamHeader } from '../api/sealing.ts';
import { ScriptEnd, ScriptFacts } from '../api/scripts.ts';
import { PreflightReport } from '../api/secrets-managers.ts';
import { AwsIdentityRequest } from '../api/workloads.ts';
import { WireError } from '../errors/wire-error.ts';

const Base64 = z
  .string()
  .max(90_000_000)
  .regex(/^[A-Za-z0-9+/]*={0,2}$/, 'must be base64');
/** Base64 whose alphabet is not checked: what it stands for is authenticated byte by byte, and the check showed in profiles. */
const EnvelopeBase64 = z.string().max(90_000_000);
const Context = z.record(z.string(), z.string());
const DataKeyCache = z.strictObject({ maxAgeSeconds: z.number().int(), maxUses: z.number().int() });

/** Everything a delegate needs to use a secrets manager. Mirrors `SecretsManagerSettings` of core. */
export const SecretsManagerAccess = z.strictObject({
  settings: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('aws-kms'),
      keyArn: z.string(),
      pinnedKeyArn: z.string(),
      formerKeyArns: z.array(z.string()),
      region: z.string(),
      credentials: z.discriminatedUnion('type', [
        z.strictObject({ type: z.literal('iam-role') }),
        z.strictObject({ type: z.literal('access-keys'), accessKeyId: z.string() }),
        z.strictObject({
          type: z.literal('sts-role'),
          roleArn: z.string(),
          externalId: z.string().nullable(),
          durationSeconds: z.number().int(),
        }),
      ]),
      selectors: z.array(z.string()),
      context: Context,
      dataKeyCache: DataKeyCache,
    }),
    z.strictObject({
      kind: z.literal('built-in'),
      selectors: z.array(z.string()),
      context: Context,
      dataKeyCache: DataKeyCache,
    }),
  ]),
  secretAccessKey: z.string().nullable().meta({ 'x-redact': true }),
});
export type SecretsManagerAccess = z.infer<typeof SecretsManagerAccess>;

/** Where a secret is to be used, as the server says; the sealed request names the same place, by ids or names. */
export const TaskPlace = z.strictObject({
  application: z.strictObject({ id: ApplicationIdSchema, name: z.string() }),
  environment: z.strictObject({
    id: EnvironmentIdSchema,
    name: z.string(),
    type: z.enum(ENVIRONMENT_TYPES),
  }),
});
export type TaskPlace = z.infer<typeof TaskPlace>;

/** What the server decided that a write is for. */
export const WriteTarget = z.strictObject({
  secretId: SecretIdSchema,
  name: z.string(),
  kind: z.enum(SECRET_KINDS),
  version: z.number().int().min(1),
  secretsManagerId: SecretsManagerIdSchema,
  place: TaskPlace.nullable(),
});
export type WriteTarget = z.infer<typeof WriteTarget>;

/** The clear part of the client's request, as the server received it. */
const ClearWriteRequest = z.strictObject({
  secret: SecretReferenceSchema,
  secretsManager: ReferenceSchema.nullable(),
});

const ReadItem = z.strictObject({
  reference: SecretReferenceSchema,
  secretId: SecretIdSchema,
  name: z.string().describe('The one by which it was asked for: its own, or an alias.'),
  place: TaskPlace.nullable(),
  kind: z.enum(SECRET_KINDS),
  version: z.number().int().min(1),
  secretsManagerId: SecretsManagerIdSchema,
});

/** A state of a start-up profile: each edit of its script or time limit makes a new revision. */
export const ProfileRevision = z.strictObject({
  profileId: DelegateProfileIdSchema,
  revision: z.number().int().min(1),
});
export type ProfileRevision = z.infer<typeof ProfileRevision>;

/** Records that one checkpoint may add to the one before; what is more takes several. */
export const CHECKPOINT_MAX_RECORDS = 20_000;
const CHECKPOINT_PROOF_MAX_CHARACTERS = Math.ceil((CHECKPOINT_MAX_RECORDS * 32) / 3) * 4;

const base = { taskId: TaskIdSchema, timeoutMs: z.number().int().min(1) };

export const Task = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('write'),
    ...base,
    requestId: RequestIdSchema,
    request: ClearWriteRequest,
    target: WriteTarget,
    sealed: SealedRequestSchema,
  }),
  z.strictObject({
    kind: z.literal('upload'),
    ...base,
    requestId: RequestIdSchema,
    request: ClearWriteRequest,
    target: WriteTarget,
    sealed: SealedStreamHeader,
  }),
  z.strictObject({
    kind: z.literal('resolve'),
    ...base,
    requestId: RequestIdSchema,
    items: z
      .array(ReadItem.extend({ envelope: EnvelopeBase64 }))
      .min(1)
      .max(RESOLVE_MAX_ITEMS),
    unresolved: z
      .array(SecretReferenceSchema)
      .describe(
        'References of the request that the server does not answer; the sealed request names them too.',
      ),
    sealed: SealedRequestSchema,
  }),
  z.strictObject({
    kind: z.literal('download'),
    ...base,
    requestId: RequestIdSchema,
    item: ReadItem,
    sealed: SealedRequestSchema,
  }),
  z
    .strictObject({
      kind: z.literal('run-script'),
      ...base,
      requestId: RequestIdSchema,
      script: ScriptFacts,
      items: z.array(ReadItem.extend({ envelope: EnvelopeBase64 })).max(SCRIPT_MAX_SECRETS),
      sealed: SealedRequestSchema,
    })
    .describe(
      'Its answer is a stream. After the first chunk the delegate waits for the one empty chunk of the other direction before it starts the script.',
    ),
  z
    .strictObject({
      kind: z.literal('run-profile'),
      ...base,
      profile: ProfileRevision.extend({ name: z.string().min(1).max(256) }),
      script: z
        .string()
        .min(1)
        .max(SCRIPT_MAX_BYTES)
        .describe('As it was written: with references, without values.'),
      maxSeconds: z.number().int().min(1).max(SCRIPT_MAX_SECONDS).nullable(),
      items: z.array(ReadItem.extend({ envelope: EnvelopeBase64 })).max(SCRIPT_MAX_SECRETS),
    })
    .describe(
      'A start-up profile. Its answer is a stream as that of `run-script`, of the same events, not sealed.',
    ),
  z.strictObject({
    kind: z.literal('preflight'),
    ...base,
    secretsManagerId: SecretsManagerIdSchema,
    access: SecretsManagerAccess,
  }),
  z.strictObject({
    kind: z.literal('open-data-keys'),
    ...base,
    secretsManagerId: SecretsManagerIdSchema,
    access: SecretsManagerAccess,
    samples: z
      .array(
        z.strictObject({
          context: Context,
          encrypted: z.array(
            z.strictObject({ providerId: z.string(), providerInfo: Base64, ciphertext: Base64 }),
          ),
        }),
      )
      .max(1000)
      .describe('Wrapped data keys that must open with `access`; nothing of them is returned.'),
  }),
  z.strictObject({
    kind: z.literal('sign-checkpoint'),
    ...base,
    accountId: AccountIdSchema,
    head: AuditChainPoint.describe('The record of the audit trail that is to be signed.'),
    since: AuditChainPoint.nullable().describe('What the server believes that this delegate signed last.'),
    contentHashes: Base64.max(CHECKPOINT_PROOF_MAX_CHARACTERS).describe(
      'Content hashes of the records after `since` up to `head`, 32 bytes each: they prove that the one continues the other.',
    ),
  }),
  z
    .strictObject({
      kind: z.literal('verify-aws-identity'),
      ...base,
      request: AwsIdentityRequest,
      audience: z.string().min(1).max(512).describe('Address of the server, which the request must name.'),
    })
    .describe('Asks STS who signed the request. Its sender is a stranger: the delegate sends nothing else.'),
]);
export type Task = z.infer<typeof Task>;
export type TaskKind = Task['kind'];
export type TaskOf<K extends TaskKind> = Extract<Task, { kind: K }>;

/** Why a delegate signs no checkpoint; what each one means is in docs/guide/audit.md. */
export const CHECKPOINT_REFUSALS = [
  'went-backwards',
  'was-rewritten',
  'is-not-proven',
  'other-account',
] as const;
export type CheckpointRefusal = (typeof CHECKPOINT_REFUSALS)[number];

/** Results by kind of task. A failed task is a `failure` message instead. */
export const TaskResult = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('write'),
    envelope: EnvelopeBase64,
    valueBytes: z.number().int().min(1),
    answer: SealedBox,
  }),
  z.strictObject({ kind: z.literal('upload'), valueBytes: z.number().int().min(1), answer: SealedBox }),
  z.strictObject({
    kind: z.literal('resolve'),
    answer: SealedBox,
    failures: z
      .array(z.strictObject({ reference: SecretReferenceSchema, error: WireError }))
      .describe('Items whose entry in the answer is a failure.'),
  }),
  z.strictObject({ kind: z.literal('download') }),
  z.strictObject({
    kind: z.literal('run-script'),
    end: ScriptEnd.describe('The same as in the last sealed chunk, for the audit trail.'),
  }),
  z.strictObject({ kind: z.literal('run-profile'), end: ScriptEnd }),
  z.strictObject({ kind: z.literal('preflight'), report: PreflightReport }),
  z.strictObject({
    kind: z.literal('open-data-keys'),
    opened: z.number().int().min(0),
    firstFailure: WireError.nullable(),
  }),
  z.strictObject({
    kind: z.literal('sign-checkpoint'),
    outcome: z.discriminatedUnion('is', [
      z.strictObject({ is: z.literal('signed'), checkpoint: AuditCheckpoint }),
      z
        .strictObject({ is: z.literal('signed-another-last'), last: AuditChainPoint.nullable() })
        .describe('The proof does not begin where this delegate stands; `last`: where it does.'),
      z.strictObject({
        is: z.literal('refused'),
        reason: z.enum(CHECKPOINT_REFUSALS),
        message: z.string().max(1000),
        last: AuditChainPoint.nullable().describe('What it signed last.'),
      }),
    ]),
  }),
  z.strictObject({
    kind: z.literal('verify-aws-identity'),
    arn: z.string().min(1).max(2048),
    accountId: z.string().regex(/^\d{12}$/),
    userId: z.string().min(1).max(256),
  }),
]);
export type TaskResult = z.infer<typeof TaskResult>;
export type TaskResultOf<K extends TaskKind> = Extract<TaskResult, { kind: K }>;
