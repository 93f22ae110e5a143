// `npm test`: build of the command, formatter, linter, type check, build and check of the web UI, and every test, in this order; the last
// line says `N passed, N failed`. A check that fails counts as one failed test, so that the line and the exit code never disagree.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Summary = {
  numPassedTests: number;
  numFailedTests: number;
  success: boolean;
  testResults: { name: string; assertionResults: { status: string }[] }[];
};

const CHECKS = ['build:cli', 'format:check', 'lint', 'typecheck', 'check:web'];

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

/**
 * The contract with AWS has to run on moto wherever moto is installed; a suite that skips itself by mistake would go unnoticed.
 */
function motoWasForgotten(tests: Summary): boolean {
  if (spawnSync('python3', ['-c', 'import moto.server'], { stdio: 'ignore' }).status !== 0) return false;
  const contract = tests.testResults.find(({ name }) => name.endsWith('aws-contract.moto.test.ts'));
  return contract?.assertionResults.some(({ status }) => status === 'passed') !== true;
}

const failedChecks = CHECKS.filter((check) => !run('npm', ['run', '--silent', check]));
for (const check of failedChecks) console.error(`npm run ${check} failed`);
const chosen = process.argv.slice(2);
const tests = runTests(chosen);
const forgotten = chosen.length === 0 && motoWasForgotten(tests) ? 1 : 0;
if (forgotten > 0) console.error('moto is installed, but the contract suite did not run on it');
const passed = tests.numPassedTests + CHECKS.length - failedChecks.length;
const runnerFailed = !tests.success && tests.numFailedTests === 0 ? 1 : 0;
const failed = tests.numFailedTests + failedChecks.length + runnerFailed + forgotten;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && tests.numPassedTests > 0 ? 0 : 1;
