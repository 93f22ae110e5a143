// Tasks: what the server asks of a delegate, and what it gets back. A task names what the server has decided; the sealed request
// in it names what the client asked for; the delegate compares both with each other and with the envelope.
import { z } from 'zod';
import { SECRET_KINDS } from '@sallyport/core';
import {
  ReferenceSchema,
  RequestIdSchema,
  SecretIdSchema,
  SecretReferenceSchema,
  SecretsManagerIdSchema,
  TaskIdSchema,
} from '../api/ids.ts';
import { RESOLVE_MAX_ITEMS, SealedBox, SealedRequestSchema, SealedStreamHeader } from '../api/sealing.ts';
import { PreflightReport } from '../api/secrets-managers.ts';
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

/** What the server decided that a write is for. */
export const WriteTarget = z.strictObject({
  secretId: SecretIdSchema,
  name: z.string(),
  kind: z.enum(SECRET_KINDS),
  version: z.number().int().min(1),
  secretsManagerId: SecretsManagerIdSchema,
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
  name: z.string(),
  kind: z.enum(SECRET_KINDS),
  version: z.number().int().min(1),
  secretsManagerId: SecretsManagerIdSchema,
});

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
]);
export type Task = z.infer<typeof Task>;
export type TaskKind = Task['kind'];
export type TaskOf<K extends TaskKind> = Extract<Task, { kind: K }>;

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
  z.strictObject({ kind: z.literal('preflight'), report: PreflightReport }),
  z.strictObject({
    kind: z.literal('open-data-keys'),
    opened: z.number().int().min(0),
    firstFailure: WireError.nullable(),
  }),
]);
export type TaskResult = z.infer<typeof TaskResult>;
export type TaskResultOf<K extends TaskKind> = Extract<TaskResult, { kind: K }>;
