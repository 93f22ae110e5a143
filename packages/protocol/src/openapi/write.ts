// Writes openapi.json beside the package's sources: `npm run openapi`. A test compares the committed file with a fresh one.
import { readFileSync, writeFileSync } from 'node:fs';
import { generateOpenApi } from './generate.ts';

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
writeFileSync(
  new URL('../../openapi.json', import.meta.url),
  `${JSON.stringify(generateOpenApi(manifest.version), null, 2)}\n`,
);
