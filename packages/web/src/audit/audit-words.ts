// Names of audit actions, and how people say them. Written down here so that the page need not load the schemas; a test keeps them equal to
// the protocol's.
import type { AuditAction, AuditRecord } from '@sallyport/protocol';

export const AUDIT_ACTION_NAMES = [
  'secret.created',
  'secret.version-added',
  'secret.released',
  'secret.refused',
  'secret.renamed',
  'secret.scope-changed',
  'secret.alias-removed',
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
  'user.created',
  'user.edited',
  'user.removed',
  'user.signed-in',
  'user.sign-in-failed',
  'user.signed-out',
  'user.password-changed',
  'user.totp-enabled',
  'user.totp-disabled',
  'user.recovery-codes-renewed',
  'user.sessions-revoked',
  'link.created',
  'link.redeemed',
  'group.created',
  'group.edited',
  'group.deleted',
  'group.member-added',
  'group.member-removed',
  'sso.configured',
  'sso.removed',
  'sso.failed',
  'workload-issuer.created',
  'workload-issuer.edited',
  'workload-issuer.deleted',
  'workload.admitted',
  'workload.refused',
  'application.created',
  'application.renamed',
  'application.deleted',
  'environment.created',
  'environment.renamed',
  'environment.deleted',
  'service.created',
  'service.renamed',
  'service.deleted',
  'config-entry.set',
  'config-entry.removed',
  'audit.checkpoint-refused',
  'audit.pruned',
] as const satisfies readonly AuditAction[];

const WORDS: Readonly<Record<string, string>> = {
  api: 'API',
  sso: 'single sign-on',
  totp: 'second factor',
};

/** E.g. `API key created`, `User second factor enabled`. */
export function sayAction(action: string): string {
  const text = action
    .split(/[.-]/)
    .map((word) => WORDS[word] ?? word)
    .join(' ')
    .replace('sign in', 'sign-in');
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** What an action is about, e.g. `secrets-manager`. */
export function topicOf(action: string): string {
  return action.split('.')[0] ?? action;
}

const ACTORS: Readonly<Record<AuditRecord['actorKind'], string>> = {
  user: 'User',
  'api-key': 'API key',
  workload: 'Workload',
  delegate: 'Delegate',
  server: 'Server',
  anybody: 'Not signed in',
};

export function sayActorKind(kind: AuditRecord['actorKind']): string {
  return ACTORS[kind];
}

/** Whether a record is of something that was refused or failed. */
export function isRefusal(action: string): boolean {
  return /(?:refused|failed)$/.test(action);
}
