// Schemas of the API for secrets managers. One tagged union per choice: kind, and credentials type within `aws-kms`.
import { z } from 'zod';
import { ASSUME_ROLE_DURATION, DATA_KEY_CACHE_LIMITS, FAILURE_STAGES } from '@sallyport/core';
import { DelegateIdSchema, NameSchema, SecretsManagerIdSchema, TimeMs } from './ids.ts';
import { ManagerHealth } from './manager-health.ts';
import { RegionInput, RegionView } from './regions.ts';
import { WireError } from '../errors/wire-error.ts';

const Selectors = z
  .array(z.string().min(1).max(160))
  .max(64)
  .describe('All of them must be present on a delegate.');
const Context = z
  .record(z.string().max(256), z.string().max(512))
  .describe('Fixed pairs added to every encryption context; opaque, since CloudTrail shows them.');
const DataKeyCache = z
  .strictObject({
    maxAgeSeconds: z
      .number()
      .int()
      .min(0)
      .max(DATA_KEY_CACHE_LIMITS.maxAgeSeconds)
      .describe('0 switches it off.'),
    maxUses: z.number().int().min(1).max(DATA_KEY_CACHE_LIMITS.maxUses),
  })
  .meta({ id: 'DataKeyCache' });

/** Credentials as given; `secretAccessKey` goes in and never comes out. */
export const CredentialsInput = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('iam-role') }),
    z.strictObject({
      type: z.literal('access-keys'),
      accessKeyId: z.string().min(1).max(128),
      secretAccessKey: z
        .string()
        .min(1)
        .max(256)
        .optional()
        .meta({ 'x-redact': true })
        .describe('Needed on creation; left out on an edit: unchanged.'),
    }),
    z.strictObject({
      type: z.literal('sts-role'),
      roleArn: z.string().min(1).max(2048),
      externalId: z.string().max(1224).nullable().default(null),
      durationSeconds: z.number().int().default(ASSUME_ROLE_DURATION.defaultSeconds),
    }),
  ])
  .meta({ id: 'CredentialsInput' });
export type CredentialsInput = z.infer<typeof CredentialsInput>;

const DEFAULT_CACHE = {
  maxAgeSeconds: DATA_KEY_CACHE_LIMITS.defaultMaxAgeSeconds,
  maxUses: DATA_KEY_CACHE_LIMITS.defaultMaxUses,
};

const sharedSettings = {
  selectors: Selectors.default([]),
  context: Context.default({}),
  dataKeyCache: DataKeyCache.default(DEFAULT_CACHE),
};

export const AwsKmsInput = z
  .strictObject({
    kind: z.literal('aws-kms'),
    keyArn: z.string().min(1).max(2048),
    region: z.string().min(1).max(64).nullable().default(null).describe('null: taken from the key ARN.'),
    credentials: CredentialsInput,
    ...sharedSettings,
  })
  .meta({ id: 'AwsKmsInput' });
export type AwsKmsInput = z.infer<typeof AwsKmsInput>;

export const BuiltInInput = z
  .strictObject({ kind: z.literal('built-in'), ...sharedSettings })
  .meta({ id: 'BuiltInInput' });
export type BuiltInInput = z.infer<typeof BuiltInInput>;

export const SettingsInput = z
  .discriminatedUnion('kind', [AwsKmsInput, BuiltInInput])
  .meta({ id: 'SettingsInput' });
export type SettingsInput = z.infer<typeof SettingsInput>;

export const CreateSecretsManager = z
  .strictObject({
    name: NameSchema,
    settings: SettingsInput,
    usageScope: RegionInput.default([{ applications: 'all', environments: 'all' }]).describe(
      'Where its secrets may be used at most. Left out: everywhere; empty: nowhere.',
    ),
    makeDefault: z.boolean().default(false),
  })
  .meta({ id: 'CreateSecretsManager' });
export type CreateSecretsManager = z.infer<typeof CreateSecretsManager>;

/** Fields left out stay as they are. `settings`, when given, replaces all settings (the kind cannot change). */
export const EditSecretsManager = z
  .strictObject({
    name: NameSchema.optional(),
    settings: SettingsInput.optional(),
    usageScope: RegionInput.optional(),
    onConflict: z
      .enum(['refuse', 'inherit'])
      .default('refuse')
      .describe(
        'What becomes of secrets that would lie outside of a narrower scope: refused as `scope-conflict` with a list of them, or, with the token of that answer, set to inherit.',
      ),
    confirmationToken: z.string().max(100).optional(),
    expectedRevision: z
      .number()
      .int()
      .min(1)
      .optional()
      .describe('Refused as `edit-conflict` when it is another one by now.'),
  })
  .meta({ id: 'EditSecretsManager' });
export type EditSecretsManager = z.infer<typeof EditSecretsManager>;

/** `POST /v1/secrets-managers/preflight`: try settings without saving anything. */
export const PreflightRequest = z.strictObject({ settings: SettingsInput }).meta({ id: 'PreflightRequest' });
export type PreflightRequest = z.infer<typeof PreflightRequest>;

export const CredentialsView = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('iam-role') }),
    z.strictObject({
      type: z.literal('access-keys'),
      accessKeyId: z.string().describe('Middle characters masked.'),
    }),
    z.strictObject({
      type: z.literal('sts-role'),
      roleArn: z.string(),
      externalId: z.string().nullable(),
      durationSeconds: z.number().int(),
    }),
  ])
  .meta({ id: 'CredentialsView' });

const viewShared = {
  id: SecretsManagerIdSchema,
  name: z.string(),
  isDefault: z.boolean(),
  revision: z.number().int().min(1).describe('Counts the edits.'),
  selectors: z.array(z.string()),
  context: z.record(z.string(), z.string()),
  dataKeyCache: DataKeyCache,
  usageScope: RegionView,
  secretCount: z.number().int().min(0),
  health: ManagerHealth,
  createdAtMs: TimeMs,
  updatedAtMs: TimeMs,
};

export const SecretsManagerView = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('aws-kms'),
      ...viewShared,
      keyArn: z.string(),
      pinnedKeyArn: z.string().describe('The key behind an alias, as it was when saved.'),
      formerKeyArns: z.array(z.string()),
      region: z.string(),
      credentials: CredentialsView,
    }),
    z.strictObject({ kind: z.literal('built-in'), ...viewShared }),
  ])
  .meta({ id: 'SecretsManager' });
export type SecretsManagerView = z.infer<typeof SecretsManagerView>;

export const SecretsManagerList = z
  .strictObject({ secretsManagers: z.array(SecretsManagerView) })
  .meta({ id: 'SecretsManagerList' });

export const PreflightStage = z
  .strictObject({
    stage: z.enum(FAILURE_STAGES),
    action: z.string().describe('What was tried, e.g. `kms:Decrypt`.'),
    outcome: z.enum(['passed', 'failed', 'skipped']),
    elapsedMs: z.number().min(0),
    message: z
      .string()
      .max(500)
      .optional()
      .describe('What else is known of it, e.g. where credentials came from.'),
    error: WireError.optional(),
  })
  .meta({ id: 'PreflightStage' });
export type PreflightStage = z.infer<typeof PreflightStage>;

/** A stage before its result is there, or with it; a later one of the same action takes the place of an earlier one. */
export const PreflightStep = PreflightStage.extend({
  outcome: z.enum(['waiting', 'running', 'passed', 'failed', 'skipped']),
}).meta({ id: 'PreflightStep' });
export type PreflightStep = z.infer<typeof PreflightStep>;

/** What a delegate found out; see `DelegatePreflight` for the same beside the delegate's name. */
export const PreflightReport = z
  .strictObject({
    ok: z.boolean(),
    identityArn: z.string().nullable().describe('Who the delegate is at AWS with its own credentials.'),
    pinnedKeyArn: z.string().nullable().describe('The key ARN that KMS answered with.'),
    stages: z.array(PreflightStage).max(64),
    warnings: z.array(z.string().max(2000)).max(32),
  })
  .meta({ id: 'PreflightReport' });
export type PreflightReport = z.infer<typeof PreflightReport>;

export const DelegatePreflight = z
  .strictObject({
    delegateId: DelegateIdSchema,
    delegateName: z.string(),
    report: PreflightReport.nullable().describe('null: the delegate did not report; see `error`.'),
    error: WireError.optional(),
  })
  .meta({ id: 'DelegatePreflight' });
export type DelegatePreflight = z.infer<typeof DelegatePreflight>;

export const PreflightOutcome = z
  .strictObject({
    ok: z.boolean().describe('At least one delegate passed.'),
    delegates: z.array(DelegatePreflight),
  })
  .meta({ id: 'PreflightOutcome' });
export type PreflightOutcome = z.infer<typeof PreflightOutcome>;

/** The last test of a secrets manager at one delegate, as it is kept. */
export const ManagerTest = DelegatePreflight.extend({
  atMs: TimeMs,
  elapsedMs: z
    .number()
    .int()
    .min(0)
    .nullable()
    .describe('How long all stages took; null: the delegate did not report.'),
  isOutdated: z.boolean().describe('Settings that are tried have changed since.'),
}).meta({ id: 'SecretsManagerTest' });
export type ManagerTest = z.infer<typeof ManagerTest>;

export const ManagerTestList = z
  .strictObject({
    health: ManagerHealth,
    tests: z.array(ManagerTest).describe('One for each delegate, in the order of `health.delegates`.'),
  })
  .meta({ id: 'SecretsManagerTests' });
export type ManagerTestList = z.infer<typeof ManagerTestList>;

/** What is told of a preflight while it is under way. */
export const PreflightEvent = z
  .discriminatedUnion('is', [
    z
      .strictObject({
        is: z.literal('asked'),
        delegates: z.array(z.strictObject({ delegateId: DelegateIdSchema, delegateName: z.string() })),
      })
      .describe('First: the delegates that try the settings.'),
    z
      .strictObject({
        is: z.literal('steps'),
        delegateId: DelegateIdSchema,
        steps: z.array(PreflightStep).min(1).max(64),
      })
      .describe('A delegate says what it will try, what it tries now, and what came of it.'),
    z
      .strictObject({
        is: z.literal('silent'),
        delegateId: DelegateIdSchema,
        seconds: z.number().int().min(1),
      })
      .describe('There has been no word from a delegate for so long.'),
    z
      .strictObject({ is: z.literal('finished'), delegate: DelegatePreflight })
      .describe('A delegate is through with it, or will not be.'),
  ])
  .meta({ id: 'PreflightEvent' });
export type PreflightEvent = z.infer<typeof PreflightEvent>;

export const SavedSecretsManager = z
  .strictObject({
    secretsManager: SecretsManagerView,
    preflight: PreflightOutcome.nullable().describe('null: nothing had to be tried, as with a rename.'),
  })
  .meta({ id: 'SavedSecretsManager' });
export type SavedSecretsManager = z.infer<typeof SavedSecretsManager>;
