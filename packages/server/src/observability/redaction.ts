// Which fields hold something that must never be logged: read from the schemas, where such a field carries `x-redact`, and hidden
// wherever a field of that name appears in what is logged.
import { z } from 'zod';
import { DelegateMessage, ROUTES, ServerMessage } from '@sallyport/protocol';
import type { Route } from '@sallyport/protocol';
import { ServerConfig } from '../config/server-config.ts';

const REDACTED = '[redacted]';
const DEPTH_MAX = 8;

/** Paths of all such fields, e.g. `createApiKey.response.value`, in alphabetical order. `*` stands for any element or key. */
export function redactedPaths(): string[] {
  const paths = new Set<string>();
  const collect = (schema: z.ZodType | null | undefined, path: string): void => {
    if (schema) walk(schema, path, paths);
  };
  for (const [operationId, route] of Object.entries<Route>(ROUTES)) {
    collect(route.query, `${operationId}.query`);
    collect(route.body, `${operationId}.body`);
    collect(route.response, `${operationId}.response`);
  }
  collect(DelegateMessage, 'delegateMessage');
  collect(ServerMessage, 'serverMessage');
  collect(ServerConfig, 'config');
  return [...paths].sort();
}

/** The names that those paths end in. */
export function redactedNames(paths: readonly string[]): ReadonlySet<string> {
  return new Set(paths.map((path) => path.slice(path.lastIndexOf('.') + 1)));
}

/** A copy of `value` fit for a log: fields of those names hidden, bytes shown as their length. */
export function redact(value: unknown, names: ReadonlySet<string>, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (depth >= DEPTH_MAX) return '[deeper]';
  if (Array.isArray(value)) return value.map((element) => redact(element, names, depth + 1));
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [
      key,
      names.has(key) && field !== null ? REDACTED : redact(field, names, depth + 1),
    ]),
  );
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function walk(schema: z.ZodType, path: string, paths: Set<string>): void {
  if (schema.meta()?.['x-redact'] === true) paths.add(path);
  if (schema instanceof z.ZodObject) {
    for (const [key, field] of Object.entries(schema.shape))
      walk(field as z.ZodType, `${path}.${key}`, paths);
  } else if (schema instanceof z.ZodUnion) {
    // Discriminated unions included.
    for (const option of schema.options) walk(option as z.ZodType, path, paths);
  } else if (schema instanceof z.ZodArray) walk(schema.element as z.ZodType, `${path}.*`, paths);
  else if (schema instanceof z.ZodRecord) walk(schema.valueType as z.ZodType, `${path}.*`, paths);
  else if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault
  ) {
    walk(schema.unwrap() as z.ZodType, path, paths);
  }
}
