// Builds the OpenAPI 3.1 document from the route table. No hand-written part: what is not in a schema is not in the document.
import { z } from 'zod';
import { HTTP_FRAMES_TYPE } from '../api/http-frames.ts';
import { PROGRESS_TYPE } from '../api/progress.ts';
import { ROUTES } from '../api/routes.ts';
import type { Route } from '../api/route.ts';
import { ErrorBody } from '../errors/wire-error.ts';
import { ERROR_REGISTRY } from '../errors/registry.ts';
import type { ErrorCode } from '@sallyport/core';

type Json = Record<string, unknown>;

const EVERYWHERE: readonly ErrorCode[] = ['invalid-request', 'storage-unavailable', 'internal'];
const WITH_IDENTITY: readonly ErrorCode[] = ['unauthenticated', 'forbidden'];

/** The document as a plain object; `version` is the product's. */
export function generateOpenApi(version: string): Json {
  const components: Json = {};
  const paths: Record<string, Json> = {};
  for (const [operationId, route] of Object.entries<Route>(ROUTES)) {
    const path = (paths[route.path] ??= {});
    path[route.method.toLowerCase()] = operation(operationId, route, components);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sallyport',
      version,
      description:
        'The server stores and relays; values are sealed between client and delegate, so no field here ever holds one in clear.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ apiKey: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'An API key.' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-sallyport',
          description:
            'The session of a browser; `sallyport` on plain http. Requests that change something have to come from a page of the server.',
        },
      },
      schemas: components,
    },
  };
}

function operation(operationId: string, route: Route, components: Json): Json {
  const parameters = [
    ...[...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string', minLength: 1, maxLength: 300 },
    })),
    ...queryParameters(route),
  ];
  return {
    operationId,
    summary: route.summary,
    tags: [route.tag],
    ...(route.access === 'anybody' ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: content(route.requestKind, schema(route.body, 'input', components)),
          },
        }),
    responses: {
      [String(route.status ?? 200)]: success(route, components),
      ...failures(route, components),
    },
  };
}

function queryParameters(route: Route): Json[] {
  if (route.query === undefined) return [];
  const json = z.toJSONSchema(route.query, { io: 'input', unrepresentable: 'any' }) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(json.properties ?? {}).map(([name, property]) => ({
    name,
    in: 'query',
    required: json.required?.includes(name) ?? false,
    schema: property,
  }));
}

function success(route: Route, components: Json): Json {
  if (route.responseKind === 'frames')
    return { description: 'A stream of sealed chunks.', content: content('frames', {}) };
  if (route.response === null) return { description: 'Done.' };
  const answer = schema(route.response, 'output', components);
  return {
    description: 'Success.',
    content: { ...content('json', answer), ...progressContent(route, answer, components) },
  };
}

/** What those read who ask for progress. */
function progressContent(route: Route, answer: Json, components: Json): Json {
  if (route.progress === undefined) return {};
  const line = (name: string, of: Json): Json => ({
    type: 'object',
    properties: { [name]: of },
    required: [name],
    additionalProperties: false,
  });
  return {
    [PROGRESS_TYPE]: {
      schema: {
        description: 'One object per line; the last line is the answer or the error.',
        oneOf: [
          line('progress', schema(route.progress, 'output', components)),
          line('answer', answer),
          schema(ErrorBody, 'output', components),
        ],
      },
    },
  };
}

function failures(route: Route, components: Json): Json {
  const byStatus = new Map<number, ErrorCode[]>();
  const always = route.access === 'anybody' ? EVERYWHERE : [...WITH_IDENTITY, ...EVERYWHERE];
  for (const code of new Set([...always, ...route.errors])) {
    const { httpStatus } = ERROR_REGISTRY[code];
    byStatus.set(httpStatus, [...(byStatus.get(httpStatus) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, codes]) => [
        String(status),
        {
          description: codes.map((code) => `\`${code}\`: ${ERROR_REGISTRY[code].meaning}`).join('\n'),
          content: content('json', schema(ErrorBody, 'output', components)),
        },
      ]),
  );
}

function content(kind: Route['requestKind'], body: Json): Json {
  return kind === 'frames'
    ? {
        [HTTP_FRAMES_TYPE]: {
          schema: { type: 'string', format: 'binary' },
          ...(Object.keys(body).length > 0 ? { 'x-first-frame': body } : {}),
        },
      }
    : { 'application/json': { schema: body } };
}

/** JSON schema of one type; named types (`meta.id`) move to components and are referred to. */
function schema(type: z.ZodType, io: 'input' | 'output', components: Json): Json {
  const registry = z.toJSONSchema(type, {
    io,
    unrepresentable: 'any',
    reused: 'inline',
    override: customStrings,
  }) as Json;
  const { $schema: _, $defs, ...own } = registry;
  for (const [name, definition] of Object.entries(($defs as Json | undefined) ?? {}))
    components[name] = relocate(definition);
  const id = typeof own['id'] === 'string' ? own['id'] : null;
  if (id === null) return relocate(own) as Json;
  components[id] = relocate(own);
  return { $ref: `#/components/schemas/${id}` };
}

/** Custom checks (ids) have no JSON schema of their own: they are strings. */
function customStrings(context: { zodSchema: { _zod: { def: { type: string } } }; jsonSchema: Json }): void {
  if (context.zodSchema._zod.def.type === 'custom') context.jsonSchema['type'] = 'string';
}

function relocate(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(relocate);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key, value]) => !(key === 'id' && typeof value === 'string'))
      .map(([key, value]) => [
        key,
        key === '$ref' && typeof value === 'string'
          ? value.replace('#/$defs/', '#/components/schemas/')
          : relocate(value),
      ]),
  );
}
