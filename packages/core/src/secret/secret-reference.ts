// How a caller points at a secret: by id, or by name; with or without a version.
import { AppError } from '../errors/app-error.ts';
import { isId } from '../ids/id.ts';
import { checkSecretName } from './secret-name.ts';
import type { SecretId } from '../ids/id.ts';

/** `text` values are at most 1 MiB, which is one envelope frame; anything larger is stored as a `file`. */
export const TEXT_MAX_BYTES = 1_048_576;

export const SECRET_KINDS = ['text', 'file'] as const;
/** What a secret holds. Its kind never changes. */
export type SecretKind = (typeof SECRET_KINDS)[number];

/** A parsed reference. `version` null means the newest. */
export type SecretReference = ({ by: 'id'; id: SecretId } | { by: 'name'; name: string }) & {
  version: number | null;
};

/**
 * Parses `name`, `name@3`, `sec_…` or `sec_…@3`.
 * @throws {invalid-name} when it is neither an id nor a name
 * @throws {invalid-request} when the version is not a positive whole number
 */
export function parseSecretReference(text: string): SecretReference {
  const at = text.lastIndexOf('@');
  const body = at < 0 ? text : text.slice(0, at);
  const version = at < 0 ? null : parseVersion(text.slice(at + 1));
  if (isId('secret', body)) return { by: 'id', id: body, version };
  return { by: 'name', name: checkSecretName(body), version };
}

/** Prints a reference so that `parseSecretReference` gives it back. */
export function printSecretReference(reference: SecretReference): string {
  const body = reference.by === 'id' ? reference.id : reference.name;
  return reference.version === null ? body : `${body}@${reference.version}`;
}

function parseVersion(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new AppError('invalid-request', {
    publicMessage: 'A version is a whole number from 1, as in name@3.',
  });
}
