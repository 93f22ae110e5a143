// Whoever follows the guide gets what it promises: the commands of its pages are run as they stand there, page by page, against one
// installation as `npm start` makes it. A block that cannot be run here says so, with the reason, in a comment before it:
//   <!-- not run: needs a cluster -->      <!-- exits with 4 -->
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { finished, LAUNCHER, stop, untilWritten, Workplace } from '../packages/cli/test/sallyport.ts';

const GUIDE = join(import.meta.dirname, '../docs/guide');
/** A page per way of use. */
const PAGES = [
  'run.md',
  'templates.md',
  'masking.md',
  'local-endpoint.md',
  'scripts.md',
  'import-export.md',
  'recovery.md',
  'doctor.md',
] as const;
const BLOCK_MAX_MS = 60_000;

type Block = { line: number; script: string; exitCode: number };

/** The blocks that are to be run. */
function blocksOf(page: string): { run: Block[]; left: number } {
  const markdown = readFileSync(join(GUIDE, page), 'utf8');
  const run: Block[] = [];
  let left = 0;
  for (const match of markdown.matchAll(
    /(?:<!-- (not run: .+?|exits with (\d+)) -->\n\n?)?^```sh\n(.*?)^```$/gms,
  )) {
    const [, remark = '', exitCode = '0', script = ''] = match;
    if (remark.startsWith('not run: ')) left += 1;
    else run.push({ line: lineOf(markdown, match.index), script, exitCode: Number(exitCode) });
  }
  return { run, left };
}

function lineOf(markdown: string, index: number): number {
  return markdown.slice(0, index).split('\n').length;
}

let place: Workplace;
let installation: ChildProcess;
let environment: Record<string, string>;
/** Where this installation has what the guide finds at the usual port. */
let localEndpoint: string;

beforeAll(async () => {
  place = await Workplace.make();
  // As the page about scripts says.
  writeFileSync(join(place.folder, 'guard.json'), '{ "scripts": { "allow": true } }', { mode: 0o600 });
  installation = place.start(['start', '--guard', 'guard.json'], { env: { PORT: '0' } });
  const output = await untilWritten(installation, /Ctrl-C stops everything/);
  localEndpoint = /local: +http:\/\/(\S+)/.exec(output)?.[1] ?? '';
  const bin = join(place.folder, 'bin');
  mkdirSync(bin);
  const command = `#!/bin/sh\nexec "${process.execPath}" "${LAUNCHER}" "$@"\n`;
  writeFileSync(join(bin, 'sallyport'), command);
  writeFileSync(join(bin, 'npx'), '#!/bin/sh\nexec "$@"\n');
  for (const name of ['sallyport', 'npx']) chmodSync(join(bin, name), 0o755);
  environment = place.env({ PATH: `${bin}:${process.env['PATH']}` });
}, 120_000);
afterAll(async () => {
  if (installation !== undefined) await stop(installation);
  await place?.[Symbol.asyncDispose]();
});

describe.each(PAGES)('%s', (page) => {
  const { run } = blocksOf(page);

  test('has commands to run', () => {
    expect(run.length).toBeGreaterThan(0);
  });

  test.each(run)(
    'line $line',
    async ({ script, exitCode }) => {
      const here = script.replaceAll('127.0.0.1:7271', localEndpoint);
      const shell = spawn('bash', ['-euo', 'pipefail', '-c', here], {
        cwd: place.folder,
        env: environment,
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: BLOCK_MAX_MS,
      });
      const { code, stdout, stderr } = await finished(shell);
      expect(code, `${script}\n${stdout}\n${stderr}`).toBe(exitCode);
    },
    BLOCK_MAX_MS + 5000,
  );
});
