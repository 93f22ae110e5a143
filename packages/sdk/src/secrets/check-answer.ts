// Compares what a delegate answered, under the seal, with what this client asked. A server that sends another secret's envelope, an
// older version than the one asked for by number, or leaves something out, is found out here.
import { AppError, isId, nameKey, parseSecretReference } from '@sallyport/core';
import type { SecretReference } from '@sallyport/core';
import type { SealedReadEntry, SealedWriteAnswer, SealedWriteContent } from '@sallyport/protocol';
import {
  decodeContent,
  fromWireError,
  readSealedReadAnswer,
  readSealedWriteAnswer,
} from '@sallyport/protocol/client';

/** Entries of a checked answer in the order in which the delegate gave them; `value` is null where one failed. */
export type CheckedEntry = { entry: SealedReadEntry; value: Uint8Array | null };

/**
 * Checks the opened answer to a `resolve`.
 * @param asked.unresolved references that the server said it would not answer; they must not be in the answer
 * @throws {answer-mismatch} when it is not the answer to exactly these references
 */
export function checkReadAnswer(
  content: Uint8Array,
  asked: { references: readonly string[]; unresolved: readonly string[] },
): CheckedEntry[] {
  const { header, values } = decoded(content);
  const answer = readSealedReadAnswer(header);
  if (answer === null) throw mismatch('it has an unknown form');
  const expected = new Set(asked.references);
  for (const reference of asked.unresolved) {
    if (!expected.delete(reference)) throw mismatch('the server names a secret that was not asked for');
  }
  const rest = values.values();
  const checked = answer.entries.map((entry): CheckedEntry => {
    if (!expected.delete(entry.reference)) throw mismatch('it has a secret that was not asked for');
    if (entry.outcome === 'failed') return { entry, value: null };
    checkEntry(entry);
    const value = rest.next();
    if (value.done === true) throw mismatch('a value is missing');
    return { entry, value: value.value };
  });
  if (expected.size > 0) throw mismatch('a secret that was asked for is missing');
  if (rest.next().done !== true) throw mismatch('it has more values than secrets');
  return checked;
}

/**
 * Checks the first chunk of the answer to a `download`.
 * @throws {answer-mismatch} when it is not the answer to this reference, or the error with which the delegate answered
 */
export function checkDownloadHead(
  content: Uint8Array,
  reference: string,
): Extract<SealedReadEntry, { outcome: 'value' }> {
  const { header, values } = decoded(content);
  const answer = readSealedReadAnswer(header);
  const entry = answer?.entries[0];
  if (entry === undefined) throw mismatch('it has an unknown form');
  if (answer?.entries.length !== 1 || values.length > 0 || entry.reference !== reference) {
    throw mismatch('it is not about the one secret that was asked for');
  }
  if (entry.outcome === 'failed') throw fromWireError(entry.error);
  checkEntry(entry);
  return entry;
}

/**
 * Checks the opened answer to a `write` or `upload`.
 * @param asked.content what was sealed; @param asked.valueBytes what was really sent
 * @param clear what the server answered beside it, in clear
 * @throws {answer-mismatch} when another thing was written than was asked for
 */
export function checkWriteAnswer(
  content: Uint8Array,
  asked: { content: SealedWriteContent; valueBytes: number; expectedVersion: number | null },
  clear: { id: string; version: number },
): SealedWriteAnswer {
  const { header, values } = decoded(content);
  const written = readSealedWriteAnswer(header);
  if (written === null || values.length > 0) throw mismatch('it has an unknown form');
  const reference = parseSecretReference(asked.content.secret);
  if (!isReferredTo(reference, { secretId: written.secretId, name: written.name })) {
    throw mismatch('another secret was written');
  }
  const { secretsManager } = asked.content;
  if (
    secretsManager !== null &&
    isId('secretsManager', secretsManager) &&
    secretsManager !== written.secretsManagerId
  ) {
    throw mismatch('another secrets manager was used');
  }
  if (written.kind !== asked.content.kind) throw mismatch('a secret of another kind was written');
  if (written.valueBytes !== asked.valueBytes) throw mismatch('a value of another length was written');
  if (asked.expectedVersion !== null && written.version <= asked.expectedVersion) {
    throw mismatch('no newer version was written');
  }
  if (clear.id !== written.secretId || clear.version !== written.version) {
    throw mismatch('server and delegate do not say the same about what was written');
  }
  return written;
}

function checkEntry(entry: Extract<SealedReadEntry, { outcome: 'value' }>): void {
  const reference = parseSecretReference(entry.reference);
  if (!isReferredTo(reference, entry)) throw mismatch('it is about another secret');
  if (reference.version !== null && reference.version !== entry.version) {
    throw mismatch(`version ${reference.version} was asked for, version ${entry.version} came`);
  }
}

function isReferredTo(reference: SecretReference, secret: { secretId: string; name: string }): boolean {
  return reference.by === 'id'
    ? reference.id === secret.secretId
    : nameKey(reference.name) === nameKey(secret.name);
}

function decoded(content: Uint8Array): { header: unknown; values: Uint8Array[] } {
  try {
    return decodeContent(content);
  } catch {
    throw mismatch('it has an unknown form');
  }
}

function mismatch(why: string): AppError {
  return new AppError('answer-mismatch', {
    publicMessage: `The sealed answer is not the answer to what was asked: ${why}. Nothing of it was used.`,
  });
}
