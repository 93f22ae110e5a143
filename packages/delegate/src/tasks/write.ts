// Executes `write`: opens the sealed value, encrypts it under a fresh data key, and returns the envelope for the server to store.
import { AppError, TEXT_MAX_BYTES } from '@sallyport/core';
import { encryptEnvelope } from '@sallyport/core/envelope';
import type { SealedWriteAnswer, TaskOf, TaskResultOf, WriteTarget } from '@sallyport/protocol';
import { encodeContent } from '@sallyport/protocol/sealing';
import { requireSameWrite } from './compare-request.ts';
import { malformed, readWriteContent } from './read-sealed.ts';
import type { TaskRun } from './task-services.ts';

/**
 * @throws {session-unknown} {sealed-message-rejected} {empty-value} {value-too-large}, and what `DataKeys.make` throws
 */
export async function executeWrite(task: TaskOf<'write'>, run: TaskRun): Promise<TaskResultOf<'write'>> {
  const { sessions, keys, guard } = run.services;
  const opened = sessions.openRequest({ requestId: task.requestId, operation: 'write' }, task.sealed);
  try {
    const { header, values } = readWriteContent(opened.content);
    const [value] = values;
    if (value === undefined || values.length > 1) throw malformed();
    if (header.valueBytes !== null && header.valueBytes !== value.length) throw malformed();
    requireSameWrite(header, task, 'text');
    guard.requirePlace(task.target.place);
    if (value.length === 0) throw emptyValue();
    if (value.length > TEXT_MAX_BYTES) throw tooLarge();
    const { dataKey, context } = await keys.make(task.target, run.signal);
    const envelope = encryptEnvelope(
      { dataKey: dataKey.key, encryptedDataKeys: [dataKey.encrypted], encryptionContext: context },
      value,
    );
    const answer = opened.sealAnswer(encodeContent(writeAnswerOf(task.target, value.length), []));
    return { kind: 'write', envelope: envelope.toString('base64'), valueBytes: value.length, answer };
  } finally {
    // Best effort: the runtime may hold copies.
    opened.content.fill(0);
  }
}

/** What the client reads in the sealed answer to a write or upload. */
export function writeAnswerOf(target: WriteTarget, valueBytes: number): SealedWriteAnswer {
  const { secretId, name, kind, version, secretsManagerId } = target;
  return { secretId, name, kind, version, secretsManagerId, valueBytes };
}

/** The refusal of a value without any bytes. */
export function emptyValue(): AppError {
  return new AppError('empty-value', {
    publicMessage: 'The value is empty. A secret has at least one byte.',
  });
}

function tooLarge(): AppError {
  return new AppError('value-too-large', {
    publicMessage: `A text value has at most ${TEXT_MAX_BYTES} bytes. Store larger ones as a file.`,
  });
}
