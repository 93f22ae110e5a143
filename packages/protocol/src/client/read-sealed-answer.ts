// Reads the headers of sealed answers without schemas, so that a client need not load a schema library to check what a delegate says. What
// the headers are is described by the schemas in ../api/sealed-content.ts; a test keeps both equal.
import { FAILURE_STAGES, isErrorCode, SECRET_KINDS } from '@sallyport/core';
import type { SealedReadAnswer, SealedReadEntry, SealedWriteAnswer } from '../api/sealed-content.ts';
import { hasExactly, isCount, isIdOf, isObject, isReference } from './json-checks.ts';
import type { Json } from './json-checks.ts';

const MESSAGE_MAX_CHARACTERS = 4000;
/** Facts of an error that are texts where they are given. */
const TEXT_FACTS = ['awsCode', 'requestId', 'delegate', 'hint', 'missingStatement'] as const;

/** The header of the answer to `resolve` and `download`; null when it is none. */
export function readSealedReadAnswer(header: unknown): SealedReadAnswer | null {
  if (!hasExactly(header, ['entries']) || !Array.isArray(header['entries'])) return null;
  const entries = header['entries'] as unknown[];
  return entries.every(isReadEntry) ? { entries } : null;
}

/** The header of the answer to `write` and `upload`; null when it is none. */
export function readSealedWriteAnswer(header: unknown): SealedWriteAnswer | null {
  const fields = ['secretId', 'name', 'kind', 'version', 'secretsManagerId', 'valueBytes'] as const;
  if (!hasExactly(header, fields) || !isVersionOfSecret(header)) return null;
  const { secretsManagerId, valueBytes } = header;
  if (!isIdOf('secretsManager', secretsManagerId) || !isCount(valueBytes)) return null;
  return header as SealedWriteAnswer;
}

function isReadEntry(entry: unknown): entry is SealedReadEntry {
  if (!isObject(entry) || !isReference(entry['reference'])) return false;
  if (entry['outcome'] === 'failed') {
    return hasExactly(entry, ['outcome', 'reference', 'error']) && isWireError(entry['error']);
  }
  const fields = ['outcome', 'reference', 'secretId', 'name', 'version', 'kind'];
  return entry['outcome'] === 'value' && hasExactly(entry, fields) && isVersionOfSecret(entry);
}

function isVersionOfSecret({ secretId, name, version, kind }: Json): boolean {
  return (
    isIdOf('secret', secretId) &&
    typeof name === 'string' &&
    isCount(version) &&
    SECRET_KINDS.some((one) => one === kind)
  );
}

function isWireError(error: unknown): boolean {
  if (!isObject(error) || !hasExactly(error, ['code', 'message', 'retryable', 'data'], ['data']))
    return false;
  const { code, message, retryable, data } = error;
  return (
    typeof code === 'string' &&
    isErrorCode(code) &&
    typeof message === 'string' &&
    message.length <= MESSAGE_MAX_CHARACTERS &&
    typeof retryable === 'boolean' &&
    (data === undefined || isErrorData(data))
  );
}

function isErrorData(data: unknown): boolean {
  if (!isObject(data)) return false;
  const { stage } = data;
  if (stage !== undefined && !FAILURE_STAGES.some((one) => one === stage)) return false;
  return TEXT_FACTS.every((fact) => data[fact] === undefined || typeof data[fact] === 'string');
}
