// Schemas of the API for API keys and of the caller's own identity.
import { z } from 'zod';
import { ACCOUNT_PERMISSIONS } from '@sallyport/core';
import {
  ApiKeyIdSchema,
  CursorSchema,
  GroupIdSchema,
  NameSchema,
  PageQuery,
  ReferenceSchema,
  SessionIdSchema,
  TimeMs,
  UserIdSchema,
  WorkloadIssuerIdSchema,
} from './ids.ts';
import { AccountPermissionSchema, GrantInput, GrantView } from './regions.ts';

/** A group as answers mention it. */
export const GroupMention = z
  .strictObject({ id: GroupIdSchema, name: z.string().nullable().describe('null: it was deleted.') })
  .meta({ id: 'GroupMention' });
export type GroupMention = z.infer<typeof GroupMention>;

export const ApiKeyOwnerView = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('user'),
      id: UserIdSchema,
      name: z.string().nullable().describe('null: the user was removed.'),
      disabled: z.boolean().describe('Keys of disabled users do not work.'),
    }),
    z.strictObject({ type: z.literal('groups'), groups: z.array(GroupMention) }),
  ])
  .meta({ id: 'ApiKeyOwner' });
export type ApiKeyOwnerView = z.infer<typeof ApiKeyOwnerView>;

export const ApiKeyView = z
  .strictObject({
    id: ApiKeyIdSchema,
    name: z.string().describe('For keys of workloads who the workload is.'),
    kind: z
      .enum(['api-key', 'workload'])
      .describe('`workload`: given for a short time in exchange for an identity of its own.'),
    owner: ApiKeyOwnerView.describe('Whose rights the key has.'),
    restriction: z
      .strictObject({ account: z.array(AccountPermissionSchema), grants: z.array(GrantView) })
      .nullable()
      .describe("What the key may do at most, within its owner's rights; null: all of those."),
    issuerId: WorkloadIssuerIdSchema.nullable().describe(
      'Whose tokens the workload shows; null: no workload.',
    ),
    state: z.enum(['active', 'expired', 'revoked']),
    createdAtMs: TimeMs,
    expiresAtMs: TimeMs.nullable(),
    lastUsedAtMs: TimeMs.nullable().describe('Accurate to a minute.'),
  })
  .meta({ id: 'ApiKey' });
export type ApiKeyView = z.infer<typeof ApiKeyView>;

export const ApiKeyList = z
  .strictObject({
    apiKeys: z.array(ApiKeyView).describe('Newest first.'),
    nextCursor: CursorSchema.nullable(),
  })
  .meta({ id: 'ApiKeyList' });
export type ApiKeyList = z.infer<typeof ApiKeyList>;

export const ListApiKeysQuery = PageQuery.extend({
  owner: z
    .enum(['me', 'all'])
    .optional()
    .describe('`me`: only those of the calling user. Without, all that the caller may see.'),
});

export const CreateApiKey = z
  .strictObject({
    name: NameSchema,
    owner: z
      .union([
        z.literal('me'),
        z.strictObject({ groups: z.array(ReferenceSchema).min(1).max(32).describe('Ids or names.') }),
      ])
      .default('me')
      .describe(
        'Whose rights the key gets. `me`: those of the calling user, or of the groups that the calling key belongs to.',
      ),
    restriction: z
      .strictObject({
        account: z.array(z.enum(ACCOUNT_PERMISSIONS)).default([]),
        grants: z.array(GrantInput).default([]),
      })
      .nullable()
      .default(null)
      .describe('What the key may do at most; null: all that its owner may.'),
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
    kind: z.enum(['user', 'api-key', 'workload']),
    id: z.union([UserIdSchema, ApiKeyIdSchema]).describe('What the audit trail names as the actor.'),
    name: z.string(),
    user: z
      .strictObject({ id: UserIdSchema, name: z.string() })
      .nullable()
      .describe('Who is signed in, or whose key it is; null: a key of groups.'),
    groups: z.array(GroupMention).describe('Whose rights it has.'),
    permissions: z.array(AccountPermissionSchema).describe('Account permissions that it has after all.'),
    grants: z
      .array(z.array(GrantView))
      .describe('What it may do at applications: an action is allowed where each of these lists allows it.'),
    sessionId: SessionIdSchema.nullable(),
    expiresAtMs: TimeMs.nullable(),
    serverVersion: z.string(),
  })
  .meta({ id: 'WhoAmI' });
export type WhoAmI = z.infer<typeof WhoAmI>;
