// Compares what the client sealed with what the server's task says. The server decides who may do what; it must not be able to
// decide *what* is done, so every difference refuses the task before any key is touched.
import { createHash } from 'node:crypto';
import {
  AppError,
  isAppError,
  isId,
  isPlaceReferredTo,
  nameKey,
  parseSecretReference,
} from '@sallyport/core';
import type { SecretId, SecretKind, SecretReference } from '@sallyport/core';
import type { ScriptFacts, SealedWriteContent, TaskOf, TaskPlace, WriteTarget } from '@sallyport/protocol';

/** What the server says an item is. */
export type ServerItem = {
  reference: string;
  secretId: SecretId;
  name: string;
  version: number;
  place: TaskPlace | null;
};

/**
 * Compares a write or upload: same references as in the clear request, and a target that they can stand for.
 * @throws {sealed-message-rejected}
 */
export function requireSameWrite(
  sealed: SealedWriteContent,
  task: TaskOf<'write'> | TaskOf<'upload'>,
  kind: SecretKind,
): void {
  const { request, target } = task;
  if (sealed.secret !== request.secret) throw differs('secret');
  if (sealed.secretsManager !== request.secretsManager) throw differs('secrets manager');
  if (sealed.kind !== kind || target.kind !== kind) throw differs('kind');
  const reference = parsedReference(sealed.secret);
  // A write names no version: the server gives the next one.
  if (reference.version !== null || !fits(reference, target)) throw differs('secret');
  if (!isSamePlace(reference, target.place)) throw differs('place');
  if (!fitsSecretsManager(sealed.secretsManager, target)) throw differs('secrets manager');
}

/**
 * Compares a read: the client asked for exactly the items that the server answers and the ones that it says it does not answer.
 * @param server.answered references of the task's items
 * @param server.unresolved references that the server answers with an error of its own
 * @throws {sealed-message-rejected}
 */
export function requireSameItems(
  sealed: readonly string[],
  server: { answered: readonly string[]; unresolved: readonly string[] },
): void {
  const asked = new Map<string, number>();
  for (const reference of sealed) asked.set(reference, (asked.get(reference) ?? 0) + 1);
  for (const reference of [...server.answered, ...server.unresolved]) {
    const count = asked.get(reference) ?? 0;
    if (count === 0) throw differs('items');
    if (count === 1) asked.delete(reference);
    else asked.set(reference, count - 1);
  }
  if (asked.size > 0) throw differs('items');
}

/**
 * Compares the reference that the client sealed with the secret version that the server takes it for: an id must be that id, a
 * name that name, a place that place, a version that version.
 * @throws {sealed-message-rejected}
 */
export function requireFit(item: ServerItem): void {
  const reference = parsedReference(item.reference);
  if (!fits(reference, item)) throw differs('secret');
  if (!isSamePlace(reference, item.place)) throw differs('place');
  if (reference.version !== null && reference.version !== item.version) throw differs('version');
}

/**
 * Compares a script: what the server was told of it, and recorded, is true of the script that the client sealed.
 * @throws {sealed-message-rejected}
 */
export function requireSameScript(sealed: { facts: ScriptFacts; text: Uint8Array }, told: ScriptFacts): void {
  const { facts, text } = sealed;
  if (createHash('sha256').update(text).digest('hex') !== facts.sha256) throw differs('script');
  if (facts.sha256 !== told.sha256) throw differs('script');
  if (facts.name !== told.name) throw differs('name');
  if (facts.maxSeconds !== told.maxSeconds) throw differs('time limit');
  if (facts.selectors.join(',') !== told.selectors.join(',')) throw differs('selectors');
}

/** The client may name a place by names or ids; where it names none, the server may not make one up. */
function isSamePlace(reference: SecretReference, place: TaskPlace | null): boolean {
  if (reference.place === null || place === null) return reference.place === place;
  return isPlaceReferredTo(reference.place, place);
}

function fits(reference: SecretReference, secret: { secretId: SecretId; name: string }): boolean {
  return reference.by === 'id'
    ? reference.id === secret.secretId
    : nameKey(reference.name) === nameKey(secret.name);
}

/** A manager named by id must be that one. Names of managers are the server's alone, so a name cannot be compared. */
function fitsSecretsManager(reference: string | null, target: WriteTarget): boolean {
  return reference === null || !isId('secretsManager', reference) || reference === target.secretsManagerId;
}

function parsedReference(text: string): SecretReference {
  try {
    return parseSecretReference(text);
  } catch (thrown) {
    if (isAppError(thrown)) throw differs('secret');
    throw thrown;
  }
}

function differs(part: string): AppError {
  return new AppError('sealed-message-rejected', {
    publicMessage: `What the server asks of the delegate is not what the client sealed: the ${part} differs.`,
    data: { differs: part },
  });
}
