// Renews the generated parts of docs/reference/cli.md: `node packages/cli/src/reference/write.ts`.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renewPage } from './generate.ts';

const page = join(import.meta.dirname, '../../../../docs/reference/cli.md');
await writeFile(page, renewPage(await readFile(page, 'utf8')));
