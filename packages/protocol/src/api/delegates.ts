// Schemas of the API for delegates and their tokens.
import { z } from 'zod';
import { SECRETS_MANAGER_KINDS } from '@sallyport/core';
import { DelegateIdSchema, DelegateTokenIdSchema, NameSchema, ReferenceSchema, TimeMs } from './ids.ts';

/** What a delegate does to spare calls to the key service; counts since it was started. */
export const DataKeyCacheState = z
  .strictObject({
    keys: z.number().int().min(0).describe('Unwrapped data keys in its memory now.'),
    uses: z.number().int().min(0).describe('Uses of data keys, to open a version each.'),
    keyServiceCalls: z.number().int().min(0).describe('Calls that those took; all others came from memory.'),
  })
  .meta({ id: 'DataKeyCacheState' });
export type DataKeyCacheState = z.infer<typeof DataKeyCacheState>;

export const DelegateView = z
  .strictObject({
    id: DelegateIdSchema,
    name: z.string(),
    fingerprint: z.string().describe('`SHA256:` and the base64url hash of its identity key.'),
    hostName: z.string(),
    version: z.string(),
    state: z.enum(['connected', 'disconnected', 'waiting-for-approval', 'draining']),
    selectors: z
      .array(z.string())
      .describe('All: implicit ones, those from its start, and those added here.'),
    startSelectors: z.array(z.string()).describe('Those that it was started with.'),
    addedSelectors: z
      .array(z.string())
      .describe('Those that were added at the server; they stay over restarts.'),
    kinds: z.array(z.enum(SECRETS_MANAGER_KINDS)),
    runsScripts: z
      .boolean()
      .nullable()
      .describe('Whether its guard file lets it run scripts; null: not connected, so not known.'),
    tasksInFlight: z.number().int().min(0),
    dataKeyCache: DataKeyCacheState.nullable().describe(
      'As of the last heartbeat; null: not connected, or for less than the time between two heartbeats.',
    ),
    restingUntilMs: TimeMs.nullable().describe(
      'After failures of its own it gets no tasks until then, unless it is the only one.',
    ),
    lastHeartbeatAtMs: TimeMs.nullable(),
    createdAtMs: TimeMs,
  })
  .meta({ id: 'Delegate' });
export type DelegateView = z.infer<typeof DelegateView>;

export const EditDelegate = z
  .strictObject({
    addedSelectors: z
      .array(z.string().min(1).max(160))
      .max(64)
      .describe('Instead of those added before. Those that it was started with stay.'),
    expectedAddedSelectors: z
      .array(z.string().max(160))
      .max(64)
      .optional()
      .describe('Refused as `edit-conflict` when others are added by now.'),
    confirmationToken: z.string().max(100).optional(),
  })
  .meta({ id: 'EditDelegate' });
export type EditDelegate = z.infer<typeof EditDelegate>;

/** What a change of selectors takes from secrets managers. */
export const DelegateEditPreview = z
  .strictObject({
    withoutDelegate: z
      .array(z.string())
      .describe('Names of secrets managers that would be left without any delegate.'),
    hiddenWithoutDelegate: z.number().int().min(0).describe('So many more that the caller may not know of.'),
  })
  .meta({ id: 'DelegateEditPreview' });
export type DelegateEditPreview = z.infer<typeof DelegateEditPreview>;

export const DelegateList = z.strictObject({ delegates: z.array(DelegateView) }).meta({ id: 'DelegateList' });

export const ExplainDelegates = z
  .strictObject({
    secretsManager: ReferenceSchema.nullable().default(null).describe('null: the default one.'),
    scripts: z.boolean().default(false).describe('For scripts that need its secrets.'),
  })
  .meta({ id: 'ExplainDelegates' });
export type ExplainDelegates = z.infer<typeof ExplainDelegates>;

export const DelegateExplanation = z
  .strictObject({
    delegateId: DelegateIdSchema,
    name: z.string(),
    eligible: z.boolean(),
    reasons: z.array(z.string()).describe('Why not, one sentence each; empty when eligible.'),
  })
  .meta({ id: 'DelegateExplanation' });
export type DelegateExplanation = z.infer<typeof DelegateExplanation>;

export const DelegateExplanations = z
  .strictObject({
    secretsManager: z.string(),
    selectors: z.array(z.string()),
    delegates: z.array(DelegateExplanation),
  })
  .meta({ id: 'DelegateExplanations' });
export type DelegateExplanations = z.infer<typeof DelegateExplanations>;

export const CreateDelegateToken = z
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
    requiresApproval: z.boolean().default(false),
  })
  .meta({ id: 'CreateDelegateToken' });
export type CreateDelegateToken = z.infer<typeof CreateDelegateToken>;

export const DelegateTokenView = z
  .strictObject({
    id: DelegateTokenIdSchema,
    name: z.string(),
    state: z.enum(['active', 'expired', 'revoked']),
    requiresApproval: z.boolean(),
    createdAtMs: TimeMs,
    expiresAtMs: TimeMs.nullable(),
    lastUsedAtMs: TimeMs.nullable(),
  })
  .meta({ id: 'DelegateToken' });
export type DelegateTokenView = z.infer<typeof DelegateTokenView>;

export const DelegateTokenList = z
  .strictObject({ tokens: z.array(DelegateTokenView) })
  .meta({ id: 'DelegateTokenList' });

export const CreatedDelegateToken = z
  .strictObject({
    token: DelegateTokenView,
    value: z.string().meta({ 'x-redact': true }).describe('Shown this once.'),
  })
  .meta({ id: 'CreatedDelegateToken' });
export type CreatedDelegateToken = z.infer<typeof CreatedDelegateToken>;
