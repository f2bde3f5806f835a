// Tests: behaviour in *.test.ts, types in *.test-d.ts. No retries: a test that needs one is wrong.

import { defineConfig } from 'vitest/config'

// Set by .ci/run, which counts the tests from it.
const report = process.env.TEST_REPORT

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Those need a browser and have a config of their own.
    exclude: ['test/bench/**', 'test/browser/**', '**/node_modules/**', '**/dist/**'],
    typecheck: { enabled: true, include: ['test/**/*.test-d.ts'] },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    retry: 0,
    pool: 'forks',
    maxWorkers: 2,
    reporters: report ? ['default', 'json'] : ['default'],
    ...(report ? { outputFile: { json: report } } : {}),
  },
})
