// Decides what a write is for: which secret, which version, under which secrets manager, by which delegate. Everything that can be
// refused before a delegate is asked is refused here.
import { AppError, effectiveScope, nameKey } from '@sallyport/core';
import type { SecretKind, SecretReference, UsageScope } from '@sallyport/core';
import { FRESH } from '@sallyport/protocol';
import type { Availability, WriteSecret, WriteTarget } from '@sallyport/protocol';
import type { FoundPlace } from '../applications/account-catalogue.ts';
import type { DelegateConnection } from '../fleet/delegate-connection.ts';
import { managerForSecrets } from '../secrets-managers/find-secrets-manager.ts';
import type { SecretsManagerRow } from '../secrets-managers/secrets-manager-store.ts';
import type { Services } from '../services.ts';
import type { Tables } from '../storage/store.ts';
import type { z } from 'zod';
import { findToSee, noSecret } from './choose-secret.ts';
import { parseUnversioned, requireChange } from './find-secret.ts';
import { requireRoomUnder } from './move-secret.ts';
import { requireNoNamesake } from './namesakes.ts';
import { placeInTask } from './task-place.ts';
import { parseUsageScope, requireFit, scopeOfPlace } from './scope-input.ts';
import type { SecretAsker } from './secret-asker.ts';
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
  /** Of the secret, be it new or not. */
  scope: UsageScope;
  availability: Availability;
};

/** What a write is asked for, before anything of it is looked up. */
export type WriteIntent = Pick<WriteRequest, 'secret' | 'secretsManager' | 'scope' | 'availability'>;

/** What a write comes to: which secret under which secrets manager. */
export type WriteSubject = Pick<WritePlan, 'manager' | 'existing' | 'scope' | 'availability'>;

/**
 * Looks up what a write is for and judges whether the asker may do it.
 * @throws {not-found} {ambiguous-name} {forbidden} {invalid-request} {invalid-scope} {scope-too-wide} {name-taken}
 * {no-default-secrets-manager}
 */
export async function findWriteSubject(
  tables: Tables,
  intent: WriteIntent & { reference: SecretReference },
  asker: SecretAsker,
): Promise<WriteSubject> {
  const { reference } = intent;
  const [candidates = []] = await tables.secrets.findMany([reference]);
  const existing = findToSee(reference, candidates, asker);
  if (existing === null && reference.by === 'id') throw noSecret();
  const manager = await managerForSecrets(
    tables,
    { named: intent.secretsManager, kept: existing?.version.secretsManagerId ?? null },
    asker,
  );
  if (existing === null) return newSecret(tables, { ...intent, manager }, asker);
  if (intent.scope !== null) throw scopeOfExisting();
  if (intent.availability !== null) throw availabilityOfExisting();
  requireChange(existing, asker);
  await requireMove(tables, { found: existing, manager }, asker);
  const { scope, availability } = existing.secret;
  return { manager, existing, scope, availability };
}

async function newSecret(
  tables: Tables,
  intent: WriteIntent & { reference: SecretReference; manager: SecretsManagerRow },
  asker: SecretAsker,
): Promise<WriteSubject> {
  const { reference, manager } = intent;
  const place = reference.place === null ? null : asker.place(reference.place);
  const scope = scopeOfNew(intent, place, asker);
  const effective = effectiveScope(scope, manager.usageScope);
  const name = reference.by === 'name' ? reference.name : '';
  // First: what bounds the scope is no business of those who may not write there at all.
  requireChange({ secret: { name }, scope: effective }, asker);
  requireFit(scope, manager, asker);
  // Whoever may change secrets throughout this scope may know of every one that is in the way.
  await requireNoNamesake(tables, { names: [name], scope: effective, of: null }, asker.catalogue);
  return { manager, existing: null, scope, availability: intent.availability ?? FRESH };
}

function scopeOfNew(intent: WriteIntent, place: FoundPlace | null, asker: SecretAsker): UsageScope {
  if (intent.scope !== null) return parseUsageScope(intent.scope, asker.places);
  return place === null ? { type: 'inherit' } : scopeOfPlace(place);
}

/** Nobody brings a secret under another secrets manager who may not change it there. */
async function requireMove(
  tables: Tables,
  move: { found: FoundSecret; manager: SecretsManagerRow },
  asker: SecretAsker,
): Promise<void> {
  const { found, manager } = move;
  if (manager.id === found.version.secretsManagerId) return;
  const { secret } = found;
  requireFit(secret.scope, manager, asker);
  requireChange({ secret, scope: effectiveScope(secret.scope, manager.usageScope) }, asker);
  await requireRoomUnder(tables, move, asker.catalogue);
}

/**
 * Runs `work` with the plan of a write, while no other write to the same secret is under way in this process.
 * @throws see the routes `writeSecret` and `uploadSecret`
 */
export async function withWritePlan<T>(
  request: WriteRequest,
  context: { kind: SecretKind; services: Services; mutex: SecretMutex; asker: SecretAsker },
  work: (plan: WritePlan) => Promise<T>,
): Promise<T> {
  const { services, mutex, kind, asker } = context;
  const reference = parseUnversioned(request.secret);
  for (;;) {
    const key = await mutexKey(reference, context);
    const outcome = await mutex.run(key, async () => {
      const subject = await services.store.read(async (tables) =>
        findWriteSubject(tables, { ...request, reference }, asker),
      );
      // While this one waited, the secret was created or deleted: then it waits in the right row.
      if (keyOf(reference, subject.existing) !== key) return null;
      return { value: await work(makePlan(request, { ...subject, reference, kind, asker }, services)) };
    });
    if (outcome !== null) return outcome.value;
  }
}

function makePlan(
  request: WriteRequest,
  subject: WriteSubject & { reference: SecretReference; kind: SecretKind; asker: SecretAsker },
  services: Services,
): WritePlan {
  const { existing, manager, reference, kind, scope, availability, asker } = subject;
  const newest = existing?.newestVersion ?? 0;
  if (request.expectedVersion !== null && request.expectedVersion !== newest) throw unexpectedVersion(newest);
  if (existing !== null && existing.secret.kind !== kind) throw kindMismatch(existing);
  const delegate = services.fleet.delegates.require(request.delegateId, [manager.settings]);
  const target = {
    secretId: existing?.secret.id ?? services.ids('secret'),
    name: existing?.foundAs ?? (reference.by === 'name' ? reference.name : ''),
    kind,
    version: newest + 1,
    secretsManagerId: manager.id,
    place: placeInTask(reference.place === null ? null : asker.place(reference.place)),
  };
  return { target, manager, delegate, existing, scope, availability };
}

async function mutexKey(
  reference: SecretReference,
  { services, asker }: { services: Services; asker: SecretAsker },
): Promise<string> {
  if (reference.by === 'id') return reference.id;
  const [candidates = []] = await services.store.read(async ({ secrets }) => secrets.findMany([reference]));
  return keyOf(reference, findToSee(reference, candidates, asker));
}

function keyOf(reference: SecretReference, existing: FoundSecret | null): string {
  if (existing !== null) return existing.secret.id;
  return reference.by === 'id' ? reference.id : `name ${nameKey(reference.name)}`;
}

function scopeOfExisting(): AppError {
  return new AppError('invalid-request', {
    publicMessage: 'The secret exists already, and keeps its scope when a version is added.',
    data: { hint: 'Change its scope by `sallyport scope set`, or leave the scope out.' },
  });
}

function availabilityOfExisting(): AppError {
  return new AppError('invalid-request', {
    publicMessage: 'The secret exists already, and keeps its availability when a version is added.',
    data: { hint: 'Change it by `sallyport availability set`, or leave the availability out.' },
  });
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
