// `npm run test:slow`: the journeys through the web UI that are too long for `npm test`, and the access fuzzer for many more accounts. It
// says with which seed, so that a run can be repeated: `SALLYPORT_ACCESS_SEED=1 SALLYPORT_ACCESS_CASES=200000 npm run test:slow`.
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';

const seed = process.env['SALLYPORT_ACCESS_SEED'] ?? String(randomInt(2 ** 31));
const cases = process.env['SALLYPORT_ACCESS_CASES'] ?? '200000';
console.log(`${cases} decisions with SALLYPORT_ACCESS_SEED=${seed}`);
const run = spawnSync('vitest', ['run', 'packages/server/test/access-fuzz.test.ts', '.slow.test.ts'], {
  stdio: 'inherit',
  env: { ...process.env, SALLYPORT_SLOW: '1', SALLYPORT_ACCESS_SEED: seed, SALLYPORT_ACCESS_CASES: cases },
});
process.exitCode = run.status ?? 1;
