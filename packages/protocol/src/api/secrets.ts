// Schemas of the API for secrets. Values travel sealed only; what is in clear here is metadata.
import { z } from 'zod';
import { SECRET_KINDS } from '@sallyport/core';
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
import {
  RESOLVE_MAX_ITEMS,
  SealedBox,
  SealedRequestSchema,
  SealedStreamHeader,
  UnresolvedItem,
} from './sealing.ts';

export const SecretMetadata = z
  .strictObject({
    id: SecretIdSchema,
    name: z.string(),
    kind: z.enum(SECRET_KINDS),
    secretsManagerId: SecretsManagerIdSchema,
    secretsManagerName: z.string(),
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
    createdBy: z.string().describe('Name of the API key.'),
  })
  .meta({ id: 'SecretVersionMetadata' });
export type SecretVersionMetadata = z.infer<typeof SecretVersionMetadata>;

export const ListSecretsQuery = PageQuery.extend({
  search: z.string().max(128).optional().describe('Part of the name; letter case does not matter.'),
});
export const SecretPage = z
  .strictObject({ secrets: z.array(SecretMetadata), nextCursor: CursorSchema.nullable() })
  .meta({ id: 'SecretPage' });
export type SecretPage = z.infer<typeof SecretPage>;

export const SecretDetail = z
  .strictObject({
    secret: SecretMetadata,
    versions: z.array(SecretVersionMetadata).describe('Newest first, at most 100.'),
  })
  .meta({ id: 'SecretDetail' });
export type SecretDetail = z.infer<typeof SecretDetail>;

export const RenameSecret = z.strictObject({ name: NameSchema }).meta({ id: 'RenameSecret' });
export type RenameSecret = z.infer<typeof RenameSecret>;

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
