// What people call the kinds of those who act.
import type { AuditRecord } from '@sallyport/protocol';

const ACTORS: Readonly<Record<AuditRecord['actorKind'], string>> = {
  user: 'User',
  'api-key': 'API key',
  workload: 'Workload',
  delegate: 'Delegate',
  server: 'Server',
  anybody: 'Not signed in',
};

/** A kind that only a newer server knows stays as it is. */
export function sayActorKind(kind: string): string {
  return (ACTORS as Readonly<Record<string, string>>)[kind] ?? kind;
}
