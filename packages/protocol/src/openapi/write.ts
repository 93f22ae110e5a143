// Writes what is generated from the route table beside the package's sources: `npm run openapi`. openapi.json describes the API;
// route-rows.json is how a client calls each operation, without the schemas. A test compares the committed files with fresh ones.
import { readFileSync, writeFileSync } from 'node:fs';
import { ROUTES } from '../api/routes.ts';
import { generateOpenApi } from './generate.ts';
import { routeRows } from './route-rows.ts';

function write(name: string, text: string): void {
  writeFileSync(new URL(`../../${name}`, import.meta.url), `${text}\n`);
}

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
write('openapi.json', JSON.stringify(generateOpenApi(manifest.version), null, 2));
write('route-rows.json', routeRows(ROUTES));
