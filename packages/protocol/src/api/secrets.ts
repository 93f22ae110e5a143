// Schemas of the API for secrets. Values travel sealed only; what is in clear here is metadata.
import { z } from 'zod';
import { SECRET_KINDS } from '@sallyport/core';
import { AvailabilitySchema } from './availability.ts';
import {
  CursorSchema,
  DelegateIdSchema,
  NameSchema,
  PageQuery,
  ReferenceSchema,
  RequestIdSchema,
  SecretIdSchema,
  SecretReferenceSchema,
  SecretsManagerIdSchema,
  TimeMs,
} from './ids.ts';
import { RESOLVE_MAX_ITEMS } from './limits.ts';
import { SealedBox, SealedRequestSchema, SealedStreamHeader, UnresolvedItem } from './sealing.ts';
import { UsageSummary } from './secret-uses.ts';
import { UsageScopeInput, UsageScopeView } from './usage-scopes.ts';

export const SecretMetadata = z
  .strictObject({
    id: SecretIdSchema,
    name: z.string(),
    kind: z.enum(SECRET_KINDS),
    secretsManagerId: SecretsManagerIdSchema,
    secretsManagerName: z.string().nullable().describe('null: the caller may not know of it.'),
    scope: UsageScopeView,
    availability: AvailabilitySchema,
    version: z.number().int().min(1).describe('The newest version.'),
    valueBytes: z.number().int().min(1).describe('Size of the newest value.'),
    createdAtMs: TimeMs,
    updatedAtMs: TimeMs.describe('When the newest version was written.'),
  })
  .meta({ id: 'SecretMetadata' });
export type SecretMetadata = z.infer<typeof SecretMetadata>;

export const SecretVersionMetadata = z
  .strictObject({
    version: z.number().int().min(1),
    secretsManagerId: SecretsManagerIdSchema,
    keyArn: z
      .string()
      .nullable()
      .describe('Key that wraps the data key; null for a built-in secrets manager.'),
    valueBytes: z.number().int().min(1),
    createdAtMs: TimeMs,
    createdBy: z.string().describe('Name of whoever wrote it.'),
  })
  .meta({ id: 'SecretVersionMetadata' });
export type SecretVersionMetadata = z.infer<typeof SecretVersionMetadata>;

/** A secret in a list: with how often it is used. */
export const SecretListing = SecretMetadata.extend({ usage: UsageSummary }).meta({ id: 'SecretListing' });
export type SecretListing = z.infer<typeof SecretListing>;

export const ListSecretsQuery = PageQuery.extend({
  search: z.string().max(128).optional().describe('Part of the name; letter case does not matter.'),
  kind: z.enum(SECRET_KINDS).optional(),
  secretsManager: ReferenceSchema.optional(),
  application: ReferenceSchema.optional().describe('Only what is usable there; together with `environment`.'),
  environment: ReferenceSchema.optional(),
});
export const SecretPage = z
  .strictObject({ secrets: z.array(SecretListing), nextCursor: CursorSchema.nullable() })
  .meta({ id: 'SecretPage' });
export type SecretPage = z.infer<typeof SecretPage>;

export const SecretDetail = z
  .strictObject({
    secret: SecretListing,
    aliases: z.array(z.string()).describe('Names that it had before and that still find it.'),
    versions: z.array(SecretVersionMetadata).describe('Newest first, at most 100.'),
  })
  .meta({ id: 'SecretDetail' });
export type SecretDetail = z.infer<typeof SecretDetail>;

/** Fields left out stay as they are. */
export const EditSecret = z
  .strictObject({
    name: NameSchema.optional(),
    leaveAlias: z.boolean().default(false).describe('The old name goes on finding it.'),
    removeAliases: z.array(NameSchema).max(64).default([]),
    scope: UsageScopeInput.optional(),
    availability: AvailabilitySchema.optional(),
    confirmationToken: z
      .string()
      .max(100)
      .optional()
      .describe(
        'From the answer `confirmation-required`: somebody asks for it by a name that would be gone.',
      ),
  })
  .meta({ id: 'EditSecret' });
export type EditSecret = z.infer<typeof EditSecret>;

const writeFields = {
  requestId: RequestIdSchema.describe('Chosen by the client; part of what the seal authenticates.'),
  delegateId: DelegateIdSchema.describe('The delegate that the message is sealed for.'),
  secret: SecretReferenceSchema.describe('Name or id, without a version.'),
  secretsManager: ReferenceSchema.nullable(),
  expectedVersion: z
    .number()
    .int()
    .min(0)
    .nullable()
    .describe('Newest version as the caller knows it; 0: must not exist yet; null: whatever it is.'),
  scope: UsageScopeInput.nullable()
    .default(null)
    .describe(
      'Of a new secret; null: the place in the reference where it names one, else that of the secrets manager. Not for one that exists.',
    ),
  availability: AvailabilitySchema.nullable()
    .default(null)
    .describe('Of a new secret; null: `fresh`. Not for one that exists.'),
};

/** `POST /v1/secrets/write`: one text value of at most 1 MiB. */
export const WriteSecret = z
  .strictObject({ ...writeFields, sealed: SealedRequestSchema })
  .meta({ id: 'WriteSecret' });
export type WriteSecret = z.infer<typeof WriteSecret>;

/** First frame of the body of `POST /v1/secrets/upload`; sealed chunks follow. */
export const UploadSecret = z
  .strictObject({ ...writeFields, sealed: SealedStreamHeader })
  .meta({ id: 'UploadSecret' });
export type UploadSecret = z.infer<typeof UploadSecret>;

export const WrittenSecret = z
  .strictObject({ secret: SecretMetadata, answer: SealedBox })
  .meta({ id: 'WrittenSecret' });
export type WrittenSecret = z.infer<typeof WrittenSecret>;

/** `POST /v1/secrets/resolve`: any number of values of at most 1 MiB each, in one task under one seal. */
export const ResolveSecrets = z
  .strictObject({
    requestId: RequestIdSchema,
    delegateId: DelegateIdSchema,
    items: z.array(SecretReferenceSchema).min(1).max(RESOLVE_MAX_ITEMS),
    sealed: SealedRequestSchema,
  })
  .meta({ id: 'ResolveSecrets' });
export type ResolveSecrets = z.infer<typeof ResolveSecrets>;

export const ResolvedSecrets = z
  .strictObject({
    answer: SealedBox,
    unresolved: z
      .array(UnresolvedItem)
      .describe('Items that are not in the sealed answer, each with the reason.'),
  })
  .meta({ id: 'ResolvedSecrets' });
export type ResolvedSecrets = z.infer<typeof ResolvedSecrets>;

/** `POST /v1/secrets/download`: one value of any size, answered as a stream of sealed chunks. */
export const DownloadSecret = z
  .strictObject({
    requestId: RequestIdSchema,
    delegateId: DelegateIdSchema,
    item: SecretReferenceSchema,
    sealed: SealedRequestSchema,
  })
  .meta({ id: 'DownloadSecret' });
export type DownloadSecret = z.infer<typeof DownloadSecret>;
