// Test runner configuration: one project for the whole workspace, files found next to the packages they test.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Servers, delegates and commands that tests start run from sources: each of them spends half of its start on compiling what the one
// before has compiled. Node.js keeps that here, by content, for all processes that inherit the variable.
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('.cache/compiled', import.meta.url));

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    // What takes minutes runs with `npm run test:slow`.
    exclude: ['**/node_modules/**', ...(process.env['SALLYPORT_SLOW'] === '1' ? [] : ['**/*.slow.test.ts'])],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
    passWithNoTests: false,
  },
});
