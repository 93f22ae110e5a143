// How one operation of the HTTP API is described. The server registers handlers by operation id and validates by these schemas;
// the SDK parses answers with them; openapi.json is generated from them. So all three cannot drift apart.
import type { z } from 'zod';
import type { ErrorCode } from '@sallyport/core';

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export type Route = {
  method: HttpMethod;
  /** With `{name}` for path parameters; each is a `ReferenceSchema`. */
  path: string;
  summary: string;
  tag: string;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** `frames`: a stream of length-prefixed frames, see docs/reference/http-api.md. */
  requestKind?: 'json' | 'frames';
  /** `null`: answered with 204 and no body. */
  response: z.ZodType | null;
  responseKind?: 'json' | 'frames';
  /** Status of success; 200 unless given. */
  status?: 200 | 201 | 204;
  /** Codes beyond `unauthenticated`, `invalid-request`, `storage-unavailable` and `internal`, which every route may answer. */
  errors: readonly ErrorCode[];
};

/** Keeps the literal type of each route while checking its form. */
export function route<const R extends Route>(description: R): R {
  return description;
}
