// Reads the headers of a script's sealed answer without schemas, as read-sealed-answer.ts does for others. What they are is described by
// the schemas in ../api/sealed-script.ts; a test keeps both equal.
import { SCRIPT_MAX_SECRETS } from '../api/limits.ts';
import type { SealedScriptEvent } from '../api/sealed-script.ts';
import { hasExactly, isCount, isIdOf, isObject, isReference } from './json-checks.ts';

const STREAMS: readonly unknown[] = ['stdout', 'stderr'];
const REASONS: readonly unknown[] = ['exited', 'time-limit', 'output-limit'];
const WHY_MAX_CHARACTERS = 300;
const SIGNAL_MAX_CHARACTERS = 32;
const EXIT_CODE_MAX = 255;

/** The header of one chunk; null when it is none. */
export function readSealedScriptEvent(header: unknown): SealedScriptEvent | null {
  if (!isObject(header)) return null;
  return isEvent(header) ? (header as SealedScriptEvent) : null;
}

function isEvent(header: Readonly<Record<string, unknown>>): boolean {
  switch (header['is']) {
    case 'ready':
      return (
        hasExactly(header, ['is', 'secrets', 'unmasked']) &&
        isListOf(header['secrets'], isSecret) &&
        isListOf(header['unmasked'], isUnmasked)
      );
    case 'output':
      return hasExactly(header, ['is', 'stream']) && STREAMS.includes(header['stream']);
    case 'alive':
      return hasExactly(header, ['is']);
    case 'ended':
      return hasExactly(header, ['is', 'end']) && isEnd(header['end']);
    default:
      return false;
  }
}

function isListOf(value: unknown, isOne: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length <= SCRIPT_MAX_SECRETS && value.every(isOne);
}

function isSecret(secret: unknown): boolean {
  return (
    hasExactly(secret, ['reference', 'secretId', 'name', 'version']) &&
    isReference(secret['reference']) &&
    isIdOf('secret', secret['secretId']) &&
    typeof secret['name'] === 'string' &&
    isCount(secret['version'])
  );
}

function isUnmasked(one: unknown): boolean {
  return (
    hasExactly(one, ['reference', 'why']) &&
    isReference(one['reference']) &&
    isText(one['why'], WHY_MAX_CHARACTERS)
  );
}

function isEnd(end: unknown): boolean {
  if (!hasExactly(end, ['reason', 'exitCode', 'signal', 'elapsedMs', 'outputBytes'])) return false;
  const { reason, exitCode, signal, elapsedMs, outputBytes } = end;
  return (
    REASONS.includes(reason) &&
    (exitCode === null || (isWhole(exitCode) && exitCode <= EXIT_CODE_MAX)) &&
    (signal === null || isText(signal, SIGNAL_MAX_CHARACTERS)) &&
    isWhole(elapsedMs) &&
    isWhole(outputBytes)
  );
}

function isText(value: unknown, maxCharacters: number): boolean {
  return typeof value === 'string' && value.length <= maxCharacters;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
