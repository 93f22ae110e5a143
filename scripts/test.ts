// `npm test`: formatter, linter, type check and every test, in this order; the last line says `N passed, N failed`. A check that
// fails counts as one failed test, so that the line and the exit code never disagree.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Summary = { numPassedTests: number; numFailedTests: number; success: boolean };

const CHECKS = ['format:check', 'lint', 'typecheck'];

function run(command: string, commandArguments: readonly string[]): boolean {
  return spawnSync(command, commandArguments, { stdio: 'inherit' }).status === 0;
}

function runTests(extraArguments: readonly string[]): Summary {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-test-'));
  const outputFile = join(folder, 'summary.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${outputFile}`];
    const ok = run('vitest', ['run', ...reporters, ...extraArguments]);
    const summary = JSON.parse(readFileSync(outputFile, 'utf8')) as Summary;
    return { ...summary, success: ok && summary.success };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const failedChecks = CHECKS.filter((check) => !run('npm', ['run', '--silent', check]));
for (const check of failedChecks) console.error(`npm run ${check} failed`);
const tests = runTests(process.argv.slice(2));
const passed = tests.numPassedTests + CHECKS.length - failedChecks.length;
const runnerFailed = !tests.success && tests.numFailedTests === 0 ? 1 : 0;
const failed = tests.numFailedTests + failedChecks.length + runnerFailed;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && tests.numPassedTests > 0 ? 0 : 1;
