// Reads the sealed answer to a script. What is not the answer to what was asked is found out here.
import { AppError, nameKey, parseSecretReference } from '@sallyport/core';
import type { ScriptEnd, ScriptStream, SealedScriptEvent } from '@sallyport/protocol';
import { decodeContent, readSealedScriptEvent } from '@sallyport/protocol/client';
import type { StartedScript } from './run-script.ts';

export type ScriptEvent =
  | { is: 'output'; stream: ScriptStream; bytes: Uint8Array }
  | { is: 'alive' }
  | { is: 'ended'; end: ScriptEnd };

/**
 * The first chunk: which secrets the script was given.
 * @throws {answer-mismatch} when they are not exactly those that were asked for
 */
export function readReady(
  chunk: Uint8Array,
  asked: readonly string[],
): Pick<StartedScript, 'secrets' | 'unmasked'> {
  const { event, values } = read(chunk);
  if (event.is !== 'ready' || values.length > 0) throw mismatch('it does not begin with its secrets');
  const expected = new Set(asked);
  for (const { reference, secretId, name, version } of event.secrets) {
    const parsed = parseSecretReference(reference);
    const isIt = parsed.by === 'id' ? parsed.id === secretId : nameKey(parsed.name) === nameKey(name);
    if (!expected.delete(reference) || !isIt) throw mismatch('the script was given another secret');
    if (parsed.version !== null && parsed.version !== version) {
      throw mismatch(`version ${parsed.version} was asked for, version ${version} came`);
    }
  }
  if (expected.size > 0) throw mismatch('a secret is missing');
  return { secrets: event.secrets, unmasked: event.unmasked };
}

/** Any later chunk. @throws {answer-mismatch} */
export function readScriptEvent(chunk: Uint8Array): ScriptEvent {
  const { event, values } = read(chunk);
  const [bytes] = values;
  if (event.is === 'output' && bytes !== undefined && values.length === 1) return { ...event, bytes };
  if (event.is === 'ready' || event.is === 'output' || values.length > 0) {
    throw mismatch('it has an unknown form');
  }
  return event;
}

function read(chunk: Uint8Array): { event: SealedScriptEvent; values: Uint8Array[] } {
  const { header, values } = decoded(chunk);
  const event = readSealedScriptEvent(header);
  if (event === null) throw mismatch('it has an unknown form');
  return { event, values };
}

function decoded(chunk: Uint8Array): { header: unknown; values: Uint8Array[] } {
  try {
    return decodeContent(chunk);
  } catch {
    throw mismatch('it has an unknown form');
  }
}

function mismatch(why: string): AppError {
  return new AppError('answer-mismatch', {
    publicMessage: `The sealed answer is not the answer to what was asked: ${why}.`,
  });
}
