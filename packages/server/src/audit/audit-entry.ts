// Builds entries of the audit trail. What goes into `details` is named by the callers; it is ids, numbers, codes and names of
// settings, never a value of a secret and never a credential.
import type { ApplicationId, EnvironmentId } from '@sallyport/core';
import type { AuditAction, AuditActorKind } from '@sallyport/protocol';
import type { Actor, AuditEntry } from './audit-log.ts';

/** Who acts, when, in which request; the same for all entries of one request. */
export type AuditScope = {
  atMs: number;
  actor: Actor;
  /** Left out: what the actor's id says, so it is needed for workloads only. */
  actorKind?: AuditActorKind;
  /** What the caller said that the request is for. */
  purpose?: string | null;
  /** null: not within a request of the API. */
  requestId: string | null;
};

/** The server itself as an actor. */
export const SERVER_ACTOR: Actor = { id: 'server', name: 'server' };

export type AuditSubject = {
  resource: string;
  resourceName: string | null;
  applicationId?: ApplicationId | null;
  environmentId?: EnvironmentId | null;
  details?: AuditEntry['details'];
};

export function auditEntry(scope: AuditScope, action: AuditAction, subject: AuditSubject): AuditEntry {
  return {
    atMs: scope.atMs,
    actor: scope.actor,
    ...(scope.actorKind === undefined ? {} : { actorKind: scope.actorKind }),
    action,
    resource: subject.resource,
    resourceName: subject.resourceName,
    applicationId: subject.applicationId ?? null,
    environmentId: subject.environmentId ?? null,
    purpose: scope.purpose ?? null,
    requestId: scope.requestId,
    details: subject.details ?? {},
  };
}
