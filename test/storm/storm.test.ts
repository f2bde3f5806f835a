// Random providers, faults, calls and watchers through the whole engine: whatever happens, its promises hold.
// `SEED=123` plays one seed again and prints what happens in it; `SEEDS=5000` plays so many in place of 500. For hours: soak.ts.

import { describe, expect, test } from 'vitest'
import { runStorm } from './run'
import { shrinkStorm } from './shrink'
import { describeStorm, drawStorm } from './storm'

const given = process.env.SEED
const count = Number(process.env.SEEDS ?? 500)
const atOnce = 25
const chunks = Array.from({ length: Math.ceil(count / atOnce) }, (_, index) => index * atOnce)

if (given !== undefined)
  test(`seed ${given}`, async () => {
    const storm = drawStorm(Number(given))
    const outcome = await runStorm(storm)
    const shown = outcome.problems.length > 0 ? (await shrinkStorm(storm, outcome)).storm : storm
    process.stdout.write(`${describeStorm(shown)}\n`)
    await runStorm(shown, (text) => process.stdout.write(`${text}\n`))
    expect(outcome.problems).toEqual([])
  }, 600_000)
else {
  describe('promises, truth, success, events, budgets, privacy, streams, filters, and nothing left', () => {
    test.each(chunks)(
      'seeds from %i on',
      async (from) => {
        const failed: Record<number, readonly string[]> = {}
        for (let seed = from; seed < Math.min(count, from + atOnce); seed++) {
          const { problems } = await runStorm(drawStorm(seed))
          if (problems.length > 0) failed[seed] = problems
        }
        expect(failed).toEqual({})
      },
      120_000,
    )
  })
}
