// The route table for web pages: how each operation is called, without the schemas. A page is loaded from the server that it calls, so both
// are of one build, and the schemas of all operations would be most of what it has to load. What is sealed is checked all the same: of that,
// the server is not believed.
import type { OperationId, Route } from '@sallyport/protocol';
import type { CallRoute, RouteTable } from './call.ts';

/** Method, path, status of success, and whether the answer has a body; by operation. */
export type RouteRows = Readonly<Record<string, readonly [Route['method'], string, number, 0 | 1]>>;

/** The rows of a route table; for the build of a page. */
export function rowsOf(routes: Readonly<Record<string, Route>>): RouteRows {
  return Object.fromEntries(
    Object.entries(routes).map(([operation, { method, path, status = 200, response }]) => [
      operation,
      [method, path, status, response === null ? 0 : 1] as const,
    ]),
  );
}

/** The table that rows were made of, without the schemas. */
export function routesOf(rows: RouteRows): RouteTable {
  const table = Object.entries(rows).map(([operation, [method, path, status, hasBody]]) => {
    const route: CallRoute = {
      method,
      path,
      status: status as 200 | 201 | 204,
      response: hasBody === 1 ? AS_IT_IS : null,
    };
    return [operation as OperationId, route] as const;
  });
  return Object.fromEntries(table) as Record<OperationId, CallRoute>;
}

const AS_IT_IS = { safeParse: (json: unknown) => ({ success: true as const, data: json }) };
