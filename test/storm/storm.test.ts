// Random providers, faults, calls and watchers through the whole engine: its promises hold whatever happens. And storms of
// which only the streams are checked, on chains of every pace, with blooms and without.
// `SEED=123` plays one storm again and prints what happens in it, `STREAMS=123` one of the second sort. `SEEDS=5000` plays
// that many of both. soak.ts plays them for hours.

import { describe, expect, test } from 'vitest'
import { drawWatched } from './draw-watched'
import { runStorm } from './run'
import { shrinkStorm } from './shrink'
import type { Storm } from './storm'
import { describeStorm, drawStorm } from './storm'

const { SEED, STREAMS, SEEDS } = process.env
const atOnce = 25

async function replay(storm: Storm) {
  const outcome = await runStorm(storm)
  const shown = outcome.problems.length > 0 ? (await shrinkStorm(storm, outcome)).storm : storm
  process.stdout.write(`${describeStorm(shown)}\n`)
  await runStorm(shown, (text) => process.stdout.write(`${text}\n`))
  expect(outcome.problems).toEqual([])
}

function playAll(drawn: (seed: number) => Storm, count: number) {
  const chunks = Array.from({ length: Math.ceil(count / atOnce) }, (_, index) => index * atOnce)
  test.each(chunks)(
    'seeds from %i on',
    async (from) => {
      const failed: Record<number, readonly string[]> = {}
      for (let seed = from; seed < Math.min(count, from + atOnce); seed++) {
        const { problems } = await runStorm(drawn(seed))
        if (problems.length > 0) failed[seed] = problems
      }
      expect(failed).toEqual({})
    },
    120_000,
  )
}

if (SEED !== undefined) test(`seed ${SEED}`, () => replay(drawStorm(Number(SEED))), 600_000)
else if (STREAMS !== undefined) test(`streams ${STREAMS}`, () => replay(drawWatched(Number(STREAMS))), 600_000)
else {
  describe('promises, truth, success, events, budgets, privacy, streams, filters, and nothing left', () =>
    playAll(drawStorm, Number(SEEDS ?? 500)))
  describe('streams alone: every canonical event once, in order, and nothing left', () =>
    playAll(drawWatched, Number(SEEDS ?? 500)))
}
