// Schemas of the API for stored envelopes: what an export consists of. Ciphertext and metadata only; no delegate is asked.
import { z } from 'zod';
import { SECRET_KINDS } from '@sallyport/core';
import { AccountIdSchema } from './audit.ts';
import { CursorSchema, PageQuery, SecretIdSchema, SecretsManagerIdSchema, TimeMs } from './ids.ts';
import { UsageScopeView } from './usage-scopes.ts';

/** Envelopes that one download can ask for. */
export const ENVELOPES_MAX_ITEMS = 500;

export const ListEnvelopesQuery = PageQuery.extend({
  newest: z.enum(['true', 'false']).optional().describe('true: the newest version of each secret only.'),
});

export const EnvelopeView = z
  .strictObject({
    secretId: SecretIdSchema,
    name: z.string(),
    kind: z.enum(SECRET_KINDS),
    version: z.number().int().min(1),
    isNewest: z.boolean(),
    scope: UsageScopeView,
    secretsManagerId: SecretsManagerIdSchema,
    secretsManagerName: z.string(),
    provider: z
      .string()
      .nullable()
      .describe(
        'Who wraps the data key: `aws-kms`, or `sallyport-built-in`; null: the header cannot be read.',
      ),
    keyArn: z
      .string()
      .nullable()
      .describe('Key that wraps the data key; null for a built-in secrets manager.'),
    encryptionContext: z.record(z.string(), z.string()).describe('As the header of the envelope has it.'),
    valueBytes: z.number().int().min(1),
    envelopeBytes: z.number().int().min(1),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .describe('Of the whole envelope, in hex.'),
    createdAtMs: TimeMs,
    createdBy: z.string().describe('Name of whoever wrote it.'),
  })
  .meta({ id: 'EnvelopeView' });
export type EnvelopeView = z.infer<typeof EnvelopeView>;

export const EnvelopePage = z
  .strictObject({
    accountId: AccountIdSchema,
    envelopes: z.array(EnvelopeView).describe('By secret id and version.'),
    nextCursor: CursorSchema.nullable(),
  })
  .meta({ id: 'EnvelopePage' });
export type EnvelopePage = z.infer<typeof EnvelopePage>;

export const EnvelopeAddress = z
  .strictObject({ secretId: SecretIdSchema, version: z.number().int().min(1).max(999_999_999) })
  .meta({ id: 'EnvelopeAddress' });
export type EnvelopeAddress = z.infer<typeof EnvelopeAddress>;

export const DownloadEnvelopes = z
  .strictObject({ items: z.array(EnvelopeAddress).min(1).max(ENVELOPES_MAX_ITEMS) })
  .meta({ id: 'DownloadEnvelopes' });
export type DownloadEnvelopes = z.infer<typeof DownloadEnvelopes>;

/** The frame before the chunks of one envelope; an empty frame ends them. `isThere` false: deleted meanwhile, no chunks. */
export const EnvelopeHead = EnvelopeAddress.extend({ isThere: z.boolean() });
export type EnvelopeHead = z.infer<typeof EnvelopeHead>;
