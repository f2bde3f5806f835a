// The tests that mutants are tried against: those of the room of what is mutated (run.ts). Not isolated: nothing at module level
// is mutable, so a mutant need not import everything once for each file of tests.

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: [`test/${process.env.MUTATED_ROOM}/**/*.test.ts`],
    // They import the library as another platform would, which needs modules of their own.
    exclude: ['**/isolated.test.ts'],
    testTimeout: 60_000,
    pool: 'forks',
    isolate: false,
  },
})
