// The tests that mutants are tried against: those of the mutated folder (run.ts).

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { include: [`test/${process.env.MUTATED_FOLDER}/**/*.test.ts`], testTimeout: 60_000, pool: 'forks' },
})
