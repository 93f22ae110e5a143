// `npm run test:slow`: what `npm test` does on a smaller scale. The access fuzzer for many more accounts, the web UI with 100,000 secrets, a
// whole minute without a server. It says with which seed, so that a run can be repeated:
// `SALLYPORT_ACCESS_SEED=1 SALLYPORT_ACCESS_CASES=200000 npm run test:slow`.
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';

const LARGE = ['packages/server/test/access-fuzz.test.ts', '.slow.test.ts'];

const seed = process.env['SALLYPORT_ACCESS_SEED'] ?? String(randomInt(2 ** 31));
const cases = process.env['SALLYPORT_ACCESS_CASES'] ?? '200000';
console.log(`${cases} decisions with SALLYPORT_ACCESS_SEED=${seed}`);
const run = spawnSync('vitest', ['run', ...LARGE], {
  stdio: 'inherit',
  env: { ...process.env, SALLYPORT_SLOW: '1', SALLYPORT_ACCESS_SEED: seed, SALLYPORT_ACCESS_CASES: cases },
});
process.exitCode = run.status ?? 1;
