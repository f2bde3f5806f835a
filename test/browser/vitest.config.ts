// The tests that need a browser: `npm run test:browser`, apart from `npm test`, which passes without one.

import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// Set by .ci/run, which counts the tests from it.
const report = process.env.TEST_REPORT

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/browser/**/*.test.ts'],
    globalSetup: ['test/browser/site.ts'],
    testTimeout: 90_000,
    hookTimeout: 60_000,
    retry: 0,
    pool: 'forks',
    fileParallelism: false,
    reporters: report ? ['default', 'json'] : ['default'],
    ...(report ? { outputFile: { json: report } } : {}),
  },
})
