// Test runner configuration: one project for the whole workspace, files found next to the packages they test.
import { defineConfig } from 'vitest/config';

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
