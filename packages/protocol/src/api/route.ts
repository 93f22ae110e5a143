// How one operation of the HTTP API is described. The server registers handlers by operation id and validates by these schemas;
// the SDK parses answers with them; openapi.json is generated from them. So all three cannot drift apart.
import type { z } from 'zod';
import type { AccountPermission, ErrorCode } from '@sallyport/core';

/** Request header: what the caller needs it for, e.g. the id of a deployment. Free text; it goes into the audit trail. */
export const PURPOSE_HEADER = 'x-sallyport-purpose';
export const PURPOSE_MAX_CHARACTERS = 200;

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export type Route = {
  method: HttpMethod;
  /** With `{name}` for path parameters; each is a `ReferenceSchema`. */
  path: string;
  summary: string;
  tag: string;
  /**
   * Who may call it at all: anybody; whoever is signed in or has a key; or who has this account permission. What depends on the thing
   * that is asked for is decided by its handler.
   */
  access: 'anybody' | 'signed-in' | AccountPermission;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** `frames`: a stream of length-prefixed frames, see docs/reference/http-api.md. */
  requestKind?: 'json' | 'frames';
  /** `null`: answered with 204 and no body. */
  response: z.ZodType | null;
  responseKind?: 'json' | 'frames';
  /**
   * What is told while the operation is under way, to whoever accepts `PROGRESS_TYPE`: one JSON object per line, see `ProgressLine`. Whoever
   * goes away before the answer is there calls the operation off.
   */
  progress?: z.ZodType;
  /** Status of success; 200 unless given. */
  status?: 200 | 201 | 204;
  /**
   * Codes beyond `unauthenticated`, `invalid-request`, `storage-unavailable` and `internal`, which every route may answer, and `forbidden`,
   * which every route may answer that has not access `anybody`.
   */
  errors: readonly ErrorCode[];
};

/** Keeps the literal type of each route while checking its form. */
export function route<const R extends Route>(description: R): R {
  return description;
}
