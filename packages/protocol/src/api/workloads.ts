// Schemas of the API for workloads that have no stored key: the issuers whose word is taken for who a workload is, and the exchange of
// such an identity for a short-lived key.
import { z } from 'zod';
import { ACCOUNT_PERMISSIONS } from '@sallyport/core';
import { GroupMention } from './api-keys.ts';
import { ApiKeyIdSchema, NameSchema, ReferenceSchema, TimeMs, WorkloadIssuerIdSchema } from './ids.ts';
import { AccountPermissionSchema, GrantInput, GrantView } from './regions.ts';

/** Bounds of the life of a workload's key, in seconds. */
export const WORKLOAD_KEY_SECONDS = { min: 60, max: 3600, usual: 900 } as const;
/** Longest token that is looked at, in characters. */
export const WORKLOAD_TOKEN_MAX_CHARACTERS = 16_384;

const AWS_HEADERS_MAX = 16;

export const AwsIdentityRequest = z
  .strictObject({
    url: z.string().max(256).describe('Address of STS in a region.'),
    headers: z
      .record(z.string().max(64), z.string().max(8192))
      .refine((headers) => Object.keys(headers).length <= AWS_HEADERS_MAX, 'too many headers')
      .meta({ 'x-redact': true })
      .describe('The signed headers and the signature; `x-sallyport-audience` names the server.'),
    body: z.string().max(256),
  })
  .meta({ id: 'AwsIdentityRequest' })
  .describe('A signed request `sts:GetCallerIdentity`, which a delegate sends to find out who signed it.');
export type AwsIdentityRequest = z.infer<typeof AwsIdentityRequest>;

export const ClaimRule = z
  .strictObject({
    claim: z
      .string()
      .min(1)
      .max(256)
      .describe(
        'Name of a claim, e.g. `repository`; or, with a slash in front, a JSON pointer (RFC 6901) to one within others, e.g. `/kubernetes.io/namespace`.',
      ),
    pattern: z
      .string()
      .min(1)
      .max(512)
      .describe('What the claim has to be, letter by letter; `*` stands for any characters, or none.'),
  })
  .meta({ id: 'ClaimRule' });
export type ClaimRule = z.infer<typeof ClaimRule>;

const OidcSettings = z.strictObject({
  kind: z.literal('oidc'),
  issuer: z
    .string()
    .min(1)
    .max(512)
    .describe('Exactly as tokens name it in `iss`: https, or http on this machine.'),
  audience: z.string().min(1).max(512).describe('What tokens have to name in `aud`.'),
  rules: z.array(ClaimRule).min(1).max(16).describe('All of them have to hold.'),
  jwks: z
    .strictObject({
      keys: z
        .array(z.record(z.string().max(64), z.json()))
        .min(1)
        .max(32),
    })
    .nullable()
    .default(null)
    .describe(
      'Its public keys (RFC 7517), for an issuer that the server cannot reach; null: it asks for them.',
    ),
});

const AwsSettings = z.strictObject({
  kind: z.literal('aws'),
  roleArns: z
    .array(z.string().min(20).max(2048))
    .min(1)
    .max(64)
    .describe(
      'ARNs of the IAM roles that are let in. `*` in the name of a role stands for any characters of it, or none.',
    ),
  selectors: z
    .array(z.string().max(160))
    .max(16)
    .default([])
    .describe(
      'What a delegate must have to verify the identity: its word is taken for it. Empty: any delegate that serves `aws-kms`.',
    ),
});

export const WorkloadIssuerSettings = z
  .discriminatedUnion('kind', [OidcSettings, AwsSettings])
  .meta({ id: 'WorkloadIssuerSettings' });
export type WorkloadIssuerSettings = z.infer<typeof WorkloadIssuerSettings>;

const ttlSeconds = z
  .number()
  .int()
  .min(WORKLOAD_KEY_SECONDS.min)
  .max(WORKLOAD_KEY_SECONDS.max)
  .describe('How long keys are good for, in seconds.');

const groupsInput = z
  .array(ReferenceSchema)
  .min(1)
  .max(32)
  .describe('Groups whose rights keys have, by name or id.');

const restrictionInput = z
  .strictObject({
    account: z.array(z.enum(ACCOUNT_PERMISSIONS)).default([]),
    grants: z.array(GrantInput).default([]),
  })
  .nullable()
  .describe('What keys may do at most; null: all that the groups may.');

export const WorkloadIssuerView = z
  .strictObject({
    id: WorkloadIssuerIdSchema,
    name: z.string(),
    settings: WorkloadIssuerSettings,
    groups: z.array(GroupMention),
    restriction: z
      .strictObject({ account: z.array(AccountPermissionSchema), grants: z.array(GrantView) })
      .nullable(),
    ttlSeconds,
    createdAtMs: TimeMs,
    updatedAtMs: TimeMs,
  })
  .meta({ id: 'WorkloadIssuer' });
export type WorkloadIssuerView = z.infer<typeof WorkloadIssuerView>;

export const WorkloadIssuerList = z
  .strictObject({ issuers: z.array(WorkloadIssuerView).describe('By name.') })
  .meta({ id: 'WorkloadIssuerList' });
export type WorkloadIssuerList = z.infer<typeof WorkloadIssuerList>;

export const CreateWorkloadIssuer = z
  .strictObject({
    name: NameSchema,
    settings: WorkloadIssuerSettings,
    groups: groupsInput,
    restriction: restrictionInput.default(null),
    ttlSeconds: ttlSeconds.default(WORKLOAD_KEY_SECONDS.usual),
  })
  .meta({ id: 'CreateWorkloadIssuer' });
export type CreateWorkloadIssuer = z.infer<typeof CreateWorkloadIssuer>;

export const EditWorkloadIssuer = z
  .strictObject({
    name: NameSchema.optional(),
    settings: WorkloadIssuerSettings.optional(),
    groups: groupsInput.optional(),
    restriction: restrictionInput.optional(),
    ttlSeconds: ttlSeconds.optional(),
  })
  .meta({ id: 'EditWorkloadIssuer' })
  .describe('What is left out stays. Keys given so far end, unless only the name changes.');
export type EditWorkloadIssuer = z.infer<typeof EditWorkloadIssuer>;

const issuer = ReferenceSchema.describe('The issuer, by name or id.');

export const ExchangeWorkloadIdentity = z
  .union([
    z.strictObject({
      issuer,
      token: z
        .string()
        .min(1)
        .max(WORKLOAD_TOKEN_MAX_CHARACTERS)
        .meta({ 'x-redact': true })
        .describe('A JSON Web Token of the issuer.'),
    }),
    z.strictObject({ issuer, awsRequest: AwsIdentityRequest }),
  ])
  .meta({ id: 'ExchangeWorkloadIdentity' });
export type ExchangeWorkloadIdentity = z.infer<typeof ExchangeWorkloadIdentity>;

export const WorkloadKey = z
  .strictObject({
    apiKeyId: ApiKeyIdSchema,
    subject: z.string().describe('Who the workload is: the subject of its token, or the ARN of its role.'),
    value: z.string().meta({ 'x-redact': true }).describe('An API key; shown this once.'),
    expiresAtMs: TimeMs,
  })
  .meta({ id: 'WorkloadKey' });
export type WorkloadKey = z.infer<typeof WorkloadKey>;
