// The committed OpenAPI document is the one that the schemas give: nobody reads an API that is not there.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ERROR_REGISTRY, ROUTES } from '@sallyport/protocol';
import { generateOpenApi } from '../src/openapi/generate.ts';
import { routeRows } from '../src/openapi/route-rows.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- the document is read into at will; what it has to be, the tests say
type Document = any;

function readJson(path: string): Document {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
}

const committed = readJson('../openapi.json');

test('route-rows.json is what the route table gives (else: npm run openapi)', () => {
  expect(readFileSync(new URL('../route-rows.json', import.meta.url), 'utf8')).toBe(`${routeRows(ROUTES)}\n`);
});

describe('openapi.json', () => {
  test('is what the schemas generate (else: npm run openapi)', () => {
    const { version } = readJson('../package.json');
    expect(committed).toEqual(generateOpenApi(version));
  });

  test('has every operation, under its own name', () => {
    const operations = Object.values<Document>(committed.paths).flatMap((path) =>
      Object.values<Document>(path),
    );
    const names = new Set(operations.map(({ operationId }) => operationId));
    expect(operations.length).toBe(names.size);
    expect(names).toEqual(new Set(Object.keys(ROUTES)));
  });

  test('refers only to schemas that are there, and to each of them', () => {
    const text = JSON.stringify(committed);
    const referred = new Set(
      [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name),
    );
    expect(referred).toEqual(new Set(Object.keys(committed.components.schemas)));
  });

  test('refuses unknown fields everywhere that it describes an object of ours', () => {
    const open: string[] = [];
    const walk = (node: Document, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      if (node.type === 'object' && node.properties !== undefined && node.additionalProperties !== false)
        open.push(path);
      for (const [key, value] of Object.entries(node)) walk(value, `${path}/${key}`);
    };
    walk(committed.components.schemas, '');
    // Facts beside an error grow with the product; everything else is closed.
    expect(open).toEqual(['/Error/properties/data']);
  });

  test('gives every declared error its status', () => {
    for (const route of Object.values(ROUTES)) {
      const { responses } = committed.paths[route.path][route.method.toLowerCase()];
      for (const code of route.errors) {
        const { httpStatus } = ERROR_REGISTRY[code];
        expect(responses[String(httpStatus)]?.description).toContain(`\`${code}\``);
      }
    }
  });
});
