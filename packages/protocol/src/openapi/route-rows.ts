// How each operation is called, in a line each: what a client needs of the route table when it does without the schemas, which are most of it.
import type { Route } from '../api/route.ts';
import type { RouteRow } from '../client/route-row.ts';

/** JSON of `Record<OperationId, RouteRow>`, a line for each operation. */
export function routeRows(routes: Readonly<Record<string, Route>>): string {
  const rows = Object.entries(routes).map(([operation, { method, path, status = 200, response }]) => {
    const row: RouteRow = [method, path, status, response === null ? 0 : 1];
    return `  ${JSON.stringify(operation)}: [${row.map((part) => JSON.stringify(part)).join(', ')}]`;
  });
  return `{\n${rows.join(',\n')}\n}`;
}
