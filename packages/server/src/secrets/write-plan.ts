// Decides what a write is for: which secret, which version, under which secrets manager, by which delegate. Everything that can be
// refused before a delegate is asked is refused here.
import { AppError, nameKey } from '@sallyport/core';
import type { SecretKind, SecretReference } from '@sallyport/core';
import type { WriteSecret, WriteTarget } from '@sallyport/protocol';
import type { DelegateConnection } from '../fleet/delegate-connection.ts';
import { noDefault, noSecretsManager } from '../secrets-managers/find-secrets-manager.ts';
import type { SecretsManagerRow } from '../secrets-managers/secrets-manager-store.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import type { z } from 'zod';
import { noSecret, parseUnversioned } from './find-secret.ts';
import type { SecretMutex } from './secret-mutex.ts';
import type { FoundSecret } from './secret-store.ts';

/** What `write` and `upload` have in common. */
export type WriteRequest = Omit<z.output<typeof WriteSecret>, 'sealed'>;

export type WritePlan = {
  target: z.output<typeof WriteTarget>;
  manager: SecretsManagerRow;
  delegate: DelegateConnection;
  /** null: the secret is new. */
  existing: FoundSecret | null;
};

/** The secrets manager for a write: the one named, else the one of the newest version, else the default. */
export async function managerForWrite(
  tables: Tables,
  named: string | null,
  existing: FoundSecret | null,
): Promise<SecretsManagerRow> {
  const reference = named ?? existing?.version.secretsManagerId ?? null;
  const row =
    reference === null
      ? await tables.secretsManagers.findDefault()
      : await tables.secretsManagers.find(reference);
  if (row !== null) return row;
  throw reference === null ? noDefault() : noSecretsManager();
}

/** @throws {not-found} for an id that is not there; a name that is not there is a new secret's */
export async function findForWrite(tables: Tables, reference: SecretReference): Promise<FoundSecret | null> {
  const [found] = await tables.secrets.findMany([reference], { envelopes: false });
  if (found) return found;
  if (reference.by === 'id') throw noSecret();
  return null;
}

/**
 * Runs `work` with the plan of a write, while no other write to the same secret is under way in this process.
 * @throws see the routes `writeSecret` and `uploadSecret`
 */
export async function withWritePlan<T>(
  request: WriteRequest,
  context: { kind: SecretKind; services: Services; mutex: SecretMutex },
  work: (plan: WritePlan) => Promise<T>,
): Promise<T> {
  const { services, mutex, kind } = context;
  const reference = parseUnversioned(request.secret);
  for (;;) {
    const key = await mutexKey(reference, services);
    const outcome = await mutex.run(key, async () => {
      const found = await services.store.read(async (tables) => {
        const existing = await findForWrite(tables, reference);
        return { existing, manager: await managerForWrite(tables, request.secretsManager, existing) };
      });
      // While this one waited, the secret was created or deleted: then it waits in the right row.
      if (keyOf(reference, found.existing) !== key) return null;
      return { value: await work(makePlan(request, { ...found, reference, kind }, services)) };
    });
    if (outcome !== null) return outcome.value;
  }
}

function makePlan(
  request: WriteRequest,
  found: {
    existing: FoundSecret | null;
    manager: SecretsManagerRow;
    reference: SecretReference;
    kind: SecretKind;
  },
  services: Services,
): WritePlan {
  const { existing, manager, reference, kind } = found;
  const newest = existing?.newestVersion ?? 0;
  if (request.expectedVersion !== null && request.expectedVersion !== newest) throw unexpectedVersion(newest);
  if (existing !== null && existing.secret.kind !== kind) throw kindMismatch(existing);
  const delegate = services.fleet.delegates.require(request.delegateId, [manager.settings]);
  const target = {
    secretId: existing?.secret.id ?? services.ids('secret'),
    name: existing?.secret.name ?? (reference.by === 'name' ? reference.name : ''),
    kind,
    version: newest + 1,
    secretsManagerId: manager.id,
  };
  return { target, manager, delegate, existing };
}

async function mutexKey(reference: SecretReference, services: Services): Promise<string> {
  if (reference.by === 'id') return reference.id;
  const existing = await services.store.read(async (tables) => findForWrite(tables, reference));
  return keyOf(reference, existing);
}

function keyOf(reference: SecretReference, existing: FoundSecret | null): string {
  if (existing !== null) return existing.secret.id;
  return reference.by === 'id' ? reference.id : `name ${nameKey(reference.name)}`;
}

function unexpectedVersion(newest: number): AppError {
  return new AppError('edit-conflict', {
    publicMessage:
      newest === 0
        ? 'The secret does not exist (any more), though a version of it was expected.'
        : `The newest version is ${newest}, and another one was expected.`,
    data: { newestVersion: newest },
  });
}

function kindMismatch(existing: FoundSecret): AppError {
  const { name, kind } = existing.secret;
  return new AppError('kind-mismatch', {
    publicMessage: `"${name}" is a ${kind} secret, and stays one.`,
    data: { kind },
  });
}
