// Schemas of the API for API keys and of the caller's own identity.
import { z } from 'zod';
import { ApiKeyIdSchema, NameSchema, TimeMs } from './ids.ts';

export const ApiKeyView = z
  .strictObject({
    id: ApiKeyIdSchema,
    name: z.string(),
    state: z.enum(['active', 'expired', 'revoked']),
    createdAtMs: TimeMs,
    expiresAtMs: TimeMs.nullable(),
    lastUsedAtMs: TimeMs.nullable().describe('Accurate to a minute.'),
  })
  .meta({ id: 'ApiKey' });
export type ApiKeyView = z.infer<typeof ApiKeyView>;

export const ApiKeyList = z.strictObject({ apiKeys: z.array(ApiKeyView) }).meta({ id: 'ApiKeyList' });

export const CreateApiKey = z
  .strictObject({
    name: NameSchema,
    expiresInSeconds: z
      .number()
      .int()
      .min(60)
      .max(31_536_000)
      .nullable()
      .default(null)
      .describe('null: does not expire.'),
  })
  .meta({ id: 'CreateApiKey' });
export type CreateApiKey = z.infer<typeof CreateApiKey>;

export const CreatedApiKey = z
  .strictObject({
    apiKey: ApiKeyView,
    value: z.string().meta({ 'x-redact': true }).describe('Shown this once.'),
  })
  .meta({ id: 'CreatedApiKey' });
export type CreatedApiKey = z.infer<typeof CreatedApiKey>;

export const WhoAmI = z
  .strictObject({
    apiKeyId: ApiKeyIdSchema,
    name: z.string(),
    expiresAtMs: TimeMs.nullable(),
    serverVersion: z.string(),
  })
  .meta({ id: 'WhoAmI' });
export type WhoAmI = z.infer<typeof WhoAmI>;
