// Names of audit actions for flags and completion. Written down here so that help and completion need not load the schemas; a test
// keeps them equal to the protocol's.
import type { AuditAction } from '@sallyport/protocol';

export const AUDIT_ACTION_NAMES = [
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
] as const satisfies readonly AuditAction[];

/** A flag's value as an action; `undefined` when none was given. The flag's choices were checked before. */
export function auditActionOf(text: string | null): AuditAction | undefined {
  return AUDIT_ACTION_NAMES.find((name) => name === text);
}
