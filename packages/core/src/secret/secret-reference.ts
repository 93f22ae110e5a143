// How a caller points at a secret: by id or by name, with or without a version, and with or without saying where it is to be used.
import { AppError } from '../errors/app-error.ts';
import { isId } from '../ids/id.ts';
import { checkSecretName, nameKey } from './secret-name.ts';
import type { ApplicationId, EnvironmentId, SecretId } from '../ids/id.ts';

/** `text` values are at most 1 MiB, which is one envelope frame; anything larger is stored as a `file`. */
export const TEXT_MAX_BYTES = 1_048_576;

export const SECRET_KINDS = ['text', 'file'] as const;
/** What a secret holds. Its kind never changes. */
export type SecretKind = (typeof SECRET_KINDS)[number];

/** An application and one of its environments, each by name or by id. */
export type PlaceReference = { application: string; environment: string };

/** A parsed reference. `version` null means the newest; `place` null, that the caller does not say where it will be used. */
export type SecretReference = ({ by: 'id'; id: SecretId } | { by: 'name'; name: string }) & {
  version: number | null;
  place: PlaceReference | null;
};

const SCHEME = 'sally://';

/**
 * Parses `name`, `name@3`, `sec_…`, `sec_…@3`, and each of these behind `sally://application/environment/`. Characters of names that have
 * a meaning in addresses may be percent-encoded there.
 * @throws {invalid-name} when it is neither an id nor a name
 * @throws {invalid-request} when the version is not a positive whole number, or the address has other than three parts
 */
export function parseSecretReference(text: string): SecretReference {
  if (!text.startsWith(SCHEME)) return { ...parseTarget(text), place: null };
  const parts = text.slice(SCHEME.length).split('/').map(decoded);
  const [application = '', environment = '', target = ''] = parts;
  if (parts.length !== 3) throw malformed();
  return { ...parseTarget(target), place: parsePlaceReference({ application, environment }) };
}

/**
 * Checks both parts for the form of an id or a name. Whether they exist is not known here.
 * @throws {invalid-name}
 */
export function parsePlaceReference(place: PlaceReference): PlaceReference {
  const { application, environment } = place;
  if (!isId('application', application)) checkSecretName(application);
  if (!isId('environment', environment)) checkSecretName(environment);
  return { application, environment };
}

/** Prints a reference so that `parseSecretReference` gives it back. */
export function printSecretReference(reference: SecretReference): string {
  const { version, place } = reference;
  const body = reference.by === 'id' ? reference.id : reference.name;
  const target = version === null ? body : `${body}@${version}`;
  if (place === null) return target;
  const parts = [place.application, place.environment].map(encodeURIComponent);
  return `${SCHEME}${parts.join('/')}/${encodeURIComponent(body)}${version === null ? '' : `@${version}`}`;
}

/**
 * A reference as it is asked for by something that is used at `place`: one that names no place gets this one.
 * @throws {invalid-name} {invalid-request}
 */
export function referenceAt(text: string, place: PlaceReference | null): string {
  const reference = parseSecretReference(text);
  if (place === null || reference.place !== null) return text;
  return printSecretReference({ ...reference, place });
}

/** A place with the names of its parts. */
export type NamedPlace = {
  application: { id: ApplicationId; name: string };
  environment: { id: EnvironmentId; name: string };
};

/** Whether this place is the one that a reference names. */
export function isPlaceReferredTo(
  reference: PlaceReference,
  { application, environment }: NamedPlace,
): boolean {
  return isReferredTo(reference.application, application) && isReferredTo(reference.environment, environment);
}

function isReferredTo(reference: string, part: { id: string; name: string }): boolean {
  return reference === part.id || nameKey(reference) === nameKey(part.name);
}

function parseTarget(text: string): ReferenceTarget & { version: number | null } {
  const at = text.lastIndexOf('@');
  const body = at < 0 ? text : text.slice(0, at);
  const version = at < 0 ? null : parseVersion(text.slice(at + 1));
  if (isId('secret', body)) return { by: 'id', id: body, version };
  return { by: 'name', name: checkSecretName(body), version };
}

type ReferenceTarget = { by: 'id'; id: SecretId } | { by: 'name'; name: string };

function parseVersion(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new AppError('invalid-request', {
    publicMessage: 'A version is a whole number from 1, as in name@3.',
  });
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw malformed();
  }
}

function malformed(): AppError {
  return new AppError('invalid-request', {
    publicMessage:
      'An address has the form sally://application/environment/name, with an optional version: …/name@3.',
  });
}
