// docs/reference/cli.md says what the command does: its tables are the ones that the command runs on.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { COMMANDS } from '../src/index.ts';
import { renewPage } from '../src/reference/generate.ts';

const path = join(import.meta.dirname, '../../../docs/reference/cli.md');

test('commands, flags, variables and exit codes of the page are those of the command (renew it: node packages/cli/src/reference/write.ts)', async () => {
  const page = await readFile(path, 'utf8');
  expect(page).toBe(renewPage(page));
  for (const { path: words } of COMMANDS) expect(page).toContain(`\n### ${words.join(' ')}\n`);
});
