// Schemas of the API for the audit trail.
import { z } from 'zod';
import { CursorSchema, PageQuery, TimeMs } from './ids.ts';

/** Every action that leaves a record. */
export const AUDIT_ACTIONS = [
  'secret.created',
  'secret.version-added',
  'secret.released',
  'secret.refused',
  'secret.renamed',
  'secret.deleted',
  'secrets-manager.created',
  'secrets-manager.edited',
  'secrets-manager.made-default',
  'secrets-manager.deleted',
  'secrets-manager.tested',
  'delegate.registered',
  'delegate.approved',
  'delegate.removed',
  'delegate-token.created',
  'delegate-token.revoked',
  'api-key.created',
  'api-key.revoked',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

export const AuditRecord = z
  .strictObject({
    sequence: z.number().int().min(1).describe('Without gaps; the order of the chain.'),
    atMs: TimeMs,
    actor: z.string().describe('Id of the API key or delegate that acted, or `server`.'),
    actorName: z.string(),
    action: z.enum(AUDIT_ACTIONS),
    resource: z.string().describe('Id of what was acted on.'),
    resourceName: z.string().nullable(),
    requestId: z.string().nullable(),
    details: z
      .record(z.string(), z.json())
      .describe('Version, delegate, error code and the like; never a value.'),
    previousHash: z.string().describe('Hex SHA-256 of the record before; zeros for the first.'),
    hash: z.string().describe('Hex SHA-256 over the previous hash and all other fields in canonical JSON.'),
  })
  .meta({ id: 'AuditRecord' });
export type AuditRecord = z.infer<typeof AuditRecord>;

export const ListAuditQuery = PageQuery.extend({
  resource: z.string().max(64).optional(),
  action: z.enum(AUDIT_ACTIONS).optional(),
});
export const AuditPage = z
  .strictObject({
    records: z.array(AuditRecord).describe('Newest first.'),
    nextCursor: CursorSchema.nullable(),
  })
  .meta({ id: 'AuditPage' });
export type AuditPage = z.infer<typeof AuditPage>;
