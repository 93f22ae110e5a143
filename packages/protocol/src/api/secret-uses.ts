// Schemas of the API for what refers to a secret, who had it, and what was changed about it.
import { z } from 'zod';
import {
  ApplicationIdSchema,
  ConfigEntryIdSchema,
  CursorSchema,
  DelegateProfileIdSchema,
  EnvironmentIdSchema,
  PageQuery,
  SecretIdSchema,
  ServiceIdSchema,
  TimeMs,
} from './ids.ts';

const Mention = z.strictObject({ id: z.string(), name: z.string().nullable() });

/** What is set up to use the secret: a config entry of a service, or a start-up profile whose script names it. */
export const SetupUsageView = z
  .discriminatedUnion('kind', [
    z.strictObject({
      entryId: ConfigEntryIdSchema,
      kind: z.enum(['variable', 'file']),
      name: z.string(),
      service: z.strictObject({ id: ServiceIdSchema, name: z.string() }),
      application: z.strictObject({ id: ApplicationIdSchema, name: z.string() }),
      environment: z
        .strictObject({ id: EnvironmentIdSchema, name: z.string() })
        .nullable()
        .describe('null: in all environments.'),
    }),
    z.strictObject({
      kind: z.literal('start-up-profile'),
      profile: z.strictObject({ id: DelegateProfileIdSchema, name: z.string() }),
    }),
  ])
  .meta({ id: 'SetupUsage' });
export type SetupUsageView = z.infer<typeof SetupUsageView>;

export const SetupUsageList = z
  .strictObject({
    usages: z
      .array(SetupUsageView)
      .describe('Those that the caller may see; start-up profiles with `manage-delegates`.'),
    hidden: z.number().int().min(0).describe('How many more there are.'),
  })
  .meta({ id: 'SetupUsageList' });
export type SetupUsageList = z.infer<typeof SetupUsageList>;

/** One time that somebody had, or was refused, the value. */
export const SecretUse = z
  .strictObject({
    sequence: z.number().int().min(1).describe('Of the record in the audit trail.'),
    atMs: TimeMs,
    outcome: z.enum(['released', 'refused']),
    code: z.string().nullable().describe('Error code of a refusal.'),
    version: z.number().int().min(1).nullable(),
    principal: Mention.extend({ kind: z.string().nullable() }),
    application: Mention.nullable(),
    environment: Mention.nullable(),
    delegate: Mention.nullable(),
    reference: z
      .string()
      .nullable()
      .describe('What it was asked for by, without a place that the caller may not know of.'),
    purpose: z.string().nullable(),
    requestId: z.string().nullable(),
    servedAlone: z
      .strictObject({
        from: z.enum(['memory', 'disk']),
        count: z.number().int().min(1),
        firstAtMs: TimeMs,
        lastAtMs: TimeMs,
      })
      .nullable()
      .describe(
        'Not null: the delegate served or refused it so many times without asking, on what the server had granted before, and reported it at `atMs`.',
      ),
  })
  .meta({ id: 'SecretUse' });
export type SecretUse = z.infer<typeof SecretUse>;

export const ListSecretUsesQuery = PageQuery.extend({
  sinceMs: z.coerce.number().int().min(0).optional(),
  untilMs: z.coerce.number().int().min(0).optional(),
  outcome: z.enum(['released', 'refused']).optional(),
});
export const SecretUsePage = z
  .strictObject({ uses: z.array(SecretUse).describe('Newest first.'), nextCursor: CursorSchema.nullable() })
  .meta({ id: 'SecretUsePage' });
export type SecretUsePage = z.infer<typeof SecretUsePage>;

/** How often a secret was used. */
export const UsageSummary = z
  .strictObject({
    setupUsages: z.number().int().min(0),
    releases: z.number().int().min(0).describe('In the last 90 days.'),
    refusals: z.number().int().min(0).describe('In the last 90 days.'),
    lastReleasedAtMs: TimeMs.nullable(),
  })
  .meta({ id: 'UsageSummary' });
export type UsageSummary = z.infer<typeof UsageSummary>;

/** One change, from the audit trail. */
export const SecretChange = z
  .strictObject({
    sequence: z.number().int().min(1),
    atMs: TimeMs,
    action: z.string(),
    principal: Mention,
    changes: z
      .array(z.strictObject({ field: z.string(), from: z.json(), to: z.json() }))
      .describe(
        'Field by field; a `scope` as in UsageScopeView; values never, only that there is a new version.',
      ),
  })
  .meta({ id: 'SecretChange' });
export type SecretChange = z.infer<typeof SecretChange>;

export const SecretChangePage = z
  .strictObject({
    changes: z.array(SecretChange).describe('Newest first.'),
    nextCursor: CursorSchema.nullable(),
  })
  .meta({ id: 'SecretChangePage' });
export type SecretChangePage = z.infer<typeof SecretChangePage>;

/** Somebody who asks for the secret by a name, and so would miss it. */
export const UseByName = z
  .strictObject({
    reference: z.string(),
    principal: Mention,
    releases: z.number().int().min(1),
    lastAtMs: TimeMs,
    purpose: z.string().nullable().describe('Of the last time.'),
  })
  .meta({ id: 'UseByName' });
export type UseByName = z.infer<typeof UseByName>;

export const SecretDeletionPreview = z
  .strictObject({
    secret: z.strictObject({ id: SecretIdSchema, name: z.string() }),
    versions: z.number().int().min(1),
    aliases: z.array(z.string()),
    setupUsages: SetupUsageList,
    usesByName: z.array(UseByName).describe('In the last 90 days.'),
    confirmationToken: z.string(),
  })
  .meta({ id: 'SecretDeletionPreview' });
export type SecretDeletionPreview = z.infer<typeof SecretDeletionPreview>;

export const DeleteSecretQuery = z.strictObject({
  confirm: z.string().max(100).optional().describe('`confirmationToken` of the preview.'),
  force: z
    .enum(['true', 'false'])
    .optional()
    .describe(
      'Delete it although config entries or start-up profiles refer to it; needs `force-delete-secrets`.',
    ),
});
