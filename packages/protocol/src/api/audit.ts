// Schemas of the API for the audit trail.
import { z } from 'zod';
import { AUDIT_ACTIONS } from '../audit-actions/index.ts';
import { base64Url, CursorSchema, DelegateIdSchema, PageQuery, ReferenceSchema, TimeMs } from './ids.ts';
import { PURPOSE_MAX_CHARACTERS } from './route.ts';

/** What an actor is. `anybody`: somebody who had not said who they are, e.g. in a sign-in that failed. */
export const AUDIT_ACTOR_KINDS = ['user', 'api-key', 'workload', 'delegate', 'server', 'anybody'] as const;
export type AuditActorKind = (typeof AUDIT_ACTOR_KINDS)[number];

const Hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits')
  .describe('64 hex digits.');
const Sequence = z.number().int().min(0);

/** Names one installation's account for good: 128 random bits. */
export const AccountIdSchema = z
  .string()
  .regex(/^acc_[0-9a-f]{32}$/, 'must be acc_ and 32 hex digits')
  .describe('Random id of the account, made at the first start.');

export const AuditRecord = z
  .strictObject({
    sequence: z.number().int().min(1).describe('Without gaps; the order of the chain.'),
    chainVersion: z
      .union([z.literal(1), z.literal(2)])
      .describe('Which formula its hash follows; 1 for records from before content hashes.'),
    atMs: TimeMs,
    actor: z.string().describe('Id of the user, API key or delegate that acted, or `server`.'),
    actorKind: z.enum(AUDIT_ACTOR_KINDS),
    actorName: z.string(),
    action: z.enum(AUDIT_ACTIONS),
    resource: z.string().describe('Id of what was acted on.'),
    resourceName: z.string().nullable(),
    applicationId: z.string().nullable().describe('Where a secret was used, or what the change was about.'),
    environmentId: z.string().nullable(),
    purpose: z
      .string()
      .max(PURPOSE_MAX_CHARACTERS)
      .nullable()
      .describe('What the caller said that it was for, e.g. the id of a deployment.'),
    requestId: z.string().nullable(),
    details: z
      .record(z.string(), z.json())
      .describe('Version, delegate, error code and the like; never a value.'),
    contentHash: Hash.nullable().describe(
      'SHA-256 over all fields above but chainVersion, in canonical JSON; null in chain version 1.',
    ),
    hash: Hash.describe('SHA-256 over the hash of the record before (zeros for the first) and contentHash.'),
  })
  .meta({ id: 'AuditRecord' });
export type AuditRecord = z.infer<typeof AuditRecord>;

export const AuditChainPoint = z
  .strictObject({ sequence: Sequence, hash: Hash })
  .describe('A record of the chain by its number and hash; 0 and zeros before the first.')
  .meta({ id: 'AuditChainPoint' });

/** What a delegate has signed: that the trail had this record, and that it continues what the delegate signed before. */
export const AuditCheckpoint = z
  .strictObject({
    accountId: AccountIdSchema,
    sequence: z.number().int().min(1),
    hash: Hash.describe('Of the record with this sequence.'),
    since: AuditChainPoint.nullable().describe(
      'What the same delegate signed before, which this head provably extends; null: nothing, it believed what it was shown.',
    ),
    signedAtMs: TimeMs,
    identityKey: base64Url(32).describe("The delegate's raw Ed25519 public key."),
    signature: base64Url(64).describe('Ed25519, see docs/adr/0011-audit-checkpoints.md.'),
  })
  .meta({ id: 'AuditCheckpoint' });
export type AuditCheckpoint = z.infer<typeof AuditCheckpoint>;

export const StoredAuditCheckpoint = AuditCheckpoint.extend({
  number: z.number().int().min(1).describe('Counts checkpoints in the order in which they were stored.'),
  delegateId: DelegateIdSchema,
  delegateName: z.string(),
  fingerprint: z.string().describe('Of the identity key, `SHA256:…`; what people compare.'),
}).meta({ id: 'StoredAuditCheckpoint' });
export type StoredAuditCheckpoint = z.infer<typeof StoredAuditCheckpoint>;

const ListedActions = z
  .string()
  .max(2000)
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(AUDIT_ACTIONS)).min(1).max(AUDIT_ACTIONS.length))
  .describe('One action, or several with commas between them.');

export const ListAuditQuery = PageQuery.extend({
  fromMs: z.coerce.number().pipe(TimeMs).optional().describe('Not before this time, in milliseconds.'),
  untilMs: z.coerce.number().pipe(TimeMs).optional().describe('Before this time, in milliseconds.'),
  principal: z.string().min(1).max(300).optional().describe('Who acted: an id, or the name at that time.'),
  resource: z.string().min(1).max(64).optional(),
  action: ListedActions.optional(),
  application: ReferenceSchema.optional(),
  environment: ReferenceSchema.optional().describe('An id; or a name, together with `application`.'),
});
export const AuditPage = z
  .strictObject({
    records: z.array(AuditRecord).describe('Newest first.'),
    nextCursor: CursorSchema.nullable().describe(
      'Only null says that nothing follows: a page may have fewer records than asked for, even none.',
    ),
  })
  .meta({ id: 'AuditPage' });
export type AuditPage = z.infer<typeof AuditPage>;

export const ExportAuditQuery = z.strictObject({
  after: z.coerce.number().pipe(Sequence).optional().describe('Records after this sequence; default 0.'),
  checkpointsAfter: z.coerce
    .number()
    .pipe(Sequence)
    .optional()
    .describe('Checkpoints after this number; default 0.'),
  limit: z.coerce.number().int().min(1).max(1000).optional().describe('Records on one page; default 500.'),
});
export const AuditExportPage = z
  .strictObject({
    accountId: AccountIdSchema,
    floor: AuditChainPoint.describe('The last record that retention has removed; the trail begins after it.'),
    head: AuditChainPoint.describe('The newest record.'),
    records: z.array(AuditRecord).describe('Oldest first.'),
    checkpoints: z
      .array(StoredAuditCheckpoint)
      .describe('In the order of their numbers; none is about a record that is still to come.'),
    delegates: z
      .array(
        z.strictObject({
          delegateId: DelegateIdSchema,
          name: z.string(),
          identityKey: base64Url(32),
          fingerprint: z.string(),
        }),
      )
      .describe('Every delegate that has signed, also those that were removed since.'),
    complete: z.boolean().describe('True on the page that ends with the newest record.'),
  })
  .meta({ id: 'AuditExportPage' });
export type AuditExportPage = z.infer<typeof AuditExportPage>;

export const AuditCheckpointPage = z
  .strictObject({
    checkpoints: z.array(StoredAuditCheckpoint).describe('Newest first.'),
    nextCursor: CursorSchema.nullable(),
  })
  .meta({ id: 'AuditCheckpointPage' });

export const AuditStatus = z
  .strictObject({
    accountId: AccountIdSchema,
    head: AuditChainPoint,
    floor: AuditChainPoint,
    retentionDays: z.number().int().nullable().describe('null: records are kept for ever.'),
    signers: z
      .array(
        z.strictObject({
          delegateId: DelegateIdSchema,
          name: z.string(),
          fingerprint: z.string(),
          connected: z.boolean(),
          last: z
            .strictObject({ sequence: Sequence, signedAtMs: TimeMs, ageSeconds: z.number().int().min(0) })
            .nullable()
            .describe('Its newest checkpoint; null: it has signed none.'),
          refusal: z
            .strictObject({
              reason: z.string().describe('One of the reasons in docs/guide/audit.md.'),
              message: z.string(),
              atMs: TimeMs,
            })
            .nullable()
            .describe('Why it last refused to sign, unless it has signed since.'),
        }),
      )
      .describe('Approved delegates, and others that have signed.'),
    refusals: z.number().int().min(0).describe('Refusals since the server was started.'),
    sinks: z.array(
      z.strictObject({
        name: z.string(),
        kind: z.enum(['file', 'syslog', 'webhook']),
        deliveredSequence: Sequence,
        lagRecords: z.number().int().min(0),
        deliveredAtMs: TimeMs.nullable().describe('null: nothing since the server was started.'),
        lastError: z
          .strictObject({ message: z.string(), atMs: TimeMs })
          .nullable()
          .describe('Why it waits; null: the last delivery succeeded.'),
        droppedRecords: z.number().int().min(0).describe('Skipped over because they had become too many.'),
      }),
    ),
  })
  .meta({ id: 'AuditStatus' });
export type AuditStatus = z.infer<typeof AuditStatus>;
