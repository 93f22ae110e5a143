// From the path of a request to what is asked for. References are checked here as strictly as everywhere.
import { AppError, parseSecretReference, printSecretReference } from '@sallyport/core';
import type { SecretReference } from '@sallyport/core';

/** What a request is about. */
export type Target =
  | { is: 'health' }
  | { is: 'resolve' }
  | {
      is: 'secret';
      reference: string;
      /** The bytes alone, by `?format=raw`. */
      isRaw: boolean;
    };

const SECRETS = '/v1/secrets/';
const QUERY_FIELDS = new Set(['version', 'format']);

/** Programs ask for the same things again and again. */
const recent = new Map<string, Target>();
const RECENT_MAX = 1000;

/** As `readTarget`, for addresses that come often. */
export function readTargetAgain(url: string): Target {
  const known = recent.get(url);
  if (known !== undefined) return known;
  const target = readTarget(url);
  if (recent.size >= RECENT_MAX) recent.clear();
  recent.set(url, target);
  return target;
}

/**
 * Reads path and query.
 * @throws {not-found} when there is no such path; {invalid-request} {invalid-name} when a part of it is malformed
 */
export function readTarget(url: string): Target {
  const queryAt = url.indexOf('?');
  const path = queryAt < 0 ? url : url.slice(0, queryAt);
  if (path === '/v1/health') return { is: 'health' };
  if (path === '/v1/resolve') return { is: 'resolve' };
  if (!path.startsWith(SECRETS)) throw noSuchPath();
  const query = new URLSearchParams(queryAt < 0 ? '' : url.slice(queryAt + 1));
  for (const name of query.keys()) {
    if (!QUERY_FIELDS.has(name)) throw invalid(`There is no query field "${printable(name)}".`);
  }
  const format = query.get('format') ?? 'json';
  if (format !== 'json' && format !== 'raw') throw invalid('The query field "format" is json or raw.');
  const reference = readReference(path.slice(SECRETS.length).split('/'), query.get('version') ?? '');
  return { is: 'secret', reference, isRaw: format === 'raw' };
}

/** `NAME` or `APPLICATION/ENVIRONMENT/NAME`, in one part or in three; or a whole `sally://` reference, percent-encoded. */
function readReference(segments: readonly string[], versionText: string): string {
  const text = segments.map(decoded).join('/');
  const isPlaced = text.includes('/') && !text.startsWith('sally://');
  const reference = parseSecretReference(isPlaced ? `sally://${encodedParts(text)}` : text);
  return printSecretReference(withVersion(reference, versionText));
}

function encodedParts(text: string): string {
  const parts = text.split('/');
  if (parts.length !== 3) throw invalid('A path names a secret as NAME or as APPLICATION/ENVIRONMENT/NAME.');
  return parts.map((part) => encodeURIComponent(part).replaceAll('%40', '@')).join('/');
}

/** An empty `version` is none: templates leave it empty. */
function withVersion(reference: SecretReference, versionText: string): SecretReference {
  if (versionText === '') return reference;
  if (!/^[1-9]\d{0,8}$/.test(versionText))
    throw invalid('The query field "version" is a whole number from 1.');
  const version = Number(versionText);
  if (reference.version !== null && reference.version !== version) {
    throw invalid('The path and the query field "version" name two versions.');
  }
  return { ...reference, version };
}

/** No name has a plus, so one stands for a blank, as form encoders write it. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll('+', '%20'));
  } catch {
    throw invalid('The path is not percent-encoded as it should be.');
  }
}

function noSuchPath(): AppError {
  return new AppError('not-found', {
    publicMessage: 'There is no such path.',
    data: {
      hint: 'GET /v1/secrets/NAME, GET /v1/secrets/APPLICATION/ENVIRONMENT/NAME, POST /v1/resolve, GET /v1/health.',
    },
  });
}

function invalid(publicMessage: string): AppError {
  return new AppError('invalid-request', { publicMessage });
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 64);
}
