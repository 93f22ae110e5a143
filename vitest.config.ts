// Test runner configuration: one project for the whole workspace, files found next to the packages they test.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Servers, delegates and commands that tests start run from sources: each of them spends half of its start on compiling what the one
// before has compiled. Node.js keeps that here, by content, for all processes that inherit the variable.
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('.cache/compiled', import.meta.url));

/** What takes minutes runs with `npm run test:slow`. */
const SLOW = process.env['SALLYPORT_SLOW'] === '1' ? [] : ['**/*.slow.test.ts'];
/** What replaces modules, takes in the tests of other files, or measures the memory of its own process, and so needs one to itself. */
const ALONE = [
  'packages/core/test/envelope-stream.test.ts',
  'packages/protocol/test/sealing-nonce.test.ts',
  'packages/sdk/test/browser-client.test.ts',
];
const OTHERS = ['**/node_modules/**', ...SLOW];

export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
    passWithNoTests: false,
    projects: [
      // One process for many files: making one for each, and loading everything again in it, is a third of what these take.
      {
        extends: true,
        test: {
          name: 'packages',
          include: ['packages/*/test/**/*.test.ts'],
          exclude: [...OTHERS, ...ALONE],
          isolate: false,
        },
      },
      { extends: true, test: { name: 'whole', include: ['test/**/*.test.ts', ...ALONE], exclude: OTHERS } },
    ],
  },
});
