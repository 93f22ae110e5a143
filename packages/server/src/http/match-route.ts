// Finds the operation of a request in the route table. Paths without parameters win over paths with them.
import { AppError } from '@sallyport/core';
import type { OperationId, Route } from '@sallyport/protocol';

export type RouteMatch = {
  operationId: OperationId;
  route: Route;
  params: Record<string, string>;
  /** What follows the `?`; empty when nothing does. */
  queryText: string;
};

type Pattern = { operationId: OperationId; route: Route; segments: readonly string[] };

/**
 * Prepares the table; the returned function gives null when there is no such path or method.
 * @throws {invalid-request} from the returned function, for a path parameter with broken percent-encoding
 */
export function compileRoutes(
  routes: Readonly<Record<OperationId, Route>>,
): (method: string, url: string) => RouteMatch | null {
  const fixed = new Map<string, { operationId: OperationId; route: Route }>();
  const patterns: Pattern[] = [];
  for (const [name, route] of Object.entries(routes)) {
    const operationId = name as OperationId;
    if (!route.path.includes('{')) fixed.set(`${route.method} ${route.path}`, { operationId, route });
    else patterns.push({ operationId, route, segments: route.path.split('/') });
  }
  return (method, url) => {
    const mark = url.indexOf('?');
    const path = mark < 0 ? url : url.slice(0, mark);
    const queryText = mark < 0 ? '' : url.slice(mark + 1);
    const exact = fixed.get(`${method} ${path}`);
    if (exact !== undefined) return { ...exact, params: {}, queryText };
    const segments = path.split('/');
    const pattern = patterns.find((candidate) => fits(candidate, method, segments));
    if (pattern === undefined) return null;
    const { operationId, route } = pattern;
    return { operationId, route, params: paramsOf(pattern, segments), queryText };
  };
}

function fits(pattern: Pattern, method: string, segments: readonly string[]): boolean {
  return (
    pattern.route.method === method &&
    pattern.segments.length === segments.length &&
    pattern.segments.every((segment, i) => isParam(segment) || segment === segments[i])
  );
}

function paramsOf(pattern: Pattern, segments: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {};
  for (const [i, segment] of pattern.segments.entries()) {
    if (isParam(segment)) params[segment.slice(1, -1)] = decode(segments[i] ?? '');
  }
  return params;
}

function isParam(segment: string): boolean {
  return segment.startsWith('{');
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new AppError('invalid-request', { publicMessage: 'The path has a broken percent-encoding.' });
  }
}
