// Random faults over many seeds: whatever happens, no watcher misses, doubles or reorders an event. `SEED=123` plays one seed
// again and prints what happens in it; `SEEDS=5000` plays so many in place of 1 000.

import { describe, expect, test } from 'vitest'
import { regressions } from './regressions'
import { runSimulation } from './run'
import { describeSchedule, drawSchedule } from './schedule'

const given = process.env.SEED
const count = Number(process.env.SEEDS ?? 1_000)
const atOnce = 25
const chunks = Array.from({ length: Math.ceil(count / atOnce) }, (_, index) => index * atOnce)

if (given !== undefined)
  test(`seed ${given}`, async () => {
    const schedule = drawSchedule(Number(given))
    process.stdout.write(`${describeSchedule(schedule)}\n`)
    const { problems } = await runSimulation(schedule, (text) => process.stdout.write(`${text}\n`))
    expect(problems).toEqual([])
  })
else {
  describe('every canonical event once, in order, and nothing left', () => {
    test.each(chunks)('seeds from %i on', async (from) => {
      const failed: Record<number, readonly string[]> = {}
      for (let seed = from; seed < Math.min(count, from + atOnce); seed++) {
        const { problems } = await runSimulation(drawSchedule(seed))
        if (problems.length > 0) failed[seed] = problems
      }
      expect(failed).toEqual({})
    })
  })

  describe('what once went wrong', () => {
    test.each(Object.entries(regressions))('%s', async (_, schedule) => {
      const { problems } = await runSimulation(schedule)
      expect(problems).toEqual([])
    })
  })
}
