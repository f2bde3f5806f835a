// Silence: when the others are asked whether the chain moves, and what follows.

import { numberToHex } from 'viem'
import { describe, expect, test } from 'vitest'
import { createStallWatch } from '../../../src/subscription/source/stall'
import { createManualClock } from '../../support/manual-clock'

function setUp(blockTime?: number) {
  const clock = createManualClock()
  const asked: string[] = []
  const stalled: number[] = []
  const heights: Record<string, number> = { 'p1 http': 100, 'p1 ws': 100, p2: 100, p3: 100 }
  let delay = 0
  const watch = createStallWatch({
    clock,
    async ask(_, { provider = '', channel, isPinned, timeout }) {
      const from = channel ? `${provider} ${channel}` : provider
      asked.push(`${clock.now()} ${from}`)
      expect([isPinned, timeout]).toEqual([true, 5_000])
      if (delay > 0) await new Promise<void>((resolve) => void clock.after(delay, resolve))
      const height = heights[from]
      if (height === undefined) throw new Error('It is down.')
      return { value: numberToHex(height), provider, attempts: 1 }
    },
    providers: () => ['p1', 'p2', 'p3'],
    blockTime: () => blockTime,
    height: () => 100,
    onStall: () => stalled.push(clock.now()),
  })
  return {
    clock,
    asked,
    stalled,
    heights,
    watch,
    delayBy(ms: number) {
      delay = ms
    },
  }
}

describe('stall', () => {
  test.each([
    [undefined, 35_000],
    [250, 3_000],
    [2_000, 6_000],
    [12_000, 36_000],
  ])('default: with %s ms between blocks it is asked after %i ms', async (time, patience) => {
    const { clock, asked, stalled, heights, watch } = setUp(time)
    watch.hear('p1')
    heights.p2 = 101
    await clock.advance(patience - 1)
    expect(asked).toEqual([])
    await clock.advance(1)
    expect(asked).toEqual([`${patience} p1 http`, `${patience} p1 ws`, `${patience} p2`, `${patience} p3`])
    expect([stalled, clock.pending.total]).toEqual([[patience], 0])
  })

  test.each([
    ['its socket still answers, and only the subscription is dead', 'p1 ws'],
    ['its other nodes go on, and only that behind the socket stands still', 'p1 http'],
  ])('behavior: the provider itself may tell: %s', async (_, channel) => {
    const { clock, stalled, heights, watch } = setUp(1_000)
    watch.hear('p1')
    heights[channel] = 105
    await clock.advance(3_000)
    expect(stalled).toEqual([3_000])
  })

  test('Given a quiet chain, then the checks back off to 60 s', async () => {
    const { clock, asked, stalled, watch } = setUp(1_000)
    watch.hear('p1')
    await clock.advance(300_000)
    const times = asked.filter((one) => one.endsWith(' p2')).map((one) => Number(one.split(' ')[0]))
    expect(times).toEqual([3_000, 9_000, 21_000, 45_000, 93_000, 153_000, 213_000, 273_000])
    expect(stalled).toEqual([])
  })

  test('behavior: nobody can be asked: it waits on', async () => {
    const { clock, stalled, heights, watch } = setUp(1_000)
    for (const id of Object.keys(heights)) delete heights[id]
    watch.hear('p1')
    await clock.advance(100_000)
    expect([stalled, clock.pending.total]).toEqual([[], 1])
  })

  test('Given an event, then the watch is armed anew', async () => {
    const { clock, asked, watch } = setUp(1_000)
    watch.hear('p1')
    await clock.advance(2_999)
    watch.hear('p1')
    await clock.advance(2_999)
    expect(asked).toEqual([])
    await clock.advance(1)
    expect(asked).toHaveLength(4)
  })

  test('behavior: a head that comes while the others are asked: nothing has stalled', async () => {
    const { clock, stalled, heights, watch, delayBy } = setUp(1_000)
    heights.p2 = 101
    delayBy(500)
    watch.hear('p1')
    await clock.advance(3_200)
    watch.hear('p1')
    await clock.advance(1_000)
    expect(stalled).toEqual([])
  })

  test('behavior: stopped, nothing is asked, and an answer on its way says nothing', async () => {
    const { clock, stalled, heights, watch, delayBy } = setUp(1_000)
    heights.p2 = 101
    delayBy(500)
    watch.hear('p1')
    await clock.advance(3_200)
    watch.stop()
    await clock.advance(60_000)
    expect([stalled, clock.pending.total]).toEqual([[], 0])
  })
})
